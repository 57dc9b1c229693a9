//! The generated decoder: `decode`, and the two paths that it is made of.
//!
//! The fast path reads a frame once and checks every constraint on the way; it only accepts. What needs more than one
//! look at the bytes is read as a JSON value and given to a validator: a part of the frame where that is enough, else the
//! whole message goes to the reference path. `emit` names both.

mod borrowed;
mod disjoint;
mod envelope;
mod enveloped;
mod flat;
mod frame_view;
mod heartbeat;
mod object;
mod parts;
mod pattern;
mod refusal;
mod scalar;
mod union;
mod value;

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;
use tightwire_spec::ir::{Direction, Ir, Message};

use self::borrowed::Borrowing;
use self::envelope::Topic;
use self::flat::Candidates;
use self::value::Readers;
use crate::config::RustConfig;
use crate::error::Error;
use crate::rust::model::{FieldType, RustTypes};
use crate::rust::printer::Printer;
use crate::rust::{docs, names};
use crate::view::{Obstacle, View};

/// A message that the fast path does not read alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlowMessage {
    /// The message's key.
    pub message: String,
    /// Whether it has no fast path; else only a part of it is left to a validator.
    pub whole: bool,
    /// Where, as a JSON Pointer into the frame; `*` stands for any item or member. Of a type that several messages have, the
    /// first of them is named.
    pub place: String,
    /// Why, in the middle of a sentence.
    pub reason: String,
    /// What would make it fast, as a command, where the document can do something about it.
    pub help: Option<&'static str>,
}

/// Whether frames of that direction are other messages on one route than on another.
pub(crate) fn tells_routes_apart(ir: &Ir, direction: Direction) -> bool {
    let all = ir.messages.values().filter(|message| message.directions.contains(&direction)).count();
    ir.messages_by_route(direction).iter().any(|messages| messages.len() < all)
}

/// Emits the `decode`, `decode_fast` and `decode_reference` of `ClientFrame` and `ServerFrame`, with everything private that
/// they need, and the types of views; gives the messages that have no fast path or leave parts to a validator, with the
/// reason, for notes at build time.
///
/// # Errors
/// What no decoder can be generated for.
pub(super) fn emit(
    ir: &Ir,
    config: &RustConfig,
    types: &RustTypes,
    printer: &mut Printer,
) -> Result<Vec<SlowMessage>, Error> {
    let (mut slow, mut viewed) = (Vec::new(), BTreeSet::new());
    for direction in [Direction::ToServer, Direction::ToClient] {
        let mut decoder = Decoder::new(ir, types, direction, config.has_views());
        slow.append(&mut decoder.slow);
        viewed.append(&mut decoder.viewed);
        emit_direction(decoder, printer)?;
    }
    views(types, &viewed, printer)?;
    Ok(slow)
}

/// The module of the types that views have.
fn views(types: &RustTypes, viewed: &BTreeSet<String>, printer: &mut Printer) -> Result<(), Error> {
    let borrowing = Borrowing::of(types);
    let mut views = borrowing.emit(types, viewed).peekable();
    if views.peek().is_none() {
        return Ok(());
    }
    let docs = docs::tokens(
        "Data as it stands in a frame: text without escapes is borrowed, and lists are read where they are asked for.",
    );
    printer.open(&quote!(#docs pub mod views))?;
    printer.items(quote!(
        use ::tightwire::__rt::json;
    ))?;
    views.try_for_each(|view| printer.items(view))?;
    printer.close();
    Ok(())
}

fn emit_direction(decoder: Decoder<'_>, printer: &mut Printer) -> Result<(), Error> {
    let (ir, direction) = (decoder.ir, decoder.direction);
    let (frame, module, path, list) = match direction {
        Direction::ToServer => ("ClientFrame", "decode_client_frame", quote!(ToServer), quote!(to_server)),
        Direction::ToClient => ("ServerFrame", "decode_server_frame", quote!(ToClient), quote!(to_client)),
    };
    let (frame, module) = (format_ident!("{frame}"), format_ident!("{module}"));
    let reference = match ir.envelope {
        Some(_) => decoder.reference_in_envelope(&frame),
        None => flat::reference(&decoder, &frame, tells_routes_apart(ir, direction)),
    };
    // Where routes make a difference, the two paths are told of them.
    let apart = tells_routes_apart(ir, direction);
    let (any_route, parameter) = match apart {
        true => (quote!(, None), quote!(, route: Option<usize>)),
        false => Default::default(),
    };
    let (reference_name, decode_on) = if apart {
        let decode_on = quote! {
            /// As [`Self::decode`], on a connection at the route with that index in the contract: only a message that
            /// travels there is one.
            ///
            /// # Errors
            /// What the frame violates.
            pub fn decode_on(
                route: usize,
                bytes: &[u8],
            ) -> Result<::tightwire::__rt::Inbound<Self>, ::tightwire::__rt::Rejection> {
                match #module::read(bytes, Some(route)) {
                    Ok(inbound) => Ok(inbound),
                    Err(_) => Self::refer(bytes, Some(route)),
                }
            }

            /// The path that decides, and explains.
            #[doc(hidden)]
            pub fn decode_reference(
                bytes: &[u8],
            ) -> Result<::tightwire::__rt::Inbound<Self>, ::tightwire::__rt::Rejection> {
                Self::refer(bytes, None)
            }

            /// The messages that travel on a route; an unknown one carries none.
            fn travelling(route: usize) -> &'static [&'static str] {
                match CONTRACT.routes.get(route) {
                    Some(route) => route.#list,
                    None => &[],
                }
            }
        };
        (quote!(fn refer), Some(decode_on))
    } else {
        let public = quote! {
            /// The path that decides, and explains.
            #[doc(hidden)]
            pub fn decode_reference
        };
        (public, None)
    };
    let receive = (ir.envelope.is_some() && direction == Direction::ToServer).then(|| {
        let fast = (!decoder.fast.is_empty()).then(|| {
            quote! {
                if let Ok(arrival) = #module::receive(bytes) {
                    return Ok(arrival);
                }
            }
        });
        quote! {
            /// As [`Self::decode`], with the frames of the heartbeat as they stand in the bytes.
            ///
            /// # Errors
            /// What the frame violates.
            #[doc(hidden)]
            pub fn receive(
                bytes: &[u8],
            ) -> Result<::tightwire::__rt::Arrival<'_, Self>, ::tightwire::__rt::Rejection> {
                #fast
                Self::decode_reference(bytes).map(::tightwire::__rt::Arrival::Frame)
            }
        }
    });
    printer.items(quote! {
        impl #frame {
            /// Decodes and validates a frame.
            ///
            /// # Errors
            /// What the frame violates.
            pub fn decode(bytes: &[u8]) -> Result<::tightwire::__rt::Inbound<Self>, ::tightwire::__rt::Rejection> {
                match #module::read(bytes #any_route) {
                    Ok(inbound) => Ok(inbound),
                    Err(_) => Self::decode_reference(bytes),
                }
            }

            #receive

            #decode_on

            /// The path that only ever accepts: nearly all proper frames, and nothing else.
            #[doc(hidden)]
            pub fn decode_fast(bytes: &[u8]) -> Option<::tightwire::__rt::Inbound<Self>> {
                #module::read(bytes #any_route).ok()
            }

            #reference_name(
                bytes: &[u8] #parameter
            ) -> Result<::tightwire::__rt::Inbound<Self>, ::tightwire::__rt::Rejection> {
                #reference
            }

            /// Builds now what the first frame would otherwise wait for that is not accepted at once.
            pub fn prepare() {
                // The bundle is generated: it can be used.
                let _ = Self::reference().prepare();
                #module::prepare();
            }

            fn reference() -> &'static ::tightwire::__rt::reference::Reference {
                use ::tightwire::__rt::reference::{Direction, Reference};
                static REFERENCE: Reference = Reference::new(CONTRACT.schema_bundle, Direction::#path);
                &REFERENCE
            }
        }
    })?;
    printer.items(frame_view::definition(&decoder, &frame, &module))?;
    printer.open(&quote!(#[doc = " The fast path: see `decode_fast`."] mod #module))?;
    match ir.envelope {
        Some(_) => decoder.fast_path(&frame, printer)?,
        None => flat::fast_path(decoder, &frame, printer)?,
    }
    printer.close();
    Ok(())
}

/// A message on the fast path.
struct Fast<'ir> {
    message: &'ir Message,
    /// The value of `type`; in a flat protocol the message's key.
    wire_type: &'ir str,
    variant: Ident,
    /// Both empty in a flat protocol.
    shape: TokenStream,
    topic: Topic,
    data: TokenStream,
    /// Reads the data into a view, where one is wanted and every part of the data can be borrowed.
    view: Option<TokenStream>,
    /// Of a frame of the heartbeat: makes of the view what the session understands.
    heartbeat: Option<TokenStream>,
}

struct Decoder<'ir> {
    ir: &'ir Ir,
    direction: Direction,
    /// With what names them on the wire: `type`, or in a flat protocol the message's key.
    messages: Vec<(&'ir Message, &'ir str)>,
    fast: Vec<Fast<'ir>>,
    slow: Vec<SlowMessage>,
    readers: Readers<'ir>,
    /// Whether views of all messages are wanted, and not only of those that the runtime uses.
    views: bool,
    /// The types of data that there are views of.
    viewed: BTreeSet<String>,
    /// In a flat protocol: which messages a frame can be.
    candidates: Option<Candidates<'ir>>,
}

impl<'ir> Decoder<'ir> {
    fn new(ir: &'ir Ir, types: &'ir RustTypes, direction: Direction, views: bool) -> Self {
        let named = |message: &'ir Message| match ir.envelope {
            Some(_) => message.data.as_ref().and(message.wire_type.as_deref()),
            None => Some(message.id.as_str()),
        };
        let messages = ir
            .messages
            .values()
            .filter(|message| message.directions.contains(&direction))
            .filter_map(|message| named(message).map(|wire_type| (message, wire_type)))
            .collect();
        let readers = Readers::new(types);
        let mut decoder = Self {
            ir,
            direction,
            messages,
            fast: Vec::new(),
            slow: Vec::new(),
            readers,
            views: views && ir.envelope.is_some(),
            viewed: BTreeSet::new(),
            candidates: None,
        };
        for (message, wire_type) in decoder.messages.clone() {
            let before = decoder.readers.lengths();
            let note = |(place, Obstacle { reason, help }), whole| SlowMessage {
                message: message.id.clone(),
                whole,
                place,
                reason,
                help,
            };
            decoder.readers.place.clear();
            match decoder.fast_message(message, wire_type) {
                Ok(fast) => {
                    decoder.fast.push(fast);
                    decoder.slow.extend(decoder.readers.obstacles.drain(..).map(|obstacle| note(obstacle, false)));
                }
                Err(obstacle) => {
                    // What was made for it before the obstacle came up is of no use to anyone.
                    decoder.readers.truncate(before);
                    let place = decoder.readers.pointer();
                    decoder.slow.push(note((place, obstacle), true));
                }
            }
        }
        if ir.envelope.is_none() {
            flat::leave_out_unsafe(&mut decoder);
        }
        decoder
    }

    fn fast_message(&mut self, message: &'ir Message, wire_type: &'ir str) -> Result<Fast<'ir>, Obstacle> {
        let types = self.readers.types;
        let name = types.message(&message.id).ok_or_else(|| Obstacle::new("its data has no type"))?;
        let data_type = FieldType::Named(format_ident!("{name}"));
        let view = View::of(self.ir, [&message.payload])?;
        if self.ir.envelope.is_none() {
            let data = self.readers.read_directly(&data_type, &view)?;
            let variant = format_ident!("{name}");
            return Ok(Fast {
                message,
                wire_type,
                variant,
                shape: quote!(),
                topic: Topic::default(),
                data,
                view: None,
                heartbeat: None,
            });
        }
        let shape = envelope::shape(&view, wire_type)?;
        let topic = envelope::topic(self.ir, message, &view, &mut self.readers.patterns)?;
        self.readers.place.push("data".to_owned());
        let payload = view.property("data")?;
        let data = self.readers.read_directly(&data_type, &payload)?;
        let heartbeat = heartbeat::of_view(types, message).filter(|_| self.direction == Direction::ToServer);
        let view = if self.views || heartbeat.is_some() { self.view(&data_type, &payload) } else { None };
        Ok(Fast { message, wire_type, variant: names::variant(wire_type), shape, topic, data, view, heartbeat })
    }

    /// Reads the data into a view, where every part of it can be borrowed.
    fn view(&mut self, data_type: &FieldType, payload: &View<'ir>) -> Option<TokenStream> {
        let before = self.readers.lengths();
        let read = self.readers.read_borrowed(data_type, payload);
        if read.is_err() {
            self.readers.truncate(before);
        } else if let FieldType::Named(name) = data_type {
            self.viewed.insert(name.to_string());
        }
        read.ok()
    }
}

/// The module of a direction in which no message has a fast path.
fn nothing(frame: &Ident, apart: bool) -> TokenStream {
    let parameter = apart.then(|| quote!(, _: Option<usize>));
    quote! {
        use ::tightwire::__rt::{Inbound, json};

        use super::#frame;

        pub(super) fn prepare() {}

        pub(super) fn read(_: &[u8] #parameter) -> Result<Inbound<#frame>, json::Irregular> {
            Err(json::Irregular)
        }
    }
}
