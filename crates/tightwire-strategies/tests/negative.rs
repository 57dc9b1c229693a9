//! What is broken is refused, and for the reason that is given: the `jsonschema` crate, which nothing of the crate itself
//! uses, names the keyword and the place, and nothing else that was not foreseen.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use support::{bundle, chat, documents, say, validator};
use tightwire_strategies::negative::{Negative, Target, Unbroken, Violated};
use tightwire_strategies::{Direction, Frames};

/// So many frames of each message are broken by chance, besides one for each keyword: of the chat, and of other documents.
const SAMPLES: (usize, usize) = (60, 8);

/// What the validator names, in the words of [`Negative`].
fn named_by(error: &ValidationError<'_>) -> Vec<Violated> {
    let at = error.instance_path().as_str().to_owned();
    let path = error.schema_path().as_str();
    let below = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    let one = |keyword: &str, pointer: String| vec![Violated { keyword: keyword.to_owned(), pointer }];
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let dependent = path.ends_with("/dependencies") || path.ends_with("/dependentRequired");
            let keyword = if dependent { "dependentRequired" } else { "required" };
            one(keyword, below(property.as_str().unwrap_or_default()))
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            unexpected.iter().flat_map(|name| one("additionalProperties", below(name))).collect()
        }
        ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().flat_map(|name| one("unevaluatedProperties", below(name))).collect()
        }
        ValidationErrorKind::FalseSchema => {
            const HOLDERS: [&str; 7] = [
                "patternProperties",
                "additionalProperties",
                "properties",
                "prefixItems",
                "additionalItems",
                "items",
                "unevaluatedProperties",
            ];
            let holder = path.rsplit('/').find(|segment| HOLDERS.contains(segment));
            one(holder.unwrap_or("false"), at)
        }
        ValidationErrorKind::Contains => one(path.rsplit('/').next().unwrap_or_default(), at),
        kind => one(kind.keyword(), at),
    }
}

/// Whether the validator says what was foreseen. It counts items that may not be there, and does not say which.
fn agrees(foreseen: &Violated, named: &Violated) -> bool {
    let items = ["items", "additionalItems", "unevaluatedItems", "prefixItems"];
    if items.contains(&foreseen.keyword.as_str()) && items.contains(&named.keyword.as_str()) {
        return foreseen.pointer.starts_with(&named.pointer);
    }
    // With an upper bound only, it says of both sides that the upper one does not hold.
    if foreseen.keyword == "contains" && named.keyword == "maxContains" {
        return foreseen.pointer == named.pointer;
    }
    // Of what may not be there, it names the member or the object.
    let leftover = ["additionalProperties", "unevaluatedProperties"].contains(&foreseen.keyword.as_str());
    if leftover && named.keyword == foreseen.keyword {
        return foreseen.pointer.starts_with(&named.pointer) || named.pointer.starts_with(&foreseen.pointer);
    }
    foreseen == named
}

/// What is wrong with a negative; nothing if it is one.
fn problem(validator: &Validator, negative: &Negative) -> Option<String> {
    let named: Vec<Violated> = validator.iter_errors(&negative.frame).flat_map(|error| named_by(&error)).collect();
    if named.is_empty() {
        return Some(format!("is accepted: {negative:?}"));
    }
    if !named.iter().any(|named| agrees(&negative.named(), named)) {
        return Some(format!("{named:?} instead of {:?}: {negative:?}", negative.named()));
    }
    let itself = Violated { keyword: negative.keyword.clone(), pointer: negative.pointer.clone() };
    let foreseen = [&[negative.named(), itself][..], &negative.follows].concat();
    let more = named.iter().find(|named| !foreseen.iter().any(|foreseen| agrees(foreseen, named)))?;
    Some(format!("{more:?} too: {negative:?}"))
}

/// What cannot be broken of a document's messages.
#[derive(Default)]
struct Coverage {
    broken: BTreeMap<String, usize>,
    alone: usize,
    unbroken: BTreeMap<(Target, Unbroken), usize>,
}

/// Breaks whatever can be broken of a document.
fn check(path: &Path, samples: usize) -> Option<Coverage> {
    let text = bundle(path)?;
    let parsed: Value = serde_json::from_str(&text).expect("JSON");
    let frames = Frames::from_bundle(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut coverage = Coverage::default();
    let mut rng = fastrand::Rng::with_seed(17);
    for direction in Direction::ALL {
        for key in frames.messages(direction) {
            if frames.impossible().any(|message| message.direction == direction && message.key == key) {
                continue;
            }
            let validator = validator(&parsed, direction, key);
            let all = frames.negatives(direction, key);
            let samples: Vec<Negative> =
                (0..samples).filter_map(|_| frames.sample_negative(direction, key, &mut rng)).collect();
            let of_targets: Vec<Negative> = all
                .examples
                .keys()
                .filter_map(|target| {
                    let negative = frames.sample_negative_of(direction, key, target, &mut rng)?;
                    assert_eq!((&negative.schema, &negative.keyword), (&target.schema, &target.keyword));
                    Some(negative)
                })
                .collect();
            assert_eq!(of_targets.is_empty(), all.examples.is_empty(), "{}: {key}", path.display());
            for negative in all.examples.values().chain(&samples).chain(&of_targets) {
                if let Some(problem) = problem(&validator, negative) {
                    panic!("{}: {key}: {problem}", path.display());
                }
                coverage.alone += usize::from(negative.follows.is_empty());
                *coverage.broken.entry(negative.keyword.clone()).or_default() += 1;
            }
            for (target, reason) in all.unbroken {
                *coverage.unbroken.entry((target, reason)).or_default() += 1;
            }
        }
    }
    Some(coverage)
}

impl Coverage {
    fn say(&self, name: &str) {
        let total: usize = self.broken.values().sum();
        let mut text = format!("{name}: {total} frames refused, {} with nothing else wrong.", self.alone);
        for (keyword, count) in &self.broken {
            write!(text, " {keyword} {count}").expect("memory");
        }
        for ((target, reason), messages) in &self.unbroken {
            let Target { schema, keyword } = target;
            write!(text, "\n  not broken: {keyword} of {schema} ({reason:?}, {messages} messages)").expect("memory");
        }
        say(text);
    }
}

#[test]
fn every_keyword_of_the_chat_is_broken() {
    let coverage = check(&chat(), SAMPLES.0).expect("the chat has a meaning");
    coverage.say("chat.yml");
    let unbroken: Vec<String> = coverage
        .unbroken
        .keys()
        .map(|(Target { schema, keyword }, reason)| format!("{keyword} of {schema}: {reason:?}"))
        .collect();
    // Nothing but what says nothing.
    assert_eq!(unbroken, [] as [&str; 0]);
}

#[test]
fn what_is_broken_in_any_document_is_refused() {
    for (name, path) in documents() {
        match check(&path, SAMPLES.1) {
            Some(coverage) => coverage.say(&name),
            None => say(format!("{name}: skipped, it has errors")),
        }
    }
}

/// The bundle of a protocol with one message of that schema.
fn of_schema(draft: &str, schema: &Value) -> String {
    json!({
        "$schema": draft,
        "x-messages": { "to_server": { "m": { "$ref": "#/definitions/M" } }, "to_client": {} },
        "definitions": { "M": schema },
    })
    .to_string()
}

const DRAFT_7: &str = "http://json-schema.org/draft-07/schema#";
const DRAFT_2020: &str = "https://json-schema.org/draft/2020-12/schema";

/// Breaks a schema by all of these keywords and by no other.
#[track_caller]
fn check_schema(draft: &str, schema: &Value, expected: &[&str], unbroken: &[(&str, Unbroken)]) {
    let text = of_schema(draft, schema);
    let frames = Frames::from_bundle(&text).expect("a bundle");
    let validator = validator(&serde_json::from_str(&text).expect("JSON"), Direction::ToServer, "m");
    let all = frames.negatives(Direction::ToServer, "m");
    let mut rng = fastrand::Rng::with_seed(19);
    let samples: Vec<_> = (0..200).filter_map(|_| frames.sample_negative(Direction::ToServer, "m", &mut rng)).collect();
    for negative in all.examples.values().chain(&samples) {
        if let Some(problem) = problem(&validator, negative) {
            panic!("{schema}: {problem}");
        }
    }
    let mut keywords: Vec<&str> = all.examples.keys().map(|target| &*target.keyword).collect();
    keywords.sort_unstable();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(keywords, expected, "of {schema}: {:?}", all.unbroken);
    let found: Vec<_> = all.unbroken.iter().map(|(target, reason)| (&*target.keyword, *reason)).collect();
    assert_eq!(found, unbroken, "of {schema}");
}

#[test]
fn every_keyword_has_its_breaker() {
    let check = |schema: Value, expected: &[&str]| check_schema(DRAFT_2020, &schema, expected, &[]);
    check(json!({"type": "integer", "minimum": 3, "maximum": 9}), &["type", "minimum", "maximum"]);
    check(
        json!({"type": "number", "exclusiveMinimum": 0.5, "exclusiveMaximum": 2, "multipleOf": 0.25}),
        &["type", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
    );
    check(json!({"type": "integer", "multipleOf": 7}), &["type", "multipleOf"]);
    check(json!({"type": "string", "minLength": 2, "maxLength": 4}), &["type", "minLength", "maxLength"]);
    check(
        json!({"type": "string", "pattern": "^[a-c]{2,5}$", "minLength": 3, "maxLength": 4}),
        &["type", "pattern", "minLength", "maxLength"],
    );
    check(json!({"type": "string", "format": "uuid"}), &["type", "format"]);
    check(json!({"type": "string", "format": "hostname", "maxLength": 20}), &["type", "format", "maxLength"]);
    check(json!({"const": {"a": [1]}}), &["const"]);
    check(json!({"enum": ["a", 1, null]}), &["enum"]);
    check(
        json!({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 3}),
        &["type", "type", "minItems", "maxItems"],
    );
    check(
        json!({"type": "array", "items": {"enum": ["a", "b", "c"]}, "uniqueItems": true, "maxItems": 2}),
        &["type", "enum", "uniqueItems", "maxItems"],
    );
    check(json!({"type": "array", "contains": {"const": 1}}), &["type", "contains"]);
    check(
        json!({"type": "array", "contains": {"const": 1}, "minContains": 2, "maxContains": 3}),
        &["type", "minContains", "maxContains"],
    );
    check(json!({"type": "array", "prefixItems": [{"type": "boolean"}], "items": false}), &["type", "type", "items"]);
    check(
        json!({"type": "array", "prefixItems": [{"type": "boolean"}], "unevaluatedItems": false}),
        &["type", "type", "unevaluatedItems"],
    );
    check(
        json!({"type": "object", "required": ["a"], "minProperties": 2, "maxProperties": 4}),
        &["type", "required", "minProperties", "maxProperties"],
    );
    check(
        json!({"type": "object", "properties": {"a": {"type": "null"}, "b": false}, "additionalProperties": false}),
        &["type", "type", "properties", "additionalProperties"],
    );
    check(
        json!({"type": "object", "patternProperties": {"^x-": false, "^y": {"const": 1}}, "minProperties": 1}),
        &["type", "patternProperties", "const", "minProperties"],
    );
    check(
        json!({"type": "object", "propertyNames": {"maxLength": 3, "pattern": "^[a-z]"}}),
        &["type", "propertyNames"],
    );
    check(
        json!({"type": "object", "dependentRequired": {"a": ["b"], "b": ["a", "c"]}}),
        &["type", "dependentRequired"],
    );
    check(
        json!({"type": "object", "properties": {"a": {}}, "dependentSchemas": {"a": {"required": ["b"]}}}),
        &["type", "required"],
    );
    check(
        json!({"allOf": [{"properties": {"a": {"type": "null"}}}], "type": "object", "unevaluatedProperties": false}),
        &["type", "type", "unevaluatedProperties"],
    );
    check(
        json!({"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 5}]}),
        &["anyOf", "type", "type", "minimum"],
    );
    check(
        json!({"oneOf": [{"type": "string", "maxLength": 2}, {"type": "null"}]}),
        &["oneOf", "type", "type", "maxLength"],
    );
    check(json!({"not": {"type": "string"}}), &["not"]);
    check(
        json!({"if": {"type": "string"}, "then": {"maxLength": 2}, "else": {"type": "integer"}}),
        &["maxLength", "type"],
    );
}

#[test]
fn keywords_of_draft_07_have_their_breakers() {
    let check = |schema: Value, expected: &[&str]| check_schema(DRAFT_7, &schema, expected, &[]);
    check(
        json!({"type": "array", "items": [{"type": "boolean"}], "additionalItems": false}),
        &["type", "type", "additionalItems"],
    );
    check(
        json!({"type": "object", "dependencies": {"a": ["b"], "b": {"required": ["c"]}}}),
        &["type", "dependentRequired", "required"],
    );
}

#[test]
fn what_cannot_be_broken_is_said() {
    use Unbroken::{AcceptedOtherwise, NotReached, RefusesNothing};
    let check = |schema: Value, expected: &[&str], unbroken: &[(&str, Unbroken)]| {
        check_schema(DRAFT_2020, &schema, expected, unbroken);
    };
    check(json!({"minimum": f64::MIN}), &[], &[("minimum", RefusesNothing)]);
    check(json!({"type": "string", "format": "duration"}), &["type"], &[("format", RefusesNothing)]);
    check(json!({"type": "string", "pattern": ""}), &["type"], &[("pattern", RefusesNothing)]);
    check(json!({"anyOf": [{"type": "string"}, {}]}), &[], &[("anyOf", RefusesNothing), ("type", AcceptedOtherwise)]);
    check(
        json!({"type": "object", "properties": {"a": {"allOf": [{"const": 1}, {"const": 2}]}}}),
        &["type"],
        &[("const", NotReached), ("const", NotReached)],
    );
}

#[test]
fn negatives_shrink_and_stay_wrong() {
    let text = bundle(&chat()).expect("the chat has a meaning");
    let parsed: Value = serde_json::from_str(&text).expect("JSON");
    let frames = Frames::from_bundle(&text).expect("a bundle");
    let validator = validator(&parsed, Direction::ToServer, "send_message");
    let strategy = frames.negative(Direction::ToServer, "send_message").expect("it can be broken");
    let mut runner = TestRunner::deterministic();
    for _ in 0..100 {
        let mut tree = strategy.new_tree(&mut runner).expect("a frame");
        loop {
            assert_eq!(problem(&validator, &tree.current()), None);
            if !tree.simplify() {
                break;
            }
        }
    }
}
