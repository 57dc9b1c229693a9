//! Help, completions and manual: what a user sees of the command line itself.

use std::process::Command;

/// Runs the command; its output has to contain every one of the texts.
#[track_caller]
fn check(arguments: &[&str], code: i32, texts: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_tightwire")).args(arguments).output().unwrap();
    let found = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{found}");
    for text in texts {
        assert!(found.contains(text), "`{text}` is not in:\n{found}");
    }
}

#[test]
fn every_command_is_in_help_completions_and_manual() {
    let commands =
        ["validate", "inspect", "generate", "new", "bench", "publish", "tail", "chaos", "token", "completions", "man"];
    check(&["--help"], 0, &commands);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        check(&["completions", shell], 0, &commands);
    }
    let pages = commands.map(|command| format!("tightwire\\-{command}(1)"));
    check(&["man"], 0, &pages.each_ref().map(String::as_str));
}

#[test]
fn a_directory_gets_a_page_for_each_command() {
    let directory = tempfile::tempdir().unwrap();
    check(&["man", "--out", directory.path().to_str().unwrap()], 0, &[]);
    let page = std::fs::read_to_string(directory.path().join("tightwire-new.1")).unwrap();
    assert!(page.contains("\\-\\-spec"), "{page}");
}

#[test]
fn what_does_not_exist_gets_a_suggestion() {
    check(&["genrate"], 2, &["'genrate'", "'generate'"]);
    check(&["completions", "bsh"], 2, &["'bsh'", "'bash'"]);
    check(&["new", "demo", "--spce", "a.yml"], 2, &["'--spce'", "'--spec'"]);
}
