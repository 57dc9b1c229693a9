//! The runtime of a Tightwire server: accept loop, connections, hub, brokers, HTTP.

#[doc(hidden)]
pub mod codegen_support;
pub mod context;
pub mod failure;
pub mod publisher;
pub mod service;

#[doc(hidden)]
pub use codegen_support as __rt;
pub use tightwire_proto as proto;
pub use warp;

pub use crate::context::Context;
pub use crate::failure::Failure;
pub use crate::publisher::{PublishError, Publisher};
pub use crate::service::{ErrorCode, FrameInfo, ServerMessage, Service, TopicName};
