//! The intermediate representation: a protocol as the emitters see it.
//!
//! Everything is resolved, named and ordered as in the document; nothing of YAML, of `$ref` syntax or of the AsyncAPI
//! version is left. Emitters read only this module. Directions are those of the wire ("to the server", "to the
//! client"), whatever side the document describes.

use indexmap::IndexMap;
use serde_json::Value;

use crate::schema::Schema;
use crate::sources::Span;

mod dispatch;
mod wire;

pub use dispatch::{Ambiguity, Dispatch, Dispatches, ValueKey, key};
pub use wire::{Location, MessagePart, Role, Route, SecurityScheme, Server};

/// A protocol: what one AsyncAPI document describes.
#[derive(Clone, Debug, PartialEq)]
pub struct Ir {
    /// The `asyncapi` version the document was written in, for instance `3.0.0`.
    pub asyncapi: String,
    /// `info`.
    pub info: Info,
    /// Which side the document describes. Directions do not depend on it any more.
    pub role: Role,
    /// `servers`, in document order.
    pub servers: IndexMap<String, Server>,
    /// The security schemes that the document defines, by name.
    pub security_schemes: IndexMap<String, SecurityScheme>,
    /// The envelope that all frames share (`x-envelope`), if the document declares one.
    pub envelope: Option<Envelope>,
    /// `channels`, in document order.
    pub channels: IndexMap<ChannelId, Channel>,
    /// `operations`, in document order.
    pub operations: IndexMap<OperationId, Operation>,
    /// Every message that a channel names, in document order.
    pub messages: IndexMap<MessageId, Message>,
    /// Where clients connect, by path, in a protocol without an envelope; empty with one.
    pub routes: IndexMap<String, Route>,
    /// With an envelope: what the WebSocket bindings of the channels say of the one handshake. Its path is empty: the
    /// server's settings name it.
    pub handshake: Option<Route>,
    /// How messages are told apart.
    pub dispatch: Dispatches,
    /// The named schemas that messages reach, in document order. [`Schema::Ref`] points into this map.
    pub schemas: IndexMap<SchemaName, Schema>,
    /// `x-close-codes`, in document order.
    pub close_codes: Vec<CloseCode>,
    /// `x-limits`.
    pub limits: IndexMap<String, u64>,
    /// `x-heartbeat`.
    pub heartbeat: Option<Heartbeat>,
}

/// The key of a channel in the document.
pub type ChannelId = String;
/// The key of an operation in the document.
pub type OperationId = String;
/// The key of a message, unique in the protocol (`components.messages` key, or the channel's key for it).
pub type MessageId = String;
/// The name of a schema, unique in the protocol.
pub type SchemaName = String;

/// `info`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Info {
    /// `info.title`.
    pub title: String,
    /// `info.version`: the contract version.
    pub version: String,
    /// `info.description`.
    pub description: Option<String>,
}

/// The envelope around every payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// The Tightwire envelope, version 1: `v`, `id`, `type`, `topic`, `ts`, `correlation_id`, `seq`, `epoch`, `data`.
    /// A channel's address is the `topic` of its frames, and the message's `type` tells messages apart.
    V1,
}

/// A channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// The channel's key.
    pub id: ChannelId,
    /// The address, for instance `thread:{thread_id}`.
    pub address: String,
    /// The address in pieces.
    pub segments: Vec<Segment>,
    /// What the address's `{…}` stand for, in the order of the address.
    pub parameters: IndexMap<String, Parameter>,
    /// The messages that may appear on the channel.
    pub messages: Vec<MessageId>,
    /// Title and description.
    pub docs: Docs,
}

impl Channel {
    /// Whether a topic is one that the address stands for: a parameter stands for 1 to 128 unreserved characters (RFC 3986).
    pub fn stands_for(&self, topic: &str) -> bool {
        crate::address::matches(&self.segments, topic)
    }
}

/// A piece of a channel's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Text that stands as it is.
    Literal(String),
    /// The value of a parameter.
    Parameter(String),
}

/// A parameter of a channel's address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameter {
    /// `description`.
    pub description: Option<String>,
    /// `enum`: the only values allowed, if any are named.
    pub values: Vec<String>,
    /// `default`.
    pub default: Option<String>,
    /// `examples`.
    pub examples: Vec<String>,
}

/// The human side of a thing: becomes documentation in every output.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Docs {
    /// `title`.
    pub title: Option<String>,
    /// `summary`.
    pub summary: Option<String>,
    /// `description`.
    pub description: Option<String>,
}

/// Which way a frame travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// An operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// The operation's key.
    pub id: OperationId,
    /// Which way its messages travel. The direction of a reply is the other one.
    pub direction: Direction,
    /// The channel it works on.
    pub channel: ChannelId,
    /// The messages it takes (all of the channel's that travel this way, where the document names none).
    pub messages: Vec<MessageId>,
    /// What it is answered with.
    pub reply: Option<Reply>,
    /// `x-subscribes`: the server subscribes the connection to the frame's topic before the handler runs.
    pub subscribes: bool,
    /// `x-roles`: who may call it; empty for everybody.
    pub roles: Vec<String>,
    /// Title, summary and description.
    pub docs: Docs,
}

/// The reply of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The channel the reply arrives on; the operation's own where none is named.
    pub channel: ChannelId,
    /// `address`: where the request says at which address the reply is expected.
    pub address: Option<Location>,
    /// The messages that may be the reply: alternatives, unless `sequence` is given.
    pub messages: Vec<MessageId>,
    /// `x-sequence`: the reply consists of several frames, in this order.
    pub sequence: Option<Vec<SequenceStep>>,
}

/// A step of `x-sequence`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceStep {
    /// The message.
    pub message: MessageId,
    /// How often it comes.
    pub times: Times,
}

/// How often a step of a sequence comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Exactly once (no suffix).
    Once,
    /// Once or more (`+`).
    OnceOrMore,
    /// Any number of times (`*`).
    AnyNumber,
    /// Once or not at all (`?`).
    Optional,
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The message's key.
    pub id: MessageId,
    /// `name`, or the key where there is none.
    pub name: String,
    /// In an enveloped protocol: the one value of the frame's `type`.
    pub wire_type: Option<String>,
    /// The schema of the whole frame, as written.
    pub payload: Schema,
    /// In an enveloped protocol: the schema of the frame's `data`, with `allOf` already looked through.
    pub data: Option<Schema>,
    /// `headers`: the schema of what a WebSocket frame has no place for; not on the wire.
    pub headers: Option<Schema>,
    /// `correlationId`: where the message says which other one it belongs to.
    pub correlation_id: Option<Location>,
    /// The payload is in a format that is not read (Avro, Protobuf …): which one. `payload` accepts anything then.
    pub unsupported: Option<String>,
    /// Which ways it travels, by the operations that use it. Never empty for a message of an operation.
    pub directions: Vec<Direction>,
    /// The channels it appears on.
    pub channels: Vec<ChannelId>,
    /// `x-delivery`.
    pub delivery: Delivery,
    /// `x-session`: the runtime's session sends or answers this message itself.
    pub session: Option<SessionRole>,
    /// `examples`.
    pub examples: Vec<Example>,
    /// `contentType`, or the document's default.
    pub content_type: Option<String>,
    /// Title, summary and description.
    pub docs: Docs,
    /// Where it stands in the document, as a JSON Pointer.
    pub pointer: String,
    /// Where its name stands in the files that were read.
    pub span: Span,
}

/// An example of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// `name`.
    pub name: Option<String>,
    /// `summary`.
    pub summary: Option<String>,
    /// `payload`: a whole frame.
    pub payload: Value,
}

/// `x-delivery`: what the server may do with a frame for a client that cannot take it now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Kept in the topic's log and replayed.
    Durable,
    /// Only the newest per key matters.
    Latest,
    /// May be dropped for a slow client.
    Ephemeral,
    /// Between the server and one client: never logged, never dropped.
    #[default]
    Control,
}

/// `x-session`: the part a message plays in the session that the runtime keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionRole {
    /// To the server: adds topics.
    Subscribe,
    /// To the server: removes topics.
    Unsubscribe,
    /// Either way: asks for a pong.
    Ping,
    /// Either way: answers a ping.
    Pong,
    /// To the server: renews credentials.
    Authenticate,
    /// To the client: the first frame.
    ConnectionEstablished,
    /// To the client: the current subscriptions.
    SubscriptionUpdated,
    /// To the client: something was wrong.
    Error,
    /// To the client: the credentials were renewed.
    Authenticated,
    /// To the client: a replay is not possible.
    ReplayGap,
    /// To the client: the server is about to close.
    DisconnectNotice,
}

/// An entry of `x-close-codes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseCode {
    /// The code (RFC 6455, section 7.4).
    pub code: u16,
    /// Its name in generated code, snake case.
    pub name: String,
    /// What it says to the client.
    pub meaning: String,
    /// Whether the client should reconnect.
    pub reconnect: bool,
}

/// `x-heartbeat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// How often the server pings, in milliseconds.
    pub ping_interval_ms: u64,
    /// How long it waits for a pong, in milliseconds.
    pub pong_timeout_ms: u64,
}

/// The keys that [`Ir::limits`] may have: what `x-limits` can say, as the runtime calls it.
pub const LIMITS: [&str; 11] = [
    "max_message_bytes",
    "max_frame_bytes",
    "messages_per_second",
    "message_burst",
    "connections",
    "subscriptions_per_connection",
    "outbound_queue_frames",
    "outbound_queue_bytes",
    "idle_timeout_ms",
    "replay_frames",
    "replay_age_ms",
];
