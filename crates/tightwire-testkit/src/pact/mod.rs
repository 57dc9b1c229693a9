//! Consumer-driven contracts for WebSockets: files in the format Pact V4, written by consumers' tests, verified against
//! real servers.
//!
//! | module | what is in it |
//! |---|---|
//! | [`model`] | [`Pact`] and what is in it |
//! | [`ws`] | [`XWs`]: what Pact has no words for, in `comments.x-ws` |
//! | [`rule`] | matching rules |
//! | [`read`](mod@read), [`write`](mod@write) | files in and out; writing is canonical |
//! | [`matching`] | [`matching::match_contents`]: a value held against what is expected of it |
//! | [`provider`] | the recording provider that consumers' tests talk to |
//! | [`verify`] | [`verify::Verifier`]: every interaction with a real server |
//! | [`check`](mod@check) | a contract held against the AsyncAPI document, without a server |
//! | [`document`] | that document |
//! | [`locate`](mod@locate) | lines of a file for JSON Pointers |
//! | [`path`] | path expressions such as `$.data.messages[*].id` |
//!
//! `docs/contracts.md` says what the files mean.

pub mod check;
pub mod document;
mod flatten;
pub mod locate;
pub mod matching;
pub mod model;
pub mod path;
pub mod provider;
pub mod read;
pub mod rule;
pub mod verify;
pub mod write;
pub mod ws;

pub use self::document::Document;
pub use self::matching::Mismatch;
pub use self::model::{AsyncMessage, Comments, Contents, Interaction, Pact, ProviderState, SyncMessages};
pub use self::read::ReadError;
pub use self::rule::{MatchingRules, Rule, RuleList};
pub use self::ws::XWs;
