//! Which draft of JSON Schema says what schemas say. Validators are built from it, and bundles name it.
//!
//! Draft-07, AsyncAPI's own, wherever that is enough; 2020-12 for the keywords that it has beyond.

use crate::ir::{Ir, SchemaName};
use crate::schema::{Schema, SchemaObject};

/// A draft of JSON Schema that schemas are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Draft {
    /// Draft-07.
    #[default]
    Draft7,
    /// 2020-12.
    Draft2020,
}

impl Draft {
    /// What stands in `$schema`.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Draft7 => "http://json-schema.org/draft-07/schema#",
            Self::Draft2020 => "https://json-schema.org/draft/2020-12/schema",
        }
    }

    /// The first draft that knows all keywords of a schema and of those in it; references are not followed.
    pub fn of(schema: &Schema) -> Self {
        match schema {
            Schema::Object(object) => Self::of_object(object),
            Schema::Bool(_) | Schema::Ref(_) => Self::Draft7,
        }
    }

    /// [`Draft::of`].
    pub fn of_object(object: &SchemaObject) -> Self {
        let later = object.min_contains.is_some()
            || object.max_contains.is_some()
            || object.unevaluated_items.is_some()
            || object.unevaluated_properties.is_some();
        if later { Self::Draft2020 } else { object.subschemas().map(Self::of).max().unwrap_or_default() }
    }
}

impl Ir {
    /// The draft that all schemas of the protocol can be written in.
    pub fn draft(&self) -> Draft {
        let payloads = self.messages.values().map(|message| &message.payload);
        let routes = self.routes.values().chain(&self.handshake);
        let handshakes = routes.flat_map(|route| route.query.iter().chain(&route.headers));
        self.schemas.values().chain(payloads).chain(handshakes).map(Draft::of).max().unwrap_or_default()
    }

    /// The named schemas that schemas refer to, directly or through others, in the order in which they are met.
    pub fn reached<'a>(&'a self, schemas: impl IntoIterator<Item = &'a Schema>) -> Vec<(&'a SchemaName, &'a Schema)> {
        let mut waiting: Vec<&Schema> = schemas.into_iter().collect();
        let mut met = std::collections::HashSet::new();
        let mut found = Vec::new();
        while let Some(schema) = waiting.pop() {
            if let Schema::Ref(reference) = schema
                && let Some((name, target)) = self.schemas.get_key_value(&reference.name)
                && met.insert(name)
            {
                found.push((name, target));
                waiting.push(target);
            }
            waiting.extend(schema.subschemas());
        }
        found
    }
}
