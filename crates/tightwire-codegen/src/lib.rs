//! Turns a protocol's IR into Rust, TypeScript, a JSON Schema bundle, contract cases and a page for people.
//!
//! One generator with two callers: a `build.rs` calls [`compile`], the `tightwire` command calls [`generate_all`]; both
//! read the same `tightwire.toml` and give the same bytes. Emitters see only the IR, never the document.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), tightwire_codegen::Error> {
//!     tightwire_codegen::compile("asyncapi/chat.yml")
//! }
//! ```

mod alternatives;
pub mod build;
pub mod cases;
pub mod config;
pub mod docs;
pub mod error;
mod handshakes;
pub mod input;
pub mod output;
mod pattern;
pub mod rust;
pub mod scaffold;
pub mod schema_bundle;
mod stack;
pub mod sync;
pub mod typescript;
mod view;

pub use build::{Builder, compile, configure};
pub use config::Config;
pub use error::Error;
pub use output::{OutputFile, Target, generate, generate_all, generate_targets};
pub use tightwire_spec::Formats;
pub use tightwire_spec::ir::Role;
