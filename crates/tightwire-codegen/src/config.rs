//! The options of the generator: what a `build.rs` says in code and a `tightwire.toml` beside the document says once
//! for both callers.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The options of the generator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The module's name, snake case; it also names the output (`chat.rs`), the service (`ChatService`) and the server
    /// (`ChatServer`). Default: the stem of the document's file name.
    pub module: String,
    /// The document as the preamble names it, for instance `asyncapi/chat.yml`. Set by the caller, never by a file.
    #[serde(skip)]
    pub document: String,
    /// The command that writes the output again, for the preamble. Default: `tightwire generate all <document>`.
    pub regenerate: Option<String>,
    /// Options of the Rust output.
    pub rust: RustConfig,
}

/// Options of the Rust output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RustConfig {
    /// Lines of comment to put under the preamble, for instance a licence.
    pub header: Option<String>,
    /// Derives to add to every data type, for instance `Eq` or `::schemars::JsonSchema`.
    pub derives: Vec<String>,
    /// Attributes to add to every data type, for instance `#[non_exhaustive]`.
    pub attributes: Vec<String>,
    /// What to add to single types, by name.
    pub types: BTreeMap<String, TypeConfig>,
}

/// What to add to a single type, or what to use in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TypeConfig {
    /// Derives to add.
    pub derives: Vec<String>,
    /// Attributes to add.
    pub attributes: Vec<String>,
    /// The path of a type to use in place of the generated one. It must be `Serialize` and `Deserialize` in the same
    /// shape, `Clone`, `Debug` and `PartialEq`.
    pub replace_with: Option<String>,
}
