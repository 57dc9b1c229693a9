//! A schema as a boolean expression.

use serde_json::{Number, Value};
use tightwire_spec::schema::{Items, JsonType, Schema, SchemaObject};

use super::super::names::shouty;
use super::super::shape::{self, number, scalar, value_of};
use super::combinations::combinations;
use super::layout::{all, any};
use super::objects::objects;
use super::predicates::Predicates;
use crate::error::Error;

/// A schema of one scalar type that a single call or comparison tests.
pub(super) fn simple(
    p: &mut Predicates<'_>,
    schema: &SchemaObject,
    operand: &str,
    hint: &str,
) -> Result<Option<String>, Error> {
    let mut rest = shape::validation(schema);
    let kind = match std::mem::take(&mut rest.types).as_slice() {
        [] => None,
        [kind] => Some(*kind),
        _ => return Ok(None),
    };
    let of_kind = |value: &Value| kind.is_none_or(|kind| shape::is_of(value, kind));
    if let Some(value) = rest.const_value.take() {
        let plain = rest == SchemaObject::default() && scalar(&value) && of_kind(&value);
        return Ok(plain.then(|| format!("{operand} === {}", value_of(&value))));
    }
    if let Some(values) = rest.enum_values.take() {
        if rest != SchemaObject::default() || !values.iter().all(|value| scalar(value) && of_kind(value)) {
            return Ok(None);
        }
        let values: Vec<String> = values.iter().map(value_of).collect();
        let list = p.list(&format!("{}_VALUES", shouty(hint)), &values);
        return Ok(Some(format!("{list}.includes({operand})")));
    }
    let Some(kind) = kind else { return Ok(None) };
    let test = match kind {
        JsonType::Null => format!("{operand} === null"),
        JsonType::Boolean => format!("typeof {operand} === \"boolean\""),
        JsonType::Integer => ranged(p, "isInteger", operand, rest.minimum.take(), rest.maximum.take()),
        JsonType::Number => ranged(p, "isNumber", operand, rest.minimum.take(), rest.maximum.take()),
        JsonType::String => match (rest.format.take(), rest.pattern.take()) {
            (None, None) => {
                let least = rest.min_length.take().filter(|least| *least > 0);
                let most = rest.max_length.take();
                p.uses("isText");
                let arguments = match (least, most) {
                    (None, None) => operand.to_owned(),
                    (Some(least), None) => format!("{operand}, {least}"),
                    (least, Some(most)) => format!("{operand}, {}, {most}", least.unwrap_or(0)),
                };
                format!("isText({arguments})")
            }
            (Some(format), None) => match format_guard(p, &format) {
                Some(guard) => format!("{guard}({operand})"),
                None => {
                    p.uses("isText");
                    format!("isText({operand})")
                }
            },
            (None, Some(pattern)) => {
                let pattern = p.pattern(&pattern, hint)?;
                p.uses("matches");
                format!("matches({pattern}, {operand})")
            }
            (Some(_), Some(_)) => return Ok(None),
        },
        JsonType::Array => return list(p, rest, operand, hint),
        JsonType::Object => {
            p.uses("isObject");
            format!("isObject({operand})")
        }
    };
    Ok((rest == SchemaObject::default()).then_some(test))
}

/// An array of which all items follow one schema, as a single call.
fn list(p: &mut Predicates<'_>, mut rest: SchemaObject, operand: &str, hint: &str) -> Result<Option<String>, Error> {
    let Some(Items::All(items)) = rest.items.take() else { return Ok(None) };
    let least = rest.min_items.take().unwrap_or(0);
    let most = rest.max_items.take();
    if rest != SchemaObject::default() {
        return Ok(None);
    }
    let predicate = p.predicate(&items, &format!("{hint}Item"))?;
    p.uses("isList");
    Ok(Some(match (least, most) {
        (0, None) => format!("isList({operand}, {predicate})"),
        (least, None) => format!("isList({operand}, {predicate}, {least})"),
        (least, Some(most)) => format!("isList({operand}, {predicate}, {least}, {most})"),
    }))
}

fn ranged(
    p: &mut Predicates<'_>,
    function: &str,
    operand: &str,
    least: Option<Number>,
    most: Option<Number>,
) -> String {
    p.uses(function);
    match (least, most) {
        (None, None) => format!("{function}({operand})"),
        (Some(least), None) => format!("{function}({operand}, {})", number(&least)),
        (least, Some(most)) => {
            let least = least.map_or_else(|| "-Infinity".to_owned(), |least| number(&least));
            format!("{function}({operand}, {least}, {})", number(&most))
        }
    }
}

/// The function that guards a format; `None` for a format that is only a note to the reader.
fn format_guard(p: &mut Predicates<'_>, format: &str) -> Option<&'static str> {
    let guard = shape::format(format)?;
    p.uses(guard);
    Some(guard)
}

/// Any schema, as conditions about `value` that all have to hold. `required` names the properties that are known to have to be there.
pub(super) fn full(
    p: &mut Predicates<'_>,
    schema: &SchemaObject,
    hint: &str,
    required: &[String],
) -> Result<Vec<String>, Error> {
    let mut parts = Vec::new();
    if let Some(value) = &schema.const_value {
        parts.push(equals(p, value));
    }
    if let Some(values) = &schema.enum_values {
        let list = p.list(&format!("{}_VALUES", shouty(hint)), &values.iter().map(value_of).collect::<Vec<_>>());
        parts.push(if values.iter().all(scalar) {
            format!("{list}.includes(value)")
        } else {
            p.uses("equal");
            format!("{list}.some((other) => equal(value, other))")
        });
    }
    let types: Vec<String> = schema.types.iter().map(|kind| test(p, *kind).to_owned()).collect();
    if !types.is_empty() {
        parts.push(any(&types));
    }
    for kind in [JsonType::String, JsonType::Number, JsonType::Array, JsonType::Object] {
        let of_kind = |other: &JsonType| *other == kind || (kind == JsonType::Number && *other == JsonType::Integer);
        if !schema.types.is_empty() && !schema.types.iter().any(of_kind) {
            continue;
        }
        let group = match kind {
            JsonType::String => strings(p, schema, hint)?,
            JsonType::Number => numbers(p, schema),
            JsonType::Array => arrays(p, schema, hint)?,
            _ => objects(p, schema, hint, required)?,
        };
        if schema.types.iter().all(of_kind) && !schema.types.is_empty() {
            parts.extend(group);
        } else if let Some(group) = all(group) {
            parts.push(format!("({} || {group})", negated(p, kind)));
        }
    }
    combinations(p, schema, hint, required, &mut parts)?;
    Ok(parts)
}

fn equals(p: &mut Predicates<'_>, value: &Value) -> String {
    if scalar(value) {
        format!("value === {}", value_of(value))
    } else {
        p.uses("equal");
        format!("equal(value, {})", value_of(value))
    }
}

fn test(p: &mut Predicates<'_>, kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "value === null",
        JsonType::Boolean => "typeof value === \"boolean\"",
        JsonType::Integer => {
            p.uses("isInteger");
            "isInteger(value)"
        }
        JsonType::Number => {
            p.uses("isNumber");
            "isNumber(value)"
        }
        JsonType::String => "typeof value === \"string\"",
        JsonType::Array => "Array.isArray(value)",
        JsonType::Object => {
            p.uses("isObject");
            "isObject(value)"
        }
    }
}

fn negated(p: &mut Predicates<'_>, kind: JsonType) -> &'static str {
    match kind {
        JsonType::String => "typeof value !== \"string\"",
        JsonType::Array => "!Array.isArray(value)",
        JsonType::Object => {
            p.uses("isObject");
            "!isObject(value)"
        }
        _ => "typeof value !== \"number\"",
    }
}

fn strings(p: &mut Predicates<'_>, schema: &SchemaObject, hint: &str) -> Result<Vec<String>, Error> {
    let mut parts = Vec::new();
    if let Some(least) = schema.min_length.filter(|least| *least > 0) {
        p.uses("isShorter");
        parts.push(format!("!isShorter(value, {least})"));
    }
    if let Some(most) = schema.max_length {
        p.uses("isLonger");
        parts.push(format!("!isLonger(value, {most})"));
    }
    if let Some(pattern) = &schema.pattern {
        parts.push(format!("{}.test(value)", p.pattern(pattern, hint)?));
    }
    if let Some(format) = &schema.format
        && let Some(guard) = format_guard(p, format)
    {
        parts.push(format!("{guard}(value)"));
    }
    Ok(parts)
}

fn numbers(p: &mut Predicates<'_>, schema: &SchemaObject) -> Vec<String> {
    let bounds = [
        (&schema.minimum, ">="),
        (&schema.maximum, "<="),
        (&schema.exclusive_minimum, ">"),
        (&schema.exclusive_maximum, "<"),
    ];
    let mut parts: Vec<String> = bounds
        .into_iter()
        .filter_map(|(bound, operator)| Some(format!("value {operator} {}", number(bound.as_ref()?))))
        .collect();
    if let Some(step) = &schema.multiple_of {
        p.uses("isMultiple");
        parts.push(format!("isMultiple(value, {})", number(step)));
    }
    parts
}

fn arrays(p: &mut Predicates<'_>, schema: &SchemaObject, hint: &str) -> Result<Vec<String>, Error> {
    let mut parts = Vec::new();
    if let Some(least) = schema.min_items.filter(|least| *least > 0) {
        parts.push(format!("value.length >= {least}"));
    }
    if let Some(most) = schema.max_items {
        parts.push(format!("value.length <= {most}"));
    }
    match &schema.items {
        None => {}
        Some(Items::All(items)) if shape::is_trivial(items) => {}
        Some(Items::All(items)) => {
            parts.push(format!("value.every({})", p.predicate(items, &format!("{hint}Item"))?));
        }
        Some(Items::Tuple(items)) => {
            for (index, item) in items.iter().enumerate() {
                let hint = format!("{hint}Item{}", index + 1);
                if let Some(test) = p.test(item, &format!("value[{index}]"), &hint)? {
                    parts.push(format!("(value.length <= {index} || {test})"));
                }
            }
            match &schema.additional_items {
                None => {}
                Some(Schema::Bool(false)) => parts.push(format!("value.length <= {}", items.len())),
                Some(rest) if shape::is_trivial(rest) => {}
                Some(rest) => {
                    let rest = p.predicate(rest, &format!("{hint}Rest"))?;
                    parts.push(format!("value.slice({}).every({rest})", items.len()));
                }
            }
        }
    }
    if let Some(contained) = &schema.contains {
        let least = schema.min_contains.unwrap_or(1);
        if (least, schema.max_contains) != (0, None) {
            let guard = p.predicate(contained, &format!("{hint}Contained"))?;
            parts.push(match (least, schema.max_contains) {
                (1, None) => format!("value.some({guard})"),
                (least, most) => {
                    p.uses("hasSome");
                    let most = most.map_or_else(String::new, |most| format!(", {most}"));
                    format!("hasSome(value, {guard}, {least}{most})")
                }
            });
        }
    }
    if let Some(rest) = schema.unevaluated_items.as_ref().filter(|rest| !shape::is_trivial(rest)) {
        let collector = p.collector(schema, hint)?;
        p.uses("unevaluatedItems");
        parts.push(match rest {
            Schema::Bool(_) => format!("unevaluatedItems(value, {collector}).length === 0"),
            rest => {
                let guard = p.predicate(rest, &format!("{hint}Unevaluated"))?;
                format!("unevaluatedItems(value, {collector}).every({guard})")
            }
        });
    }
    if schema.unique_items {
        let scalars = matches!(&schema.items, Some(Items::All(items)) if shape::accepts_only_scalars(p.ir(), items));
        let function = if scalars { "isDistinct" } else { "isUnique" };
        p.uses(function);
        parts.push(format!("{function}(value)"));
    }
    Ok(parts)
}
