//! The data types that typify made, read back: what the decoder, the frames and the service are generated from.
//!
//! `types` fills it from typify's own output, so it says what the Rust types really are (which ident a field got, which
//! fields have a default), not what they should be. It knows nothing of constraints: for those, walk the IR's schema
//! beside it, property by property (`Field::name`).

use indexmap::IndexMap;
use syn::Ident;

/// The data types of a protocol, by Rust name, in the order of the document.
#[derive(Clone, Debug, Default)]
pub struct RustTypes {
    types: IndexMap<String, RustType>,
    messages: IndexMap<String, String>,
    handshakes: IndexMap<String, String>,
}

impl RustTypes {
    /// The types, and the names of those of each message's data by the message's key and of each path's parameters by the
    /// path.
    pub(crate) fn new(
        types: IndexMap<String, RustType>,
        messages: IndexMap<String, String>,
        handshakes: IndexMap<String, String>,
    ) -> Self {
        Self { types, messages, handshakes }
    }

    /// The type of this name; `None` for a type that the configuration replaced.
    pub fn get(&self, name: &str) -> Option<&RustType> {
        self.types.get(name)
    }

    /// The name of the type of a message's `data`, by the message's key.
    pub fn message(&self, id: &str) -> Option<&str> {
        self.messages.get(id).map(String::as_str)
    }

    /// The name of the type of the handshake's parameters at a path; `None` where there are none.
    pub fn handshake(&self, path: &str) -> Option<&str> {
        self.handshakes.get(path).map(String::as_str)
    }

    /// All types, in the order of the document.
    pub fn iter(&self) -> impl Iterator<Item = &RustType> {
        self.types.values()
    }
}

/// A data type.
#[derive(Clone, Debug)]
pub struct RustType {
    /// Its name in `messages`.
    pub ident: Ident,
    /// What it is.
    pub kind: TypeKind,
}

/// What a data type is.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// `struct T { … }`, an object.
    Struct(Vec<Field>),
    /// `enum T { A, B }`, one of some strings. `Copy`.
    StringEnum(Vec<StringVariant>),
    /// An enum whose variant is told by a tag in the value.
    TaggedEnum {
        /// Where the tag is.
        tagging: Tagging,
        /// The alternatives.
        variants: Vec<TaggedVariant>,
    },
    /// An enum whose variant is the first that fits (`#[serde(untagged)]`).
    UntaggedEnum(Vec<UntaggedVariant>),
    /// `struct T(pub …)`, the same value on the wire.
    Newtype(FieldType),
}

/// A field of a struct.
#[derive(Clone, Debug)]
pub struct Field {
    /// The field's name in Rust: `type_`.
    pub ident: Ident,
    /// The property's name on the wire: `type`. Of no meaning for a flattened field.
    pub name: String,
    /// Its type.
    pub ty: FieldType,
    /// What it is when the property is absent.
    pub absent: Absent,
    /// `#[serde(flatten)]`: it takes all properties that no other field has; a [`FieldType::Map`].
    pub flatten: bool,
}

/// What a field is when its property is absent.
#[derive(Clone, Debug)]
pub enum Absent {
    /// It must not be absent.
    Invalid,
    /// `None`. The field is an `Option` of what stands there when the property is present: of an `Option` where that may
    /// be `null`.
    None,
}

/// A variant of a string enum.
#[derive(Clone, Debug)]
pub struct StringVariant {
    /// `BusyNow`.
    pub ident: Ident,
    /// `busy-now`.
    pub name: String,
}

/// Where a tagged enum has its tag (serde's terms).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tagging {
    /// `{"<variant>": <payload>}`.
    External,
    /// `{"<tag>": "<variant>", …the payload's properties}`.
    Internal {
        /// The property.
        tag: String,
    },
    /// `{"<tag>": "<variant>", "<content>": <payload>}`.
    Adjacent {
        /// The property of the tag.
        tag: String,
        /// The property of the payload.
        content: String,
    },
}

/// A variant of a tagged enum.
#[derive(Clone, Debug)]
pub struct TaggedVariant {
    /// `AgentStatus`.
    pub ident: Ident,
    /// The tag's value: `agent_status`.
    pub name: String,
    /// What the variant holds.
    pub payload: Payload,
}

/// A variant of an untagged enum.
#[derive(Clone, Debug)]
pub struct UntaggedVariant {
    /// `FrameId`.
    pub ident: Ident,
    /// What the variant holds.
    pub payload: Payload,
}

/// What a variant holds.
#[derive(Clone, Debug)]
pub enum Payload {
    /// `V`.
    Unit,
    /// `V(T)`.
    Newtype(FieldType),
    /// `V(T, U)`.
    Tuple(Vec<FieldType>),
    /// `V { … }`.
    Struct(Vec<Field>),
}

/// A type as it stands in a field.
#[derive(Clone, Debug)]
pub enum FieldType {
    /// `String`.
    String,
    /// `i64`.
    I64,
    /// `u64`.
    U64,
    /// `f64`.
    F64,
    /// `bool`.
    Bool,
    /// `uuid::Uuid`.
    Uuid,
    /// `chrono::DateTime<Utc>`.
    DateTime,
    /// `serde_json::Value`.
    Value,
    /// `serde_json::Map<String, Value>`.
    JsonMap,
    /// `BTreeMap<String, T>`.
    Map(Box<Self>),
    /// `Vec<T>`.
    Vec(Box<Self>),
    /// `Option<T>`.
    Option(Box<Self>),
    /// `Box<T>`, where a type contains itself.
    Boxed(Box<Self>),
    /// A type of [`RustTypes`].
    Named(Ident),
    /// Anything else, for instance a type that the configuration put in place of a generated one. Only serde can read
    /// it.
    Other(Box<syn::Type>),
}
