//! An array held against an example.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::path::At;
use super::super::rule::{RuleKind, Variant};
use super::{Matching, Mismatch, combined, counted, each_value, mismatch, value};

impl Matching<'_> {
    pub(super) fn arrays(self, place: &mut Vec<At>, expected: &[Value], actual: &[Value]) -> Vec<Mismatch> {
        let whole = |items: &[Value]| Value::Array(items.to_vec());
        let Some(best) = self.best(place) else {
            let mut found = self.items(place, expected, actual, false);
            if expected.len() != actual.len() {
                let message = format!("expected {}, not {}", counted(expected.len()), counted(actual.len()));
                found.push(mismatch(place, "length", Some(&whole(expected)), Some(&whole(actual)), &message));
            }
            return found;
        };
        combined(best.list, |rule| match rule.kind() {
            RuleKind::ArrayContains(variants) if !best.cascaded => self.contains(place, variants, expected, actual),
            RuleKind::EachValue(rules) if !best.cascaded => {
                let each = each_value(place, rules);
                Matching { rules: &each, keys: self.keys }.items(place, expected, actual, true)
            }
            kind => {
                let mut found: Vec<Mismatch> = value::array(kind, expected, actual, best.cascaded)
                    .err()
                    .map(|message| mismatch(place, rule.name(), Some(&whole(expected)), Some(&whole(actual)), &message))
                    .into_iter()
                    .collect();
                found.extend(self.items(place, expected, actual, true));
                found
            }
        })
    }

    /// The items that both have; with `more`, items behind the example's last are like its first.
    fn items(self, place: &mut Vec<At>, expected: &[Value], actual: &[Value], more: bool) -> Vec<Mismatch> {
        let mut found = Vec::new();
        for (index, item) in actual.iter().enumerate() {
            let like_the_first = if more { expected.first() } else { None };
            if let Some(example) = expected.get(index).or(like_the_first) {
                found.extend(self.below(place, At::Item(index), example, item));
            }
        }
        found
    }

    fn contains(self, place: &[At], variants: &[Variant], expected: &[Value], actual: &[Value]) -> Vec<Mismatch> {
        let whole = Value::Array(actual.to_vec());
        let each: Vec<Variant>;
        let variants = if variants.is_empty() {
            each = (0..expected.len()).map(|index| Variant { index, rules: BTreeMap::new() }).collect();
            &each
        } else {
            variants
        };
        let refused = |variant: &Variant| {
            let Some(example) = expected.get(variant.index) else {
                let message = format!("the example has no item {} for a variant", variant.index);
                return Some(mismatch(place, "arrayContains", None, Some(&whole), &message));
            };
            let matching = Matching { rules: &variant.rules, keys: self.keys };
            if actual.iter().any(|item| matching.compare(&mut Vec::new(), example, item).is_empty()) {
                return None;
            }
            let message = format!("expected an item like item {} of the example", variant.index);
            Some(mismatch(place, "arrayContains", Some(example), Some(&whole), &message))
        };
        variants.iter().filter_map(refused).collect()
    }
}
