//! Values that one keyword refuses, made from a value that it accepts: those just beyond its bound first.

mod array;
mod number;
mod object;
mod text;

use fastrand::Rng;
use serde_json::{Value, json};

use super::Maker;
use crate::number::{Num, same};
use crate::schema::{Keywords, NodeId, Rule};
use crate::types::Types;

/// Longer texts, arrays and objects are not made only to be too long.
const MAX_COUNT: usize = 70_000;
/// So many random ones of a kind are tried.
const TRIES: usize = 4;

/// A value in place of another, and what to add to the place's pointer: what is missing now, or is too many.
pub(super) type Candidate = (Value, String);

/// Values that the keyword refuses in place of the one that is there. Not all of them are refused for sure: that is judged
/// afterwards.
pub(super) fn candidates(
    maker: &Maker<'_>,
    node: NodeId,
    keyword: &str,
    value: &Value,
    rng: &mut Rng,
) -> Vec<Candidate> {
    let Rule::Keywords(keywords) = &maker.schemas.node(node).rule else { return Vec::new() };
    let here = |values: Vec<Value>| values.into_iter().map(|value| (value, String::new())).collect();
    match (keyword, value) {
        ("type", _) => here(others(value).into_iter().filter(|other| !is_of(keywords, other)).collect()),
        ("const" | "enum", _) => here(similar(value, keywords)),
        ("anyOf" | "oneOf" | "not", _) => here(other_forms(maker, keywords, keyword, value, rng)),
        ("minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf", Value::Number(_)) => {
            here(number::of(keywords, keyword))
        }
        ("minLength" | "maxLength" | "pattern" | "format", Value::String(text)) => {
            here(text::of(keywords, keyword, text, rng).into_iter().map(Value::String).collect())
        }
        (_, Value::Array(items)) => array::of(maker, node, keywords, keyword, items, rng),
        (_, Value::Object(members)) => object::of(maker, node, keywords, keyword, members, rng),
        _ => Vec::new(),
    }
}

fn is_of(keywords: &Keywords, value: &Value) -> bool {
    keywords.types.is_none_or(|types| types.has(Types::of(value)))
}

/// Values of all types, those first that are written much the same.
fn others(value: &Value) -> Vec<Value> {
    let near = match value {
        Value::String(text) => vec![json!([text]), text.parse::<i64>().map_or(json!(0), Value::from)],
        Value::Number(number) => vec![json!(number.to_string()), json!([number])],
        Value::Bool(value) => vec![json!(value.to_string()), json!(u8::from(*value))],
        Value::Array(items) => vec![items.first().cloned().unwrap_or_default(), json!({ "0": null })],
        Value::Object(members) => vec![json!([members]), json!(members.keys().collect::<Vec<_>>())],
        Value::Null => vec![json!("null")],
    };
    near.into_iter().chain(every_type()).collect()
}

fn every_type() -> [Value; 9] {
    [json!(null), json!(true), json!(0), json!(1.5), json!(""), json!([]), json!({}), json!(false), json!("a")]
}

/// Values of the same type that are not listed, those first that look much the same; then others.
fn similar(value: &Value, keywords: &Keywords) -> Vec<Value> {
    let near = match value {
        Value::String(text) => vec![
            json!(format!("{text}x")),
            json!(text.to_uppercase()),
            json!(text.chars().skip(1).collect::<String>()),
            json!(format!("{text}\u{0}")),
            json!(""),
            json!(format!(" {text}")),
        ],
        Value::Number(number) => {
            let beside = |by: i128| match Num::of(number) {
                Num::Whole(whole) => Num::Whole(whole + by).to_value(),
                Num::Float(float) => Num::from_f64(float + by as f64).to_value(),
            };
            [beside(1), beside(-1), beside(1000), Some(json!(0.5))].into_iter().flatten().collect()
        }
        Value::Bool(value) => vec![json!(!value)],
        Value::Array(items) => vec![json!([items]), json!([])],
        Value::Object(_) | Value::Null => Vec::new(),
    };
    let is_listed =
        |value: &Value| keywords.values.iter().flatten().chain(&keywords.constant).any(|listed| same(listed, value));
    let mut all: Vec<Value> = near.into_iter().filter(|value| is_of(keywords, value)).collect();
    all.extend(others(value));
    all.retain(|value| !is_listed(value));
    all
}

/// Values of none of the forms, of several of one form only, or of a form that there may not be.
fn other_forms(maker: &Maker<'_>, keywords: &Keywords, keyword: &str, value: &Value, rng: &mut Rng) -> Vec<Value> {
    let mut all = Vec::new();
    let forms = match keyword {
        "not" => keywords.not.as_slice(),
        // Of those that one form accepts, another one may accept some too.
        "oneOf" => &keywords.one_of,
        _ => &[],
    };
    for &form in forms {
        all.extend((0..TRIES).filter_map(|_| maker.value(form, rng)));
    }
    if keyword == "oneOf" {
        let accepting =
            |value: &Value| keywords.one_of.iter().filter(|&&form| maker.schemas.accepts(form, value)).count();
        all.retain(|value| accepting(value) > 1);
    }
    if let Value::Object(members) = value {
        // What one form requires is what tells it from the others.
        let without = |name: &String| {
            let mut members = members.clone();
            members.shift_remove(name);
            Value::Object(members)
        };
        all.extend(members.keys().map(without));
    }
    all.extend(others(value));
    all
}
