//! `tightwire new`, run as a user runs it: what it makes builds, and passes its own tests and checks.
//!
//! `UPDATE_GOLDEN=1 cargo nextest run -p tightwire-cli` writes the golden files; review what changed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PUSH: &str = include_str!("../../tightwire-codegen/tests/rust/push.yml");
const FLAT: &str = include_str!("../../../examples/kraken/asyncapi/kraken.yml");
const QUOTES: &str = include_str!("../../tightwire-codegen/tests/rust/quotes.yml");
const OPERATIONS: &str = include_str!("../../tightwire-codegen/tests/rust/operations.yml");
const TRADER: &str = include_str!("../../tightwire-codegen/tests/rust/trader.yml");

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

/// Makes a project, in an empty directory in which a document of that text is `some-protocol.yml`.
#[track_caller]
fn make(name: &str, directory: &Path, document: Option<&str>, more: &[&str]) -> PathBuf {
    let mut arguments = vec!["new", name];
    if let Some(document) = document {
        fs::write(directory.join("some-protocol.yml"), document).unwrap();
        arguments.extend(["--spec", "some-protocol.yml", "--allow", "example-invalid"]);
    }
    let (code, text) = run(directory, &[&arguments, more].concat());
    assert_eq!(code, Some(0), "{text}");
    directory.join(name)
}

/// Makes a project and runs its tests, of which there are so many; a warning is an error. Each needs a name of its own: in
/// the common target directory cargo takes projects of one name for the same.
#[track_caller]
fn check(name: &str, document: Option<&str>, more: &[&str], tests: usize) {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let project = make(name, directory, document, more);
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["test", "--offline", "--quiet"])
        .current_dir(&project)
        .env("CARGO_TARGET_DIR", target())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "cargo test:\n{text}");
    let passed = text.lines().any(|line| line.starts_with(&format!("test result: ok. {tests} passed;")));
    assert!(passed && !text.contains(&format!("warning: `{name}`")), "{text}");
    let checked = run(&project, &["generate", "all", &contract(&project), "--out", ".", "--check"]);
    assert_eq!(checked, (Some(0), String::new()), "what was generated is in step");
}

fn contract(project: &Path) -> String {
    let files = fs::read_dir(project.join("asyncapi")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".yml")).map(|name| format!("asyncapi/{name}")).next().unwrap()
}

/// The session of the runtime speaks on `system`.
fn operations() -> String {
    OPERATIONS.replace("address: lobby", "address: system").replace("const: lobby", "const: system")
}

#[test]
fn a_new_server_passes_its_own_tests() {
    check("chat-server", None, &[], 7);
    check("operations-server", Some(&operations()), &[], 5);
    check("push-server", Some(PUSH), &[], 1);
    check("kraken-server", Some(FLAT), &[], 4);
    check("quotes-server", Some(&quotes()), &[], 3);
    check("query-server", Some(&with_query()), &[], 5);
    // What describes the other side as well.
    check("trader-server", Some(TRADER), &["--side", "server"], 3);
}

/// The operations, with parameters of the handshake.
fn with_query() -> String {
    operations().replace(
        "address: system",
        "address: system\n    bindings: {ws: {query: {type: object, required: [token], properties: {token: {type: string, minLength: 9}}}, \
         headers: {type: object, required: [X-Key], properties: {X-Key: {type: integer}}}}}",
    )
}

/// Parameters of the handshake; and two messages on a path that look alike, of which no test can hope for the second.
fn quotes() -> String {
    QUOTES.replace("      place: {", "      watch: {$ref: '#/components/messages/watch'}\n      place: {").replace(
        "operations:\n",
        "operations:\n  again: {action: receive, channel: {$ref: '#/channels/orders'}, messages: [{$ref: \
             '#/channels/orders/messages/watch'}]}\n",
    )
}

#[test]
fn a_new_client_passes_its_own_tests() {
    check("chat-client", None, &["--side", "client"], 8);
    check("operations-client", Some(&operations()), &["--side", "client"], 5);
    check("push-client", Some(PUSH), &["--side", "client"], 1);
    check("kraken-client", Some(FLAT), &["--side", "client"], 4);
    check("quotes-client", Some(&quotes()), &["--side", "client"], 4);
    check("query-client", Some(&with_query()), &["--side", "client"], 5);
    check("trader-client", Some(TRADER), &[], 4);
}

/// A document of the client's side, with TLS and a query in its URL.
#[test]
fn a_client_of_slack() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
    let specs = std::env::var_os("TIGHTWIRE_SPECS").map_or(beside, PathBuf::from);
    let path = "asyncapi+generator/packages/templates/clients/websocket/test/__fixtures__/asyncapi-slack-client.yml";
    match fs::read_to_string(specs.join(path)) {
        Ok(document) => check("slack-client", Some(&document), &["--role", "client"], 2),
        Err(_) => writeln!(io::stderr(), "skipped: no folder ../shared/specs and no TIGHTWIRE_SPECS").unwrap(),
    }
}

/// Files of a project that nobody has to review in it: what is generated, and the document.
const NOT_SHOWN: [&str; 5] = ["Cargo.lock", "asyncapi/", "contracts/", "frames/", "generated/"];

/// Compares the files of a new project with the golden file of that name: all names, and the contents of those that are
/// the scaffold's own.
#[track_caller]
fn check_golden(golden: &str, document: Option<&str>, more: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let files = files(&make("scaffolded", directory.path(), document, more));
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let checkout = checkout.to_str().unwrap().replace('\\', "/");
    let mut found = String::from("# The files of a new project.\n\n");
    found.extend(files.keys().map(|name| format!("{name}\n")));
    let own = |name: &str| name.ends_with(".toml") || !NOT_SHOWN.iter().any(|folder| name.starts_with(folder));
    for (name, contents) in files.iter().filter(|(name, _)| own(name)) {
        let contents = contents.replace(&checkout, "<checkout>");
        found.push_str(&format!("\n# ---- {name}\n{contents}"));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(golden);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{golden} differs; UPDATE_GOLDEN=1 writes it anew\n{found}");
}

#[test]
fn what_is_in_a_new_project() {
    check_golden("new-server.txt", None, &[]);
    check_golden("new-client.txt", None, &["--side", "client"]);
    check_golden("new-server-flat.txt", Some(FLAT), &[]);
    check_golden("new-client-flat.txt", Some(TRADER), &[]);
}

/// The command has the chat protocol in it. In a package there is no other copy.
#[test]
fn the_example_is_the_repositorys_own() {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(contract) = fs::read(crate_root.join("../../asyncapi/chat.yml")) else { return };
    let copy = crate_root.join("templates/chat.yml");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&copy, &contract).unwrap();
    }
    assert!(fs::read(&copy).unwrap() == contract, "templates/chat.yml lags behind; UPDATE_GOLDEN=1 writes it anew");
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
    check_refused(&["demo", "--side", "both"], 2, "the sides are `server` and `client`");
}
