//! Pact's own matcher against the table that Tightwire's is held against (`matching-table.py`).

use pact_matching::{CoreMatchingContext, DiffConfig, match_message_contents};
use pact_models::matchingrules::MatchingRuleCategory;
use pact_models::v4::message_parts::MessageContents;
use serde_json::{Value, json};

fn contents(content: &Value, rules: &Value) -> MessageContents {
    let message = json!({
        "contents": {"content": content, "contentType": "application/json", "encoded": false},
        "matchingRules": {"body": rules}
    });
    MessageContents::from_json(&message).unwrap()
}

/// What Pact's own matcher finds.
async fn verdict(case: &Value) -> Vec<String> {
    let (expected, actual) = (contents(&case["expected"], &case["rules"]), contents(&case["actual"], &json!({})));
    let config = if case["keys"] == "closed" { DiffConfig::NoUnexpectedKeys } else { DiffConfig::AllowUnexpectedKeys };
    let rules = expected.matching_rules.rules_for_category("body").unwrap_or(MatchingRuleCategory::empty("body"));
    let context = CoreMatchingContext::new(config, &rules);
    let found = match_message_contents(&expected, &actual, &context).await.err().unwrap_or_default();
    found.iter().map(|mismatch| mismatch.description()).collect()
}

#[tokio::test]
async fn pact_agrees_with_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/matching.json");
    let table: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = table["cases"].as_array().unwrap();
    let (mut wrong, mut known) = (Vec::new(), 0);
    for case in cases {
        let found = verdict(case).await;
        let expected = case.get("reference").unwrap_or(&case["matches"]).as_bool().unwrap();
        known += usize::from(case.get("reference").is_some());
        if found.is_empty() != expected {
            wrong.push(format!("{}: {found:?}", case["name"]));
        }
    }
    println!("{} cases, of which {known} are known to differ", cases.len());
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
