use std::collections::BTreeSet;

use jsonschema::Draft;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::*;

/// A validator of texts with that format, as this project's are.
fn validator(format: &str, draft: Draft) -> jsonschema::Validator {
    jsonschema::options()
        .with_draft(draft)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        // Draft-07 knows no UUIDs, which the validators of this project read in every draft.
        .with_format("uuid", |text: &str| {
            let groups: Vec<usize> = text.split('-').map(str::len).collect();
            groups == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
        })
        .with_format("duration", |_: &str| true)
        .build(&json!({ "format": format }))
        .expect("a schema")
}

#[test]
fn texts_have_their_format_and_others_do_not() {
    let mut runner = TestRunner::deterministic();
    let mut rng = Rng::with_seed(3);
    let mut mistakes = BTreeSet::new();
    for format in Format::all() {
        for draft in [Draft::Draft7, Draft::Draft202012] {
            let validator = validator(format.name(), draft);
            let is_valid = |text: String| validator.is_valid(&Value::String(text));
            for (texts, expected) in [(format.texts(0, None), true), (format.others(0, None), false)] {
                let texts = texts.expect("texts");
                let strategy = texts.strategy();
                let made = (0..200)
                    .flat_map(|_| [strategy.new_tree(&mut runner).expect("a text").current(), texts.sample(&mut rng)]);
                for text in made.chain(texts.edges.iter().cloned()) {
                    if is_valid(text.clone()) != (expected || !format.is_judged()) {
                        mistakes.insert(format!("{format:?} {draft:?}: {text:?} should be {expected}"));
                    }
                }
            }
        }
    }
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}

/// Durations have a validator of their own here, since those of this project leave them alone.
#[test]
fn durations_are_those_of_rfc_3339() {
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .build(&json!({ "format": "duration" }))
        .expect("a schema");
    let mut rng = Rng::with_seed(3);
    let duration = Format::named("duration").expect("known");
    for (texts, expected) in [(duration.texts(0, None), true), (duration.others(0, None), false)] {
        let texts = texts.expect("texts");
        for text in (0..200).map(|_| texts.sample(&mut rng)).chain(texts.edges.iter().cloned()) {
            assert_eq!(validator.is_valid(&json!(text)), expected, "{text}");
        }
    }
}

#[test]
fn lengths_are_kept() {
    #[track_caller]
    fn check(format: &str, shortest: usize, longest: usize, there_are: bool) {
        let Some(texts) = Format::named(format).expect("known").texts(shortest, Some(longest)) else {
            return assert!(!there_are, "no texts");
        };
        assert!(there_are, "texts of {format} that there cannot be");
        let mut rng = Rng::with_seed(5);
        let lengths: BTreeSet<usize> = (0..300).map(|_| texts.sample(&mut rng).chars().count()).collect();
        assert!(lengths.iter().all(|length| (shortest..=longest).contains(length)), "{lengths:?}");
    }
    check("uuid", 1, 35, false);
    check("uuid", 36, 36, true);
    check("uri", 0, 5, true);
    check("uri", 30, 40, true);
    check("email", 10, 12, true);
    check("date-time", 22, 40, true);
    check("hostname", 100, 120, true);
    assert_eq!(Format::named("no-such-format"), None);
}

#[test]
fn every_pattern_of_the_table_can_be_read() {
    for pattern in PATTERNS.iter().flat_map(|(usual, usually_wrong)| usual.iter().chain(usually_wrong)) {
        assert_eq!(pattern.problem(), None, "{}", pattern.source());
    }
}
