//! What the fuzzer has to know of a protocol, from its document.
//!
//! Directions are those of the wire. Messages are named by their key in the schema bundle (`x-messages`): with an envelope
//! that is the frame's `type`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;
use tightwire_spec::ir::{self, Channel, Ir, Location, Segment, SessionRole};

use crate::contract::{Contract, ContractError, Direction};
use crate::sequence::Sequence;

/// Accepts frames to the client faster than the schemas do, and none with duplicate keys. It may only *accept*: what it does
/// not accept is judged by the schemas.
pub type FastAccept = fn(&[u8]) -> bool;

/// A protocol, as the fuzzer sees it.
#[derive(Clone)]
pub struct Protocol {
    contract: Contract,
    ir: Ir,
    messages: Vec<Message>,
    operations: Vec<Operation>,
    close_codes: BTreeSet<u16>,
    fast: Option<FastAccept>,
}

/// A message of one direction.
#[derive(Clone, Debug)]
pub struct Message {
    /// The key in the schema bundle.
    pub key: String,
    /// Which way it travels.
    pub direction: Direction,
    /// Its part in the session.
    pub role: Option<SessionRole>,
    /// Whether it goes to one client only, and has no position in a topic's log.
    pub is_direct: bool,
    /// Whether it may come without having been asked for.
    is_announced: bool,
    /// Whole frames that the document gives as examples.
    pub examples: Vec<Value>,
    /// The channels on which it may come unasked, or as the reply of an operation there.
    channels: BTreeSet<String>,
    /// Where it says which frame it belongs to.
    correlation: Option<Location>,
}

/// Something that a client can ask for.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its key in the document.
    pub id: String,
    /// The channel it works on.
    pub channel: String,
    /// The keys of the messages that ask for it.
    pub messages: Vec<String>,
    /// What it is answered with; none where nothing is promised.
    pub reply: Option<Reply>,
    /// Whether it subscribes to the frame's topic.
    pub subscribes: bool,
}

/// The reply of an operation.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The channel it arrives on.
    pub channel: String,
    /// The keys of the messages that may be it.
    pub messages: Vec<String>,
    /// The order in which they come, where there are several.
    pub sequence: Option<Sequence>,
}

impl Protocol {
    /// The protocol of a document, with its schema bundle (`generated/schema/ws_messages.schema.json`,
    /// `CONTRACT.schema_bundle`, or `tightwire_codegen::schema_bundle::text`).
    ///
    /// # Errors
    /// If the bundle is not one.
    pub fn new(ir: Ir, bundle: &str) -> Result<Self, ContractError> {
        let contract = Contract::from_bundle(bundle)?;
        let mut messages = Vec::new();
        for (direction, wire) in
            [(Direction::ToServer, ir::Direction::ToServer), (Direction::ToClient, ir::Direction::ToClient)]
        {
            let travelling = ir.messages.values().filter(|message| message.directions.contains(&wire));
            messages.extend(travelling.map(|message| Message::new(&ir, message, direction)));
        }
        let requests = ir.operations.values().filter(|operation| operation.direction == ir::Direction::ToServer);
        let operations = requests.map(|operation| Operation::new(&ir, operation)).collect();
        let close_codes = ir.close_codes.iter().map(|code| code.code).collect();
        Ok(Self { contract, ir, messages, operations, close_codes, fast: None })
    }

    /// Asks this before the schemas, which take longer. In tests of a generated decoder's speed it pays; what it accepts is
    /// not looked at again.
    #[must_use]
    pub fn accepting(mut self, fast: FastAccept) -> Self {
        self.fast = Some(fast);
        self
    }

    /// The schemas.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// The document.
    #[must_use]
    pub fn ir(&self) -> &Ir {
        &self.ir
    }

    /// Whether frames have the Tightwire envelope.
    #[must_use]
    pub fn has_envelope(&self) -> bool {
        self.ir.envelope.is_some()
    }

    /// The messages of a direction.
    pub fn messages(&self, direction: Direction) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(move |message| message.direction == direction)
    }

    /// A message by its key.
    #[must_use]
    pub fn message(&self, direction: Direction, key: &str) -> Option<&Message> {
        self.messages(direction).find(|message| message.key == key)
    }

    /// The message that plays that part.
    #[must_use]
    pub fn role(&self, direction: Direction, role: SessionRole) -> Option<&Message> {
        self.messages(direction).find(|message| message.role == Some(role))
    }

    /// What clients can ask for.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// What a message to the server asks for.
    #[must_use]
    pub fn operation_of(&self, key: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.messages.iter().any(|message| message == key))
    }

    /// Whether the document lists the close code.
    #[must_use]
    pub fn knows_close_code(&self, code: u16) -> bool {
        self.close_codes.contains(&code)
    }

    /// The document's close codes.
    #[must_use]
    pub fn close_codes(&self) -> &BTreeSet<u16> {
        &self.close_codes
    }

    /// A limit (`x-limits`).
    #[must_use]
    pub fn limit(&self, name: &str) -> Option<u64> {
        self.ir.limits.get(name).copied()
    }

    /// The channel that a topic belongs to.
    #[must_use]
    pub fn channel_of(&self, topic: &str) -> Option<&Channel> {
        self.ir.channels.values().find(|channel| is_address(channel, topic))
    }

    /// Which message a frame is, without looking whether it follows the schema.
    #[must_use]
    pub fn identify(&self, direction: Direction, frame: &Value) -> Option<&Message> {
        if self.has_envelope() {
            return self.message(direction, frame.get("type")?.as_str()?);
        }
        let dispatch = self.ir.dispatch.of(match direction {
            Direction::ToServer => ir::Direction::ToServer,
            Direction::ToClient => ir::Direction::ToClient,
        });
        let value = dispatch.by.iter().try_fold(frame, |value, name| value.get(name));
        let value = if dispatch.by.is_empty() { None } else { value };
        let candidates: Vec<_> = dispatch.candidates(value).collect();
        let first = candidates.iter().find(|id| self.contract.check_as(direction, id, frame).is_ok());
        self.message(direction, first.or(candidates.first())?)
    }

    /// Whether a frame to the client is known to follow its schema, without looking at that.
    pub(crate) fn accepts_fast(&self, text: &[u8]) -> bool {
        self.fast.is_some_and(|accepts| accepts(text))
    }

    /// What tells which frame an answer belongs to: the `id` of a frame to the server, the `correlation_id` of one to the
    /// client, or wherever the document says it stands.
    #[must_use]
    pub fn correlation(&self, message: &Message, frame: &Value) -> Option<String> {
        let value = match &message.correlation {
            Some(location) => frame.pointer(&location.pointer)?,
            None if !self.has_envelope() => return None,
            None if message.direction == Direction::ToServer => frame.get("id")?,
            None => frame.get("correlation_id")?,
        };
        match value {
            // UUIDs are written in either case.
            Value::String(text) => Some(text.to_ascii_lowercase()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    /// Whether the server may send the message without having been asked.
    #[must_use]
    pub fn is_announced(&self, message: &Message) -> bool {
        message.is_announced
    }

    /// Whether the contract lets the message come on that topic.
    #[must_use]
    pub fn may_come_on(&self, message: &Message, topic: &str) -> bool {
        let on = |id: &String| self.ir.channels.get(id).is_some_and(|channel| is_address(channel, topic));
        message.channels.iter().any(on)
    }
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protocol").field("title", &self.ir.info.title).finish_non_exhaustive()
    }
}

impl Message {
    fn new(ir: &Ir, message: &ir::Message, direction: Direction) -> Self {
        let (mut channels, mut is_announced) = (BTreeSet::new(), false);
        for operation in ir.operations.values() {
            let sent = operation.direction == ir::Direction::ToClient && direction == Direction::ToClient;
            let asked = operation.direction == ir::Direction::ToServer && direction == Direction::ToServer;
            if (sent || asked) && operation.messages.contains(&message.id) {
                channels.insert(operation.channel.clone());
                is_announced |= sent;
            }
            if let Some(reply) = &operation.reply
                && operation.direction == ir::Direction::ToServer
                && direction == Direction::ToClient
                && reply.messages.contains(&message.id)
            {
                channels.insert(reply.channel.clone());
            }
        }
        Self {
            key: key(ir, &message.id),
            direction,
            role: message.session,
            is_direct: message.delivery == ir::Delivery::Control,
            is_announced,
            examples: message.examples.iter().map(|example| example.payload.clone()).collect(),
            channels,
            correlation: message.correlation_id.clone().filter(|it| it.part == ir::MessagePart::Payload),
        }
    }
}

impl Operation {
    fn new(ir: &Ir, operation: &ir::Operation) -> Self {
        let keys = |ids: &[String]| ids.iter().map(|id| key(ir, id)).collect::<Vec<_>>();
        let reply = operation.reply.as_ref().map(|reply| Reply {
            channel: reply.channel.clone(),
            messages: keys(&reply.messages),
            sequence: reply.sequence.as_ref().map(|steps| {
                Sequence::of(steps.iter().map(|step| {
                    let suffix = match step.times {
                        ir::Times::Once => ' ',
                        ir::Times::OnceOrMore => '+',
                        ir::Times::AnyNumber => '*',
                        ir::Times::Optional => '?',
                    };
                    (key(ir, &step.message), suffix)
                }))
            }),
        });
        Self {
            id: operation.id.clone(),
            channel: operation.channel.clone(),
            messages: keys(&operation.messages),
            reply,
            subscribes: operation.subscribes,
        }
    }
}

/// What the schema bundle calls a message.
fn key(ir: &Ir, id: &str) -> String {
    ir.messages.get(id).and_then(|message| message.wire_type.clone()).unwrap_or_else(|| id.to_owned())
}

/// Whether a topic is an address of the channel. Parameters are what RFC 3986 calls unreserved, 1 to 128 characters.
fn is_address(channel: &Channel, topic: &str) -> bool {
    fn fits(segments: &[Segment], parameters: &BTreeMap<&str, &[String]>, rest: &str) -> bool {
        match segments {
            [] => rest.is_empty(),
            [Segment::Literal(literal), more @ ..] => {
                rest.strip_prefix(literal.as_str()).is_some_and(|rest| fits(more, parameters, rest))
            }
            [Segment::Parameter(name), more @ ..] => {
                let unreserved = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
                let longest = rest.chars().take_while(|&c| unreserved(c)).count().min(128);
                (1..=longest).rev().any(|length| {
                    let values = parameters.get(name.as_str()).copied().unwrap_or_default();
                    (values.is_empty() || values.iter().any(|value| value == &rest[..length]))
                        && fits(more, parameters, &rest[length..])
                })
            }
        }
    }
    let parameters = channel.parameters.iter().map(|(name, it)| (name.as_str(), it.values.as_slice())).collect();
    fits(&channel.segments, &parameters, topic)
}
