//! `tightwire inspect` as a user sees it.
//!
//! `UPDATE_GOLDEN=1 cargo nextest run -p tightwire-cli` writes the golden files; review what changed.

use std::path::Path;
use std::process::Command;

/// Runs the command and compares what it prints with the golden file of that name.
#[track_caller]
fn check(golden: &str, arguments: &[&str], exit: i32) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let output = Command::new(env!("CARGO_BIN_EXE_tightwire"))
        .arg("inspect")
        .args(arguments)
        .current_dir(tests.join("fixtures"))
        .output()
        .expect("the command starts");
    let found = String::from_utf8([output.stdout, output.stderr].concat()).expect("output is UTF-8");
    assert_eq!(output.status.code(), Some(exit), "exit code of {arguments:?}:\n{found}");
    let path = tests.join("golden").join(golden);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).expect("the golden file can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{golden} differs.\n--- found\n{found}\n--- expected\n{expected}");
}

#[test]
fn a_flat_protocol() {
    check("inspect-flat.txt", &["flat.yml"], 0);
    check("inspect-flat.json", &["flat.yml", "--format", "json"], 0);
}

#[test]
fn the_other_side_of_it() {
    check("inspect-client.txt", &["flat.yml", "--role", "client"], 0);
}

#[test]
fn why_a_message_is_slow() {
    check("inspect-slow-parts.txt", &["../../../tightwire-codegen/tests/decoder/stream.yml"], 0);
    check("inspect-slow.txt", &["../../../tightwire-codegen/tests/rust/trader.yml"], 0);
}

#[test]
fn what_cannot_be_inspected() {
    check("inspect-missing.txt", &["nowhere.yml"], 3);
    check("inspect-faulty.txt", &["../../../tightwire-spec/tests/fixtures/not-yaml.yml"], 1);
}
