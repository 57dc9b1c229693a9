//! Writes a module item by item.
//!
//! The tokens and the syntax tree of a large protocol take a hundred times the memory of their text. So a part is made,
//! formatted and forgotten before the next one is made.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{File, Item, ItemMod};

use crate::error::Error;

/// Formatted items, as they stand so many modules deep.
#[derive(Debug)]
pub(super) struct Printer {
    text: String,
    depth: usize,
}

impl Printer {
    /// Nothing yet, so many modules deep.
    pub(super) fn at_depth(depth: usize) -> Self {
        Self { text: String::new(), depth }
    }

    /// Opens a module: `head` is all that stands before its brace.
    pub(super) fn open(&mut self, head: &TokenStream) -> Result<(), Error> {
        self.items(quote!(#head {}))?;
        let kept = self.text.strip_suffix("}\n").map_or(self.text.len(), str::len);
        self.text.truncate(kept);
        self.text.push('\n');
        self.depth += 1;
        Ok(())
    }

    /// Closes the module that was opened last.
    pub(super) fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.text.extend(std::iter::repeat_n(INDENT, self.depth));
        self.text.push_str("}\n");
    }

    /// Adds items.
    pub(super) fn items(&mut self, items: TokenStream) -> Result<(), Error> {
        let file: File = syn::parse2(items).map_err(|error| Error::Internal(error.to_string()))?;
        if !file.items.is_empty() {
            self.text.push_str(&formatted(file.items, self.depth));
        }
        Ok(())
    }

    /// Adds what has been written at the same depth.
    pub(super) fn append(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// What has been written.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// One step of the formatter.
const INDENT: &str = "    ";

/// The items as they stand so many modules deep: where lines are broken depends on it.
fn formatted(items: Vec<Item>, depth: usize) -> String {
    let mut items = items;
    for _ in 0..depth {
        let content = Some((syn::token::Brace::default(), items));
        items = vec![Item::Mod(ItemMod {
            attrs: Vec::new(),
            vis: syn::Visibility::Inherited,
            unsafety: None,
            mod_token: syn::token::Mod::default(),
            ident: quote::format_ident!("m"),
            content,
            semi: None,
        })];
    }
    let text = prettyplease::unparse(&File { shebang: None, frontmatter: None, attrs: Vec::new(), items });
    let indents: usize = (0..depth).map(|level| level * INDENT.len()).sum();
    let (head, tail) = (indents + depth * "mod m {\n".len(), indents + depth * "}\n".len());
    text[head..text.len() - tail].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_out_as_the_whole_does() {
        let long = quote! {
            #[doc = " Documentation."]
            pub(super) fn a_function_with_a_name(first: &FirstArgument, second: Option<Second>) -> Result<u8, ()> {
                let text = "a\nb";
                match first { A => Err(()), B { c, .. } => Ok(c) }
            }
        };
        let small = quote!(use a::b; struct C; struct D {} impl D {});
        let whole = quote! {
            #[doc = " One."]
            #[allow(unused)]
            pub mod one {
                #small
                #[doc = " Two."]
                mod two { #long mod three { #long #small } #small }
                #long
                mod empty {}
            }
        };
        let mut three = Printer::at_depth(3);
        three.items(long.clone()).unwrap();
        three.items(small.clone()).unwrap();
        let mut printer = Printer::at_depth(0);
        printer.open(&quote!(#[doc = " One."] #[allow(unused)] pub mod one)).unwrap();
        printer.items(small.clone()).unwrap();
        printer.open(&quote!(#[doc = " Two."] mod two)).unwrap();
        printer.items(long.clone()).unwrap();
        printer.open(&quote!(mod three)).unwrap();
        printer.items(quote!()).unwrap();
        printer.append(&three.into_text());
        printer.close();
        printer.items(small).unwrap();
        printer.close();
        printer.items(long).unwrap();
        printer
            .items(quote!(
                mod empty {}
            ))
            .unwrap();
        printer.close();
        assert_eq!(printer.into_text(), prettyplease::unparse(&syn::parse2(whole).unwrap()));
    }
}
