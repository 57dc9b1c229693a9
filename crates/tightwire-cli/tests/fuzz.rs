//! `tightwire fuzz` against a server that is not ours: `tests/fuzz/thermostat.py`, with one bug after the other.
//!
//! It needs Python with the package `websockets`, which `scripts/python-packages.sh` installs (`make test` calls it). Where
//! there is none, these tests say so and do nothing.

#[path = "fuzz/python.rs"]
mod python;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use python::Thermostat;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

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
