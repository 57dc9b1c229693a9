//! An example and its matching rules: each rule can be used, is about something, and holds for the example itself.

use serde_json::Value;

use super::super::matching::{Keys, check_format, match_contents, regex};
use super::super::path::{Path, Step};
use super::super::rule::{Rule, RuleKind, RuleList, escape};
use super::Findings;
use super::exchange::Frame;

pub(super) fn check(frame: &Frame<'_>, value: &Value, is_enveloped: bool, findings: &mut Findings) {
    let before = findings.0.len();
    for (path, list) in &frame.contents.matching_rules.body {
        let pointer = format!("{}/matchingRules/body/{}", frame.pointer, escape(&path.to_string()));
        rules(path, list, value, &pointer, findings);
    }
    generators(frame, findings);
    if findings.0[before..].iter().any(|finding| finding.severity == tightwire_spec::Severity::Error) {
        return;
    }
    for mismatch in match_contents(frame.contents, value, Keys::Closed) {
        let pointer = format!("{}/contents/content{}", frame.pointer, mismatch.pointer);
        let message = format!("the example does not fulfil its own rule: {} ({})", mismatch.message, mismatch.rule);
        findings.error("example-not-matching", &pointer, message);
    }
    if is_enveloped && findings.0.len() == before {
        message_is_said(frame, value, findings);
    }
}

/// The rules may leave much open, but not which message it is.
fn message_is_said(frame: &Frame<'_>, value: &Value, findings: &mut Findings) {
    let mut other = value.clone();
    let Some(Value::String(wire_type)) = other.get_mut("type") else { return };
    wire_type.push_str("_of_another_kind");
    if match_contents(frame.contents, &other, Keys::Open).is_empty() {
        let message = "its rules accept every `type`, so another message would do as well";
        let pointer = format!("{}/matchingRules", frame.pointer);
        findings.warning("type-open", &pointer, message).help("give `$.type` the rule `equality`");
    }
}

/// The rules of a path. `value` is what the path begins at.
fn rules(path: &Path, list: &RuleList, value: &Value, pointer: &str, findings: &mut Findings) {
    let selected = select(path.steps(), value);
    if selected.is_empty() {
        let message = format!("the example has nothing at `{path}`, so the rule says nothing");
        findings.warning("path-nowhere", pointer, message).help("give the example such a value, or take the rule away");
    }
    if list.rules.is_empty() {
        findings.warning("no-rules", pointer, "there are no rules, so everything is accepted here");
    }
    for (index, rule) in list.rules.iter().enumerate() {
        one(rule, &selected, &format!("{pointer}/matchers/{index}"), findings);
    }
}

fn one(rule: &Rule, selected: &[&Value], pointer: &str, findings: &mut Findings) {
    match rule.kind() {
        RuleKind::Regex(pattern) => {
            if let Err(reason) = regex(pattern) {
                findings.error("regex-invalid", &format!("{pointer}/regex"), reason).help(
                    "expected a regular expression of JavaScript without assertions such as `(?=…)` and without `\\1`",
                );
            }
        }
        RuleKind::Date(format) | RuleKind::Time(format) | RuleKind::DateTime(format) => {
            if let Some(reason) = check_format(format) {
                let message = format!("the format `{format}` cannot be used: {reason}");
                findings
                    .error("format-invalid", &format!("{pointer}/format"), message)
                    .help("for instance `yyyy-MM-dd'T'HH:mm:ssXXX`");
            }
        }
        RuleKind::Type { min: Some(min), max: Some(max) } if min > max => {
            findings.error("bounds-empty", pointer, format!("nothing has at least {min} and at most {max} entries"));
        }
        RuleKind::EachKey(nested) | RuleKind::EachValue(nested) => {
            for (index, rule) in nested.iter().enumerate() {
                one(rule, &[], &format!("{pointer}/rules/{index}"), findings);
            }
        }
        RuleKind::ArrayContains(variants) => {
            for (index, variant) in variants.iter().enumerate() {
                let pointer = format!("{pointer}/variants/{index}");
                let Some(example) = selected.iter().find_map(|array| array.get(variant.index)) else {
                    let message = format!("the example has no item {} to compare with", variant.index);
                    findings.error("variant-without-example", &pointer, message);
                    continue;
                };
                for (path, list) in &variant.rules {
                    rules(path, list, example, &format!("{pointer}/rules/{}", escape(&path.to_string())), findings);
                }
            }
        }
        RuleKind::Unknown => {
            let message = format!("`{}` is not a rule of the specification, so nothing fulfils it", rule.name());
            findings
                .error("unknown-rule", &format!("{pointer}/match"), message)
                .help("rules of plugins are not supported");
        }
        _ => {}
    }
}

/// Every value that a path is about.
fn select<'a>(steps: &[Step], value: &'a Value) -> Vec<&'a Value> {
    let Some((first, rest)) = steps.split_first() else { return vec![value] };
    let below: Vec<&Value> = match (first, value) {
        (Step::Member(name), Value::Object(members)) => members.get(name).into_iter().collect(),
        (Step::Item(index), Value::Array(items)) => items.get(*index).into_iter().collect(),
        (Step::Any | Step::AnyItem, Value::Array(items)) => items.iter().collect(),
        (Step::Any, Value::Object(members)) => members.values().collect(),
        _ => Vec::new(),
    };
    below.into_iter().flat_map(|value| select(rest, value)).collect()
}

/// Generators have paths, too.
fn generators(frame: &Frame<'_>, findings: &mut Findings) {
    for (category, generators) in &frame.contents.generators {
        let (Value::Object(generators), "body" | "content" | "contents") = (generators, category.as_str()) else {
            continue;
        };
        for path in generators.keys() {
            if let Err(error) = path.parse::<Path>() {
                let pointer = format!("{}/generators/{category}/{}", frame.pointer, escape(path));
                findings.error("path-invalid", &pointer, error.to_string());
            }
        }
    }
}
