//! What the document says, as the fuzzer asks for it: which message a frame is, what may answer it, and by what the two are
//! known to belong together.

use std::collections::{BTreeSet, HashMap};

use jsonschema::Validator;
use serde_json::Value;
use tightwire_spec::ir::{Direction, Ir, Message, MessageId, MessagePart, Operation, Segment, SessionRole};

/// Parts of the names of messages that say no.
const NEGATIVE_NAMES: [&str; 8] = ["error", "fail", "invalid", "reject", "refuse", "denied", "fault", "nack"];

/// A contract.
pub(super) struct Contract<'ir> {
    pub(super) ir: &'ir Ir,
    validators: HashMap<&'ir MessageId, Validator>,
    /// The messages of the server that say no.
    errors: BTreeSet<MessageId>,
    /// The messages that travel on the connections of this path, by direction.
    travelling: [Vec<&'ir MessageId>; 2],
    /// Those of the server that come unasked, too.
    unasked: BTreeSet<&'ir MessageId>,
}

/// What a frame of the server is.
#[derive(Debug, PartialEq)]
pub(super) enum Known<'ir> {
    /// One of these messages: their schemas accept it.
    OneOf(Vec<&'ir Message>),
    /// None of the contract's; what is wrong with it, and which message it may have been meant to be.
    Wrong { meant: Option<&'ir MessageId>, pointer: String, keyword: String, why: String },
}

impl<'ir> Contract<'ir> {
    /// What the document says about connections to that path. `errors` are the messages that say no, if they are told.
    pub(super) fn of(ir: &'ir Ir, path: &str, errors: &[String]) -> Result<Self, String> {
        let validators = ir.messages.values().map(|message| {
            let validator = ir.validator(&message.payload);
            validator.map(|validator| (&message.id, validator)).map_err(|error| format!("{}: {error}", message.id))
        });
        let validators = validators.collect::<Result<_, _>>()?;
        let route = ir.routes.values().position(|route| is_at(&route.segments, path));
        let travelling = [Direction::ToServer, Direction::ToClient].map(|direction| match route {
            Some(route) => ir.messages_by_route(direction).swap_remove(route),
            None => ir.messages.values().filter(|it| it.directions.contains(&direction)).map(|it| &it.id).collect(),
        });
        let sent = ir.operations.values().filter(|operation| operation.direction == Direction::ToClient);
        let unasked = sent.flat_map(|operation| &operation.messages).collect();
        let errors = Self::errors(ir, &travelling[1], errors)?;
        Ok(Self { ir, validators, errors, travelling, unasked })
    }

    fn errors(ir: &Ir, sent: &[&MessageId], told: &[String]) -> Result<BTreeSet<MessageId>, String> {
        let messages = || sent.iter().filter_map(|id| ir.messages.get(*id));
        if !told.is_empty() {
            let find = |name: &String| {
                let found =
                    messages().find(|it| [&it.id, &it.name].contains(&name) || it.wire_type.as_ref() == Some(name));
                found.map(|it| it.id.clone()).ok_or_else(|| format!("the server sends no message `{name}` (--errors)"))
            };
            return told.iter().map(find).collect();
        }
        let says_no = |message: &&Message| match ir.envelope {
            Some(_) => message.session == Some(SessionRole::Error),
            None => {
                let names = [&message.id, &message.name].map(|name| name.to_lowercase());
                NEGATIVE_NAMES.iter().any(|part| names.iter().any(|name| name.contains(part)))
            }
        };
        Ok(messages().filter(says_no).map(|message| message.id.clone()).collect())
    }

    /// The messages that clients may send here.
    pub(super) fn sendable(&self) -> impl Iterator<Item = &'ir Message> {
        self.travelling[0].iter().filter_map(|id| self.ir.messages.get(*id)).filter(|it| it.unsupported.is_none())
    }

    /// The messages that the server may send here.
    pub(super) fn receivable(&self) -> impl Iterator<Item = &'ir Message> {
        self.travelling[1].iter().filter_map(|id| self.ir.messages.get(*id))
    }

    /// The message of that name that clients send: its key in the document, or its type in the envelope.
    pub(super) fn to_server(&self, name: &str) -> Option<&'ir Message> {
        Self::named(self.sendable(), name)
    }

    /// The same for messages of the server.
    pub(super) fn to_client(&self, name: &str) -> Option<&'ir Message> {
        Self::named(self.receivable(), name)
    }

    fn named(mut messages: impl Iterator<Item = &'ir Message>, name: &str) -> Option<&'ir Message> {
        messages.find(|message| message.wire_type.as_deref().unwrap_or(&message.id) == name)
    }

    /// What a message of clients is called in plans and in the schema bundle.
    pub(super) fn name<'m>(&self, message: &'m Message) -> &'m str {
        message.wire_type.as_deref().filter(|_| self.ir.envelope.is_some()).unwrap_or(&message.id)
    }

    /// The operations that take a message.
    pub(super) fn operations(&self, message: &MessageId) -> impl Iterator<Item = &'ir Operation> {
        let taken = self.ir.operations.values().filter(|operation| operation.direction == Direction::ToServer);
        taken.filter(move |operation| operation.messages.contains(message))
    }

    /// What may answer a message; nothing where the contract promises no answer.
    pub(super) fn replies(&self, message: &MessageId) -> BTreeSet<&'ir MessageId> {
        let replies = self.operations(message).filter_map(|operation| operation.reply.as_ref());
        replies.flat_map(|reply| &reply.messages).collect()
    }

    /// Whether the reply to a message is several frames.
    pub(super) fn is_answered_by_several(&self, message: &MessageId) -> bool {
        self.operations(message).any(|operation| operation.reply.as_ref().is_some_and(|reply| reply.sequence.is_some()))
    }

    /// Whether a message says no.
    pub(super) fn is_error(&self, message: &MessageId) -> bool {
        self.errors.contains(message)
    }

    /// Whether the contract has a way to say no at all.
    pub(super) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Whether the server may send a message although nobody asked.
    pub(super) fn is_unasked(&self, message: &MessageId) -> bool {
        self.unasked.contains(message)
    }

    /// Whether a frame is a message.
    pub(super) fn accepts(&self, message: &MessageId, frame: &Value) -> bool {
        self.validators.get(message).is_some_and(|validator| validator.is_valid(frame))
    }

    /// What is wrong with a frame that is to be a message: keywords and places, sorted.
    pub(super) fn violations(&self, message: &MessageId, frame: &Value) -> Vec<(String, String)> {
        let errors = self.validators.get(message).into_iter().flat_map(|validator| validator.iter_errors(frame));
        let mut found: Vec<_> = errors
            .map(|error| (error.kind().keyword().to_owned(), error.instance_path().as_str().to_owned()))
            .collect();
        found.sort();
        found
    }

    /// Whether a frame is any message that clients may send.
    pub(super) fn is_sendable(&self, frame: &Value) -> bool {
        self.travelling[0].iter().any(|id| self.accepts(id, frame))
    }

    /// Where a message says what it belongs to, as a JSON Pointer.
    pub(super) fn correlation(&self, message: &Message) -> Option<&'ir str> {
        if self.ir.envelope.is_some() {
            return Some(if message.directions.contains(&Direction::ToServer) { "/id" } else { "/correlation_id" });
        }
        let location = self.ir.messages.get(&message.id)?.correlation_id.as_ref()?;
        (location.part == MessagePart::Payload).then_some(&*location.pointer)
    }

    /// What a frame of the server is.
    pub(super) fn identify(&self, frame: &Value) -> Known<'ir> {
        let candidates = self.candidates(frame);
        let accepting: Vec<_> = candidates.iter().copied().filter(|message| self.accepts(&message.id, frame)).collect();
        if !accepting.is_empty() {
            return Known::OneOf(accepting);
        }
        // A message that something in the frame names is what it was meant to be, and what is wrong is told of that one.
        let named = candidates.first().filter(|_| candidates.len() == 1 || self.ir.envelope.is_some());
        let error = named.and_then(|message| {
            let error = self.validators.get(&message.id)?.iter_errors(frame).next()?;
            let (pointer, keyword) = (error.instance_path().as_str().to_owned(), error.kind().keyword().to_owned());
            Some(Known::Wrong { meant: Some(&message.id), pointer, keyword, why: error.to_string() })
        });
        error.unwrap_or_else(|| {
            let names: Vec<_> = candidates.iter().map(|message| message.id.as_str()).collect();
            let why = match &*names {
                [] => "no message of the contract looks like it".to_owned(),
                names => format!("the schema of none of these messages accepts it: {}", names.join(", ")),
            };
            Known::Wrong { meant: None, pointer: String::new(), keyword: "oneOf".to_owned(), why }
        })
    }

    /// The messages that a frame of the server can be, by what tells them apart.
    fn candidates(&self, frame: &Value) -> Vec<&'ir Message> {
        if self.ir.envelope.is_some() {
            let is_named = |message: &&Message| message.wire_type.as_deref() == frame["type"].as_str();
            return self.receivable().filter(is_named).collect();
        }
        let dispatch = self.ir.dispatch.of(Direction::ToClient);
        let value = dispatch.by.iter().try_fold(frame, |value, name| value.get(name));
        let candidates = dispatch.candidates(value.filter(|_| !dispatch.by.is_empty()));
        let here = candidates.filter(|id| self.travelling[1].contains(id));
        here.filter_map(|id| self.ir.messages.get(id)).collect()
    }

    /// Whether the contract says what this close code means. Where it has no list of them, RFC 6455 says it; what libraries
    /// close with by themselves, because of what WebSocket asks for, no application can leave out.
    pub(super) fn has_close_code(&self, code: u16) -> bool {
        match &*self.ir.close_codes {
            [] => matches!(code, 1000..=1003 | 1005 | 1007..=1014 | 3000..=4999),
            codes => codes.iter().any(|it| it.code == code) || matches!(code, 1002 | 1005 | 1007 | 1009),
        }
    }
}

/// Whether a path is at that address. What stands before it may be the server's `pathname`.
fn is_at(segments: &[Segment], path: &str) -> bool {
    fn fits(segments: &[Segment], path: &str) -> bool {
        match segments {
            [] => path.is_empty(),
            [Segment::Literal(text), rest @ ..] => {
                path.strip_prefix(text.as_str()).is_some_and(|path| fits(rest, path))
            }
            [Segment::Parameter(_), rest @ ..] => {
                let end = path.find('/').unwrap_or(path.len());
                (1..=end).any(|end| path.is_char_boundary(end) && fits(rest, &path[end..]))
            }
        }
    }
    let starts = path.char_indices().filter(|(_, character)| *character == '/').map(|(at, _)| at);
    starts.into_iter().any(|start| fits(segments, &path[start..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found() {
        let address = [Segment::Literal("/prices/".into()), Segment::Parameter("market".into())];
        assert!(is_at(&address, "/prices/spot") && is_at(&address, "/v1/prices/spot"));
        assert!(!is_at(&address, "/prices/") && !is_at(&address, "/prices/a/b"));
        assert!(is_at(&[Segment::Literal("/".into())], "/"));
    }
}
