//! What generated code implements and what handlers see: the seam between a protocol and the runtime.

use std::fmt::Display;
use std::future::Future;

use serde::Serialize;
use tightwire_proto::contract::{Contract, Delivery};
use tightwire_proto::inbound::{Inbound, Rejection, SessionRequest};

use crate::context::Context;
use crate::failure::Failure;

/// A protocol with its handlers. Implemented by generated code (`chat::service(…)`), called by the server.
pub trait Service: Send + Sync + 'static {
    /// The generated enum of everything that a client may send (`ClientFrame`).
    type Frame: Send + 'static;
    /// The generated enum of error codes, `ErrorCode`.
    type Code: ErrorCode;

    /// The protocol.
    fn contract(&self) -> &'static Contract;

    /// Decodes and validates a text frame.
    ///
    /// # Errors
    /// What the frame violates.
    fn decode(&self, text: &[u8]) -> Result<Inbound<Self::Frame>, Rejection>;

    /// The request to the session that the frame is, if it is one.
    fn session_request(frame: &Self::Frame) -> Option<SessionRequest>;

    /// The message's `type` and the frame's topic, for logs, limits and metrics.
    fn describe(frame: &Self::Frame) -> FrameInfo;

    /// The channel's address (`thread:{thread_id}`) that the topic belongs to; `None` if there is no such topic.
    fn channel_of(&self, topic: &str) -> Option<&'static str>;

    /// Calls the operation's handler and sends its reply through `cx`.
    fn call(
        &self,
        cx: &Context<'_>,
        frame: Inbound<Self::Frame>,
    ) -> impl Future<Output = Result<(), Failure<Self::Code>>> + Send;

    /// Asks the application whether the connection may subscribe to the (existing) topic.
    fn authorize(&self, cx: &Context<'_>, topic: &str) -> impl Future<Output = Result<(), Failure<Self::Code>>> + Send;

    /// Tells the application that the connection has just subscribed to the topic.
    fn subscribed(&self, cx: &Context<'_>, topic: &str)
    -> impl Future<Output = Result<(), Failure<Self::Code>>> + Send;
}

/// What a frame is, without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameInfo {
    /// The value of `type`.
    pub wire_type: &'static str,
    /// The topic.
    pub topic: String,
    /// The channel's address.
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
}
