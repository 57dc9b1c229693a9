//! Which types values can have, so that a schema that only says types need not be merged with one that says more.

use serde_json::Value;

use super::{MAX_NESTING, Schemas};
use crate::schema::{JsonType, Schema, SchemaObject};

impl Schemas<'_> {
    /// Whether everything that `narrow` accepts is accepted by `wide`, as far as a glance can tell: `wide` says at
    /// most which types are allowed.
    pub(super) fn implies(&self, narrow: &Schema, wide: &Schema) -> bool {
        let Some(wide) = self.only_types(wide, 0) else { return false };
        wide.is_empty()
            || self
                .types(narrow, 0)
                .is_some_and(|types| types.iter().all(|json_type| wide.iter().any(|wide| covers(*wide, *json_type))))
    }

    /// The types that a schema allows, empty where it allows all; `None` where it says anything else of values, too.
    fn only_types(&self, schema: &Schema, nesting: usize) -> Option<Vec<JsonType>> {
        self.step()?;
        if nesting > MAX_NESTING {
            return None;
        }
        let object = match schema {
            Schema::Bool(true) => return Some(Vec::new()),
            Schema::Bool(false) => return None,
            Schema::Ref(reference) => return self.only_types(self.named.get(&reference.name)?, nesting + 1),
            Schema::Object(object) => object,
        };
        let bare = SchemaObject {
            types: object.types.clone(),
            title: object.title.clone(),
            description: object.description.clone(),
            default: object.default.clone(),
            examples: object.examples.clone(),
            deprecated: object.deprecated,
            all_of: object.all_of.clone(),
            extensions: object.extensions.clone(),
            ..SchemaObject::default()
        };
        if bare != **object {
            return None;
        }
        let parts = object.all_of.iter().map(|part| self.only_types(part, nesting + 1));
        parts.chain([Some(object.types.clone())]).try_fold(Vec::new(), |all, types| common_types(&all, &types?))
    }

    /// The types that values of a schema can have; `None` where they can have any.
    fn types(&self, schema: &Schema, nesting: usize) -> Option<Vec<JsonType>> {
        self.step()?;
        if nesting > MAX_NESTING {
            return None;
        }
        let object = match self.resolve(schema) {
            Schema::Bool(false) => return Some(Vec::new()),
            Schema::Object(object) => object,
            _ => return None,
        };
        if !object.types.is_empty() {
            return Some(object.types.clone());
        }
        let values = object.const_value.as_ref().map(std::slice::from_ref).or(object.enum_values.as_deref());
        if let Some(values) = values {
            return Some(values.iter().map(type_of).collect());
        }
        let all_of = object.all_of.iter().find_map(|part| self.types(part, nesting + 1));
        all_of.or_else(|| {
            let parts = if object.one_of.is_empty() { &object.any_of } else { &object.one_of };
            if parts.is_empty() {
                return None;
            }
            let types = parts.iter().map(|part| self.types(part, nesting + 1)).collect::<Option<Vec<_>>>()?;
            Some(types.into_iter().flatten().collect())
        })
    }
}

fn type_of(value: &Value) -> JsonType {
    match value {
        Value::Number(number) if !number.is_f64() => JsonType::Integer,
        value => JsonType::of(value),
    }
}

fn covers(wide: JsonType, narrow: JsonType) -> bool {
    wide == narrow || (wide == JsonType::Number && narrow == JsonType::Integer)
}

/// The types that both lists allow; `None` where there are none.
pub(super) fn common_types(a: &[JsonType], b: &[JsonType]) -> Option<Vec<JsonType>> {
    if a.is_empty() || b.is_empty() {
        return Some(if a.is_empty() { b.to_vec() } else { a.to_vec() });
    }
    let mut common = Vec::new();
    for &a in a {
        for &b in b {
            let narrow = if covers(a, b) { b } else { a };
            if (covers(a, b) || covers(b, a)) && !common.contains(&narrow) {
                common.push(narrow);
            }
        }
    }
    (!common.is_empty()).then_some(common)
}
