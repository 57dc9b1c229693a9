//! `pattern` in Rust: a simple one becomes a few comparisons, any other a regular expression of the linear-time engine.

use indexmap::IndexMap;
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use tightwire_spec::pattern::spelled_out;

use crate::pattern::{self, Piece};
use crate::view::Obstacle;

/// The functions that match the patterns of a direction.
#[derive(Clone, Default)]
pub(super) struct Patterns {
    functions: IndexMap<String, TokenStream>,
}

impl Patterns {
    /// A Boolean expression over `text`.
    pub(super) fn check(&mut self, pattern: &str) -> Result<TokenStream, Obstacle> {
        let number = self.functions.get_index_of(pattern).unwrap_or(self.functions.len());
        let name = format_ident!("matches_pattern_{}", number + 1);
        if number == self.functions.len() {
            let body = body(pattern)?;
            let docs = format!(" `{pattern}`");
            let function = quote! {
                #[doc = #docs]
                fn #name(text: &str) -> bool {
                    #body
                }
            };
            self.functions.insert(pattern.to_owned(), function);
        }
        Ok(quote!(#name(&text)))
    }

    pub(super) fn len(&self) -> usize {
        self.functions.len()
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.functions.truncate(length);
    }

    /// The functions.
    pub(super) fn into_functions(self) -> impl Iterator<Item = TokenStream> {
        self.functions.into_values()
    }
}

/// What the function of a pattern does with `text`.
fn body(pattern: &str) -> Result<TokenStream, Obstacle> {
    if let Some(alternatives) = pattern::unfold(pattern) {
        let alternatives = alternatives.iter().map(|alternative| alternative_check(alternative));
        return Ok(quote!(#(#alternatives)||*));
    }
    let exact = spelled_out(pattern);
    let regex = jsonschema_regex::to_rust_regex(&exact)
        .ok()
        .filter(|regex| regex::Regex::new(regex).is_ok())
        .ok_or_else(|| {
            Obstacle::new(format!("the pattern {pattern} is beyond the linear-time engine"))
                .help("write it without look-around and back-references")
        })?;
    Ok(quote! {
        static PATTERN: json::Pattern = json::Pattern::new(#regex);
        PATTERN.is_match(text)
    })
}

fn alternative_check(pieces: &[Piece]) -> TokenStream {
    if let [Piece::Literal(literal), Piece::End] = pieces {
        return quote!(text == #literal);
    }
    let mut steps = pieces.iter().map(|piece| match piece {
        Piece::Literal(literal) => quote!(literal(#literal)),
        Piece::Class { ranges, min, max } => {
            let min = Literal::usize_unsuffixed(*min);
            let max = max.map_or_else(
                || quote!(usize::MAX),
                |max| {
                    let max = Literal::usize_unsuffixed(max);
                    quote!(#max)
                },
            );
            let ranges = ranges.iter().map(|(first, last)| {
                let (from, to) = (Literal::byte_character(*first), Literal::byte_character(*last));
                if first == last { quote!(#from) } else { quote!(#from..=#to) }
            });
            quote!(class(#min, #max, |byte| matches!(byte, #(#ranges)|*)))
        }
        Piece::End => quote!(end()),
    });
    let Some(first) = steps.next() else { return quote!(true) };
    quote!(json::Matching::new(text).#first #(.and_then(|rest| rest.#steps))*.is_some())
}
