//! The fast path of protocols in the envelope: the runtime reads that, and the message's own reader its data.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;
use tightwire_spec::ir::Direction;

use super::{Decoder, Fast, frame_view, nothing};
use crate::error::Error;
use crate::rust::names;
use crate::rust::printer::Printer;

impl Decoder<'_> {
    /// The reference path: a typed frame of one that it accepts.
    pub(super) fn reference_in_envelope(&self, frame: &Ident) -> TokenStream {
        let arms = self.messages.iter().map(|(_, wire_type)| {
            let variant = names::variant(wire_type);
            quote!(#wire_type => #frame::#variant { topic: frame.topic()?, data: frame.data()? },)
        });
        quote! {
            let frame = Self::reference().check(bytes)?;
            let typed = match frame.wire_type() {
                #(#arms)*
                _ => return Err(frame.refuse("/type", "enum", "is not a message of this direction")),
            };
            frame.inbound(typed)
        }
    }

    /// The module of the fast path.
    pub(super) fn fast_path(self, frame: &Ident, printer: &mut Printer) -> Result<(), Error> {
        if self.fast.is_empty() {
            return printer.items(nothing(frame, false));
        }
        let (mut kinds, mut frames) = (Vec::new(), Vec::new());
        let mut shapes: Vec<(&TokenStream, Vec<&Ident>)> = Vec::new();
        for Fast { wire_type, variant, shape, topic, data, .. } in &self.fast {
            let topic = &topic.typed;
            kinds.push(quote!(#wire_type => Kind::#variant,));
            match shapes.iter_mut().find(|(same, _)| same.to_string() == shape.to_string()) {
                Some((_, variants)) => variants.push(variant),
                None => shapes.push((shape, vec![variant])),
            }
            frames.push(quote!(Kind::#variant => #frame::#variant { topic: #topic, data: #data },));
        }
        let shapes = shapes.iter().map(|(shape, variants)| quote!(#(Kind::#variants)|* => #shape,)).collect::<Vec<_>>();
        let variants = self.fast.iter().map(|fast| fast.variant.clone()).collect::<Vec<_>>();
        printer.items(quote! {
            use ::tightwire::__rt::{Inbound, json};

            use super::*;

            #[derive(Clone, Copy)]
            enum Kind {
                #(#variants,)*
            }

            #[inline]
            pub(super) fn read(bytes: &[u8]) -> Result<Inbound<#frame>, json::Irregular> {
                json::read_frame(bytes, kind, shape, frame).map(Inbound::from)
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
        })?;
        if self.direction == Direction::ToServer {
            printer.items(self.arrival(frame))?;
        }
        printer.items(frame_view::reader(&self))?;
        self.readers.into_functions().try_for_each(|function| printer.items(function))
    }

    /// The fast path of a server.
    fn arrival(&self, frame: &Ident) -> TokenStream {
        let arms = self.fast.iter().filter_map(|Fast { variant, topic, view, heartbeat, .. }| {
            let (data, heartbeat, topic) = (view.as_ref()?, heartbeat.as_ref()?, &topic.checked);
            Some(quote!(Kind::#variant => {
                #topic
                let data = #data;
                json::Arrived::Heartbeat(#heartbeat)
            }))
        });
        quote! {
            #[inline]
            pub(super) fn receive(bytes: &[u8]) -> Result<::tightwire::__rt::Arrival<'_, #frame>, json::Irregular> {
                json::read_arrival(bytes, kind, shape, arrived)
            }

            fn arrived<'a>(
                kind: Kind,
                text: &str,
                cursor: &mut json::Cursor<'a>,
            ) -> Result<json::Arrived<'a, #frame>, json::Irregular> {
                Ok(match kind {
                    #(#arms)*
                    kind => json::Arrived::Frame(frame(kind, text, cursor)?),
                })
            }
        }
    }
}
