//! String enums that typify cannot write: values that are one name in Rust (`a-b`, `a_b`) or none (`≤`).

use std::collections::BTreeSet;

use quote::quote;
use syn::{Attribute, File, Item, Path};

use super::normalise::StringEnum;
use super::{docs, names};
use crate::config::RustConfig;
use crate::error::Error;

/// The enum and its `Display`, as typify would write them.
pub(super) fn items(name: &str, string_enum: &StringEnum, options: &RustConfig) -> Result<Vec<Item>, Error> {
    let ident = names::ident(name);
    let docs = docs::tokens(string_enum.description.as_deref().unwrap_or(&format!("`{name}`")));
    let (derives, attributes) = additions(name, options)?;
    let mut taken = BTreeSet::new();
    let mut variants = Vec::new();
    for value in &string_enum.values {
        let base = names::spelled(value);
        let numbered = (2..).map(|number| format!("{base}{number}"));
        let free = std::iter::once(base.clone()).chain(numbered).find(|candidate| !taken.contains(candidate));
        let free = free.unwrap_or_default();
        variants.push(names::ident(&free));
        taken.insert(free);
    }
    let values = &string_enum.values;
    let file: File = syn::parse2(quote! {
        #docs
        #[derive(
            ::serde::Deserialize, ::serde::Serialize, Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd
            #(, #derives)*
        )]
        #(#attributes)*
        #[serde(crate = "::tightwire::__rt::serde")]
        pub enum #ident {
            #(#[serde(rename = #values)] #variants,)*
        }
        impl ::std::fmt::Display for #ident {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.write_str(match self {
                    #(Self::#variants => #values,)*
                })
            }
        }
    })
    .map_err(|error| Error::Internal(format!("the enum {name}: {error}")))?;
    Ok(file.items)
}

/// The derives and attributes that the configuration asks for, without those that are there anyway.
fn additions(name: &str, options: &RustConfig) -> Result<(Vec<Path>, Vec<Attribute>), Error> {
    let own = options.types.get(name);
    let given = ["Clone", "Copy", "Debug", "Eq", "Hash", "Ord", "PartialEq", "PartialOrd"];
    let derives: BTreeSet<&String> = options.derives.iter().chain(own.iter().flat_map(|own| &own.derives)).collect();
    let derives = derives.into_iter().filter(|derive| !given.contains(&derive.as_str()));
    let derives = derives.map(|derive| syn::parse_str(derive)).collect::<Result<_, _>>();
    let attributes = options.attributes.iter().chain(own.iter().flat_map(|own| &own.attributes));
    let attributes = attributes.map(|text| {
        let item: syn::ItemStruct = syn::parse_str(&format!("{text} struct S;"))?;
        Ok(item.attrs)
    });
    let attributes = attributes.collect::<Result<Vec<_>, _>>();
    let wrong = |error: syn::Error| Error::Internal(format!("the additions to {name}: {error}"));
    Ok((derives.map_err(wrong)?, attributes.map_err(wrong)?.into_iter().flatten().collect()))
}
