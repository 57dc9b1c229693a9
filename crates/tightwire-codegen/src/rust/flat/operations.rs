//! Operations of protocols without an envelope.
//!
//! A frame does not say which operation it starts. So the service has one method per message, named for the first
//! operation that takes it; the client, who knows what it wants, has one per operation.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use tightwire_spec::ir::{Direction, Ir, Message, Operation, Reply};

use crate::error::Error;
use crate::rust::model::RustTypes;
use crate::rust::operations::{Answer, Method};
use crate::rust::{client, frames, names};

/// What the service has to do: a method for every message that clients send.
pub(in crate::rust) fn handled<'ir>(ir: &'ir Ir, types: &RustTypes) -> Result<Vec<Method<'ir>>, Error> {
    let mut methods = Vec::new();
    let mut taken = BTreeSet::from(["connected".to_owned()]);
    for (message, id) in frames::messages(ir, Direction::ToServer) {
        frames::data_type(types, message)?;
        let takes = |operation: &&Operation| operation.messages.iter().any(|taken| taken == id);
        let operations: Vec<&Operation> = receiving(ir).filter(takes).collect();
        let (operation, name) = match operations.first() {
            Some(operation) => (*operation, method_name(operation, message)),
            // What answers a request of the server is no operation of its own.
            None => match ir.operations.values().find(|operation| answered_by(operation, id)) {
                Some(operation) => (operation, names::snake(id)),
                None => continue,
            },
        };
        let same = operations.iter().all(|other| replies(other) == replies(operation));
        let answer = if same && !operations.is_empty() { answer(ir, operation) } else { Answer::Nothing };
        methods.push(Method { name: unique(&name, &mut taken), operation, message, answer });
    }
    Ok(methods)
}

/// What the client can do: a method for every message of every operation that it may start.
pub(in crate::rust) fn started<'ir>(ir: &'ir Ir, types: &RustTypes) -> Result<Vec<Method<'ir>>, Error> {
    let mut methods = Vec::new();
    let mut taken = BTreeSet::from(client::METHODS.map(str::to_owned));
    let mut sent = BTreeSet::new();
    for operation in receiving(ir) {
        for message in operation.messages.iter().filter_map(|id| ir.messages.get(id)) {
            frames::data_type(types, message)?;
            sent.insert(message.id.as_str());
            let name = unique(&method_name(operation, message), &mut taken);
            methods.push(Method { name, operation, message, answer: answer(ir, operation) });
        }
    }
    for operation in ir.operations.values() {
        let answers = operation.reply.iter().flat_map(|reply| &reply.messages);
        for message in answers.filter_map(|id| ir.messages.get(id)) {
            if answered_by(operation, &message.id) && sent.insert(message.id.as_str()) {
                let name = unique(&names::snake(&message.id), &mut taken);
                methods.push(Method { name, operation, message, answer: Answer::Nothing });
            }
        }
    }
    Ok(methods)
}

pub(in crate::rust) fn receiving(ir: &Ir) -> impl Iterator<Item = &Operation> {
    ir.operations.values().filter(|operation| operation.direction == Direction::ToServer)
}

/// Whether the message is what clients answer to a request of the server.
fn answered_by(operation: &Operation, message: &str) -> bool {
    operation.direction == Direction::ToClient
        && replies(operation).is_some_and(|ids| ids.iter().any(|id| id == message))
}

fn replies(operation: &Operation) -> Option<&Vec<String>> {
    operation.reply.as_ref().map(|reply| &reply.messages)
}

pub(in crate::rust) fn method_name(operation: &Operation, message: &Message) -> String {
    match operation.messages.len() {
        0 | 1 => names::snake(&operation.id),
        _ => format!("{}_{}", names::snake(&operation.id), names::snake(&message.id)),
    }
}

/// The name, or one like it that is free.
pub(in crate::rust) fn unique(name: &str, taken: &mut BTreeSet<String>) -> Ident {
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    let free = std::iter::once(name.to_owned()).chain(numbered).find(|candidate| taken.insert(candidate.clone()));
    names::ident(&free.unwrap_or_default())
}

/// What a client gets for what it asked. A reply on another route is none: that is another connection.
fn answer<'ir>(ir: &'ir Ir, operation: &'ir Operation) -> Answer<'ir> {
    let here = |reply: &&Reply| {
        let mut routes = ir.routes.values();
        let both = [&reply.channel, &operation.channel];
        reply.sequence.is_none()
            && (reply.channel == operation.channel
                || routes.any(|route| both.iter().all(|channel| route.channels.contains(channel))))
    };
    let reply = operation.reply.as_ref().filter(here);
    let messages: Vec<&Message> =
        reply.into_iter().flat_map(|reply| &reply.messages).filter_map(|id| ir.messages.get(id)).collect();
    match messages.as_slice() {
        [] => Answer::Nothing,
        [message] => Answer::One(message),
        _ => Answer::OneOf(names::reply(&operation.id), messages),
    }
}
