//! Golden files of the TypeScript output: each `typescript/<name>.yml` makes exactly the files in `typescript/<name>/`.
//!
//! `UPDATE_GOLDEN=1 cargo test -p tightwire-codegen --test typescript` writes them anew. The frontend's type check
//! compiles them, and its tests run the guards of `keywords`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tightwire_codegen::{Config, Error, typescript};
use tightwire_spec::{FileSystem, InMemory, load};

/// These are the same for every protocol, so they are not golden: they lead to those in `src`.
const SAME_FOR_ALL: [&str; 5] = ["formats.ts", "handshake.ts", "runtime.ts", "report.ts", "index.ts"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/typescript")
}

fn config(document: &str) -> Config {
    Config { document: document.to_owned(), module: document.trim_end_matches(".yml").to_owned(), ..Config::default() }
}

#[track_caller]
fn check(name: &str) {
    check_document(name, &format!("{name}.yml"));
}

/// [`check`] for a document that has another place than the golden files.
#[track_caller]
fn check_document(name: &str, document: &str) {
    let loaded = load(&folder().join(document), &FileSystem).expect("the fixture can be read");
    let notes: Vec<String> = loaded.diagnostics.iter().map(|one| one.one_line(&loaded.sources)).collect();
    let ir = loaded.ir.unwrap_or_else(|| panic!("the fixture is valid:\n{}", notes.join("\n")));
    let files = typescript::emit(&ir, &config(&format!("{name}.yml"))).expect("TypeScript can express the fixture");
    let made: BTreeMap<String, String> = files
        .into_iter()
        .map(|file| (file.path.file_name().expect("a file").to_string_lossy().into_owned(), file.contents))
        .filter(|(name, _)| !SAME_FOR_ALL.contains(&name.as_str()))
        .collect();

    let golden = folder().join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(&golden).expect("the folder can be made");
        for (name, text) in &made {
            fs::write(golden.join(name), text).expect("the file can be written");
        }
    }
    let expected: BTreeMap<String, String> = fs::read_dir(&golden)
        .expect("there are golden files; UPDATE_GOLDEN=1 writes them")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| !SAME_FOR_ALL.iter().any(|name| entry.file_name() == *name))
        .map(|entry| {
            let text = fs::read_to_string(entry.path()).expect("a text");
            (entry.file_name().to_string_lossy().into_owned(), text)
        })
        .collect();
    assert_eq!(made.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (file, text) in &made {
        assert_eq!(text, &expected[file], "{name}/{file} differs; UPDATE_GOLDEN=1 writes it anew");
    }
}

#[test]
fn dispatch() {
    check("dispatch");
}

#[test]
fn flat() {
    check("flat");
}

#[test]
fn keywords() {
    check("keywords");
}

#[test]
fn names() {
    check("names");
}

#[test]
fn plain() {
    check("plain");
}

#[test]
fn quotes() {
    check_document("quotes", "../rust/quotes.yml");
}

#[test]
fn topics() {
    check("topics");
}

#[test]
fn what_a_guard_cannot_check_is_an_error() {
    #[track_caller]
    fn check(schema: &str, expected: &str) {
        let text = fs::read_to_string(folder().join("plain.yml")).expect("the fixture can be read");
        let text = text.replace("{type: string, enum: [buy, sell]}", schema);
        let loaded = load(Path::new("plain.yml"), &InMemory::file("plain.yml", text)).expect("it can be read");
        let ir = loaded.ir.expect("it is valid");
        match typescript::emit(&ir, &config("plain.yml")) {
            Err(Error::Unsupported { place, message }) => assert_eq!(format!("{place}: {message}"), expected),
            other => panic!("expected an error, got {other:?}"),
        }
    }
    check(
        "{type: string, pattern: '(?i)x'}",
        "message order: the pattern \"(?i)x\" cannot be a regular expression of TypeScript: (?i) is not of ECMA-262",
    );
}
