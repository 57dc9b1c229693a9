//! The generated decoder: `decode`, and the two paths that it is made of.
//!
//! The fast path reads a frame once and checks every constraint on the way; it only accepts. A message whose schema
//! needs more than one look at the bytes is left to the reference path as a whole; [`slow_messages`] names those.

mod envelope;
mod object;
mod pattern;
mod scalar;
mod union;
mod value;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;
use tightwire_spec::ir::{Direction, Ir, Message};

use self::value::Readers;
use crate::error::Error;
use crate::rust::model::{FieldType, RustTypes};
use crate::rust::names;
use crate::view::{Obstacle, View};

/// A message that has no fast path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlowMessage {
    /// The message's key.
    pub message: String,
    /// Why, in the middle of a sentence.
    pub reason: String,
}

/// Emits the `decode`, `decode_fast` and `decode_reference` of `ClientFrame` ([`Direction::ToServer`]) or `ServerFrame`
/// ([`Direction::ToClient`]), with everything private that they need.
///
/// # Errors
/// What no decoder can be generated for.
pub fn emit(ir: &Ir, types: &RustTypes, direction: Direction) -> Result<TokenStream, Error> {
    let decoder = Decoder::new(ir, types, direction);
    let (frame, module, path) = match direction {
        Direction::ToServer => ("ClientFrame", "decode_client_frame", quote!(ToServer)),
        Direction::ToClient => ("ServerFrame", "decode_server_frame", quote!(ToClient)),
    };
    let (frame, module) = (format_ident!("{frame}"), format_ident!("{module}"));
    let reference = decoder.reference_arms(&frame);
    let fast = decoder.fast_path(&frame);
    Ok(quote! {
        impl #frame {
            /// Decodes and validates a frame.
            ///
            /// # Errors
            /// What the frame violates.
            pub fn decode(bytes: &[u8]) -> Result<::tightwire::__rt::Inbound<Self>, ::tightwire::__rt::Rejection> {
                match #module::read(bytes) {
                    Ok(inbound) => Ok(inbound),
                    Err(_) => Self::decode_reference(bytes),
                }
            }

            /// The path that only ever accepts: nearly all proper frames, and nothing else.
            #[doc(hidden)]
            pub fn decode_fast(bytes: &[u8]) -> Option<::tightwire::__rt::Inbound<Self>> {
                #module::read(bytes).ok()
            }

            /// The path that decides, and explains.
            #[doc(hidden)]
            pub fn decode_reference(
                bytes: &[u8],
            ) -> Result<::tightwire::__rt::Inbound<Self>, ::tightwire::__rt::Rejection> {
                let frame = Self::reference().check(bytes)?;
                let typed = match frame.wire_type() {
                    #(#reference)*
                    _ => return Err(frame.refuse("/type", "enum", "is not a message of this direction")),
                };
                frame.inbound(typed)
            }

            /// Builds now what the first frame would otherwise wait for that is not accepted at once.
            pub fn prepare() {
                // The bundle is generated: it can be used.
                let _ = Self::reference().prepare();
            }

            fn reference() -> &'static ::tightwire::__rt::reference::Reference {
                use ::tightwire::__rt::reference::{Direction, Reference};
                static REFERENCE: Reference = Reference::new(CONTRACT.schema_bundle, Direction::#path);
                &REFERENCE
            }
        }

        #[doc = " The fast path: see `decode_fast`."]
        mod #module {
            #fast
        }
    })
}

/// The messages that have no fast path, with the reason. For notes at build time.
pub fn slow_messages(ir: &Ir, types: &RustTypes) -> Vec<SlowMessage> {
    [Direction::ToServer, Direction::ToClient]
        .into_iter()
        .flat_map(|direction| Decoder::new(ir, types, direction).slow)
        .collect()
}

/// A message on the fast path.
struct Fast<'ir> {
    wire_type: &'ir str,
    variant: Ident,
    shape: TokenStream,
    topic: TokenStream,
    data: TokenStream,
}

struct Decoder<'ir> {
    ir: &'ir Ir,
    messages: Vec<(&'ir Message, &'ir str)>,
    fast: Vec<Fast<'ir>>,
    slow: Vec<SlowMessage>,
    readers: Readers<'ir>,
}

impl<'ir> Decoder<'ir> {
    fn new(ir: &'ir Ir, types: &'ir RustTypes, direction: Direction) -> Self {
        let messages = ir
            .messages
            .values()
            .filter(|message| message.directions.contains(&direction) && message.data.is_some())
            .filter_map(|message| message.wire_type.as_deref().map(|wire_type| (message, wire_type)))
            .collect();
        let mut decoder = Self { ir, messages, fast: Vec::new(), slow: Vec::new(), readers: Readers::new(types) };
        for (message, wire_type) in decoder.messages.clone() {
            let readers = decoder.readers.clone();
            match decoder.fast_message(message, wire_type) {
                Ok(fast) => decoder.fast.push(fast),
                Err(Obstacle(reason)) => {
                    // What was made for it before the obstacle came up is of no use to anyone.
                    decoder.readers = readers;
                    decoder.slow.push(SlowMessage { message: message.id.clone(), reason });
                }
            }
        }
        decoder
    }

    fn fast_message(&mut self, message: &'ir Message, wire_type: &'ir str) -> Result<Fast<'ir>, Obstacle> {
        let types = self.readers.types;
        let name = types.message(&message.id).ok_or_else(|| Obstacle::new("its data has no type"))?;
        let data_type = FieldType::Named(format_ident!("{name}"));
        let view = View::of(self.ir, [&message.payload])?;
        let shape = envelope::shape(&view, wire_type)?;
        let topic = envelope::topic(self.ir, message, &view, &mut self.readers.patterns)?;
        let data = self.readers.read(&data_type, &view.property("data")?)?;
        Ok(Fast { wire_type, variant: names::variant(wire_type), shape, topic, data })
    }

    /// The arms that make a typed frame of one that the reference path accepts.
    fn reference_arms(&self, frame: &Ident) -> Vec<TokenStream> {
        let arm = |(_, wire_type): &(&Message, &str)| {
            let variant = names::variant(wire_type);
            quote!(#wire_type => #frame::#variant { topic: frame.topic()?, data: frame.data()? },)
        };
        self.messages.iter().map(arm).collect()
    }

    /// The module of the fast path.
    fn fast_path(self, frame: &Ident) -> TokenStream {
        if self.fast.is_empty() {
            return quote! {
                use ::tightwire::__rt::{Inbound, json};

                use super::#frame;

                pub(super) fn read(_: &[u8]) -> Result<Inbound<#frame>, json::Irregular> {
                    Err(json::Irregular)
                }
            };
        }
        let (mut kinds, mut frames) = (Vec::new(), Vec::new());
        let mut shapes: Vec<(&TokenStream, Vec<&Ident>)> = Vec::new();
        for Fast { wire_type, variant, shape, topic, data } in &self.fast {
            kinds.push(quote!(#wire_type => Kind::#variant,));
            match shapes.iter_mut().find(|(same, _)| same.to_string() == shape.to_string()) {
                Some((_, variants)) => variants.push(variant),
                None => shapes.push((shape, vec![variant])),
            }
            frames.push(quote!(Kind::#variant => #frame::#variant { topic: #topic, data: #data },));
        }
        let shapes = shapes.iter().map(|(shape, variants)| quote!(#(Kind::#variants)|* => #shape,)).collect::<Vec<_>>();
        let variants = self.fast.iter().map(|fast| fast.variant.clone()).collect::<Vec<_>>();
        let functions = self.readers.into_functions();
        quote! {
            use ::tightwire::__rt::{Inbound, json};

            use super::*;

            #[derive(Clone, Copy)]
            enum Kind {
                #(#variants,)*
            }

            #[inline]
            pub(super) fn read(bytes: &[u8]) -> Result<Inbound<#frame>, json::Irregular> {
                json::read_frame(bytes, kind, shape, frame)
            }

            fn kind(wire_type: &str) -> Option<Kind> {
                Some(match wire_type {
                    #(#kinds)*
                    _ => return None,
                })
            }

            fn shape(kind: Kind) -> json::Shape {
                match kind {
                    #(#shapes)*
                }
            }

            fn frame(kind: Kind, text: &str, cursor: &mut json::Cursor<'_>) -> Result<#frame, json::Irregular> {
                Ok(match kind {
                    #(#frames)*
                })
            }

            #(#functions)*
        }
    }
}
