//! Whether two schemas have no value in common. Proves it or says no; it never guesses.

use serde_json::Value;
use tightwire_spec::schema::JsonType;

use crate::view::View;

/// So deep properties are compared.
const MAX_DEPTH: usize = 4;
/// So many alternatives of a union are looked at.
const MAX_ALTERNATIVES: usize = 16;

/// Whether no value fits both.
pub(super) fn are_disjoint(one: &View<'_>, other: &View<'_>) -> bool {
    differ(one, other, MAX_DEPTH)
}

fn differ(one: &View<'_>, other: &View<'_>, depth: usize) -> bool {
    if one.forbidden() || other.forbidden() {
        return true;
    }
    if !kinds(one).iter().any(|kind| kinds(other).contains(kind)) {
        return true;
    }
    if let Some(values) = one.values()
        && values.iter().all(|value| excludes(other, value) || excludes(one, value))
    {
        return true;
    }
    if let Some(values) = other.values()
        && values.iter().all(|value| excludes(one, value) || excludes(other, value))
    {
        return true;
    }
    if depth == 0 {
        return false;
    }
    if all_alternatives(one, |one| differ(one, other, depth - 1))
        || all_alternatives(other, |other| differ(one, other, depth - 1))
    {
        return true;
    }
    let objects = |view: &View<'_>| kinds(view) == [JsonType::Object];
    if !objects(one) && !objects(other) {
        return false;
    }
    required(one).chain(required(other)).any(|name| match (one.property(name), other.property(name)) {
        (Ok(one), Ok(other)) => differ(&one, &other, depth - 1),
        _ => false,
    })
}

/// Whether a union stands there, and what is said holds for each of its alternatives.
fn all_alternatives(view: &View<'_>, holds: impl Fn(&View<'_>) -> bool) -> bool {
    let alternatives = if view.has_alternatives() { view.alternatives().unwrap_or_default() } else { Vec::new() };
    (1..=MAX_ALTERNATIVES).contains(&alternatives.len()) && alternatives.iter().all(holds)
}

/// Names of properties that every value must have.
pub(super) fn required<'ir>(view: &View<'ir>) -> impl Iterator<Item = &'ir str> {
    let names: Vec<&str> = view.parts().flat_map(|part| &part.required).map(String::as_str).collect();
    names.into_iter()
}

/// The types that every value is of, integers as numbers; all where none are named.
pub(super) fn kinds(view: &View<'_>) -> Vec<JsonType> {
    let kinds = JsonType::ALL.iter().map(|(_, kind)| *kind).filter(|kind| *kind != JsonType::Integer);
    kinds
        .filter(|kind| {
            view.parts().all(|part| {
                part.types.is_empty()
                    || part.types.contains(kind)
                    || *kind == JsonType::Number && part.types.contains(&JsonType::Integer)
            })
        })
        .collect()
}

/// Whether the view surely refuses the value, by its type or its constants.
fn excludes(view: &View<'_>, value: &Value) -> bool {
    let kind = match value {
        Value::Null => JsonType::Null,
        Value::Bool(_) => JsonType::Boolean,
        Value::Number(_) => JsonType::Number,
        Value::String(_) => JsonType::String,
        Value::Array(_) => JsonType::Array,
        Value::Object(_) => JsonType::Object,
    };
    let same = |known: &Value| {
        // `1` and `1.0` are the same, also inside of lists and objects: only what has no numbers is told apart.
        match (known, value) {
            (Value::Number(known), Value::Number(value)) => known.as_f64() == value.as_f64(),
            (Value::Array(_) | Value::Object(_), Value::Array(_) | Value::Object(_)) => true,
            (known, value) => known == value,
        }
    };
    let listed = view.parts().all(|part| {
        part.const_value.as_ref().is_none_or(same)
            && part.enum_values.as_ref().is_none_or(|values| values.iter().any(same))
    });
    !kinds(view).contains(&kind) || !listed
}
