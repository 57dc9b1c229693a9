//! What a schema is known by that may be met more than once.

use tightwire_spec::ir::SchemaName;
use tightwire_spec::schema::{Schema, SchemaObject};

use crate::rust::names;

/// Whether a shape keeps `additionalProperties: false`. Only the alternatives of an untagged union need it: there it
/// tells them apart. Everywhere else the decoder has already looked.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Closed {
    Keep,
    No,
}

/// A schema that may be met more than once, and so may contain itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// By its name in the document.
    Named(SchemaName),
    /// A schema without a name that an `allOf` makes of others, by the texts of those.
    Composed(Vec<String>, Closed),
}

impl Origin {
    pub(super) fn of(schema: &Schema, closed: Closed) -> Option<Self> {
        let text = |schema: &Schema| schema.to_json("").to_string();
        match schema {
            Schema::Bool(_) => None,
            Schema::Ref(reference) => Some(Self::Named(reference.name.clone())),
            Schema::Object(object) if object.all_of.is_empty() => None,
            Schema::Object(object) => {
                // In whatever order its parts stand, it is the same.
                let mut parts: Vec<String> = object.all_of.iter().map(text).collect();
                parts.sort_unstable();
                let rest = SchemaObject { all_of: Vec::new(), ..(**object).clone() };
                parts.push(text(&Schema::Object(Box::new(rest))));
                Some(Self::Composed(parts, closed))
            }
        }
    }

    /// What its type would like to be called, where it stands at a place that would be called `place`.
    pub(super) fn hint(&self, place: &str) -> String {
        match self {
            Self::Named(name) => names::pascal(name),
            Self::Composed(..) => place.to_owned(),
        }
    }
}
