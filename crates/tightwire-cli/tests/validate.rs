//! `tightwire validate` as a user sees it: golden outputs for documents with one fault each.
//!
//! `UPDATE_GOLDEN=1 cargo nextest run -p tightwire-cli` writes the golden files; review what changed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tightwire-spec/tests/fixtures")
}

fn tightwire(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tightwire"))
        .arg("validate")
        .args(arguments)
        .current_dir(fixtures())
        .env("NO_COLOR", "1")
        .output()
        .expect("the command starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is UTF-8")
}

/// Runs the command and compares what it prints with the golden file of that name.
#[track_caller]
fn check(golden: &str, arguments: &[&str], exit: i32) {
    let output = tightwire(arguments);
    let found = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "exit code of {arguments:?}:\n{found}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(golden);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).expect("the golden file can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{golden} differs (UPDATE_GOLDEN=1 accepts it).\n--- found\n{found}\n--- expected\n{expected}"
    );
}

#[test]
fn a_valid_document() {
    check("valid.txt", &["valid.yml"], 0);
}

#[test]
fn an_unknown_reference() {
    check("unknown-ref.txt", &["unknown-ref.yml"], 1);
}

#[test]
fn a_duplicate_discriminator() {
    check("duplicate-discriminator.txt", &["duplicate-discriminator.yml"], 1);
}

#[test]
fn examples_that_violate_their_schema() {
    check("example-invalid.txt", &["example-invalid.yml"], 1);
}

#[test]
fn an_undeclared_channel_parameter() {
    check("channel-parameter-undeclared.txt", &["channel-parameter-undeclared.yml"], 1);
}

#[test]
fn text_that_is_not_yaml() {
    check("not-yaml.txt", &["not-yaml.yml"], 1);
}

#[test]
fn warnings_fail_only_when_denied() {
    check("warnings.txt", &["warnings.yml"], 0);
    check("warnings.txt", &["warnings.yml", "--deny-warnings"], 1);
}

#[test]
fn several_documents_as_json() {
    check("several.json", &["valid.yml", "example-invalid.yml", "--format", "json"], 1);
}

#[test]
fn annotations_for_github() {
    check("example-invalid.github", &["example-invalid.yml", "--format", "github"], 1);
}

#[test]
fn a_file_that_is_not_there() {
    let output = tightwire(&["nowhere.yml"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).starts_with("error: cannot read nowhere.yml: "), "{}", text(&output.stderr));
}

#[test]
fn rules_are_explained() {
    check("explain.txt", &["--explain", "unknown-ref"], 0);
    check("explain-unknown.txt", &["--explain", "unknown-reff"], 2);
}

#[test]
fn a_wrong_command_line() {
    assert_eq!(tightwire(&[]).status.code(), Some(2));
    assert_eq!(tightwire(&["valid.yml", "--format", "xml"]).status.code(), Some(2));
}

#[test]
fn copies_of_remote_schemas() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("copies");
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("the folder can be made");
        std::fs::write(path, text).expect("the file can be written");
    };
    let document = "asyncapi: 3.0.0\ninfo: {title: T, version: 1.0.0}\ncomponents: {schemas: {A: {$ref: 'https://example.com/a.json'}}}\n";
    write("plain/t.yml", document);
    write("noted/t.yml", document);
    write("noted/tightwire.toml", "[schemas]\n'https://example.com/' = '../vendor'\n");
    write("vendor/a.json", "{}");
    let validate = |arguments: &[&str]| {
        let output = tightwire(arguments);
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    let path = |path: &str| folder.join(path).display().to_string();

    let (code, said) = validate(&[&path("plain/t.yml")]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("--schemas https://example.com/=FOLDER"), "{said}");
    let (code, said) = validate(&[&path("noted/t.yml")]);
    assert_eq!(code, Some(0), "{said}");
    let copies = format!("https://example.com/={}", path("vendor"));
    let (code, said) = validate(&[&path("plain/t.yml"), "--schemas", &copies]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = validate(&[&path("plain/t.yml"), "--schemas", "vendor"]);
    assert_eq!(code, Some(2), "{said}");
}
