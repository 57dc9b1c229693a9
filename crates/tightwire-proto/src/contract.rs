//! The static description of a protocol: what generated code tells the runtime about its document.
//!
//! Generated code fills these structs as constants; session and runtime read them and never the document itself.

/// A protocol.
#[derive(Debug)]
pub struct Contract {
    /// `info.title`.
    pub title: &'static str,
    /// `info.version`: the contract version.
    pub version: &'static str,
    /// What a frame looks like on the wire.
    pub framing: Framing,
    /// The paths at which clients connect; none: the one path that the server's settings name.
    pub routes: &'static [RouteInfo],
    /// The messages that clients send.
    pub to_server: &'static [MessageInfo],
    /// The messages that the server sends.
    pub to_client: &'static [MessageInfo],
    /// The channels.
    pub channels: &'static [ChannelInfo],
    /// The table of close codes (`x-close-codes`).
    pub close_codes: &'static [CloseCodeInfo],
    /// `x-limits`, with defaults where the document is silent.
    pub limits: Limits,
    /// `x-heartbeat`, with defaults where the document is silent.
    pub heartbeat: Heartbeat,
    /// The JSON Schema bundle (draft-07, or 2020-12 where `$schema` says so) of all messages, as text.
    pub schema_bundle: &'static str,
}

impl Contract {
    /// An enveloped protocol without messages and with the defaults for everything else: to begin from where a contract is
    /// written by hand.
    pub const EMPTY: Self = Self {
        title: "",
        version: "",
        framing: Framing::Enveloped,
        routes: &[],
        to_server: &[],
        to_client: &[],
        channels: &[],
        close_codes: &[],
        limits: Limits::DEFAULT,
        heartbeat: Heartbeat::DEFAULT,
        schema_bundle: "{}",
    };

    /// The `type` of the message from the client that plays this part in the session; empty if there is none.
    #[must_use]
    pub fn wire_type_of(&self, role: SessionRole) -> &'static str {
        let message = self.to_server.iter().find(|message| message.session == Some(role));
        message.map_or("", |message| message.wire_type)
    }
}

/// What a frame looks like on the wire, and with it who keeps the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// Every frame is the envelope (`x-envelope`); the session has frames of its own for heartbeat, errors and topics.
    #[default]
    Enveloped,
    /// A frame is the message's payload and nothing else. The session speaks through WebSocket alone: its pings are the
    /// heartbeat, and a close frame says what was wrong.
    Flat,
}

/// A path at which clients connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteInfo {
    /// The path with its parameters, for instance `/v1/marketdata/{symbol}`.
    pub path: &'static str,
    /// The keys of the messages that clients send there.
    pub to_server: &'static [&'static str],
    /// The keys of the messages that the server sends there.
    pub to_client: &'static [&'static str],
}

/// A message of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageInfo {
    /// The value of `type` on the wire.
    pub wire_type: &'static str,
    /// The message's key in the document.
    pub id: &'static str,
    /// What may be done with it for a slow client.
    pub delivery: Delivery,
    /// The part it plays in the session that the runtime keeps, if any.
    pub session: Option<SessionRole>,
}

/// A channel of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelInfo {
    /// The channel's key in the document.
    pub id: &'static str,
    /// Its address, for instance `thread:{thread_id}`: the label under which its topics are counted.
    pub address: &'static str,
}

/// A close code of the protocol (RFC 6455, section 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseCodeInfo {
    /// The code.
    pub code: u16,
    /// Its name, snake case.
    pub name: &'static str,
    /// What it says to the client.
    pub meaning: &'static str,
    /// Whether the client should reconnect.
    pub reconnect: bool,
}

/// What may be done with a frame for a client that cannot take it now (`x-delivery`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Kept in the topic's log and replayed.
    Durable,
    /// Only the newest per key matters. Logged like a durable one.
    Latest,
    /// May be dropped for a slow client; has no position and is not logged.
    Ephemeral,
    /// Between the server and one client: never logged, never dropped.
    Control,
}

/// The part that a message plays in the session that the runtime keeps (`x-session`).
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

/// `x-limits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest message that is looked at, in bytes.
    pub max_message_bytes: u64,
    /// The largest message that the transport accepts, in bytes; beyond it the connection is closed with 1009.
    pub max_frame_bytes: u64,
    /// Frames per second and connection, for long.
    pub messages_per_second: u64,
    /// Frames at once.
    pub message_burst: u64,
    /// Connections per server.
    pub connections: u64,
    /// Topics per connection.
    pub subscriptions_per_connection: u64,
    /// Frames waiting for a slow client.
    pub outbound_queue_frames: u64,
    /// Bytes waiting for a slow client.
    pub outbound_queue_bytes: u64,
    /// Time without an application frame after which the connection is closed with 4410, in milliseconds.
    pub idle_timeout_ms: u64,
    /// Frames kept per topic for replay.
    pub replay_frames: u64,
    /// For how long they are kept, in milliseconds.
    pub replay_age_ms: u64,
}

impl Limits {
    /// What holds where a document is silent.
    pub const DEFAULT: Self = Self {
        max_message_bytes: 64 * 1024,
        max_frame_bytes: 1024 * 1024,
        messages_per_second: 20,
        message_burst: 40,
        connections: 50_000,
        subscriptions_per_connection: 100,
        outbound_queue_frames: 500,
        outbound_queue_bytes: 1024 * 1024,
        idle_timeout_ms: 600_000,
        replay_frames: 1000,
        replay_age_ms: 3_600_000,
    };
}

/// `x-heartbeat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// How often the server pings, in milliseconds.
    pub ping_interval_ms: u64,
    /// How long it waits for a pong, in milliseconds.
    pub pong_timeout_ms: u64,
}

impl Heartbeat {
    /// What holds where a document is silent.
    pub const DEFAULT: Self = Self { ping_interval_ms: 30_000, pong_timeout_ms: 60_000 };
}
