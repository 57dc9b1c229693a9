//! Descriptions as doc comments.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, parse_quote};
use tightwire_spec::ir::{Docs, Info};

/// The text as `#[doc]` attributes, one per line.
pub(super) fn attributes(text: &str) -> Vec<Attribute> {
    let line = |line: &str| -> Attribute {
        let line = if line.trim().is_empty() { String::new() } else { format!(" {}", line.trim_end()) };
        parse_quote!(#[doc = #line])
    };
    text.trim().lines().map(line).collect()
}

/// The text as `#[doc]` attributes, as tokens.
pub(crate) fn tokens(text: &str) -> TokenStream {
    let attributes = attributes(text);
    quote!(#(#attributes)*)
}

/// The best text there is: the description, else the summary, else the title, else `otherwise`.
pub(super) fn best(docs: &Docs, otherwise: &str) -> String {
    let texts = [&docs.description, &docs.summary, &docs.title];
    texts.into_iter().flatten().find(|text| !text.trim().is_empty()).map_or(otherwise, String::as_str).trim().to_owned()
}

/// What a protocol is, for the module's documentation.
pub(super) fn protocol(info: &Info) -> String {
    let title = format!("{}, contract version {}.", info.title, info.version);
    match &info.description {
        Some(description) => format!("{title}\n\n{}", description.trim()),
        None => title,
    }
}
