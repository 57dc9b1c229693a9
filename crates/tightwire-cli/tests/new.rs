//! `tightwire new`, run as a user runs it: what it makes builds, passes its own tests and checks, and serves.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const PUSH: &str = include_str!("../../tightwire-codegen/tests/rust/push.yml");
const FLAT: &str = include_str!("../../../examples/kraken/asyncapi/kraken.yml");
const QUOTES: &str = include_str!("../../tightwire-codegen/tests/rust/quotes.yml");
const OPERATIONS: &str = include_str!("../../tightwire-codegen/tests/rust/operations.yml");

/// Runs the command in a directory; gives its exit code and what it printed.
fn run(directory: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tightwire")).current_dir(directory).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

/// The target directory of these tests: most of what a project depends on has been built there already.
fn target() -> &'static Path {
    // target/debug/tightwire
    Path::new(env!("CARGO_BIN_EXE_tightwire")).ancestors().nth(2).expect("the command is in a target directory")
}

/// Makes a project of a document's text and runs its tests; a warning is an error.
#[track_caller]
fn check(document: Option<&str>) {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut arguments = vec!["new", "scaffolded"];
    if let Some(document) = document {
        fs::write(directory.join("some-protocol.yml"), document).unwrap();
        arguments.extend(["--spec", "some-protocol.yml", "--allow", "example-invalid"]);
    }
    let (code, text) = run(directory, &arguments);
    assert_eq!(code, Some(0), "{text}");
    let project = directory.join("scaffolded");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["test", "--offline", "--quiet"])
        .current_dir(&project)
        .env("CARGO_TARGET_DIR", target())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "cargo test:\n{text}");
    let passed = text.lines().any(|line| line.starts_with("test result: ok. ") && !line.contains(" 0 passed"));
    assert!(passed && !text.contains("warning: `scaffolded`"), "{text}");
    let checked = run(&project, &["generate", "all", &contract(directory), "--out", ".", "--check"]);
    assert_eq!(checked, (Some(0), String::new()), "what was generated is in step");
}

fn contract(directory: &Path) -> String {
    let files = fs::read_dir(directory.join("scaffolded/asyncapi")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".yml")).map(|name| format!("asyncapi/{name}")).next().unwrap()
}

#[test]
fn a_new_project_passes_its_own_tests() {
    check(None);
    // The session of the runtime speaks on `system`.
    let operations = OPERATIONS.replace("address: lobby", "address: system").replace("const: lobby", "const: system");
    check(Some(&operations));
    check(Some(PUSH));
    check(Some(FLAT));
    // Parameters of the handshake; and two messages on a path that look alike, of which no test can hope for the second.
    check(Some(
        &QUOTES
            .replace("      place: {", "      watch: {$ref: '#/components/messages/watch'}\n      place: {")
            .replace(
                "operations:\n",
                "operations:\n  again: {action: receive, channel: {$ref: '#/channels/orders'}, messages: [{$ref: \
         '#/channels/orders/messages/watch'}]}\n",
            ),
    ));
    // The same in the envelope.
    check(Some(&operations.replace(
        "address: system",
        "address: system\n    bindings: {ws: {query: {type: object, required: [token], properties: {token: {type: string, minLength: 9}}}, \
         headers: {type: object, required: [X-Key], properties: {X-Key: {type: integer}}}}}",
    )));
}

#[test]
fn a_document_moves_with_all_its_files() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    fs::create_dir_all(directory.join("specs/news")).unwrap();
    fs::create_dir_all(directory.join("specs/common")).unwrap();
    let split = PUSH.replace("text: {type: string}", "text: {$ref: '../common/text.yml#/Text'}");
    fs::write(directory.join("specs/news/push.yml"), split).unwrap();
    fs::write(directory.join("specs/news/tightwire.toml"), "module = 'headlines'\n").unwrap();
    fs::write(directory.join("specs/common/text.yml"), "Text: {type: string}\n").unwrap();
    fs::write(directory.join("specs/common/unrelated.yml"), "").unwrap();
    let (code, text) = run(&directory.join("specs"), &["new", "../made/news-server", "--spec", "news/push.yml"]);
    assert_eq!(code, Some(0), "{text}");
    let project = directory.join("made/news-server");
    let files = files(&project.join("asyncapi"));
    assert_eq!(
        files.keys().map(String::as_str).collect::<Vec<_>>(),
        ["common/text.yml", "news/push.yml", "news/tightwire.toml"]
    );
    assert!(files["news/tightwire.toml"].contains("module = 'headlines'\n"));
    assert!(files["news/tightwire.toml"].contains("regenerate = \"make regen\"\n"));
    let build = fs::read_to_string(project.join("build.rs")).unwrap();
    assert!(build.contains("compile(\"asyncapi/news/push.yml\")"), "{build}");
    let library = fs::read_to_string(project.join("src/lib.rs")).unwrap();
    assert!(library.contains("tightwire::include_protocol!(\"headlines\");"), "{library}");
}

/// The files below a directory, by their path in it.
fn files(directory: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap().to_str().unwrap().replace('\\', "/");
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// Runs `tightwire new` where it cannot work, and makes sure that it wrote nothing.
#[track_caller]
fn check_refused(arguments: &[&str], expected: i32, message: &str) {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    fs::create_dir(directory.join("full")).unwrap();
    fs::write(directory.join("full/notes.txt"), "mine").unwrap();
    fs::write(directory.join("broken.yml"), PUSH.replace("'#/channels/news'", "'#/channels/nws'")).unwrap();
    let before = files(directory);
    let (code, text) = run(directory, &[&["new"], arguments].concat());
    assert_eq!(code, Some(expected), "{text}");
    assert!(text.contains(message), "{text}");
    assert_eq!(files(directory), before);
}

#[test]
fn what_cannot_work_is_explained_and_changes_nothing() {
    check_refused(&["full"], 2, "error: full is not empty (it has notes.txt): nothing was written");
    check_refused(&["full/notes.txt"], 2, "`notes-txt` would do");
    check_refused(
        &["MyChat"],
        2,
        "`MyChat` cannot be the name of a project: a name begins with one of a-z; `my-chat` would do",
    );
    check_refused(&["demo", "--spec", "broken.yml"], 1, "--> broken.yml:15:21");
    check_refused(&["demo", "--spec", "absent.yml"], 3, "absent.yml");
    check_refused(&["demo", "--path", "full"], 2, "full is no checkout of the toolkit");
}
