//! Descriptions as doc comments.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, parse_quote};
use tightwire_spec::ir::{Docs, Info};

/// The text as `#[doc]` attributes, one per line.
///
/// Code in it is not Rust unless it says so: whoever includes the output should not find it among their doc tests.
pub(super) fn attributes(text: &str) -> Vec<Attribute> {
    let (mut fenced, mut after_blank) = (false, true);
    let mut line = |line: &str| -> Attribute {
        let mut line = line.trim_end().to_owned();
        let start = line.trim_start();
        if start.starts_with("```") || start.starts_with("~~~") {
            fenced = !fenced;
            if fenced && start.len() == 3 {
                line.push_str("text");
            }
        } else if !fenced && after_blank && line.starts_with("    ") {
            // Four spaces after a blank line make a block of code.
            line = format!("   {start}");
        }
        after_blank = line.is_empty();
        let line = if line.is_empty() { line } else { format!(" {line}") };
        parse_quote!(#[doc = #line])
    };
    text.trim().lines().map(&mut line).collect()
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

#[cfg(test)]
mod tests {
    use quote::ToTokens;

    use super::*;

    #[test]
    fn code_is_no_doc_test() {
        #[track_caller]
        fn check(text: &str, expected: &[&str]) {
            let made: Vec<String> =
                attributes(text).iter().map(|attribute| attribute.to_token_stream().to_string()).collect();
            let expected: Vec<String> = expected.iter().map(|line| format!("# [doc = {line:?}]")).collect();
            assert_eq!(made, expected);
        }
        check("One.\n\nTwo.  ", &[" One.", "", " Two."]);
        check("```\nlet x\n```\nText", &[" ```text", " let x", " ```", " Text"]);
        check("```json\n{}\n```", &[" ```json", " {}", " ```"]);
        check("Like so:\n\n    let x\n", &[" Like so:", "", "    let x"]);
        check("A list\n    goes on", &[" A list", "     goes on"]);
    }
}
