//! `tightwire generate`, run as a user runs it.

use std::fs;
use std::path::Path;
use std::process::Command;

const DOCUMENT: &str = include_str!("../../tightwire-codegen/tests/rust/push.yml");

/// Runs the command in a directory; gives its exit code and what it printed.
fn run(directory: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tightwire")).current_dir(directory).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// Generates the Rust output, does something to it, and checks it.
#[track_caller]
fn check(change: impl FnOnce(&Path), code: i32, text: &str) {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    fs::write(directory.join("push.yml"), DOCUMENT).unwrap();
    fs::write(directory.join("tightwire.toml"), "regenerate = 'make it'").unwrap();
    let created = run(directory, &["generate", "rust", "push.yml", "--out", "out"]);
    assert_eq!(created, (Some(0), "created generated/rust/push.rs\n".to_owned()));
    change(directory);
    let checked = run(directory, &["generate", "rust", "push.yml", "--out", "out", "--check"]);
    assert_eq!(checked, (Some(code), text.to_owned()));
}

#[test]
fn a_check_names_what_differs_and_the_command_that_mends_it() {
    let path = Path::new("out/generated/rust/push.rs");
    check(|_| {}, 0, "");
    check(
        |directory| fs::write(directory.join(path), "").unwrap(),
        1,
        "generated/rust/push.rs: differs from what the document says\n\
         1 file is out of step with push.yml; run `make it` and commit the result\n",
    );
    check(
        |directory| fs::rename(directory.join(path), directory.join("out/generated/rust/old.rs")).unwrap(),
        1,
        "generated/rust/old.rs: is not generated any more\n\
         generated/rust/push.rs: is missing\n\
         2 files are out of step with push.yml; run `make it` and commit the result\n",
    );
}

#[test]
fn what_is_wrong_decides_the_exit_code() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    fs::write(directory.join("broken.yml"), DOCUMENT.replace("'#/channels/news'", "'#/channels/nws'")).unwrap();
    let (code, text) = run(directory, &["generate", "all", "broken.yml"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("--> broken.yml:15:21"), "{text}");
    let (code, text) = run(directory, &["generate", "all", "absent.yml"]);
    assert_eq!(code, Some(3));
    assert!(text.contains("absent.yml"), "{text}");
    assert_eq!(run(directory, &["generate", "everything", "broken.yml"]).0, Some(2));
    assert_eq!(fs::read_dir(directory).unwrap().count(), 1);
}
