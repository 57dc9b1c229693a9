//! Golden files of the Rust output: each `rust/<name>.yml` makes exactly `rust/<name>.rs`.
//!
//! `UPDATE_GOLDEN=1 cargo test -p tightwire-codegen --test rust` writes them anew; the test
//! `rust_compiled` includes them.

use std::fs;
use std::path::{Path, PathBuf};

use tightwire_codegen::{Config, Error, Formats, generate_all, input, rust};
use tightwire_spec::{FileSystem, InMemory};

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rust").join(file)
}

fn emit(name: &str) -> Result<String, Error> {
    let (ir, config) = input::read(&path(&format!("{name}.yml")), &FileSystem, Config::default()).protocol?;
    rust::text(&ir, &Config { document: format!("{name}.yml"), ..config })
}

#[track_caller]
fn check(name: &str) {
    compare(name, &emit(name).expect("Rust can express the fixture"));
}

#[track_caller]
fn compare(name: &str, made: &str) {
    let golden = path(&format!("{name}.rs"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, made).expect("the golden file can be written");
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert!(made == expected, "{name}.rs differs from the golden file; UPDATE_GOLDEN=1 writes it anew");
}

#[test]
fn names_that_collide() {
    check("names");
}

#[test]
fn every_shape() {
    check("shapes");
}

#[test]
fn operations_and_their_replies() {
    check("operations");
}

#[test]
fn only_frames_of_the_server() {
    check("push");
}

#[test]
fn frames_without_an_envelope() {
    check("exchange");
}

#[test]
fn a_client() {
    check("trader");
}

#[test]
fn parameters_of_the_handshake() {
    check("quotes");
}

/// The other end of `quotes`: the same document, written from the client's side.
#[test]
fn parameters_of_the_handshake_in_a_client() {
    let document = fs::read_to_string(path("quotes.yml")).expect("the fixture can be read");
    let document = document
        .replace("asyncapi: 3.0.0", "asyncapi: 3.0.0\nx-role: client")
        .replace("title: Quotes", "title: Quoter")
        .replace("action: receive", "action: send");
    let source = InMemory::file("quoter.yml", document);
    let read = input::read(Path::new("quoter.yml"), &source, Config::default()).protocol;
    let (ir, config) = read.expect("the fixture is right");
    let config = Config { document: "quotes.yml".to_owned(), module: "quoter".to_owned(), ..config };
    compare("quoter", &rust::text(&ir, &config).expect("Rust can express the fixture"));
}

/// The fixture `push` with `text` in place of the schema of the headline's `text`, and a `tightwire.toml`.
fn push(schema: &str, options: &str) -> Result<String, Error> {
    let document = fs::read_to_string(path("push.yml")).expect("the fixture can be read");
    let source = InMemory::file("push.yml", document.replace("text: {type: string}", &format!("text: {schema}")))
        .with("tightwire.toml", options);
    let (ir, config) = input::read(Path::new("push.yml"), &source, Config::default()).protocol?;
    rust::text(&ir, &config)
}

#[test]
fn what_cannot_be_generated_is_named() {
    #[track_caller]
    fn check(schema: &str, options: &str, expected: &str) {
        let error = push(schema, options).expect_err("Rust cannot express it").to_string();
        assert!(error.contains(expected), "{error}");
    }
    check("{type: string}", "module = 'a b'", "tightwire.toml: module: `a b` is not a name");
    check("{type: string}", "modul = 'a'", "tightwire.toml: ");
    check("{type: string}", "rust.derives = ['Eq Hash']", "rust.derives: `Eq Hash` is not the path of a derive");
    check(
        "{type: string}",
        "rust.attributes = ['non_exhaustive']",
        "rust.attributes: `non_exhaustive` is not an attribute",
    );
    check("{type: string}", "rust.types.A.replace_with = '1'", "rust.types.A.replace_with: `1` is not a type");
    check("{$ref: '#/nowhere'}", "", "push.yml");
    check("{type: string}", "formats = 'judge'", "formats: `judge` is neither `assert` nor `annotate`");
}

#[test]
fn formats_are_an_option() {
    #[track_caller]
    fn check(options: &str, over: Option<Formats>, asserted: bool) {
        let source = InMemory::file("trader.yml", fs::read_to_string(path("trader.yml")).expect("it can be read"))
            .with("tightwire.toml", options);
        let over = Config { formats: over, ..Config::default() };
        let options = input::load_options(Path::new("trader.yml"), &source, over).expect("they are valid");
        assert_eq!(options.formats == Formats::Assert, asserted);
    }
    check("", None, true);
    check("formats = 'annotate'", None, false);
    check("formats = 'annotate'", Some(Formats::Assert), true);
    check("formats = 'assert'", Some(Formats::Annotate), false);
}

#[test]
fn each_side_is_an_option() {
    #[track_caller]
    fn check(options: &str, service: bool, client: bool) {
        let document = fs::read_to_string(path("trader.yml")).expect("the fixture can be read");
        let document = document.replace("x-role: client\n", "");
        let source = InMemory::file("trader.yml", document).with("tightwire.toml", options);
        let (ir, config) =
            input::read(Path::new("trader.yml"), &source, Config::default()).protocol.expect("it is valid");
        let text = rust::text(&ir, &config).expect("Rust can express it");
        let found = ["pub trait TraderService", "pub struct TraderClient"].map(|item| text.contains(item));
        assert_eq!(found, [service, client], "{options}");
    }
    check("", true, true);
    check("rust.client = false", true, false);
    check("rust.service = false", false, true);
    check("role = 'client'", false, true);
    check("role = 'client'\nrust.service = true", true, true);
    check("rust.service = false\nrust.client = false", false, false);
}

#[test]
fn views_are_an_option() {
    #[track_caller]
    fn check(options: &str, expected: bool) {
        let text = push("{type: string}", options).expect("the options are valid");
        assert_eq!(text.contains("FrameView<'a> {"), expected, "{options}: {text}");
    }
    check("", false);
    check("rust.views = false", false);
    check("rust.views = true", true);
}

#[test]
fn options_change_the_output() {
    #[track_caller]
    fn check(options: &str, expected: &[&str]) {
        let text = push("{type: string}", options).expect("the options are valid");
        for expected in expected {
            assert!(text.contains(expected), "{options}: {expected} is not in\n{text}");
        }
    }
    check("module = 'news'", &["pub mod news {", "pub trait NewsService", "pub struct NewsServer<S>"]);
    check("regenerate = 'make it'", &["// @generated by tightwire from push.yml; do not edit. `make it` writes it.\n"]);
    check("rust.header = 'One.\nTwo.'".replace('\n', "\\n").replace('\'', "\"").as_str(), &["\n// One.\n// Two.\n\n"]);
    check("rust.derives = ['Eq', '::x::Y']", &["::x::Y,", "            Eq,"]);
    check("rust.attributes = ['#[non_exhaustive]']", &["#[non_exhaustive]"]);
    check("rust.types.Headline.derives = ['Eq']", &["Clone, Debug, Eq, PartialEq"]);
    check("rust.types.Headline.attributes = ['#[x(y)]']", &["#[x(y)]"]);
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../asyncapi/chat.yml");
    let generate = || {
        let (ir, config) = input::read(&document, &FileSystem, Config::default()).protocol.expect("it is valid");
        generate_all(&ir, &config).expect("it can be generated")
    };
    assert!(generate() == generate());
}
