//! What the application has to do: the operations that a client can start, with the replies they owe.

use indexmap::IndexMap;
use proc_macro2::Ident;
use quote::format_ident;
use tightwire_spec::ir::{Direction, Ir, Message, MessageId, Operation, Reply};

use super::model::RustTypes;
use super::{frames, names};
use crate::error::Error;

/// A method of the service: what is called for one message.
pub(super) struct Method<'ir> {
    /// The method's name.
    pub(super) name: Ident,
    /// The operation.
    pub(super) operation: &'ir Operation,
    /// The message that the client sends.
    pub(super) message: &'ir Message,
    /// What the method returns.
    pub(super) answer: Answer<'ir>,
}

/// What a method returns.
pub(super) enum Answer<'ir> {
    /// Nothing, or a sequence of frames that it publishes itself.
    Nothing,
    /// The data of the reply.
    One(&'ir Message),
    /// One of several.
    OneOf(Ident, Vec<&'ir Message>),
}

/// The methods, by the message that they are called for.
pub(super) fn methods<'ir>(ir: &'ir Ir, types: &RustTypes) -> Result<IndexMap<MessageId, Method<'ir>>, Error> {
    let mut methods: IndexMap<MessageId, Method<'ir>> = IndexMap::new();
    for operation in ir.operations.values().filter(|operation| operation.direction == Direction::ToServer) {
        for id in &operation.messages {
            let Some(message) = ir.messages.get(id).filter(|message| message.session.is_none()) else { continue };
            frames::data_type(types, message)?;
            let mut name = names::snake(&operation.id);
            if operation.messages.len() > 1 {
                name = format!("{name}_{}", names::snake(id));
            }
            if matches!(name.as_str(), "authorize" | "subscribed") {
                name.push_str("_operation");
            }
            let answer = answer(ir, operation)?;
            let method = Method { name: names::ident(&name), operation, message, answer };
            if let Some(other) = methods.insert(id.clone(), method) {
                return Err(Error::unsupported(
                    format!("operation {}", operation.id),
                    format!(
                        "operation {} takes the same message {id}, and a frame can start only one; give one of them a \
                         message of its own",
                        other.operation.id
                    ),
                ));
            }
        }
    }
    Ok(methods)
}

fn answer<'ir>(ir: &'ir Ir, operation: &'ir Operation) -> Result<Answer<'ir>, Error> {
    let Some(reply) = operation.reply.as_ref().filter(|reply| reply.sequence.is_none()) else {
        return Ok(Answer::Nothing);
    };
    if reply.channel != operation.channel {
        return Err(Error::unsupported(
            format!("operation {}", operation.id),
            format!(
                "its reply comes on channel {} but a reply goes to the topic that was asked; name channel {} there, or \
                 publish the answer yourself and leave the reply out",
                reply.channel, operation.channel
            ),
        ));
    }
    let messages: Vec<&Message> = reply_messages(ir, reply).collect();
    Ok(match messages.as_slice() {
        [] => Answer::Nothing,
        [message] => Answer::One(message),
        _ => Answer::OneOf(reply_ident(operation), messages),
    })
}

fn reply_messages<'ir>(ir: &'ir Ir, reply: &'ir Reply) -> impl Iterator<Item = &'ir Message> {
    reply.messages.iter().filter_map(|id| ir.messages.get(id))
}

fn reply_ident(operation: &Operation) -> Ident {
    format_ident!("{}", names::reply(&operation.id))
}
