//! The one module of the runtime that generated code names, as `::tightwire::__rt`.
//!
//! Nobody else should: what is here follows the generator, not semantic versioning. It is only re-exports, so that the
//! runtime can change inside, and so that a server needs no other dependency than `tightwire`.

pub use chrono;
pub use serde;
pub use serde_json;
pub use uuid;

pub use tightwire_proto::contract::{
    ChannelInfo, CloseCodeInfo, Contract, Delivery, Framing, Heartbeat, Limits, MessageInfo, RouteInfo, SessionRole,
};
pub use tightwire_proto::envelope::Stamp;
pub use tightwire_proto::inbound::{
    Arrival, Heartbeat as HeartbeatFrame, Inbound, InboundView, Rejection, ReplayStart, SessionRequest, Violation,
};
pub use tightwire_proto::session_request::session_request;
pub use tightwire_proto::{handshake, json, reference};

pub use crate::__strategies as strategies;
pub use crate::client;
pub use crate::context::Context;
pub use crate::failure::Failure;
pub use crate::plain::{PlainCode, PlainMessage};
pub use crate::request::{HandshakeParameters, HandshakeRequest, TypedHandshake};
pub use crate::service::{ErrorCode, FrameInfo, ServerMessage, Service, TopicName};

pub mod correlation;
mod presence;
pub mod session_data;
pub mod topic;
pub mod union;

pub use presence::present;

/// What the module `strategies` of generated code is made of: nothing, without the feature of that name.
#[cfg(not(feature = "strategies"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __strategies {
    ($($any:tt)*) => {};
}

/// Includes the protocol that `tightwire_codegen::compile` generated: `include_protocol!("chat")` defines `mod chat`.
///
/// The name is the document's file name without its extension, or the module name that the configuration gives it.
#[macro_export]
macro_rules! include_protocol {
    ($name:literal) => {
        ::core::include!(::core::concat!(::core::env!("OUT_DIR"), "/", $name, ".rs"));
    };
}
