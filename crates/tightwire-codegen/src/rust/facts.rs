//! What a schema says about the shape of its values: read off its keywords, without looking at other schemas.

use std::collections::BTreeSet;

use serde_json::Value;
use tightwire_spec::schema::{JsonType, Schema, SchemaObject};

use super::names;

/// Whether the schema is an object whose properties are known.
pub(super) fn structural(object: &SchemaObject) -> bool {
    let closed = object.additional_properties == Some(Schema::Bool(false)) && object.pattern_properties.is_empty();
    single_type(object) == Some(JsonType::Object)
        && (!object.properties.is_empty() || !object.required.is_empty() || closed)
}

/// The strings of a string enum or a string const.
pub(super) fn strings(object: &SchemaObject) -> Option<Vec<&str>> {
    let values = values(object)?;
    let strings: Vec<&str> = values.iter().filter_map(|value| value.as_str()).collect();
    let others = values.iter().filter(|value| !value.is_string() && !value.is_null()).count();
    (!strings.is_empty() && others == 0).then_some(strings)
}

/// The values of `const` or `enum`.
pub(super) fn values(object: &SchemaObject) -> Option<Vec<&Value>> {
    match (&object.const_value, &object.enum_values) {
        (Some(value), _) => Some(vec![value]),
        (None, Some(values)) => Some(values.iter().collect()),
        (None, None) => None,
    }
}

/// `oneOf`, or else `anyOf`: as shapes they are the same.
pub(super) fn listed(object: &SchemaObject) -> &[Schema] {
    if object.one_of.is_empty() { &object.any_of } else { &object.one_of }
}

/// The alternative that stands alone, `null` aside.
pub(super) fn only_alternative(object: &SchemaObject) -> Option<&Schema> {
    let mut others = listed(object).iter().filter(|schema| !is_null(schema));
    let only = others.next()?;
    (others.next().is_none() && object.properties.is_empty()).then_some(only)
}

/// Whether `null` is allowed beside something else.
pub(super) fn nullable(object: &SchemaObject) -> bool {
    listed(object).iter().any(is_null)
        || (object.types.len() > 1 && object.types.contains(&JsonType::Null))
        || (object.types.is_empty() && values(object).is_some_and(|values| values.iter().any(|value| value.is_null())))
}

/// Whether only `null` may stand here.
pub(super) fn is_null(schema: &Schema) -> bool {
    matches!(schema, Schema::Object(object) if object.types == [JsonType::Null] || object.const_value == Some(Value::Null))
}

/// The one type of the schema, `null` aside; read from its values where `type` is missing.
pub(super) fn single_type(object: &SchemaObject) -> Option<JsonType> {
    let mut types = object.types.iter().filter(|json_type| **json_type != JsonType::Null);
    match (types.next(), types.next()) {
        (Some(json_type), None) => return Some(*json_type),
        (Some(_), Some(_)) => return None,
        (None, _) => {}
    }
    if object.types == [JsonType::Null] {
        return Some(JsonType::Null);
    }
    if let Some(values) = values(object) {
        let all = |accepts: fn(&Value) -> bool| values.iter().all(|value| accepts(value));
        return if all(|value| value.is_i64() || value.is_u64()) {
            Some(JsonType::Integer)
        } else if all(Value::is_number) {
            Some(JsonType::Number)
        } else if all(Value::is_boolean) {
            Some(JsonType::Boolean)
        } else {
            None
        };
    }
    // Other keywords say nothing about values of other types: `{properties: …}` takes any number.
    None
}

/// The JSON type that tells an alternative from others, if it has only one. `null` is no alternative.
pub(super) fn kind(object: &SchemaObject) -> Option<JsonType> {
    match single_type(object) {
        Some(JsonType::Integer) => Some(JsonType::Number),
        None if strings(object).is_some() => Some(JsonType::String),
        other => other,
    }
}

/// Whether an integer cannot be negative.
pub(super) fn unsigned(object: &SchemaObject) -> bool {
    let at_least =
        |bound: &Option<serde_json::Number>| bound.as_ref().and_then(|n| n.as_f64()).is_some_and(|n| n >= 0.0);
    at_least(&object.minimum)
        || at_least(&object.exclusive_minimum)
        || values(object).is_some_and(|values| values.iter().all(|value| value.is_u64()))
}

/// The property that tells the alternatives apart: required everywhere, a different constant string in each.
pub(super) fn tag(alternatives: &[SchemaObject]) -> Option<&str> {
    let first = alternatives.first()?;
    if alternatives.iter().any(|schema| single_type(schema) != Some(JsonType::Object) || nullable(schema)) {
        return None;
    }
    first.properties.keys().map(String::as_str).find(|property| {
        let values: Option<BTreeSet<String>> = alternatives.iter().map(|schema| constant(schema, property)).collect();
        values.is_some_and(|values| {
            values.len() == alternatives.len() && names::are_distinct(values.iter().map(String::as_str))
        })
    })
}

/// The one string that the property must be, if it is required.
pub(super) fn constant(object: &SchemaObject, property: &str) -> Option<String> {
    let Schema::Object(schema) = object.properties.get(property)? else { return None };
    object.required.iter().find(|required| *required == property)?;
    match (&schema.const_value, schema.enum_values.as_deref()) {
        (Some(Value::String(value)), _) | (None, Some([Value::String(value)])) => Some(value.clone()),
        _ => None,
    }
}
