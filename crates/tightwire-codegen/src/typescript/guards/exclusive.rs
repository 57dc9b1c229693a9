//! Whether two schemas can accept the same value: alternatives that cannot need no counting.

use serde_json::Value;
use tightwire_spec::ir::Ir;
use tightwire_spec::schema::{JsonType, Schema, SchemaObject};

/// Whether no value is accepted by two of the alternatives, as far as their types and constants tell.
pub(super) fn are_exclusive(ir: &Ir, alternatives: &[Schema]) -> bool {
    let merged: Option<Vec<SchemaObject>> = alternatives.iter().map(|schema| ir.merged(schema)).collect();
    let Some(merged) = merged else { return false };
    merged
        .iter()
        .enumerate()
        .all(|(index, left)| merged[index + 1..].iter().all(|right| exclude_each_other(ir, left, right)))
}

fn exclude_each_other(ir: &Ir, left: &SchemaObject, right: &SchemaObject) -> bool {
    let disjoint = !left.types.is_empty()
        && !right.types.is_empty()
        && left.types.iter().all(|one| right.types.iter().all(|other| number(*one) != number(*other)));
    let objects = left.types == [JsonType::Object] && right.types == [JsonType::Object];
    disjoint || (objects && left.required.iter().any(|key| constants_differ(ir, left, right, key)))
}

/// `integer` values are `number` values too.
fn number(kind: JsonType) -> JsonType {
    if kind == JsonType::Integer { JsonType::Number } else { kind }
}

/// Whether both require a property and give it different constants.
fn constants_differ(ir: &Ir, left: &SchemaObject, right: &SchemaObject, key: &str) -> bool {
    let constant = |object: &SchemaObject| -> Option<Value> {
        if !object.required.iter().any(|name| name == key) {
            return None;
        }
        ir.merged(object.properties.get(key)?)?.const_value.filter(Value::is_string)
    };
    matches!((constant(left), constant(right)), (Some(left), Some(right)) if left != right)
}
