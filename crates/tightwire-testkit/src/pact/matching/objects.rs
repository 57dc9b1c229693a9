//! An object held against an example.

use serde_json::{Map, Value};

use super::super::path::At;
use super::super::rule::{Rule, RuleKind};
use super::{Keys, Matching, Mismatch, combined, each_value, mismatch, value};

impl Matching<'_> {
    pub(super) fn objects(
        self,
        place: &mut Vec<At>,
        expected: &Map<String, Value>,
        actual: &Map<String, Value>,
    ) -> Vec<Mismatch> {
        let Some(best) = self.best(place) else {
            let mut found = self.required(place, expected, actual);
            found.extend(self.members(place, expected, actual));
            return found;
        };
        // Whoever says something of each key or each value does not ask for the example's own keys.
        let named = !best.cascaded && best.list.rules.iter().any(|rule| rule.kind().is_about_each());
        combined(best.list, |rule| {
            if !best.cascaded
                && let Some(found) = self.each_member(place, rule, expected, actual)
            {
                return found;
            }
            let whole = |value: &Map<String, Value>| Value::Object(value.clone());
            let mut found: Vec<Mismatch> = value::object(rule.kind(), expected, actual, best.cascaded)
                .err()
                .map(|message| mismatch(place, rule.name(), Some(&whole(expected)), Some(&whole(actual)), &message))
                .into_iter()
                .collect();
            if !named {
                found.extend(self.required(place, expected, actual));
            }
            if let (RuleKind::EachKey(rules), false) = (rule.kind(), best.cascaded) {
                found.extend(names(place, rules, actual));
            }
            found.extend(self.members(place, expected, actual));
            found
        })
    }

    /// What a rule about the object's values says; `None` where the rule is about something else.
    fn each_member(
        self,
        place: &mut Vec<At>,
        rule: &Rule,
        expected: &Map<String, Value>,
        actual: &Map<String, Value>,
    ) -> Option<Vec<Mismatch>> {
        let each;
        let rules = match rule.kind() {
            RuleKind::Values => self.rules,
            RuleKind::EachValue(rules) => {
                each = each_value(place, rules);
                &each
            }
            _ => return None,
        };
        let matching = Matching { rules, keys: self.keys };
        let mut found = Vec::new();
        for (name, member) in actual {
            // A member that the example does not have is like its first.
            if let Some(example) = expected.get(name).or_else(|| expected.values().next()) {
                found.extend(matching.below(place, At::Member(name.clone()), example, member));
            }
        }
        Some(found)
    }

    /// Keys that are missing, and keys that nobody expects.
    fn required(self, place: &[At], expected: &Map<String, Value>, actual: &Map<String, Value>) -> Vec<Mismatch> {
        let below = |name: &String| {
            let mut place = place.to_vec();
            place.push(At::Member(name.clone()));
            place
        };
        let missing = expected.iter().filter(|(name, _)| !actual.contains_key(*name));
        let mut found: Vec<Mismatch> = missing
            .map(|(name, example)| {
                mismatch(&below(name), "keys", Some(example), None, &format!("expected a key `{name}`"))
            })
            .collect();
        if self.keys == Keys::Closed {
            let unexpected = actual.iter().filter(|(name, _)| !expected.contains_key(*name));
            found.extend(unexpected.map(|(name, member)| {
                mismatch(&below(name), "keys", None, Some(member), &format!("a key `{name}` is not expected"))
            }));
        }
        found
    }

    /// The members that both have.
    fn members(self, place: &mut Vec<At>, expected: &Map<String, Value>, actual: &Map<String, Value>) -> Vec<Mismatch> {
        let mut found = Vec::new();
        for (name, example) in expected {
            if let Some(member) = actual.get(name) {
                found.extend(self.below(place, At::Member(name.clone()), example, member));
            }
        }
        found
    }
}

/// Each key held against rules.
fn names(place: &[At], rules: &[Rule], actual: &Map<String, Value>) -> Vec<Mismatch> {
    let mut found = Vec::new();
    for (name, member) in actual {
        for rule in rules {
            let text = Value::from(name.as_str());
            if let Err(message) = value::scalar(rule.kind(), &Value::from(""), &text, false) {
                let mut place = place.to_vec();
                place.push(At::Member(name.clone()));
                found.push(mismatch(&place, "eachKey", None, Some(member), &format!("of the key `{name}`: {message}")));
            }
        }
    }
    found
}
