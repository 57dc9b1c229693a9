//! Objects with too few or too many members, or with such as there may not be.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::{Candidate, MAX_COUNT, candidates};
use crate::negative::Maker;
use crate::schema::{Keywords, NodeId, escaped};

/// Names that schemas hardly have.
const UNKNOWN: [&str; 4] = ["x_unknown", "Type", "", "🦀"];

/// Objects that the keyword refuses, in place of one with these members.
pub(super) fn of(
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
