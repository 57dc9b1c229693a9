//! `ClientFrame` and `ServerFrame`: one variant per message of a direction, told apart by the frame's `type`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use tightwire_spec::ir::{Channel, Delivery, Direction, Ir, Message};

use super::model::RustTypes;
use super::{docs, names};
use crate::error::Error;

/// The topics on which a message appears, as a type.
#[derive(Clone, Copy, Debug)]
pub enum TopicType<'ir> {
    /// One channel's struct.
    One(&'ir Channel),
    /// The enum `Topic`.
    Any,
}

impl TopicType<'_> {
    /// The type's name.
    pub fn ident(self) -> Ident {
        match self {
            Self::One(channel) => names::topic(channel),
            Self::Any => format_ident!("Topic"),
        }
    }
}

/// The type of a message's topics.
pub fn topic_type<'ir>(ir: &'ir Ir, message: &Message) -> TopicType<'ir> {
    match message.channels.as_slice() {
        [channel] => ir.channels.get(channel).map_or(TopicType::Any, TopicType::One),
        _ => TopicType::Any,
    }
}

/// The messages of a direction that are frames, in the order of the document: what the enum's variants are. Each with
/// its wire type, or without an envelope with its key.
pub fn messages(ir: &Ir, direction: Direction) -> impl Iterator<Item = (&Message, &str)> {
    let travelling = ir.messages.values().filter(move |message| message.directions.contains(&direction));
    travelling.filter_map(|message| match &message.wire_type {
        Some(wire_type) if ir.envelope.is_some() => Some((message, wire_type.as_str())),
        None if ir.envelope.is_some() => None,
        _ => Some((message, message.id.as_str())),
    })
}

/// The name of a direction's enum.
pub fn frame_enum(direction: Direction) -> Ident {
    match direction {
        Direction::ToServer => format_ident!("ClientFrame"),
        Direction::ToClient => format_ident!("ServerFrame"),
    }
}

/// The name of the type of a message's data.
pub(super) fn data_type(types: &RustTypes, message: &Message) -> Result<Ident, Error> {
    let name = types.message(&message.id).ok_or_else(|| {
        Error::unsupported(
            format!("message {}", message.id),
            "its payload has no `data` property that says what it carries; add one to the payload's schema",
        )
    })?;
    Ok(names::ident(name))
}

/// Generates a direction's enum.
pub(super) fn emit(ir: &Ir, types: &RustTypes, direction: Direction) -> Result<TokenStream, Error> {
    let name = frame_enum(direction);
    let mut variants = Vec::new();
    let (mut types_of, mut topics_of) = (Vec::new(), Vec::new());
    for (message, wire_type) in messages(ir, direction) {
        let variant = names::variant(wire_type);
        let data = data_type(types, message)?;
        let topic = topic_type(ir, message);
        let topic_ident = topic.ident();
        let variant_docs = docs::tokens(&docs::best(&message.docs, &format!("`{wire_type}`")));
        variants.push(quote!(#variant_docs #variant { topic: #topic_ident, data: #data }));
        types_of.push(quote!(Self::#variant { .. } => #wire_type));
        topics_of.push(match topic {
            TopicType::Any => quote!(Self::#variant { topic, .. } => topic.clone()),
            TopicType::One(_) => quote!(Self::#variant { topic, .. } => Topic::from(topic.clone())),
        });
    }
    // A reference always counts as inhabited, so that `match self {}` of an enum without variants is an error.
    let this = if variants.is_empty() { quote!(*self) } else { quote!(self) };
    let description = match direction {
        Direction::ToServer => "A frame of a client: topic and data, by message.",
        Direction::ToClient => "A frame of the server: topic and data, by message.",
    };
    let description = docs::tokens(description);
    let type_docs = docs::tokens("The value of the frame's `type`.");
    let topic_docs = docs::tokens("The frame's topic.");
    Ok(quote! {
        #description
        #[derive(Clone, Debug, PartialEq)]
        pub enum #name {
            #(#variants,)*
        }
        impl #name {
            #type_docs
            pub fn wire_type(&self) -> &'static str {
                match *self {
                    #(#types_of,)*
                }
            }
            #topic_docs
            pub fn topic(&self) -> Topic {
                match #this {
                    #(#topics_of,)*
                }
            }
        }
    })
}

/// Generates `ServerMessage` for the data types that the server sends.
pub(super) fn server_messages(ir: &Ir, types: &RustTypes) -> Result<TokenStream, Error> {
    let mut implementations = TokenStream::new();
    for (message, wire_type) in messages(ir, Direction::ToClient) {
        let data = data_type(types, message)?;
        let topic = topic_type(ir, message).ident();
        let delivery = delivery(message.delivery);
        implementations.extend(quote! {
            impl __rt::ServerMessage for #data {
                const TYPE: &'static str = #wire_type;
                const DELIVERY: __rt::Delivery = #delivery;
                type Topic = #topic;
            }
        });
    }
    Ok(implementations)
}

/// `x-delivery` as code.
pub(super) fn delivery(delivery: Delivery) -> TokenStream {
    match delivery {
        Delivery::Durable => quote!(__rt::Delivery::Durable),
        Delivery::Latest => quote!(__rt::Delivery::Latest),
        Delivery::Ephemeral => quote!(__rt::Delivery::Ephemeral),
        Delivery::Control => quote!(__rt::Delivery::Control),
    }
}
