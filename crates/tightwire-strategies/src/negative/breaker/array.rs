//! Arrays with too few or too many items, or with such as there may not be.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{Candidate, MAX_COUNT, TRIES};
use crate::negative::Maker;
use crate::number::same;
use crate::schema::{Keywords, NodeId};

/// Arrays that the keyword refuses, in place of one with these items.
pub(super) fn of(
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
