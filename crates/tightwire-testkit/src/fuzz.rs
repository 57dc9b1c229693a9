//! Sequence fuzzing: random conversations with a server, judged by a model of the session.
//!
//! | module | what is in it |
//! |---|---|
//! | [`protocol`] | [`Protocol`]: what the fuzzer has to know of a document |
//! | [`plan`] | [`Plan`]: what clients do, step by step, as data that can be written down and repeated |
//! | [`generator`] | [`Generator`]: makes plans at random, the same ones from a seed |
//! | [`endpoint`] | [`Endpoint`]: how a client gets a connection |
//! | [`driver`] | [`Driver`]: carries a plan out, and shows the model everything that is sent and received |
//! | [`model`] | [`Model`]: what the server owes its clients, and whether it keeps to it |
//! | [`check`] | [`Check`]: what an application has to add to that |
//! | [`coverage`] | [`Coverage`]: what was asked, answered and closed |
//! | [`shrink`] | what is left of a plan when everything is taken away that a finding does not need |
//! | [`reproduction`] | [`Reproduction`]: a finding as JSON lines, as a test in Rust, as an interaction of Pact |
//! | [`finding`] | [`Finding`]: what a server did wrong |
//!
//! Nothing here knows an application: operations, replies, sequences, topics, limits and close codes come from the
//! document.

pub mod check;
pub mod coverage;
pub mod driver;
pub mod endpoint;
pub mod finding;
pub mod generator;
pub mod model;
pub mod plan;
pub mod protocol;
pub mod reproduction;
pub mod shrink;
mod wire;

pub use self::check::{Check, Flaw, Observed};
pub use self::coverage::Coverage;
pub use self::driver::{Driver, Options, Outcome};
pub use self::endpoint::Endpoint;
pub use self::finding::{Class, Finding};
pub use self::generator::{Generator, Phase, Shape};
pub use self::model::Model;
pub use self::plan::{Intent, Payload, Plan, Sent, Step};
pub use self::protocol::Protocol;
pub use self::reproduction::Reproduction;
