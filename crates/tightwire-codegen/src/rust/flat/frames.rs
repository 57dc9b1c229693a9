//! `ClientFrame` and `ServerFrame` of payloads. Which message a frame is, the decoder finds out.

use proc_macro2::TokenStream;
use quote::quote;
use tightwire_spec::ir::{Direction, Ir};

use crate::error::Error;
use crate::rust::model::RustTypes;
use crate::rust::{docs, frames};

/// Generates a direction's enum.
pub(super) fn emit(ir: &Ir, types: &RustTypes, direction: Direction) -> Result<TokenStream, Error> {
    let name = frames::frame_enum(direction);
    let (mut variants, mut payloads, mut names, mut ids) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (message, id) in frames::messages(ir, direction) {
        let data = frames::data_type(types, message)?;
        let variant_docs = docs::tokens(&docs::best(&message.docs, &format!("`{}`", message.name)));
        variants.push(quote!(#variant_docs #data(#data)));
        payloads.push(quote!(Self::#data(data) => __rt::serde::Serialize::serialize(data, serializer)));
        names.push(data);
        ids.push(id);
    }
    // A reference always counts as inhabited, so that `match self {}` of an enum without variants is an error.
    let (this, serializer) =
        if variants.is_empty() { (quote!(*self), quote!(_)) } else { (quote!(self), quote!(serializer)) };
    let description = match direction {
        Direction::ToServer => "A frame of a client: its payload, by message.",
        Direction::ToClient => "A frame of the server: its payload, by message.",
    };
    let description = docs::tokens(description);
    let name_docs = docs::tokens("The message's name in the document.");
    Ok(quote! {
        #description
        #[derive(Clone, Debug, PartialEq)]
        pub enum #name {
            #(#variants,)*
        }
        impl #name {
            #name_docs
            pub fn message(&self) -> &'static str {
                match #this {
                    #(Self::#names(_) => #ids,)*
                }
            }
        }
        impl __rt::serde::Serialize for #name {
            fn serialize<S: __rt::serde::Serializer>(&self, #serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                match #this {
                    #(#payloads,)*
                }
            }
        }
        #(
            impl ::std::convert::From<#names> for #name {
                fn from(data: #names) -> Self {
                    Self::#names(data)
                }
            }
        )*
    })
}

/// Generates `PlainMessage` for the payloads that the server sends.
pub(super) fn plain_messages(ir: &Ir, types: &RustTypes) -> Result<TokenStream, Error> {
    let mut implementations = TokenStream::new();
    for (message, id) in frames::messages(ir, Direction::ToClient) {
        let data = frames::data_type(types, message)?;
        let delivery = frames::delivery(message.delivery);
        implementations.extend(quote! {
            impl __rt::PlainMessage for #data {
                const NAME: &'static str = #id;
                const DELIVERY: __rt::Delivery = #delivery;
            }
        });
    }
    Ok(implementations)
}
