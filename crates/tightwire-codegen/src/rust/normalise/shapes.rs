//! What normalising gives: the definitions for typify, and what the document says beside them.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::Value;

/// The shapes of all messages' data.
#[derive(Debug, Default)]
pub(in crate::rust) struct Shapes {
    /// The definitions, by Rust name, in the order of the document.
    pub(in crate::rust) definitions: IndexMap<String, Value>,
    /// The properties, in the order of the document, of each definition that is an object (`Name`) and of each
    /// alternative of a tagged union (`Name::tag`).
    pub(in crate::rust) properties: IndexMap<String, Vec<String>>,
    /// What the document says of single properties, by the same names.
    pub(in crate::rust) remarks: IndexMap<String, Remarks>,
    /// String enums whose values typify cannot tell apart as names, by Rust name.
    pub(in crate::rust) string_enums: IndexMap<String, StringEnum>,
    /// Unions whose alternatives have the same JSON type, so that serde's first that fits may not be the right one.
    pub(in crate::rust) overlapping: BTreeSet<String>,
    /// What the variants of the untagged unions are called.
    pub(in crate::rust) variants: IndexMap<String, Vec<String>>,
    /// The name of the type of each message's data, by the message's key.
    pub(in crate::rust) messages: IndexMap<String, String>,
    /// The name of the type of the handshake's parameters, by the path.
    pub(in crate::rust) handshakes: IndexMap<String, String>,
    /// Schemas that became any JSON although they look like more, with the reason.
    pub(in crate::rust) untyped: Vec<UntypedSchema>,
}

/// What the document says of the properties of an object, beside their shape.
#[derive(Debug, Default)]
pub(in crate::rust) struct Remarks {
    /// Properties that may be absent and may be `null`, which are two things.
    pub(in crate::rust) nullable: BTreeSet<String>,
    /// `default`, of properties that may be absent.
    pub(in crate::rust) defaults: IndexMap<String, Value>,
}

/// A string enum that is written without typify.
#[derive(Debug)]
pub(in crate::rust) struct StringEnum {
    /// Its values on the wire.
    pub(in crate::rust) values: Vec<String>,
    /// Its documentation.
    pub(in crate::rust) description: Option<String>,
}

/// A schema that became `serde_json::Value` although it looks like more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntypedSchema {
    /// Where it stands: the name that its type would have.
    pub place: String,
    /// Why, in the middle of a sentence.
    pub reason: String,
}
