//! From tokens to a source file as a person would lay it out.

use proc_macro2::TokenStream;

use crate::error::Error;

/// A source file: the text of its module documentation, then the items.
pub(super) fn file(documentation: &str, items: TokenStream) -> Result<String, Error> {
    let file = syn::parse2(items).map_err(|error| Error::Internal(error.to_string()))?;
    let documentation: String =
        documentation.trim().lines().map(|line| format!("//! {line}").trim_end().to_owned() + "\n").collect();
    Ok(format!("{documentation}\n{}", spaced(&prettyplease::unparse(&file))))
}

/// Puts an empty line between items, which prettyplease writes one under the other. Imports stand in groups.
fn spaced(text: &str) -> String {
    let mut spaced = String::new();
    let mut before = "";
    for line in text.lines() {
        let apart = match (group(before), group(line)) {
            (Some(above), Some(below)) => above != below,
            (Some(_), None) | (None, Some(_)) => indent(line) == 0 && !before.is_empty(),
            (None, None) => ends_item(before) && begins_item(line),
        };
        if apart && indent(before) == indent(line) {
            spaced.push('\n');
        }
        spaced.push_str(line);
        spaced.push('\n');
        before = line;
    }
    spaced
}

/// Which group of modules and imports a line belongs to.
fn group(line: &str) -> Option<u8> {
    let groups = [("pub mod ", 0), ("use std::", 1), ("use crate::", 3), ("use ", 2)];
    groups.iter().find(|(begin, _)| line.starts_with(begin)).map(|(_, group)| *group)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn ends_item(line: &str) -> bool {
    line.trim_start().starts_with('}') || (line.ends_with(';') && indent(line) == 0)
}

fn begins_item(line: &str) -> bool {
    let begins = ["///", "#[", "pub ", "async fn ", "fn ", "impl", "struct ", "enum "];
    begins.iter().any(|begin| line.trim_start().starts_with(begin))
}

#[cfg(test)]
mod tests {
    use quote::quote;

    #[test]
    fn items_stand_apart_and_statements_together() {
        let items = quote! {
            use std::a;
            use b::c;
            use d::e;
            pub struct A;
            impl A {
                fn first(&self) {
                    if true {
                        self.second();
                    }
                    self.second();
                }
                /// Says so.
                fn second(&self) {}
            }
            #[test]
            fn t() {}
        };
        let expected = "//! What.\n\nuse std::a;\n\nuse b::c;\nuse d::e;\n\npub struct A;\n\nimpl A {\n    fn first(&self) {\n        \
            if true {\n            self.second();\n        }\n        self.second();\n    }\n\n    /// Says so.\n    \
            fn second(&self) {}\n}\n\n#[test]\nfn t() {}\n";
        assert_eq!(super::file("What.", items).unwrap(), expected);
    }
}
