//! Lets typify's output reach its dependencies through the runtime, by short names.
//!
//! typify writes `::serde::…` and `::std::vec::Vec`. The crate that includes the output has `tightwire` among its
//! dependencies and maybe nothing else, so the former becomes `serde::…` under a `use ::tightwire::__rt::serde`; the
//! latter becomes `Vec`, for readers. Both in code and in the paths that serde's attributes quote.

use proc_macro2::{Group, Ident, Literal, TokenStream, TokenTree};
use quote::quote;

/// The crates that the runtime re-exports and the data types use.
const CRATES: [&str; 4] = ["chrono", "serde", "serde_json", "uuid"];

/// What the prelude has; no data type is called so (see `names::taken`).
const PRELUDE: [[&str; 3]; 4] =
    [["std", "boxed", "Box"], ["std", "option", "Option"], ["std", "string", "String"], ["std", "vec", "Vec"]];

/// The imports that [`rewrite`]'s output needs.
pub(super) fn imports() -> TokenStream {
    quote!(
        use ::tightwire::__rt::{chrono, serde, serde_json, uuid};
    )
}

/// The tokens with short paths.
pub(super) fn rewrite(tokens: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut output = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if let Some(length) = superfluous(&tokens[at..])
            && !output.last().is_some_and(continues_path)
        {
            at += length;
            continue;
        }
        at += 1;
        output.push(match token {
            TokenTree::Group(group) => {
                let mut rewritten = Group::new(group.delimiter(), rewrite(group.stream()));
                rewritten.set_span(group.span());
                TokenTree::Group(rewritten)
            }
            TokenTree::Literal(literal) => TokenTree::Literal(quoted(literal).unwrap_or_else(|| literal.clone())),
            token => token.clone(),
        });
    }
    output.into_iter().collect()
}

/// How many tokens at the beginning of a global path can go.
fn superfluous(tokens: &[TokenTree]) -> Option<usize> {
    let path = path(tokens);
    if path.first().is_some_and(|first| CRATES.iter().any(|name| *first == name)) {
        return Some(2);
    }
    let known =
        PRELUDE.iter().any(|known| path.len() >= 3 && known.iter().zip(&path).all(|(name, ident)| *ident == name));
    known.then_some(8)
}

/// The first idents of the global path that the tokens begin with: `::a::b::c`.
fn path(tokens: &[TokenTree]) -> Vec<&Ident> {
    let mut path = Vec::new();
    for piece in tokens.chunks_exact(3).take(3) {
        match piece {
            [TokenTree::Punct(first), TokenTree::Punct(second), TokenTree::Ident(ident)]
                if first.as_char() == ':' && second.as_char() == ':' =>
            {
                path.push(ident);
            }
            _ => break,
        }
    }
    path
}

/// Whether a `::` after the token goes on with a path instead of beginning one.
fn continues_path(token: &TokenTree) -> bool {
    match token {
        // `for ::a::B` begins a path, `self::a::B` and `a::B` go on with one.
        TokenTree::Ident(ident) => {
            let name = ident.to_string();
            matches!(name.as_str(), "crate" | "self" | "Self" | "super") || syn::parse_str::<Ident>(&name).is_ok()
        }
        TokenTree::Punct(punct) => punct.as_char() == '>',
        _ => false,
    }
}

/// A quoted path, as serde's attributes have it.
fn quoted(literal: &Literal) -> Option<Literal> {
    let text = syn::parse_str::<syn::LitStr>(&literal.to_string()).ok()?.value();
    if !text.starts_with("::") {
        return None;
    }
    let path: syn::ExprPath = syn::parse_str(&text).ok()?;
    let rewritten = rewrite(quote!(#path)).to_string().replace(' ', "");
    Some(Literal::string(&rewritten))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: TokenStream, expected: TokenStream) {
        assert_eq!(rewrite(input).to_string(), expected.to_string());
    }

    #[test]
    fn only_global_paths_to_known_things_change() {
        check(quote!(::uuid::Uuid), quote!(uuid::Uuid));
        check(quote!(::std::vec::Vec<::uuid::Uuid>), quote!(Vec<uuid::Uuid>));
        check(quote!(::std::vec::Vec::new()), quote!(Vec::new()));
        check(quote!(::std::convert::From<::std::string::String>), quote!(::std::convert::From<String>));
        check(quote!(#[derive(::serde::Serialize)]), quote!(#[derive(serde::Serialize)]));
        check(quote!(impl From<A> for ::serde_json::Value {}), quote!(impl From<A> for serde_json::Value {}));
        check(quote!(self::uuid::f()), quote!(self::uuid::f()));
        check(quote!(a::std::vec::Vec), quote!(a::std::vec::Vec));
        check(quote!(<T>::serde::f()), quote!(<T>::serde::f()));
        check(quote!(#[serde(x = "::serde_json::Map::f")]), quote!(#[serde(x = "serde_json::Map::f")]));
        check(quote!(#[serde(x = ":: std :: f")]), quote!(#[serde(x = "::std::f")]));
        check(quote!(": a text"), quote!(": a text"));
    }
}
