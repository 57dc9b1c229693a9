//! The schemas of the JSON-Schema-Test-Suite: values are made of each that has any, and the crate's own judge agrees with
//! the suite on all of its values.

#[path = "../../tightwire-conformance/src/suite.rs"]
#[allow(dead_code, unreachable_pub, reason = "the suite is for others too")]
mod suite;
mod support;

use fastrand::Rng;
use serde_json::Value;
use suite::{Dialect, Group, Payload};
use support::{say, validator};
use tightwire_codegen::schema_bundle;
use tightwire_strategies::{Direction, Frames};

/// The protocol whose only message has the schema as its payload: its bundle, and the message's key.
fn protocol(group: &Group) -> Option<(String, String)> {
    let ir = suite::protocol([group], Payload::Bare, group.dialect.formats()).ok()?;
    Some((schema_bundle::text(&ir), group.message.clone()))
}

#[test]
fn values_of_the_suite_are_valid() {
    let (mut schemas, mut made) = (0, 0);
    let (mut wrong, mut impossible) = (Vec::new(), Vec::new());
    for group in Dialect::ALL.into_iter().flat_map(suite::read) {
        let name = format!("{} | {} | {}", group.dialect.as_str(), group.file, group.description);
        let (text, key) = protocol(&group).unwrap_or_else(|| panic!("{name}: no bundle"));
        let frames = Frames::from_bundle(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        schemas += 1;
        if let Some(why) = frames.impossible().next() {
            impossible.push(format!("{name}: {}", why.reason));
            let values = group.tests.iter().filter(|test| test.valid).map(|test| &test.data);
            wrong.extend(values.take(1).map(|value| format!("{name}: nothing is made, and there is {value}")));
            continue;
        }
        let bundle: Value = serde_json::from_str(&text).expect("JSON");
        let validator = validator(&bundle, Direction::ToServer, &key);
        let mut rng = Rng::with_seed(1);
        for _ in 0..30 {
            let value = frames.sample(Direction::ToServer, &key, &mut rng);
            made += 1;
            if let Err(error) = validator.validate(&value) {
                wrong.push(format!("{name}: {error} at {}: {value}", error.instance_path()));
                break;
            }
        }
    }
    say(format!("{made} values of {} schemas; of {} there are none", schemas - impossible.len(), impossible.len()));
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    support::golden("suite.txt", &format!("{}\n", impossible.join("\n")));
}

#[test]
fn the_own_judge_agrees_with_the_suite() {
    let mut differing = Vec::new();
    let mut tests = 0;
    for group in Dialect::ALL.into_iter().flat_map(suite::read) {
        let Some((text, key)) = protocol(&group) else { continue };
        let frames = Frames::from_bundle(&text).expect("a bundle");
        for test in &group.tests {
            tests += 1;
            if frames.accepts(Direction::ToServer, &key, &test.data) != test.valid {
                let dialect = group.dialect.as_str();
                differing.push(format!("{dialect} | {} | {} | {}", group.file, group.description, test.description));
            }
        }
    }
    say(format!("{} of {tests} tests agree", tests - differing.len()));
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
