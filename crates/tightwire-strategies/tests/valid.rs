//! What is made is valid: the `jsonschema` crate, which no line of the crate itself uses, accepts all of it.

use std::path::Path;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Value, json};
use tightwire_codegen::schema_bundle;
use tightwire_spec::{FileSystem, LoadOptions, load_with};
use tightwire_strategies::{Direction, Frames};

fn bundle(path: &Path) -> String {
    let loaded = load_with(path, &FileSystem, &LoadOptions::default()).expect("it can be read");
    schema_bundle::text(&loaded.ir.expect("it has a meaning"))
}

fn validator(bundle: &Value, direction: Direction, key: &str) -> Validator {
    let schema = json!({
        "allOf": [bundle["x-messages"][direction.as_str()][key]],
        "definitions": bundle["definitions"],
    });
    let draft = if bundle["$schema"].as_str().is_some_and(|uri| uri.contains("2020-12")) {
        Draft::Draft202012
    } else {
        Draft::Draft7
    };
    let options = jsonschema::options().with_draft(draft).should_validate_formats(true);
    options
        .should_ignore_unknown_formats(true)
        .with_pattern_options(PatternOptions::regex())
        .build(&schema)
        .expect("valid")
}

#[test]
fn frames_of_the_chat_are_valid() {
    let text = bundle(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../asyncapi/chat.yml"));
    let frames = Frames::from_bundle(&text).expect("a bundle");
    let bundle: Value = serde_json::from_str(&text).expect("JSON");
    let mut rng = fastrand::Rng::with_seed(1);
    for direction in Direction::ALL {
        for key in frames.messages(direction) {
            let validator = validator(&bundle, direction, key);
            for _ in 0..300 {
                let frame = frames.sample(direction, key, &mut rng);
                if let Err(error) = validator.validate(&frame) {
                    panic!("{key}: {error} at {}\n{frame}", error.instance_path());
                }
            }
        }
    }
}
