//! Gives the variants of a union the names of its alternatives.
//!
//! typify takes the names of types for those of variants, and numbers where one of them is the beginning of another.

use heck::ToKebabCase;
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Item;

use super::names::ident;
use super::readback;
use crate::alternatives::Name;
use crate::error::Error;

/// The names of the variants, for those of the alternatives: what all of them begin with says nothing inside the union.
pub(super) fn names(alternatives: &[Name]) -> Vec<String> {
    let whole = || alternatives.iter().map(|name| ident(&name.text).to_string());
    if !alternatives.iter().all(|name| name.is_given) {
        return whole().collect();
    }
    let kebab: Vec<String> = alternatives.iter().map(|name| name.text.to_kebab_case()).collect();
    let words: Vec<Vec<&str>> = kebab.iter().map(|name| name.split('-').collect()).collect();
    let shared = words.iter().skip(1).fold(words[0].len(), |shared, other| {
        shared.min(words[0].iter().zip(other).take_while(|(a, b)| a == b).count())
    });
    let length: usize = words[0][..shared].iter().map(|word| word.len()).sum();
    let rest: Option<Vec<String>> = alternatives
        .iter()
        .map(|name| name.text.get(length..))
        .map(|rest| rest.filter(|rest| rest.starts_with(char::is_alphabetic)).map(|rest| ident(rest).to_string()))
        .collect();
    rest.unwrap_or_else(|| whole().collect())
}

/// Renames the variants of the union among the items, and where the other items name them.
pub(super) fn rename(items: &mut [Item], names: &[String]) -> Result<(), Error> {
    let mut renamed = Vec::new();
    for item in items.iter_mut() {
        let Item::Enum(item) = item else { continue };
        // Where typify sees something else than the union that was meant, its names hold.
        if item.variants.len() != names.len() || !readback::is_untagged(&item.attrs) {
            return Ok(());
        }
        for (variant, name) in item.variants.iter_mut().zip(names) {
            let name = Ident::new(name, variant.ident.span());
            variant.attrs.retain(|attribute| !attribute.path().is_ident("serde"));
            renamed.push((std::mem::replace(&mut variant.ident, name.clone()), name));
        }
    }
    for item in items.iter_mut().filter(|item| matches!(item, Item::Impl(_))) {
        let tokens = replaced(item.to_token_stream(), &renamed);
        *item = syn::parse2(tokens).map_err(|error| Error::Internal(format!("the variants of a union: {error}")))?;
    }
    Ok(())
}

/// The tokens with other names after each `Self::`.
fn replaced(tokens: TokenStream, renamed: &[(Ident, Ident)]) -> TokenStream {
    let mut output: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let is_variant = matches!(output.as_slice(), [.., TokenTree::Ident(of), TokenTree::Punct(_), TokenTree::Punct(colon)]
            if of == "Self" && colon.as_char() == ':');
        output.push(match token {
            TokenTree::Ident(name) if is_variant => {
                let known = renamed.iter().find(|(old, _)| *old == name);
                TokenTree::Ident(known.map_or(name, |(_, new)| new.clone()))
            }
            TokenTree::Group(group) => {
                let mut inside = Group::new(group.delimiter(), replaced(group.stream(), renamed));
                inside.set_span(group.span());
                TokenTree::Group(inside)
            }
            token => token,
        });
    }
    output.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_names_begin_with_is_left_out() {
        #[track_caller]
        fn check(given: &[&str], expected: &[&str]) {
            let alternatives: Vec<Name> =
                given.iter().map(|text| Name { text: (*text).to_owned(), is_given: true }).collect();
            assert_eq!(names(&alternatives), expected, "{given:?}");
        }
        check(&["BookAdd", "BookRemove"], &["Add", "Remove"]);
        check(&["Order", "OrderBook"], &["Order", "OrderBook"]);
        check(&["Price", "Size"], &["Price", "Size"]);
        check(&["OfSelf", "OfNone"], &["Self_", "None"]);
        check(&["GrößeKlein", "GrößeGroß"], &["Klein", "Groß"]);
        let found = ["WithPrice", "WithSize"].map(|text| Name { text: text.to_owned(), is_given: false });
        assert_eq!(names(&found), ["WithPrice", "WithSize"]);
    }
}
