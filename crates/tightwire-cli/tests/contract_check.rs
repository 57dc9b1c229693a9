//! `tightwire contract check` and `tightwire contract flatten` as a user sees them.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const VALID: &str = include_str!("../../tightwire-testkit/tests/pact/valid.json");

/// Checks contracts against the chat's document, in a folder where they are `0.json`, `1.json` …; the exit code and what is
/// printed.
fn check(contracts: &[&str], arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..contracts.len()).map(|number| format!("{number}.json")).collect();
    for (name, text) in names.iter().zip(contracts) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../asyncapi/chat.yml");
    let output = Command::new(env!("CARGO_BIN_EXE_tightwire"))
        .args(["contract", "check", "--spec"])
        .arg(spec)
        .args(names)
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn a_contract_without_a_fault() {
    let (code, found) = check(&[VALID], &["--deny-warnings"]);
    assert_eq!(code, Some(0), "{found}");
    assert!(found.starts_with("0.json: 3 interactions\n2 of 12 operations; not authenticate, "), "{found}");
}

#[test]
fn faults_are_shown_with_their_line_and_with_what_to_do() {
    let faulty = VALID.replace("\"send_message\"}", "\"send_massage\"}");
    let (code, found) = check(&[VALID, &faulty], &[]);
    assert_eq!(code, Some(1), "{found}");
    let expected = r#"error[unknown-operation]: there is no operation `send_massage`
  --> 1.json:33:52
   |
33 |         "references": {"AsyncAPI": {"operationId": "send_massage"}},
   |                                                    ^^^^^^^^^^^^^^ /interactions/1/comments/references/AsyncAPI/operationId
   |
   = help: the document has `subscribe`, `unsubscribe`, `ping`, `pong`, `authenticate`, `subscribe_thread`, `send_message`, `request_data`
"#;
    assert!(found.starts_with(expected), "{found}");
    assert!(found.contains("0.json: 3 interactions\n1.json: 3 interactions, 2 errors\n"), "{found}");
}

#[test]
fn warnings_fail_where_they_are_denied() {
    let unsure = VALID.replace("\"$.seq\"", "\"$.sequence\"");
    assert_eq!(check(&[&unsure], &[]).0, Some(0));
    assert_eq!(check(&[&unsure], &["--deny-warnings"]).0, Some(1));
}

#[test]
fn as_json() {
    let (code, found) =
        check(&[&VALID.replace("\"severity\": \"critical\"", "\"severity\": \"mild\"")], &["--format", "json"]);
    assert_eq!(code, Some(1), "{found}");
    let found: Value = serde_json::from_str(&found).unwrap();
    let contract = &found["contracts"][0];
    assert_eq!(
        (&contract["file"], &contract["valid"], &contract["interactions"]),
        (&"0.json".into(), &false.into(), &3.into())
    );
    let diagnostic = &contract["diagnostics"][0];
    assert_eq!(diagnostic["rule"], "content-invalid");
    assert_eq!(diagnostic["pointer"], "/interactions/0/contents/content/data/severity");
    assert_eq!(diagnostic["labels"][0]["line"], 13);
    let unseen = found["coverage"]["unseen_values"].as_array().unwrap();
    assert!(
        unseen.iter().any(|unseen| unseen["pointer"] == "/data/severity" && unseen["values"][0] == "warning"),
        "{unseen:?}"
    );
}

#[test]
fn what_cannot_be_read() {
    let (code, found) = check(&["{\"consumer\":"], &[]);
    assert_eq!(code, Some(1));
    assert!(found.contains("error[not-a-pact]: not JSON: EOF while parsing a value at line 1 column 12"), "{found}");
    let (code, found) = check(&[], &["missing.json"]);
    assert_eq!(code, Some(3));
    assert!(found.starts_with("error: missing.json cannot be read: "), "{found}");
    assert_eq!(check(&[], &[]).0, Some(2));
}

#[test]
fn flattened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pact.json");
    let flatten = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Command::new(env!("CARGO_BIN_EXE_tightwire")).args(["contract", "flatten"]).arg(&path).output().unwrap()
    };
    let output = flatten(VALID);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    let flattened: Value = serde_json::from_str(&text).unwrap();
    let keys =
        flattened["interactions"].as_array().unwrap().iter().map(|interaction| interaction["key"].as_str().unwrap());
    let mut keys: Vec<&str> = keys.collect();
    keys.sort_unstable();
    assert_eq!(keys, ["alert", "question-1", "question-2", "question-3", "question-4", "refusal"]);
    assert_eq!(flatten("[]").status.code(), Some(1));
}
