//! What an implementation of the service has to look like, with the names that the generated module uses.
//!
//! For whoever writes such an implementation ([`scaffold`](crate::scaffold)), so that it cannot drift from what the
//! service trait asks for. Emits nothing itself.

use proc_macro2::Ident;
use tightwire_spec::ir::{Ir, Message, Operation, SequenceStep};

use super::operations::{self, Answer};
use super::{docs, error_code, flat, frames, names, types};
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

/// The service of a protocol.
///
/// # Errors
/// What Rust cannot express.
pub(crate) fn outline<'ir>(ir: &'ir Ir, config: &Config) -> Result<Outline<'ir>, Error> {
    let types = types::emit(ir, config)?.types;
    let answering = |message: &'ir Message| -> Result<Answering<'ir>, Error> {
        let data = frames::data_type(&types, message)?;
        Ok(Answering { message, data, topic: frames::topic_type(ir, message).ident() })
    };
    let enveloped = ir.envelope.is_some();
    let asked = match enveloped {
        true => operations::methods(ir, &types)?.into_values().collect(),
        false => flat::operations::handled(ir, &types)?,
    };
    let mut methods = Vec::new();
    for method in asked {
        let operations::Method { name, operation, message, answer } = method;
        let owed = match answer {
            Answer::One(reply) => Owed::Reply(answering(reply)?),
            Answer::OneOf(name, replies) => {
                Owed::OneOf(name, replies.into_iter().map(answering).collect::<Result<_, _>>()?)
            }
            Answer::Nothing => {
                let steps = operation.reply.iter().flat_map(|reply| reply.sequence.iter().flatten());
                let steps = steps.filter_map(|step| Some((ir.messages.get(&step.message)?, step)));
                let steps: Vec<_> =
                    steps.map(|(message, step)| Ok((answering(message)?, step))).collect::<Result<_, Error>>()?;
                if steps.is_empty() { Owed::Nothing } else { Owed::Sequence(steps) }
            }
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
