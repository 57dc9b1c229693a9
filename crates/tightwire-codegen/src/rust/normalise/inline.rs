//! What has no type of its own: scalars, arrays and maps, written where they are used.

use serde_json::{Value, json};
use tightwire_spec::schema::{Items, JsonType, Schema, SchemaObject};

use super::Lowering;
use super::shapes::UntypedSchema;
use super::usage::{describe, or_null};
use crate::rust::facts::{nullable, only_alternative, single_type, unsigned, values};

/// How far one alternative may lead to another.
const MAX_DEPTH: usize = 16;

impl Lowering<'_> {
    /// A scalar, an array or a map.
    pub(super) fn inline(&mut self, object: &SchemaObject, name: &str) -> Value {
        if let Some(only) = only_alternative(object) {
            let shape = self.at(only, name);
            return if nullable(object) { or_null(shape) } else { shape };
        }
        let mut shape = match single_type(object) {
            Some(JsonType::String) => match object.format.as_deref() {
                // Their types forget how they were written (`.500Z`, capitals). In the envelope that is ours to say;
                // the text of other protocols is theirs.
                Some(format @ ("uuid" | "date-time")) if self.ir.envelope.is_some() => {
                    json!({ "type": "string", "format": format })
                }
                _ => json!({ "type": "string" }),
            },
            Some(JsonType::Integer) if exceeds_64_bits(object) => json!({}),
            Some(JsonType::Integer) if unsigned(object) => json!({ "type": "integer", "format": "uint64" }),
            Some(JsonType::Integer) => json!({ "type": "integer", "format": "int64" }),
            Some(JsonType::Number) => json!({ "type": "number", "format": "double" }),
            Some(JsonType::Boolean) => json!({ "type": "boolean" }),
            Some(JsonType::Array) => match &object.items {
                Some(Items::All(items)) => {
                    let items = self.at(items, &format!("{name}Item"));
                    json!({ "type": "array", "items": items })
                }
                _ => json!({ "type": "array", "items": true }),
            },
            Some(JsonType::Object) => {
                let values = match (&object.additional_properties, object.pattern_properties.values().next()) {
                    (Some(schema @ (Schema::Ref(_) | Schema::Object(_))), None) => Some(schema),
                    (Some(Schema::Bool(false)), Some(schema)) if object.pattern_properties.len() == 1 => Some(schema),
                    _ => None,
                };
                match values {
                    Some(schema) => {
                        let values = self.at(schema, &format!("{name}Value"));
                        json!({ "type": "object", "additionalProperties": values })
                    }
                    None => json!({ "type": "object" }),
                }
            }
            Some(JsonType::Null) | None => json!({}),
        };
        if nullable(object) {
            shape = or_null(shape);
        }
        if looks_like_object(object) {
            let reason = "it has `properties` but no `type: object`, so anything but an object may stand there too";
            self.shapes.untyped.push(UntypedSchema { place: name.to_owned(), reason: reason.to_owned() });
        }
        describe(&mut shape, object.description.as_deref());
        shape
    }

    /// Whether `null` may stand here, as the type has it.
    pub(super) fn may_be_null(&self, object: &SchemaObject, depth: usize) -> bool {
        if nullable(object) || object.types == [JsonType::Null] || depth > MAX_DEPTH {
            return true;
        }
        let may_be = |schema: &Schema| self.may_be_null(&self.resolve(self.ir.resolve(schema)), depth + 1);
        let alternatives = self.alternatives(object);
        if !alternatives.is_empty() {
            return alternatives.iter().any(may_be);
        }
        match only_alternative(object) {
            Some(only) => may_be(only),
            // What has no shape has a type that takes `null`.
            None => !self.nominal(object) && single_type(object).is_none() || exceeds_64_bits(object),
        }
    }
}

/// Whether the bounds of an integer reach beyond what Rust's integers hold.
fn exceeds_64_bits(object: &SchemaObject) -> bool {
    let beyond = |bound: &Option<serde_json::Number>, limit: f64| {
        bound.as_ref().and_then(serde_json::Number::as_f64).is_some_and(|bound| bound.abs() > limit)
    };
    let largest = if unsigned(object) { u64::MAX as f64 } else { i64::MAX as f64 };
    single_type(object) == Some(JsonType::Integer)
        && (beyond(&object.minimum, largest)
            || beyond(&object.exclusive_minimum, largest)
            || beyond(&object.maximum, largest)
            || beyond(&object.exclusive_maximum, largest))
}

/// Whether the author meant an object but did not say so.
fn looks_like_object(object: &SchemaObject) -> bool {
    object.types.is_empty() && !object.properties.is_empty() && values(object).is_none()
}
