//! Reads AsyncAPI documents: load, resolve, diagnose, lower to the IR.
//!
//! ```
//! use std::path::Path;
//! use tightwire_spec::{InMemory, load};
//!
//! let source = InMemory::file("chat.yml", "asyncapi: 3.0.0\ninfo: {title: Chat, version: 1.0.0}\n");
//! let loaded = load(Path::new("chat.yml"), &source)?;
//! let ir = loaded.ir.expect("a document without errors");
//! assert_eq!(ir.info.title, "Chat");
//! # Ok::<(), tightwire_spec::LoadError>(())
//! ```

pub mod draft;
pub mod ir;
pub mod pattern;
pub mod rules;
pub mod schema;

mod address;
mod catalog;
mod diagnostic;
mod dialect;
mod dispatch;
mod documents;
mod expansion;
mod formats;
mod load;
mod lower;
mod merge;
mod metaschemas;
mod model;
mod reference;
mod render;
mod resources;
mod route;
mod schema_json;
mod shape;
mod source;
mod sources;
mod suggest;
mod tree;
mod uri;
mod validator;
mod version;
mod vocabulary;
mod walk;

pub use catalog::Catalog;
pub use diagnostic::{Diagnostic, Label, Severity};
pub use documents::LoadError;
pub use formats::Formats;
pub use load::{LoadOptions, Loaded, load, load_with};
pub use source::{FileSystem, InMemory, Source};
pub use sources::{FileId, Position, SourceFile, SourceMap, Span};
