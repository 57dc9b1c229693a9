//! What generated code says about a protocol, seen from the client.

use tightwire_proto::contract::{Contract, SessionRole};
use tightwire_proto::envelope::Stamp;
use tightwire_proto::inbound::{Inbound, Rejection};
use uuid::Uuid;

/// A protocol, seen from the client. Implemented by generated code, on a type that is never made.
pub trait ClientProtocol: 'static {
    /// Everything that the server may send.
    type In: Send + 'static;
    /// Everything that the client may send.
    type Out: Sync;

    /// The protocol.
    fn contract() -> &'static Contract;

    /// Builds now what would otherwise be built when the first frame needs it.
    fn prepare() {}

    /// Decodes and validates a text frame of the server.
    ///
    /// # Errors
    /// What the frame violates.
    fn decode(text: &[u8]) -> Result<Inbound<Self::In>, Rejection>;

    /// As [`Self::decode`], on a connection at the route with that index in the contract, if it is at one: only a message
    /// that travels there is one.
    ///
    /// # Errors
    /// What the frame violates.
    fn decode_on(route: Option<usize>, text: &[u8]) -> Result<Inbound<Self::In>, Rejection> {
        let _ = route;
        Self::decode(text)
    }

    /// A frame as JSON. In a flat protocol the payload; with an envelope what [`envelope`](super::envelope) makes.
    ///
    /// # Errors
    /// If the payload cannot be written as JSON.
    fn encode(frame: &Self::Out, stamp: &Stamp) -> Result<Vec<u8>, serde_json::Error>;

    /// The answer to a ping of the session, with the time and the id of the last frame that was received; `None` where
    /// the protocol has no message for it.
    fn pong(timestamp: String, last_id: Option<Uuid>) -> Option<Self::Out> {
        let _ = (timestamp, last_id);
        None
    }

    /// The part that a frame plays in the session (`x-session`): pings of the server are answered by the client itself, with [`Self::pong`].
    fn session_role(frame: &Self::In) -> Option<SessionRole> {
        let _ = frame;
        None
    }
}
