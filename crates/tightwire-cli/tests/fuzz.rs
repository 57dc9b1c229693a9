//! `tightwire fuzz` against a server that is not ours: `tests/fuzz/thermostat.py`, with one bug after the other.
//!
//! `UPDATE_GOLDEN=1 cargo nextest run -p tightwire-cli` writes the golden files; review what changed.
//!
//! It needs Python with the package `websockets`, which `scripts/python-packages.sh` installs (`make test` calls it). Where
//! there is none, these tests say so and do nothing.

/// The chat server.
#[path = "server/mod.rs"]
mod chat;
/// What the command has written of a finding.
#[path = "fuzz/found.rs"]
mod found;
#[path = "fuzz/polite.rs"]
mod polite;
#[path = "fuzz/python.rs"]
mod python;

use std::path::Path;
use std::process::{Command, Output};

use chat::{Chat, root};
use polite::server;
use python::Thermostat;
use serde_json::Value;

const SPEC: &str = "crates/tightwire-cli/tests/fuzz/thermostat.yml";

fn fuzz(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tightwire"));
    let command = command.arg("fuzz").args(arguments).current_dir(root()).env_remove("TIGHTWIRE_TOKEN");
    command.output().expect("it starts")
}

/// Fuzzes a server with that bug for a few seconds: the exit code, and the report as JSON.
fn against(bug: Option<&str>, arguments: &[&str]) -> Option<(i32, Value)> {
    let server = Thermostat::start(bug)?;
    let url = server.url();
    let common = [&*url, "--spec", SPEC, "--seed", "7", "--format", "json"];
    let output = fuzz(&[&common[..], arguments].concat());
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {complaints}"));
    Some((output.status.code().expect("a code"), report))
}

/// The bug is found, by this name and with this exit code, in no more than so many frames.
#[track_caller]
fn check_found(bug: &str, arguments: &[&str], (class, code): (&str, i32), frames: usize) -> Option<Value> {
    let (exit, report) = against(Some(bug), &[arguments, &["--time", "20", "--max-findings", "1"]].concat())?;
    assert_eq!(exit, code, "{report:#}");
    let findings = report["findings"].as_array().expect("a list");
    let found = findings.iter().find(|finding| finding["class"] == class);
    let found = found.unwrap_or_else(|| panic!("no {class}: {report:#}"));
    let steps = found["steps"].as_array().expect("a list").iter().filter(|step| step.get("send").is_some());
    assert!(steps.count() <= frames, "{found:#}");
    Some(found.clone())
}

#[test]
fn a_server_that_keeps_to_its_contract_has_no_findings() {
    let Some((exit, report)) = against(None, &["--time", "6"]) else { return };
    assert_eq!((exit, &report["findings"]), (0, &serde_json::json!([])), "{report:#}");
    assert_eq!(report["coverage"]["replies_not_seen"], serde_json::json!([]), "{report:#}");
    let phases = report["phases"].as_array().expect("a list");
    for phase in phases {
        assert!(phase["frames"].as_u64() > Some(0) && phase["played"] == phase["planned"], "{phase}");
    }
    assert_eq!(phases.len(), 6, "{report:#}");
    for (keyword, counts) in report["coverage"]["violations"].as_object().expect("an object") {
        assert_eq!(counts["tried"], counts["refused"], "{keyword}: {report:#}");
    }
}

#[test]
fn a_crash_is_found() {
    let Some(found) = check_found("crash-on-empty-name", &[], ("panic", 10), 1) else { return };
    assert_eq!(found["steps"][0]["send"]["json"]["name"], "", "{found:#}");
}

#[test]
fn a_server_that_ends_is_found() {
    let Some(found) = check_found("dies-on-a-long-name", &["--phases", "boundaries"], ("panic", 10), 1) else { return };
    let name = found["steps"][0]["send"]["json"]["name"].as_str().expect("a name");
    assert_eq!((name.chars().count(), &found["confirmed"]), (40, &false.into()), "{found:#}");
}

#[test]
fn a_wrong_type_is_found() {
    let Some(found) = check_found("wrong-type", &[], ("invalid-frame", 11), 1) else { return };
    assert_eq!(found["steps"][0]["send"]["json"]["unit"], "fahrenheit", "{found:#}");
    assert!(found["expected"].as_str().is_some_and(|it| it.contains("`type`") && it.contains("/value")), "{found:#}");
}

#[test]
fn a_lost_correlation_is_found() {
    check_found("missing-correlation", &["--phases", "boundaries"], ("invalid-frame", 11), 1);
}

#[test]
fn the_correlation_of_another_frame_is_found() {
    check_found("wrong-correlation", &["--phases", "boundaries"], ("wrong-correlation", 11), 2);
}

#[test]
fn two_answers_are_found() {
    check_found("answers-twice", &["--phases", "boundaries"], ("duplicate-reply", 11), 1);
}

#[test]
fn a_close_code_that_the_contract_does_not_have_is_found() {
    check_found("wrong-close-code", &["--phases", "negatives"], ("close-code", 11), 1);
}

#[test]
fn a_bound_that_is_not_checked_is_found() {
    let phases = ["--phases", "negatives"];
    let Some(found) = check_found("accepts-out-of-range", &phases, ("accepted-invalid", 12), 1) else { return };
    assert!(found["message"].as_str().is_some_and(|it| it.contains("`maximum` at \"/celsius\"")), "{found:#}");
    check_found("accepts-unknown-unit", &phases, ("accepted-invalid", 12), 1);
}

#[test]
fn a_bound_that_is_checked_too_early_is_found() {
    let Some(found) = check_found("off-by-one", &["--phases", "boundaries"], ("rejected-valid", 13), 1) else { return };
    assert_eq!(found["steps"][0]["send"]["json"]["room"], "a".repeat(16), "{found:#}");
}

#[test]
fn replies_that_are_late_or_missing_are_found() {
    let fast = ["--phases", "examples", "--deadline", "300"];
    let Some(found) = check_found("late-reply", &fast, ("late-reply", 14), 1) else { return };
    assert_eq!(found["steps"][0]["send"]["json"]["unit"], "fahrenheit", "{found:#}");
    check_found("no-reply", &fast, ("no-reply", 14), 1);
}

/// Where the test of a finding finds the server, if it is to be another than the polite one.
const SERVER: &str = "TIGHTWIRE_FOUND_SERVER";

/// All forms of a finding are written, and the test among them is the one that is compiled here.
#[test]
fn a_finding_is_written_in_every_form() {
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().to_str().expect("UTF-8");
    let arguments = ["--phases", "negatives", "--time", "20", "--max-findings", "1", "--out", out];
    let Some((exit, _)) = against(Some("accepts-out-of-range"), &arguments) else { return };
    assert_eq!(exit, 12);
    let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).expect("written");
    check_golden("tests/fuzz/found.rs", &read("finding-1.rs"));
    check_golden("tests/fuzz/contract.json", &read("contract.json"));
    check_golden("tests/fuzz/found.pact.json", &read("finding-1.pact.json"));

    let lines = read("finding-1.jsonl");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((lines.len(), &lines[0]["class"]), (2, &"accepted-invalid".into()), "{lines:#?}");
    assert_eq!(lines[1]["send"]["intent"]["invalid"]["keyword"], "maximum", "{lines:#?}");

    let sarif: Value = serde_json::from_str(&read("report.sarif")).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let result = &run["results"][0];
    let rule = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("it is small");
    assert_eq!(
        (&result["ruleId"], &run["tool"]["driver"]["rules"][rule]["id"]),
        (&lines[0]["class"], &lines[0]["class"])
    );
    let place = &result["locations"][0]["physicalLocation"];
    let line = usize::try_from(place["region"]["startLine"].as_u64().expect("a number")).expect("it is small");
    let document = std::fs::read_to_string(root().join(SPEC)).expect("readable");
    assert_eq!(document.lines().nth(line - 1), Some("    set_target:"), "{place}");
    assert_eq!(place["artifactLocation"]["uri"], SPEC);
    assert_eq!(run["invocations"][0]["exitCode"], 12);

    let junit = read("junit.xml");
    assert!(junit.contains("<testsuite name=\"negatives\" tests=\"4\" failures=\"1\">"), "{junit}");
    assert!(junit.contains("<testcase classname=\"fuzz.negatives\" name=\"rename\"/>"), "{junit}");
    assert!(junit.contains("<failure type=\"accepted-invalid\" message=\"`set_target` with a violation"), "{junit}");
    assert!(read("report.txt").ends_with("findings       1 (exit code 12)\n"), "{}", read("report.txt"));
}

/// The test that was written fails at the server that has the bug, and passes at the one that has not. So does the pact.
#[test]
fn what_is_written_of_a_finding_shows_it_again() {
    for (bug, is_shown) in [(Some("accepts-out-of-range"), true), (None, false)] {
        let Some(server) = Thermostat::start(bug) else { return };
        let mut test = Command::new(std::env::current_exe().expect("this program"));
        let test =
            test.args(["--exact", "found::accepted_invalid_set_target"]).env(SERVER, server.address().to_string());
        let output = test.output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("running 1 test"), "{text}");
        assert_eq!((output.status.success(), text.contains("it was taken")), (!is_shown, is_shown), "{text}");

        let mut verify = Command::new(env!("CARGO_BIN_EXE_tightwire"));
        let verify = verify.args(["contract", "verify", "--url", &server.url(), "--spec", SPEC]);
        let verify = verify.arg("crates/tightwire-cli/tests/fuzz/found.pact.json").current_dir(root());
        let output = verify.output().expect("it starts");
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.success(), !is_shown, "{text}{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The chat server keeps to its contract, and everything that the contract promises as a reply comes.
#[test]
fn the_chat_server_has_no_findings() {
    let secret = "hunter2-hunter2-hunter2-hunter2-hunter2";
    let server =
        Chat::start(&["--auth-jwt-secret", secret, "--handshakes-per-second", "0", "--responder-delay-ms", "0"]);
    let mut token = Command::new(env!("CARGO_BIN_EXE_tightwire"));
    let token = token.args(["token", "--secret", secret, "--sub", "fuzz"]).output().expect("it starts").stdout;
    let token = String::from_utf8(token).expect("text");
    let url = format!("{}/ws", server.url().replace("http", "ws"));
    let common = ["--spec", "asyncapi/chat.yml", "--seed", "7", "--format", "json", "--token", token.trim()];
    // Other tests are busy at the same time.
    let output = fuzz(&[&[&*url], &common[..], &["--time", "12", "--deadline", "3000"]].concat());
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {complaints}"));
    assert_eq!((output.status.code(), &report["findings"]), (Some(0), &serde_json::json!([])), "{report:#}");
    assert_eq!(report["coverage"]["replies_not_seen"], serde_json::json!([]), "{report:#}");
    for (message, counts) in report["coverage"]["messages"].as_object().expect("an object") {
        assert!(counts["sent"].as_u64() > Some(0), "{message}: {report:#}");
    }
    assert!(report["coverage"]["violations"].as_object().is_some_and(|keywords| keywords.len() > 8), "{report:#}");
}

#[track_caller]
fn check_golden(path: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).expect("writable");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{} differs; UPDATE_GOLDEN=1 writes it anew\n{found}", path.display());
}
