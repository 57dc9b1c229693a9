//! Generates one module per dialect from all schemas of the suite, for `tests/fast.rs`: `$OUT_DIR/draft7.rs`, and beside
//! it, as JSON, what could not be generated and what was left to a validator.

#[path = "src/suite.rs"]
#[allow(dead_code, unreachable_pub, reason = "the tests use it too")]
mod suite;

use std::path::PathBuf;
use std::{env, fs};

use serde_json::{Value, json};
use suite::{Dialect, Group, Payload};
use tightwire_codegen::{Config, Formats, rust};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let write = |name: String, text: &str| fs::write(out.join(name), text).expect("the output can be written");
    for dialect in Dialect::ALL {
        let (module, notes) = generate(&suite::read(dialect), dialect.formats());
        write(format!("{}.rs", dialect.as_str()), &module);
        write(format!("{}.json", dialect.as_str()), &notes.to_string());
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/suite.rs");
    println!("cargo::rerun-if-changed=suite");
}

/// The module, and by message why it is not in it (`missing`) or not read by the fast path alone (`slow`).
fn generate(groups: &[Group], formats: Formats) -> (String, Value) {
    let mut missing = serde_json::Map::new();
    let mut readable = Vec::new();
    for group in groups {
        match module([group], formats) {
            Ok(_) => readable.push(group),
            Err(why) => drop(missing.insert(group.message.clone(), why.into())),
        }
    }
    let module = module(readable, formats).unwrap_or_else(|why| panic!("each schema alone can be generated: {why}"));
    let slow: Vec<Value> = module
        .slow_messages
        .iter()
        .map(|slow| json!({ "message": slow.message, "whole": slow.whole, "reason": slow.reason }))
        .collect();
    (module.text, json!({ "missing": missing, "slow": slow }))
}

fn module<'a>(groups: impl IntoIterator<Item = &'a Group>, formats: Formats) -> Result<rust::Module, String> {
    let ir = suite::protocol(groups, Payload::Named, formats)?;
    let config = Config { document: "suite.json".to_owned(), module: "suite".to_owned(), ..Config::default() };
    rust::module(&ir, &config).map_err(|error| error.to_string())
}
