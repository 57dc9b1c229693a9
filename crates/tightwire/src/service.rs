//! What generated code implements and what handlers see: the seam between a protocol and the runtime.

use std::fmt::Display;
use std::future::Future;

use serde::Serialize;
use tightwire_proto::close::CloseReason;
use tightwire_proto::contract::{Contract, Delivery};
use tightwire_proto::inbound::{Arrival, Inbound, Rejection, SessionRequest, Violation};

use crate::context::Context;
use crate::failure::Failure;
use crate::request::{HandshakeRequest, TypedHandshake};

/// A protocol with its handlers. Implemented by generated code (`chat::service(…)`), called by the server.
pub trait Service: Send + Sync + 'static {
    /// The generated enum of everything that a client may send (`ClientFrame`).
    type Frame: Send + 'static;
    /// The generated enum of error codes, `ErrorCode`.
    type Code: ErrorCode;
    /// Whether every message is sent back as it came, text or binary, before the session looks at it: for test suites of
    /// WebSocket itself, which know no contract.
    #[doc(hidden)]
    const ECHOES: bool = false;

    /// The protocol.
    fn contract(&self) -> &'static Contract;

    /// Builds now what would otherwise be built when the first frame needs it. Called once, before the first connection
    /// is served, where it may take its time.
    fn prepare(&self) {}

    /// Whether the document names parameters of the handshake although the protocol has an envelope. Flat protocols are
    /// always asked for [`Self::handshake`].
    fn has_handshake(&self) -> bool {
        false
    }

    /// Reads and validates the parameters of the request with which a client wants to connect.
    ///
    /// # Errors
    /// What the request violates, for the body of a 400; the pointers begin with `path`, `query` or `header`. Never put
    /// values of the request in it.
    fn handshake(&self, request: &HandshakeRequest) -> Result<TypedHandshake, Vec<Violation>> {
        let _ = request;
        Ok(TypedHandshake::NONE)
    }

    /// Decodes and validates a text frame.
    ///
    /// # Errors
    /// What the frame violates.
    fn decode(&self, text: &[u8]) -> Result<Inbound<Self::Frame>, Rejection>;

    /// As [`Self::decode`], on a connection at the route with that index in the contract: only a message that travels
    /// there is one.
    ///
    /// # Errors
    /// What the frame violates.
    fn decode_on(&self, route: usize, text: &[u8]) -> Result<Inbound<Self::Frame>, Rejection> {
        let _ = route;
        self.decode(text)
    }

    /// As [`Self::decode_on`], with the frames of the heartbeat left as they stand in the text: nothing is copied for them.
    ///
    /// # Errors
    /// What the frame violates.
    fn receive<'a>(&self, route: usize, text: &'a [u8]) -> Result<Arrival<'a, Self::Frame>, Rejection> {
        self.decode_on(route, text).map(Arrival::Frame)
    }

    /// The request to the session that the frame is, if it is one.
    fn session_request(frame: &Self::Frame) -> Option<SessionRequest> {
        let _ = frame;
        None
    }

    /// The message's `type` and the frame's topic, for logs, limits and metrics. In a flat protocol the message's name
    /// and no topic: the route stands for it.
    fn describe(frame: &Self::Frame) -> FrameInfo;

    /// The roles of which a client must have one to call the operation (`x-roles`); none: everybody may.
    fn roles(frame: &Self::Frame) -> &'static [&'static str] {
        let _ = frame;
        &[]
    }

    /// The channel's address (`thread:{thread_id}`) that the topic belongs to; `None` if there is no such topic.
    /// Flat protocols have none.
    fn channel_of(&self, topic: &str) -> Option<&'static str> {
        let _ = topic;
        None
    }

    /// Tells the application that a client has connected, before the client's first frame: the place for a greeting,
    /// or to join what the path asks for. A panic or failure is treated as a handler's.
    fn connected(&self, cx: &Context<'_>) -> impl Future<Output = Result<(), Failure<Self::Code>>> + Send {
        let _ = cx;
        async { Ok(()) }
    }

    /// Calls the operation's handler and sends its reply through `cx`.
    fn call(
        &self,
        cx: &Context<'_>,
        frame: Inbound<Self::Frame>,
    ) -> impl Future<Output = Result<(), Failure<Self::Code>>> + Send;

    /// Asks the application whether the connection may subscribe to the (existing) topic.
    fn authorize(&self, cx: &Context<'_>, topic: &str) -> impl Future<Output = Result<(), Failure<Self::Code>>> + Send {
        let _ = (cx, topic);
        async { Ok(()) }
    }

    /// Tells the application that the connection has just subscribed to the topic.
    fn subscribed(
        &self,
        cx: &Context<'_>,
        topic: &str,
    ) -> impl Future<Output = Result<(), Failure<Self::Code>>> + Send {
        let _ = (cx, topic);
        async { Ok(()) }
    }
}

/// What a frame is, without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameInfo {
    /// The value of `type`; in a flat protocol the message's name.
    pub wire_type: &'static str,
    /// The topic; empty in a flat protocol.
    pub topic: String,
    /// The channel's address; empty in a flat protocol.
    pub channel: &'static str,
    /// `x-subscribes` of the operation: subscribe the connection to the topic before the handler runs.
    pub subscribes: bool,
}

/// A message that the server sends. Implemented by generated code on the type of the message's `data`.
pub trait ServerMessage: Serialize + Send + Sync {
    /// The value of `type`.
    const TYPE: &'static str;
    /// What may be done with it for a slow client.
    const DELIVERY: Delivery;
    /// The topics it may be sent to: the channel's own type, or the `Topic` enum where it appears on several.
    type Topic: TopicName;
}

/// The name of a topic: a generated struct per channel, or the `Topic` enum. Displays as it goes over the wire.
pub trait TopicName: Display + Clone + Send + Sync + 'static {}

/// The closed set of error codes of a protocol.
pub trait ErrorCode: Copy + Send + Sync + 'static {
    /// The code as it goes over the wire.
    fn as_str(self) -> &'static str;

    /// The close that follows such a failure, if any.
    fn close(self) -> Option<CloseReason> {
        None
    }
}
