//! What an implementation of the service has to look like, and what the client offers, with the names that the generated
//! module uses.
//!
//! For whoever writes such code ([`scaffold`](crate::scaffold)), so that it cannot drift from what is generated. Emits
//! nothing itself.

use proc_macro2::Ident;
use tightwire_spec::ir::{Ir, Message, Operation, SequenceStep};

use super::model::RustTypes;
use super::operations::{self, Answer};
use super::{client, docs, error_code, flat, frames, names, types};
use crate::config::Config;
use crate::error::Error;

/// The service as somebody has to implement it.
pub(crate) struct Outline<'ir> {
    /// The generated module.
    pub(crate) module: Ident,
    /// The trait.
    pub(crate) service: Ident,
    /// The adapter between the trait and the runtime.
    pub(crate) server: Ident,
    /// The error code of a failure that the client cannot help; without an envelope the runtime has one.
    pub(crate) failed: Option<Ident>,
    /// What has to be implemented, in the order of the document.
    pub(crate) methods: Vec<Task<'ir>>,
}

/// A method that has to be implemented.
pub(crate) struct Task<'ir> {
    /// Its name.
    pub(crate) name: Ident,
    /// The operation that it stands for.
    pub(crate) operation: &'ir Operation,
    /// The message that it is called for.
    pub(crate) message: &'ir Message,
    /// What it does, from the document.
    pub(crate) docs: String,
    /// The type of the frame's topic; without an envelope there is none.
    pub(crate) topic: Option<Ident>,
    /// The type of the frame's data.
    pub(crate) data: Ident,
    /// What is owed to the client.
    pub(crate) owed: Owed<'ir>,
}

/// What a client gets for what it asked.
pub(crate) enum Owed<'ir> {
    /// Nothing: the method returns `()`.
    Nothing,
    /// The one reply, which the method returns.
    Reply(Answering<'ir>),
    /// One of several, which the method returns in an enum of that name, with a `From` for each.
    OneOf(Ident, Vec<Answering<'ir>>),
    /// Frames that the method sends itself, in this order.
    Sequence(Vec<(Answering<'ir>, &'ir SequenceStep)>),
}

/// A message that answers.
pub(crate) struct Answering<'ir> {
    /// The message.
    pub(crate) message: &'ir Message,
    /// The type of its data.
    pub(crate) data: Ident,
    /// The type of its topic.
    pub(crate) topic: Ident,
}

/// The client as somebody uses it.
pub(crate) struct ClientOutline<'ir> {
    /// The generated module.
    pub(crate) module: Ident,
    /// The client.
    pub(crate) client: Ident,
    /// The protocol, as the runtime's client has it for a parameter.
    pub(crate) protocol: Ident,
    /// Its methods, in the order of the document.
    pub(crate) calls: Vec<Call<'ir>>,
}

/// A method that the client has.
pub(crate) struct Call<'ir> {
    /// Its name.
    pub(crate) name: Ident,
    /// The message that it sends.
    pub(crate) message: &'ir Message,
    /// Whether it takes the topics that are subscribed to instead of a topic and data.
    pub(crate) takes_topics: bool,
    /// The type of the frame's data.
    pub(crate) data: Ident,
    /// What it returns.
    pub(crate) owed: Owed<'ir>,
    /// The enum of all steps, where `owed` is a sequence of several kinds.
    pub(crate) steps: Option<Ident>,
}

/// The client of a protocol.
///
/// # Errors
/// What Rust cannot express.
pub(crate) fn client<'ir>(ir: &'ir Ir, config: &Config) -> Result<ClientOutline<'ir>, Error> {
    let types = types::emit(ir, config)?.types;
    let started = match ir.envelope {
        Some(_) => client::enveloped::started(ir, &types)?,
        None => flat::operations::started(ir, &types)?,
    };
    let mut calls = Vec::new();
    for method in started {
        let operations::Method { name, operation, message, answer } = method;
        let sequence = sequence(ir, &types, operation)?;
        let (owed, steps) = match answer {
            Answer::OneOf(steps, _) if !sequence.is_empty() => (Owed::Sequence(sequence), Some(steps)),
            Answer::One(_) if !sequence.is_empty() => (Owed::Sequence(sequence), None),
            answer => (owed(ir, &types, answer)?, None),
        };
        let data = frames::data_type(&types, message)?;
        let takes_topics = ir.envelope.is_some() && client::enveloped::takes_topics(ir, message);
        calls.push(Call { name, message, takes_topics, data, owed, steps });
    }
    Ok(ClientOutline {
        module: names::ident(&config.module),
        client: names::client(config),
        protocol: names::protocol(config),
        calls,
    })
}

fn answering<'ir>(ir: &Ir, types: &RustTypes, message: &'ir Message) -> Result<Answering<'ir>, Error> {
    let data = frames::data_type(types, message)?;
    Ok(Answering { message, data, topic: frames::topic_type(ir, message).ident() })
}

/// What is owed besides a sequence.
fn owed<'ir>(ir: &Ir, types: &RustTypes, answer: Answer<'ir>) -> Result<Owed<'ir>, Error> {
    Ok(match answer {
        Answer::Nothing => Owed::Nothing,
        Answer::One(reply) => Owed::Reply(answering(ir, types, reply)?),
        Answer::OneOf(name, replies) => {
            let replies = replies.into_iter().map(|reply| answering(ir, types, reply));
            Owed::OneOf(name, replies.collect::<Result<_, _>>()?)
        }
    })
}

/// The steps of the answer to an operation.
fn sequence<'ir>(
    ir: &'ir Ir,
    types: &RustTypes,
    operation: &'ir Operation,
) -> Result<Vec<(Answering<'ir>, &'ir SequenceStep)>, Error> {
    let steps = operation.reply.iter().flat_map(|reply| reply.sequence.iter().flatten());
    let steps = steps.filter_map(|step| Some((ir.messages.get(&step.message)?, step)));
    steps.map(|(message, step)| Ok((answering(ir, types, message)?, step))).collect()
}

/// The service of a protocol.
///
/// # Errors
/// What Rust cannot express.
pub(crate) fn outline<'ir>(ir: &'ir Ir, config: &Config) -> Result<Outline<'ir>, Error> {
    let types = types::emit(ir, config)?.types;
    let enveloped = ir.envelope.is_some();
    let asked = match enveloped {
        true => operations::methods(ir, &types)?.into_values().collect(),
        false => flat::operations::handled(ir, &types)?,
    };
    let mut methods = Vec::new();
    for method in asked {
        let operations::Method { name, operation, message, answer } = method;
        let owed = match answer {
            Answer::Nothing => match sequence(ir, &types, operation)? {
                steps if steps.is_empty() => Owed::Nothing,
                steps => Owed::Sequence(steps),
            },
            answer => owed(ir, &types, answer)?,
        };
        methods.push(Task {
            name,
            operation,
            message,
            docs: docs::best(&operation.docs, &format!("The operation `{}`.", operation.id)),
            topic: enveloped.then(|| frames::topic_type(ir, message).ident()),
            data: frames::data_type(&types, message)?,
            owed,
        });
    }
    Ok(Outline {
        module: names::ident(&config.module),
        service: names::service(config),
        server: names::server(config),
        failed: if enveloped { Some(error_code::ErrorCodes::of(ir, &types)?.failed()) } else { None },
        methods,
    })
}
