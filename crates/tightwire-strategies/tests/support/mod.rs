//! What the tests share: documents, their bundles, and the independent validator.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

#[path = "../../../tightwire-codegen/tests/support/shared.rs"]
pub mod shared;

use std::path::{Path, PathBuf};

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Value, json};
use tightwire_codegen::schema_bundle;
use tightwire_spec::{FileSystem, LoadOptions, load_with};
use tightwire_strategies::Direction;

/// Says what a reader of the test's output should know.
#[expect(clippy::print_stdout, reason = "the runner shows it")]
pub fn say(text: impl std::fmt::Display) {
    println!("{text}");
}

/// The bundle of a document; `None` for one without a meaning.
pub fn bundle(path: &Path) -> Option<String> {
    let options = LoadOptions { allow: vec!["example-invalid".to_owned()], ..LoadOptions::default() };
    let loaded = load_with(path, &FileSystem, &options).expect("it can be read");
    loaded.ir.map(|ir| schema_bundle::text(&ir))
}

/// The document of the chat.
pub fn chat() -> PathBuf {
    shared::repository().join("asyncapi/chat.yml")
}

/// Every document of the repository, and those beside it, with the names they go by.
pub fn documents() -> Vec<(String, PathBuf)> {
    let root = shared::repository();
    let mut folders = vec![root.join("asyncapi"), root.join("examples"), root.join("crates")];
    folders.extend(shared::folder("specs"));
    folders.iter().flat_map(|folder| shared::documents(folder)).collect()
}

/// The validator of frames of a message: the `jsonschema` crate, with formats judged as servers judge them.
pub fn validator(bundle: &Value, direction: Direction, key: &str) -> Validator {
    let schema = json!({
        "allOf": [bundle["x-messages"][direction.as_str()][key]],
        "definitions": bundle["definitions"],
    });
    let is_2020 = bundle["$schema"].as_str().is_some_and(|uri| uri.contains("2020-12"));
    jsonschema::options()
        .with_draft(if is_2020 { Draft::Draft202012 } else { Draft::Draft7 })
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .with_format("uuid", is_uuid)
        .with_format("duration", |_: &str| true)
        .with_pattern_options(PatternOptions::regex())
        .build(&schema)
        .expect("a bundle can be compiled")
}

fn is_uuid(text: &str) -> bool {
    let hyphens = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(hyphens)
}

/// Compares with a file beside the tests; `UPDATE_GOLDEN=1` writes it.
pub fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).expect("it can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{} differs; UPDATE_GOLDEN=1 writes it", path.display());
}
