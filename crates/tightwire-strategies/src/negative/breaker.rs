//! Values that one keyword refuses, made from a value that it accepts: those just beyond its bound first.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::Maker;
use crate::number::{Num, same};
use crate::schema::{Keywords, NodeId, Rule, escaped};
use crate::types::Types;

/// Longer texts, arrays and objects are not made only to be too long.
const MAX_COUNT: usize = 70_000;
/// So many random ones of a kind are tried.
const TRIES: usize = 4;
/// Names that schemas hardly have.
const UNKNOWN: [&str; 4] = ["x_unknown", "Type", "", "🦀"];

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
            here(numbers(keywords, keyword))
        }
        ("minLength" | "maxLength" | "pattern" | "format", Value::String(text)) => {
            here(texts(keywords, keyword, text, rng).into_iter().map(Value::String).collect())
        }
        (_, Value::Array(items)) => arrays(maker, node, keywords, keyword, items, rng),
        (_, Value::Object(members)) => objects(maker, node, keywords, keyword, members, rng),
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

fn numbers(keywords: &Keywords, keyword: &str) -> Vec<Value> {
    let limits = &keywords.number;
    let beside = |limit: Option<Num>, steps: [f64; 3]| -> Vec<Value> {
        let Some(limit) = limit else { return Vec::new() };
        let step = |by: f64| match limit {
            Num::Whole(whole) if by.fract() == 0.0 => Num::Whole(whole.saturating_add(by as i128)),
            limit => Num::from_f64(limit.to_f64() + by),
        };
        steps.into_iter().filter_map(|by| step(by).to_value()).collect()
    };
    match keyword {
        "minimum" => beside(limits.minimum, [-1.0, -1000.0, -0.5]),
        "maximum" => beside(limits.maximum, [1.0, 1000.0, 0.5]),
        "exclusiveMinimum" => beside(limits.above, [0.0, -1.0, -0.5]),
        "exclusiveMaximum" => beside(limits.below, [0.0, 1.0, 0.5]),
        _ => {
            let Some(multiple) = limits.multiple_of else { return Vec::new() };
            let within = limits.minimum.or(limits.above).map_or(0.0, Num::to_f64);
            let first = (within / multiple.to_f64()).ceil() * multiple.to_f64();
            let by = |share: f64| Num::from_f64(first + multiple.to_f64() * share).to_value();
            let whole =
                matches!(multiple, Num::Whole(whole) if whole > 1).then(|| Num::from_f64(first + 1.0).to_value());
            [whole.flatten(), by(0.5), by(1.5), by(0.25)].into_iter().flatten().collect()
        }
    }
}

fn texts(keywords: &Keywords, keyword: &str, text: &str, rng: &mut Rng) -> Vec<String> {
    let length = keywords.length;
    let longest = (length.max < usize::MAX).then_some(length.max);
    let of_length = |count: usize, rng: &mut Rng| -> Vec<String> {
        if count > MAX_COUNT {
            return Vec::new();
        }
        let mut found: Vec<String> = Vec::new();
        // What the pattern and the format still accept.
        let pattern = keywords.pattern.as_ref().and_then(|pattern| pattern.texts(count, Some(count)));
        let format = keywords.format.and_then(|format| format.texts(count, Some(count)));
        found.extend(pattern.map(|texts| texts.sample(rng)));
        found.extend(format.map(|texts| texts.sample(rng)));
        let last = text.chars().last().unwrap_or('a');
        found.push(text.chars().chain(std::iter::repeat(last)).take(count).collect());
        // Of more bytes and UTF-16 units than characters, and of as few as can be.
        found.extend(["a", "🦀", "é"].map(|filler| filler.repeat(count)));
        found
    };
    match keyword {
        "minLength" => length.min.checked_sub(1).map_or_else(Vec::new, |count| of_length(count, rng)),
        "maxLength" => longest.map_or_else(Vec::new, |longest| of_length(longest + 1, rng)),
        "pattern" => {
            let others = keywords.pattern.as_ref().and_then(|pattern| pattern.others(length.min, longest));
            let mut found: Vec<String> =
                others.map_or_else(Vec::new, |others| (0..2 * TRIES).map(|_| others.sample(rng)).collect());
            // What has the format still, if it has one.
            let format = keywords.format.and_then(|format| format.texts(length.min, longest));
            found
                .extend(format.into_iter().flat_map(|texts| (0..TRIES).map(|_| texts.sample(rng)).collect::<Vec<_>>()));
            found
        }
        _ => {
            let others = keywords.format.filter(|format| format.is_judged());
            let others = others.and_then(|format| format.others(length.min, longest));
            others.map_or_else(Vec::new, |others| (0..2 * TRIES).map(|_| others.sample(rng)).collect())
        }
    }
}

fn arrays(
    maker: &Maker<'_>,
    node: NodeId,
    keywords: &Keywords,
    keyword: &str,
    items: &[Value],
    rng: &mut Rng,
) -> Vec<Candidate> {
    let here = |items: Vec<Value>| (Value::Array(items), String::new());
    let further = |rng: &mut Rng| keywords.items.map_or(Some(Value::Null), |node| maker.value(node, rng));
    match keyword {
        "minItems" => {
            let fewer = keywords.item_count.min.saturating_sub(1).min(items.len());
            vec![here(items[..fewer].to_vec()), here(Vec::new())]
        }
        "maxItems" => {
            let count = keywords.item_count.max.saturating_add(1);
            if count > MAX_COUNT {
                return Vec::new();
            }
            let mut different = items.to_vec();
            for _ in 0..count.saturating_mul(2) {
                if different.len() >= count {
                    break;
                }
                if let Some(item) = further(rng).filter(|item| !different.iter().any(|other| same(other, item))) {
                    different.push(item);
                }
            }
            let mut found = Vec::new();
            if different.len() == count {
                found.push(here(different));
            }
            if let Some(item) = items.last().cloned().or_else(|| further(rng)) {
                found.push(here(items.iter().cloned().chain(std::iter::repeat(item)).take(count).collect()));
            }
            found
        }
        "uniqueItems" => {
            let mut found = Vec::new();
            if let Some(first) = items.first() {
                found.push(here(items.iter().chain([first]).cloned().collect()));
                // Without being more than before.
                if items.len() > 1 {
                    found.push(here(items[..items.len() - 1].iter().chain([first]).cloned().collect()));
                }
            } else if let Some(item) = further(rng) {
                found.push(here(vec![item.clone(), item]));
            }
            found
        }
        "contains" | "minContains" => {
            let is_counted = |item: &Value| keywords.contains.is_some_and(|node| maker.schemas.accepts(node, item));
            let without: Vec<Value> = items.iter().filter(|item| !is_counted(item)).cloned().collect();
            let mut replaced: Vec<Value> = Vec::new();
            for item in items {
                let other = (0..TRIES).find_map(|_| further(rng).filter(|other| !is_counted(other)));
                replaced.push(if is_counted(item) { other.unwrap_or(Value::Null) } else { item.clone() });
            }
            vec![here(replaced), here(without), here(vec![Value::Null; items.len()]), here(Vec::new())]
        }
        "maxContains" => {
            let count = keywords.contained.max.saturating_add(1);
            let counted = keywords.contains.and_then(|node| maker.value(node, rng));
            let Some(counted) = counted.filter(|_| count < MAX_COUNT) else { return Vec::new() };
            vec![here(items.iter().cloned().chain(vec![counted.clone(); count]).collect()), here(vec![counted; count])]
        }
        // What may not be there: an item behind those that may.
        "items" | "additionalItems" | "prefixItems" | "unevaluatedItems" => {
            let mut full = items.to_vec();
            while let Some(&next) = keywords.tuple.get(full.len()) {
                let Some(item) = maker.value(next, rng) else { break };
                full.push(item);
            }
            let appended =
                |more: Value| (Value::Array(full.iter().cloned().chain([more]).collect()), format!("/{}", full.len()));
            let mut found: Vec<Candidate> = [json!(null), json!("a"), json!({})].into_iter().map(appended).collect();
            let forbidden = keywords.tuple.iter().position(|&child| maker.schemas.is_false(child));
            if let Some(place) = forbidden.filter(|_| keyword == maker.schemas.keyword_of(node, keywords.tuple[0])) {
                let padded = items.iter().cloned().chain(std::iter::repeat(Value::Null)).take(place + 1).collect();
                found.push((Value::Array(padded), format!("/{place}")));
            }
            found
        }
        _ => Vec::new(),
    }
}

fn objects(
    maker: &Maker<'_>,
    node: NodeId,
    keywords: &Keywords,
    keyword: &str,
    members: &Map<String, Value>,
    rng: &mut Rng,
) -> Vec<Candidate> {
    let without = |name: &str| {
        let mut members = members.clone();
        members.shift_remove(name).map(|_| Value::Object(members))
    };
    let with = |name: &str, value: Value| {
        let mut members = members.clone();
        members.insert(name.to_owned(), value);
        Value::Object(members)
    };
    let additional = |rng: &mut Rng| keywords.additional.map_or(Some(json!(1)), |node| maker.value(node, rng));
    match keyword {
        "required" => {
            let missing = keywords.required.iter();
            missing.filter_map(|name| Some((without(name)?, format!("/{}", escaped(name))))).collect()
        }
        "dependentRequired" => {
            let mut found = Vec::new();
            for (name, others) in &keywords.dependent_names {
                for other in others {
                    let pointer = format!("/{}", escaped(other));
                    if members.contains_key(name) {
                        found.extend(without(other).map(|value| (value, pointer)));
                    } else if !members.contains_key(other) {
                        let known = keywords.properties.iter().find(|(known, _)| known == name);
                        let value = known.and_then(|(_, node)| maker.value(*node, rng)).unwrap_or(Value::Null);
                        found.push((with(name, value), pointer));
                    }
                }
            }
            found
        }
        "minProperties" => {
            let keep = keywords.property_count.min.saturating_sub(1);
            let first = members.iter().take(keep).map(|(name, value)| (name.clone(), value.clone())).collect();
            let is_required = |name: &String| keywords.required.contains(name);
            let mut required: Vec<_> = members.iter().filter(|(name, _)| is_required(name)).collect();
            required.extend(members.iter().filter(|(name, _)| !is_required(name)));
            let required = required.into_iter().take(keep).map(|(name, value)| (name.clone(), value.clone())).collect();
            [required, first].map(|members: Map<String, Value>| (Value::Object(members), String::new())).into()
        }
        "maxProperties" => {
            let count = keywords.property_count.max.saturating_add(1);
            if count > MAX_COUNT {
                return Vec::new();
            }
            let mut more = members.clone();
            let one = additional(rng);
            for number in 0..3 * count {
                if more.len() >= count {
                    break;
                }
                let named = || {
                    let (pattern, child) = keywords.patterns.first()?;
                    Some((pattern.sample(&mut Rng::with_seed(number as u64))?, *child))
                };
                let (name, value) = match (&one, keywords.names) {
                    (Some(value), None) => (format!("x{number}"), Some(value.clone())),
                    (Some(value), Some(names)) => match maker.value(names, rng) {
                        Some(Value::String(name)) => (name, Some(value.clone())),
                        _ => continue,
                    },
                    (None, _) => match named() {
                        Some((name, child)) => (name, maker.value(child, rng)),
                        None => break,
                    },
                };
                if let Some(value) = value {
                    more.insert(name, value);
                }
            }
            vec![(Value::Object(more), String::new())]
        }
        "additionalProperties" | "unevaluatedProperties" => {
            let names = UNKNOWN.into_iter().filter(|name| !members.contains_key(*name));
            names.map(|name| (with(name, json!(1)), format!("/{}", escaped(name)))).collect()
        }
        "properties" | "patternProperties" => {
            let named = keywords.properties.iter().map(|(name, child)| (Some(name.clone()), *child));
            let matching = keywords.patterns.iter().map(|(pattern, child)| (pattern.sample(rng), *child));
            let all: Vec<(Option<String>, NodeId)> = named.chain(matching).collect();
            all.into_iter()
                .filter(|(_, child)| {
                    maker.schemas.is_false(*child) && maker.schemas.keyword_of(node, *child) == keyword
                })
                .filter_map(|(name, _)| name)
                .map(|name| (with(&name, json!(1)), format!("/{}", escaped(&name))))
                .collect()
        }
        "propertyNames" => {
            let Some(names) = keywords.names else { return Vec::new() };
            let mut wrong: Vec<String> = UNKNOWN.map(str::to_owned).into();
            if let Some(value) = maker.value(names, rng) {
                for inner in maker.schemas.breakable(names) {
                    let broken = candidates(maker, names, inner, &value, rng);
                    wrong.extend(broken.into_iter().filter_map(|(name, _)| name.as_str().map(str::to_owned)));
                }
            }
            let value = members.values().next().cloned().or_else(|| additional(rng)).unwrap_or(Value::Null);
            wrong.into_iter().map(|name| (with(&name, value.clone()), String::new())).collect()
        }
        _ => Vec::new(),
    }
}
