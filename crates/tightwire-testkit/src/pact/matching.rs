//! A value held against an example and its matching rules, as the Pact specification has it.
//!
//! Where no rule is about a place, the value there must be equal to the example's. Of several paths the one with the greatest
//! weight counts ([`Path::weight`], times the number of its steps). A path is also about everything below it, as far as no
//! other is about that more closely; bounds of length count at the place itself only.
//!
//! Keys that the example does not have are ignored in what a provider sends and refused in what a consumer sends.

mod arrays;
mod datetime;
mod objects;
mod value;

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use serde_json::Value;

use super::model::Contents;
use super::path::{At, Path, pointer};
use super::rule::{Combine, Rule, RuleList};
use crate::json;

pub(crate) use self::datetime::refused as check_format;
pub(crate) use self::value::regex;

/// A place where a value is not what is expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// Where, as a JSON Pointer into the value; empty for the value itself.
    pub pointer: String,
    /// The rule that is broken, by its name in the specification; `keys` for a key that is missing or not expected, `length`
    /// for a list of another length than the example.
    pub rule: String,
    /// The example at that place. `None` where it has nothing there.
    pub expected: Option<Value>,
    /// What is there. `None` where there is nothing.
    pub actual: Option<Value>,
    /// What is expected there, in words.
    pub message: String,
}

/// What becomes of keys that the example does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// They are ignored, as consumers do.
    Open,
    /// They are refused, as providers do.
    Closed,
}

/// Holds a frame against what is expected of it. Empty where it is what is expected.
///
/// # Panics
/// Where the content is not JSON ([`Contents::value`]).
#[must_use]
pub fn match_contents(expected: &Contents, actual: &Value, keys: Keys) -> Vec<Mismatch> {
    let example = expected.value().expect("the content is JSON");
    match_value(&expected.matching_rules.body, &example, actual, keys)
}

/// Holds a value against an example and its rules.
#[must_use]
pub fn match_value(rules: &BTreeMap<Path, RuleList>, expected: &Value, actual: &Value, keys: Keys) -> Vec<Mismatch> {
    Matching { rules, keys }.compare(&mut Vec::new(), expected, actual)
}

/// Rules by path, and the place that they begin at is the root.
#[derive(Clone, Copy)]
struct Matching<'a> {
    rules: &'a BTreeMap<Path, RuleList>,
    keys: Keys,
}

/// The rules that are about a place.
#[derive(Clone, Copy)]
struct Best<'a> {
    list: &'a RuleList,
    /// They are about something above it.
    cascaded: bool,
}

impl<'a> Matching<'a> {
    fn compare(self, place: &mut Vec<At>, expected: &Value, actual: &Value) -> Vec<Mismatch> {
        match (expected, actual) {
            (Value::Object(example), Value::Object(members)) => self.objects(place, example, members),
            (Value::Array(example), Value::Array(items)) => self.arrays(place, example, items),
            (Value::Object(_) | Value::Array(_), _) => {
                vec![mismatch(
                    place,
                    "type",
                    Some(expected),
                    Some(actual),
                    &format!("expected {}", value::type_of(expected)),
                )]
            }
            _ => self.scalars(place, expected, actual),
        }
    }

    fn best(self, place: &[At]) -> Option<Best<'a>> {
        let weight = |path: &Path| path.weight(place).saturating_mul(path.steps().len() as u64 + 1);
        let (path, list) = self
            .rules
            .iter()
            .filter(|(path, _)| path.weight(place) > 0)
            .max_by_key(|(path, _)| (weight(path), path.steps().len()))?;
        Some(Best { list, cascaded: path.steps().len() < place.len() })
    }

    fn scalars(self, place: &[At], expected: &Value, actual: &Value) -> Vec<Mismatch> {
        let hold = |rule: &Rule, cascaded: bool| {
            let refused = value::scalar(rule.kind(), expected, actual, cascaded).err();
            refused
                .map(|message| mismatch(place, rule.name(), Some(expected), Some(actual), &message))
                .into_iter()
                .collect()
        };
        match self.best(place) {
            Some(best) => combined(best.list, |rule| hold(rule, best.cascaded)),
            None => hold(&Rule::equality(), false),
        }
    }

    fn below(self, place: &mut Vec<At>, at: At, expected: &Value, actual: &Value) -> Vec<Mismatch> {
        place.push(at);
        let found = self.compare(place, expected, actual);
        place.pop();
        found
    }
}

/// What the rules of a list find, one by one, put together.
fn combined(list: &RuleList, mut hold: impl FnMut(&Rule) -> Vec<Mismatch>) -> Vec<Mismatch> {
    let mut all: Vec<Mismatch> = Vec::new();
    for rule in &list.rules {
        let found = hold(rule);
        if found.is_empty() && list.combine == Combine::Or {
            return Vec::new();
        }
        // Rules of one place look at the same values below it, and find the same.
        for mismatch in found {
            if !all.contains(&mismatch) {
                all.push(mismatch);
            }
        }
    }
    all
}

/// The rules for each value below a place.
fn each_value(place: &[At], rules: &[Rule]) -> BTreeMap<Path, RuleList> {
    let list = RuleList { combine: Combine::And, rules: rules.to_vec() };
    BTreeMap::from([(Path::any_below(place), list)])
}

fn counted(items: usize) -> String {
    if items == 1 { "1 item".to_owned() } else { format!("{items} items") }
}

fn mismatch(place: &[At], rule: &str, expected: Option<&Value>, actual: Option<&Value>, message: &str) -> Mismatch {
    Mismatch {
        pointer: pointer(place),
        rule: rule.to_owned(),
        expected: expected.cloned(),
        actual: actual.cloned(),
        message: message.to_owned(),
    }
}

impl Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = if self.pointer.is_empty() { "the frame" } else { &self.pointer };
        write!(f, "{pointer}: {} ({})", self.message, self.rule)?;
        match &self.actual {
            Some(actual) => write!(f, "; found {}", json::shorten(&json::one_line(actual), 300)),
            None => f.write_str("; found nothing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn rules(json: &Value) -> BTreeMap<Path, RuleList> {
        super::super::rule::by_path(json).unwrap()
    }

    #[track_caller]
    fn check(rules_of: Value, expected: Value, actual: Value, keys: Keys, found: &[&str]) {
        let list = |rules: &Value| if rules.is_array() { json!({"matchers": rules}) } else { rules.clone() };
        let rules_of: Map<String, Value> =
            rules_of.as_object().unwrap().iter().map(|(path, rules)| (path.clone(), list(rules))).collect();
        let mismatches = match_value(&rules(&Value::Object(rules_of)), &expected, &actual, keys);
        assert_eq!(mismatches.iter().map(Mismatch::to_string).collect::<Vec<_>>(), found);
    }

    #[test]
    fn says_what_was_expected_and_what_was_found() {
        check(
            json!({"$.seq": [{"match": "integer"}], "$.id": [{"match": "regex", "regex": "^[0-9a-f]+$"}]}),
            json!({"seq": 1, "id": "ab", "type": "echo"}),
            json!({"seq": "2", "id": "xy", "type": "pong", "extra": null}),
            Keys::Open,
            &[
                "/seq: expected a whole number (integer); found \"2\"",
                "/id: expected text that matches /^[0-9a-f]+$/ as a whole (regex); found \"xy\"",
                "/type: expected \"echo\" (equality); found \"pong\"",
            ],
        );
    }

    #[test]
    fn refuses_missing_keys_and_in_requests_unexpected_ones() {
        let (expected, actual) = (json!({"a": {"b": 1}}), json!({"a": {"c": 1}}));
        let missing = "/a/b: expected a key `b` (keys); found nothing";
        check(json!({}), expected.clone(), actual.clone(), Keys::Open, &[missing]);
        check(json!({}), expected, actual, Keys::Closed, &[missing, "/a/c: a key `c` is not expected (keys); found 1"]);
    }

    #[test]
    fn bounds_count_where_they_stand() {
        check(
            json!({"$.a": [{"match": "type", "min": 2}]}),
            json!({"a": [{"b": [1]}]}),
            json!({"a": [{"b": []}]}),
            Keys::Open,
            &["/a: expected at least 2 items, not 1 (type); found [{\"b\": []}]"],
        );
    }

    #[test]
    fn one_of_several_rules_is_enough_with_or() {
        let rules = json!({"$": {"combine": "OR", "matchers": [{"match": "null"}, {"match": "integer"}]}});
        for holds in [json!(null), json!(7)] {
            check(rules.clone(), json!(1), holds, Keys::Open, &[]);
        }
        let found = [
            "the frame: expected `null` (null); found \"x\"",
            "the frame: expected a whole number (integer); found \"x\"",
        ];
        check(rules, json!(1), json!("x"), Keys::Open, &found);
    }
}
