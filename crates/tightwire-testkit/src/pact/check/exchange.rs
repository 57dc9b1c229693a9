//! What an interaction's frames are in the document: operation, messages, topics, schemas.

use serde_json::Value;
use tightwire_spec::ir::{Direction, Message, Operation, SessionRole};

use super::super::document::Document;
use super::super::model::{Comments, Contents, Interaction};
use super::{Findings, example, timing};
use crate::sequence::Sequence;

/// The frames of an interaction.
pub(super) struct Exchange<'a> {
    pub(super) document: &'a Document,
    pub(super) pointer: &'a str,
    pub(super) comments: &'a Comments,
    /// What the consumer sends; a frame that comes unasked answers nothing.
    pub(super) request: Option<Frame<'a>>,
    pub(super) responses: Vec<Frame<'a>>,
}

/// A frame of an interaction.
pub(super) struct Frame<'a> {
    pub(super) contents: &'a Contents,
    /// Where the contents stand in the file.
    pub(super) pointer: String,
    /// The example. `None` where it is not JSON.
    pub(super) value: Option<Value>,
    /// The message that it is, if there is such a one.
    pub(super) message: Option<&'a Message>,
}

impl<'a> Exchange<'a> {
    pub(super) fn of(interaction: &'a Interaction, pointer: &'a str, document: &'a Document) -> Self {
        let frame = |contents: &'a Contents, direction: Direction, pointer: String| {
            let value = contents.value();
            let message = value.as_ref().and_then(|value| document.message(direction, value));
            Frame { contents, pointer, value, message }
        };
        let comments = &interaction.about().expect("messages have comments").comments;
        let (request, responses) = match interaction {
            Interaction::Sync(own) => {
                let request = frame(&own.request, Direction::ToServer, format!("{pointer}/request"));
                let response =
                    |(index, response)| frame(response, Direction::ToClient, format!("{pointer}/response/{index}"));
                (Some(request), own.response.iter().enumerate().map(response).collect())
            }
            Interaction::Async(own) => (None, vec![frame(&own.contents, Direction::ToClient, pointer.to_owned())]),
            Interaction::Other(_) => (None, Vec::new()),
        };
        Self { document, pointer, comments, request, responses }
    }

    pub(super) fn check(&self, findings: &mut Findings) {
        let operation = self.operation(findings);
        if let Some(request) = &self.request {
            self.frame(request, Direction::ToServer, findings);
        }
        for response in &self.responses {
            self.frame(response, Direction::ToClient, findings);
        }
        if let Some(operation) = operation {
            self.messages(operation, findings);
            self.sequence(operation, findings);
        }
        timing::check(self, findings);
    }

    /// Whether the provider is expected to refuse the request: then it need not follow the contract.
    fn is_refused(&self) -> bool {
        let is_error = |frame: &Frame<'_>| frame.message.is_some_and(Document::is_error);
        self.comments.ws.close.is_some() || self.responses.iter().any(is_error)
    }

    /// Whether a message says that a replay is not possible, which the session adds to the answer where the request asks for
    /// one.
    fn is_gap(&self, message: &Message) -> bool {
        let asks = |request: &Frame<'_>| {
            request.message.is_some_and(|message| message.session == Some(SessionRole::Subscribe))
        };
        message.session == Some(SessionRole::ReplayGap) && self.request.as_ref().is_some_and(asks)
    }

    /// The operation that the interaction names, where it is one for it.
    fn operation(&self, findings: &mut Findings) -> Option<&'a Operation> {
        let operations = &self.document.ir().operations;
        let direction = if self.request.is_some() { Direction::ToServer } else { Direction::ToClient };
        let pointer = format!("{}/comments/references/AsyncAPI/operationId", self.pointer);
        let fitting = || {
            let names = operations.values().filter(|operation| operation.direction == direction);
            let names: Vec<String> = names.map(|operation| format!("`{}`", operation.id)).collect();
            format!("the document has {}", names.join(", "))
        };
        let Some(id) = self.comments.operation_id() else {
            let message = "the interaction names no operation of the document, so what may answer is not checked";
            findings
                .warning("no-operation", self.pointer, message)
                .help(format!("say `comments.references.AsyncAPI.operationId`; {}", fitting()));
            return None;
        };
        let Some(operation) = operations.get(id) else {
            findings.error("unknown-operation", &pointer, format!("there is no operation `{id}`")).help(fitting());
            return None;
        };
        if operation.direction != direction {
            let message = match direction {
                Direction::ToServer => {
                    format!("`{id}` is about what the server sends, and the interaction has a request")
                }
                Direction::ToClient => {
                    format!("`{id}` is about what the server receives, and the interaction has no request")
                }
            };
            findings.error("wrong-direction", &pointer, message).help(fitting());
            return None;
        }
        Some(operation)
    }

    /// A frame against the document's messages, and its example against its own rules.
    fn frame(&self, frame: &Frame<'a>, direction: Direction, findings: &mut Findings) {
        let pointer = format!("{}/contents/content", frame.pointer);
        let Some(value) = &frame.value else {
            let message = "the content is not JSON, so nothing of it is compared";
            findings.error("content-not-json", &format!("{}/contents", frame.pointer), message);
            return;
        };
        example::check(frame, value, self.document.ir().envelope.is_some(), findings);
        let is_refused = direction == Direction::ToServer && self.is_refused();
        let Some(message) = frame.message else {
            if !is_refused {
                let which = match value.get("type").and_then(Value::as_str) {
                    Some(wire_type) if self.document.ir().envelope.is_some() => format!("of the type `{wire_type}`"),
                    _ => "like this".to_owned(),
                };
                let way = match direction {
                    Direction::ToServer => "to the server",
                    Direction::ToClient => "to the client",
                };
                findings.error("unknown-message", &pointer, format!("no message {which} travels {way}"));
            }
            return;
        };
        if is_refused {
            return;
        }
        for violation in self.document.violations(direction, message, value) {
            let message = format!(
                "the example is not a valid `{}`: {} ({})",
                self.document.key(message),
                violation.message,
                violation.keyword
            );
            findings
                .error("content-invalid", &format!("{pointer}{}", violation.pointer), message)
                .help("every frame follows the document, and so has the example to");
        }
    }

    /// The frames against what the operation takes and is answered with.
    fn messages(&self, operation: &Operation, findings: &mut Findings) {
        let id = &operation.id;
        let taken = |message: &Message| operation.messages.contains(&message.id);
        let (asked, answers) = match &self.request {
            Some(request) => (Some(request), &self.responses[..]),
            None => (self.responses.first(), &[][..]),
        };
        if let Some((frame, message)) = asked.and_then(|frame| Some((frame, frame.message?))) {
            if taken(message) {
                self.topic(frame, &operation.channel, findings);
            } else {
                let what = if self.request.is_some() { "takes" } else { "sends" };
                let names = self.names(&operation.messages);
                let message = format!("`{id}` {what} {names}, and not `{}`", self.document.key(message));
                findings.error("message-not-of-operation", &format!("{}/contents/content", frame.pointer), message);
            }
        }
        for (frame, message) in answers.iter().filter_map(|frame| Some((frame, frame.message?))) {
            match &operation.reply {
                _ if Document::is_error(message) || self.is_gap(message) => {
                    self.topic_of(frame, &message.channels, findings)
                }
                Some(reply) if reply.messages.contains(&message.id) => {
                    if reply.address.is_none() {
                        self.topic(frame, &reply.channel, findings);
                    }
                }
                // In such protocols answers are seldom said to be answers.
                None if self.document.ir().envelope.is_none() => {}
                reply => {
                    let answers = match reply {
                        Some(reply) => format!("is answered with {}", self.names(&reply.messages)),
                        None => "is not answered".to_owned(),
                    };
                    let message = format!("`{id}` {answers}, and not with `{}`", self.document.key(message));
                    findings
                        .error("message-not-of-operation", &format!("{}/contents/content", frame.pointer), message)
                        .help("what the server sends of its own will is an interaction of the type `Asynchronous/Messages`");
                }
            }
        }
    }

    fn names(&self, ids: &[String]) -> String {
        let known = ids.iter().filter_map(|id| self.document.ir().messages.get(id));
        known.map(|message| format!("`{}`", self.document.key(message))).collect::<Vec<_>>().join(", ")
    }

    /// The frame's topic against the channel's address.
    fn topic(&self, frame: &Frame<'_>, channel: &str, findings: &mut Findings) {
        self.topic_of(frame, &[channel.to_owned()], findings);
    }

    fn topic_of(&self, frame: &Frame<'_>, channels: &[String], findings: &mut Findings) {
        let topic = frame.value.as_ref().and_then(|value| value.get("topic")?.as_str());
        let (Some(topic), Some(_)) = (topic, self.document.ir().envelope) else { return };
        let channels: Vec<_> = channels.iter().filter_map(|id| self.document.ir().channels.get(id)).collect();
        if channels.is_empty() || channels.iter().any(|channel| channel.stands_for(topic)) {
            return;
        }
        let addresses: Vec<String> = channels.iter().map(|channel| format!("`{}`", channel.address)).collect();
        let message = format!("`{topic}` is not a topic of {}", addresses.join(" or "));
        findings.error("wrong-topic", &format!("{}/contents/content/topic", frame.pointer), message);
    }

    /// The order of the answers against the document's.
    fn sequence(&self, operation: &Operation, findings: &mut Findings) {
        let Some(reply) = operation.reply.as_ref().filter(|_| self.request.is_some()) else { return };
        let Some(own) = self.own_sequence() else { return };
        let named = |name: &str, is: &dyn Fn(&Message) -> bool| {
            self.document.ir().messages.values().any(|message| self.document.key(message) == name && is(message))
        };
        // An error may come in place of everything else.
        if own.messages().any(|name| named(name, &Document::is_error)) {
            return;
        }
        let own = own.without(|name| named(name, &|message| self.is_gap(message)));
        let pointer = match self.comments.ws.sequence {
            Some(_) => format!("{}/comments/x-ws/sequence", self.pointer),
            None => format!("{}/response", self.pointer),
        };
        let id = &operation.id;
        match self.document.sequence(operation) {
            Some(sequence) => {
                if let Some(frames) = own.beyond(&sequence) {
                    let message = format!("{own} allows {}, and the answer to `{id}` is {sequence}", shown(&frames));
                    findings.error("sequence-not-of-operation", &pointer, message);
                }
            }
            None => {
                let one: Vec<Sequence> = reply
                    .messages
                    .iter()
                    .filter_map(|id| self.document.ir().messages.get(id))
                    .map(|message| Sequence::of([once(self.document.key(message))]))
                    .collect();
                if !one.iter().any(|one| own.beyond(one).is_none()) && own.messages().count() > 1 {
                    let message = format!("the answer to `{id}` is one frame, {}", self.names(&reply.messages));
                    findings
                        .error("sequence-not-of-operation", &pointer, message)
                        .help("an answer of several frames has an `x-sequence` in the document");
                }
            }
        }
    }

    /// The order that the interaction asks for. `None` where that is not known.
    pub(super) fn own_sequence(&self) -> Option<Sequence> {
        match &self.comments.ws.sequence {
            Some(text) => text.parse().ok(),
            None => {
                let keys: Option<Vec<&str>> = self
                    .responses
                    .iter()
                    .map(|frame| frame.message.map(|message| self.document.key(message)))
                    .collect();
                keys.map(|keys| Sequence::of(keys.into_iter().map(once)))
            }
        }
    }
}

/// A step that comes once.
fn once(name: &str) -> (String, char) {
    (name.to_owned(), '1')
}

fn shown(frames: &[String]) -> String {
    if frames.is_empty() { "no frame at all".to_owned() } else { format!("`{}`", frames.join(", ")) }
}
