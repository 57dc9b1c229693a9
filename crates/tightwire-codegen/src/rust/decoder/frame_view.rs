//! `ClientFrameView` and `ServerFrameView`: the frames of a direction as they stand in their bytes.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;
use tightwire_spec::ir::Direction;

use super::{Decoder, Fast};
use crate::rust::docs;

fn name(direction: Direction) -> Ident {
    match direction {
        Direction::ToServer => format_ident!("ClientFrameView"),
        Direction::ToClient => format_ident!("ServerFrameView"),
    }
}

/// Whether there is a view of the direction's frames: if one is wanted, and at least one message has something to borrow.
fn exists(decoder: &Decoder<'_>) -> bool {
    let borrows = |fast: &Fast<'_>| fast.view.is_some() && decoder.readers.borrows(&data_type(decoder, fast));
    decoder.views && decoder.fast.iter().any(borrows)
}

fn data_type(decoder: &Decoder<'_>, fast: &Fast<'_>) -> Ident {
    format_ident!("{}", decoder.readers.types.message(&fast.message.id).unwrap_or_default())
}

/// The enum, and how to come from the bytes to it and from it to the owned frame.
pub(super) fn definition(decoder: &Decoder<'_>, frame: &Ident, module: &Ident) -> TokenStream {
    if !exists(decoder) {
        return TokenStream::new();
    }
    let name = name(decoder.direction);
    let (mut declared, mut types, mut frames) = (Vec::new(), Vec::new(), Vec::new());
    for fast @ Fast { message, wire_type, variant, view, .. } in &decoder.fast {
        let data = data_type(decoder, fast);
        let data =
            if view.is_some() && decoder.readers.borrows(&data) { quote!(views::#data<'a>) } else { quote!(#data) };
        let variant_docs = docs::tokens(&docs::best(&message.docs, &format!("`{wire_type}`")));
        declared.push(quote!(#variant_docs #variant(#data)));
        types.push(quote!(Self::#variant(_) => #wire_type));
        frames.push(quote!(Self::#variant(data) => #frame::#variant { topic: topic.parse()?, data: data.into() }));
    }
    let owned = format!("[`{frame}`]");
    let type_docs = docs::tokens(&format!(
        "A {owned} as it stands in its bytes: the data of each message that is read in a single pass. Text without escapes is \
         borrowed."
    ));
    let read_docs = docs::tokens(&format!(
        "Reads and validates a frame. `None` says nothing about the frame: it may be proper and need a closer look, so \
         [`{frame}::decode`] decides about it."
    ));
    let wire_type_docs = docs::tokens("The value of the frame's `type`.");
    let into_docs = docs::tokens(
        "The same frame with strings of its own; `topic` is that of the view's envelope.\n\n# Errors\nIf `topic` is no topic of \
         the message.",
    );
    quote! {
        #type_docs
        #[derive(Clone, Debug, PartialEq)]
        pub enum #name<'a> {
            #(#declared,)*
        }
        impl<'a> #name<'a> {
            #read_docs
            pub fn read(bytes: &'a [u8]) -> Option<::tightwire::__rt::InboundView<'a, Self>> {
                #module::view(bytes).ok()
            }
            #wire_type_docs
            pub fn wire_type(&self) -> &'static str {
                match self {
                    #(#types,)*
                }
            }
            #into_docs
            pub fn into_frame(self, topic: &str) -> Result<#frame, InvalidTopic> {
                Ok(match self {
                    #(#frames,)*
                })
            }
        }
    }
}

/// What reads it, in the module of the fast path.
pub(super) fn reader(decoder: &Decoder<'_>) -> TokenStream {
    if !exists(decoder) {
        return TokenStream::new();
    }
    let name = name(decoder.direction);
    let arms = decoder.fast.iter().map(|Fast { variant, topic, data, view, .. }| {
        let (topic, data) = (&topic.checked, view.as_ref().unwrap_or(data));
        quote!(Kind::#variant => {
            #topic
            #name::#variant(#data)
        })
    });
    quote! {
        #[inline]
        pub(super) fn view(bytes: &[u8]) -> Result<::tightwire::__rt::InboundView<'_, #name<'_>>, json::Irregular> {
            json::read_frame(bytes, kind, shape, frame_view)
        }

        fn frame_view<'a>(
            kind: Kind,
            text: &str,
            cursor: &mut json::Cursor<'a>,
        ) -> Result<#name<'a>, json::Irregular> {
            Ok(match kind {
                #(#arms)*
            })
        }
    }
}
