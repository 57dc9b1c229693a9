//! What is made is valid: the `jsonschema` crate, which no line of the crate itself uses, accepts all of it.

mod support;

use fastrand::Rng;
use serde_json::Value;
use support::{bundle, documents, say, validator};
use tightwire_strategies::{Direction, Frames};

/// What documents describe that cannot be: messages, by document.
const IMPOSSIBLE: [(&str, &str); 3] = [
    // Of 26 branches of a `oneOf`, two refer to something that is no schema, and so accept everything.
    ("kanekoshoyu+exchange-collection/asset/coinbase_ws_asyncapi.yaml", "publish.message"),
    ("kanekoshoyu+exchange-collection/asset/coinbase_ws_asyncapi.yaml", "heartbeat_publish.message"),
    ("kanekoshoyu+exchange-collection/asset/coinbase_ws_asyncapi.yaml", "ticker_publish.message"),
];

/// Makes frames of every message of a bundle and has them judged; says how many, and what is wrong.
fn judge(name: &str, text: &str, count: usize, wrong: &mut Vec<String>) -> usize {
    let frames = match Frames::from_bundle(text) {
        Ok(frames) => frames,
        Err(error) => {
            wrong.push(format!("{name}: {error}"));
            return 0;
        }
    };
    let bundle: Value = serde_json::from_str(text).expect("JSON");
    let mut rng = Rng::with_seed(1);
    let mut made = 0;
    let impossible: Vec<_> = frames.impossible().collect();
    for message in &impossible {
        say(format!("{name}: {message}"));
        if !IMPOSSIBLE.contains(&(name, &*message.key)) {
            wrong.push(format!("{name}: {message}"));
        }
    }
    for direction in Direction::ALL {
        for key in frames.messages(direction) {
            if impossible.iter().any(|impossible| impossible.direction == direction && impossible.key == key) {
                continue;
            }
            let validator = validator(&bundle, direction, key);
            for _ in 0..count {
                let frame = frames.sample(direction, key, &mut rng);
                made += 1;
                if let Err(error) = validator.validate(&frame) {
                    wrong.push(format!("{name}: {key}: {error} at {}: {frame}", error.instance_path()));
                    break;
                }
            }
        }
    }
    made
}

#[test]
fn frames_of_the_chat_are_valid() {
    let mut wrong = Vec::new();
    judge("chat", &bundle(&support::chat()).expect("a document"), 300, &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn frames_of_every_document_are_valid() {
    let mut wrong = Vec::new();
    let (mut protocols, mut made) = (0, 0);
    for (name, path) in documents() {
        let Some(text) = bundle(&path) else { continue };
        protocols += 1;
        made += judge(&name, &text, 25, &mut wrong);
    }
    say(format!("{made} frames of {protocols} documents"));
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn parts_of_frames_are_made_too() {
    let frames = Frames::from_bundle(&bundle(&support::chat()).expect("a document")).expect("a bundle");
    let part = serde_json::json!({ "$ref": "#/definitions/StreamPosition" });
    let values = frames.value(&part).expect("there are some");
    let config = proptest::test_runner::Config { failure_persistence: None, ..Default::default() };
    let result = proptest::test_runner::TestRunner::new(config).run(&values, |value| {
        let seq = value["seq"].as_f64();
        proptest::prop_assert!(seq.is_some_and(|seq| (0.0..=9_007_199_254_740_991.0).contains(&seq)), "{}", value);
        let epoch = value["epoch"].as_str().map(|epoch| epoch.chars().count());
        proptest::prop_assert!(epoch.is_some_and(|length| (1..=64).contains(&length)), "{}", value);
        Ok(())
    });
    assert_eq!(result, Ok(()));
    let refused = |schema| frames.value(&schema).map(|_| ()).expect_err("there are none").to_string();
    assert_eq!(
        refused(serde_json::json!({ "$ref": "#/definitions/Nobody" })),
        "there is no schema at /definitions/Nobody"
    );
    let reason = refused(serde_json::json!({ "required": ["a"], "type": "object", "properties": { "a": false } }));
    assert_eq!(reason, "/x-schema/properties/a: nothing is allowed here");
}
