//! The matcher against a table of values and rules, whose verdicts `oracles/pact/matching-table.py` works out without it. In
//! the nightly lane Pact's own matcher is held against the same table (`oracles/pact`).

use serde_json::Value;
use tightwire_testkit::pact::matching::{Keys, match_contents};
use tightwire_testkit::pact::{Contents, Interaction, Pact};

/// The example with its rules, as files have them.
fn contents(case: &Value) -> Contents {
    let pact = serde_json::json!({
        "consumer": {"name": "table"},
        "provider": {"name": "table"},
        "interactions": [{
            "type": "Asynchronous/Messages",
            "description": case["name"],
            "contents": {"content": case["expected"], "contentType": "application/json", "encoded": false},
            "matchingRules": {"body": case["rules"]}
        }]
    });
    match Pact::from_json(pact).unwrap().interactions.remove(0) {
        Interaction::Async(message) => message.contents,
        other => panic!("{other:?}"),
    }
}

#[test]
fn agrees_with_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../oracles/pact/matching.json");
    let table: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = table["cases"].as_array().unwrap();
    assert!(cases.len() >= 200, "{} cases", cases.len());

    let mut wrong = Vec::new();
    for case in cases {
        let keys = if case["keys"] == "closed" { Keys::Closed } else { Keys::Open };
        let found = match_contents(&contents(case), &case["actual"], keys);
        if found.is_empty() != case["matches"].as_bool().unwrap() {
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            wrong.push(format!("{}: {found:?}", case["name"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
