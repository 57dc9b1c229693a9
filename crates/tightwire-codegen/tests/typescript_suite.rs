//! The JSON-Schema-Test-Suite, draft 7, against the TypeScript output: every schema of the required files is the payload
//! of a message, and the message's guard and check must agree with the suite on every test.
//!
//! What is known not to agree stands in `typescript_suite.xfail`, which only shrinks: an entry that agrees fails the
//! test. The figures stand in `docs/conformance.md`.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use tightwire_codegen::{Config, typescript};
use tightwire_spec::ir::Ir;
use tightwire_spec::schema::Schema;
use tightwire_spec::{InMemory, Loaded, load};

use support::typescript::{Project, validator};
use support::{conformance, shared};

/// A file of the suite.
struct File {
    name: String,
    groups: Vec<Group>,
}

/// A schema and its tests.
struct Group {
    description: String,
    schema: Value,
    /// What each test is called, and whether it is valid.
    tests: Vec<(String, bool)>,
    /// The message that the schema is the payload of; or why there is none.
    message: Result<String, String>,
}

#[test]
fn guards_and_checks_agree_with_the_suite() {
    let Some(folder) = shared::folder("json-schema-test-suite/draft7") else { return };
    let Some(project) = Project::new("typescript_suite") else { return };
    let mut files = read(&folder);
    for group in files.iter_mut().flat_map(|file| &mut file.groups) {
        let message = group.message.clone().expect("it has a name so far");
        if let Err(why) = single(&message, &group.schema) {
            group.message = Err(why);
        }
    }
    let loaded = document(
        files
            .iter()
            .flat_map(|file| &file.groups)
            .filter_map(|group| Some((group.message.as_deref().ok()?, &group.schema))),
    );
    let ir = loaded.ir.expect("each schema alone is valid, so all of them are");
    project.add("suite", &ir).expect("each schema alone can be expressed");
    if let Err(said) = project.compile() {
        panic!("the guards of the suite's schemas do not compile:\n{said}");
    }
    let messages: Map<String, Value> = files
        .iter()
        .map(|file| {
            let messages = file.groups.iter().map(|group| Value::from(group.message.as_ref().ok().cloned()));
            (file.name.clone(), messages.collect())
        })
        .collect();
    let verdicts = project.run("suite.mjs", &json!({ "folder": folder, "files": messages }));

    let mut failed = BTreeSet::new();
    let mut why = Vec::new();
    for file in &files {
        for (group, said) in file.groups.iter().zip(verdicts[&file.name].as_array().expect("a list")) {
            match &group.message {
                Err(reason) => {
                    failed.insert(format!("{} | {}", file.name, group.description));
                    why.push(format!("{} | {}: {reason}", file.name, group.description));
                }
                Ok(_) => {
                    for ((test, valid), said) in group.tests.iter().zip(said.as_array().expect("a list")) {
                        if said != &json!([valid, valid]) {
                            let name = format!("{} | {} | {test}", file.name, group.description);
                            why.push(format!("{name}: valid is {valid}, guard and check say {said}"));
                            failed.insert(name);
                        }
                    }
                }
            }
        }
    }
    let expected = expected();
    let news: Vec<&String> =
        why.iter().filter(|line| !expected.iter().any(|known| line.starts_with(&format!("{known}: ")))).collect();
    let gone: Vec<&String> = expected.difference(&failed).collect();
    assert!(news.is_empty(), "not in agreement with the suite:\n{news:#?}");
    assert!(gone.is_empty(), "in agreement with the suite now; take them out of typescript_suite.xfail:\n{gone:#?}");
    every_value_of_the_suite(&project, &ir, &folder);
    let table = table(&files, &failed);
    support::say(&table);
    conformance::section("typescript", &table);
}

/// Each value of the suite, tried with each schema of the suite, gets the verdict of the server's validator.
fn every_value_of_the_suite(project: &Project, ir: &Ir, folder: &Path) {
    let mut values = BTreeMap::new();
    for path in shared::files(folder) {
        let groups: Value = serde_json::from_str(&fs::read_to_string(path).expect("a text")).expect("JSON");
        for test in groups.as_array().expect("a list").iter().flat_map(|group| group["tests"].as_array()).flatten() {
            values.insert(test["data"].to_string(), test["data"].clone());
        }
    }
    let values: Vec<Value> = values.into_values().collect();
    let messages: Vec<&String> = ir.messages.keys().collect();
    let verdicts = project.run("cross.mjs", &json!({ "messages": messages, "values": values }));
    let mut different = Vec::new();
    for (id, message) in &ir.messages {
        let validator = validator(ir, &message.payload);
        for (value, said) in values.iter().zip(verdicts[id].as_str().expect("a text").chars()) {
            let valid = if validator.is_valid(value) { '1' } else { '0' };
            if said != valid && !is_known(&message.payload, value) {
                different.push(format!("{id} {value}: the validator says {valid}, TypeScript {said}"));
            }
        }
    }
    support::say(format!("{} schemas, each with {} values", messages.len(), values.len()));
    assert!(
        different.is_empty(),
        "{} verdicts differ:\n{}",
        different.len(),
        different[..different.len().min(40)].join("\n")
    );
}

/// Where TypeScript and the validator may say different things.
fn is_known(payload: &Schema, value: &Value) -> bool {
    let schema = payload.to_json("").to_string();
    // JavaScript has no other integers beyond 2^53 than those that are doubles.
    schema.contains("\"multipleOf\"") && !is_double(value)
}

/// Whether a number, if it is one, is the same in JavaScript.
fn is_double(value: &Value) -> bool {
    value.as_i64().is_none_or(|integer| integer as f64 as i128 == i128::from(integer))
        && value.as_u64().is_none_or(|integer| integer as f64 as i128 == i128::from(integer))
}

/// The required files: `optional/` is not among them.
fn read(folder: &Path) -> Vec<File> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = fs::read_to_string(path).expect("a text");
            let groups: Vec<Value> = serde_json::from_str(&text).expect("JSON");
            let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let groups = groups.iter().enumerate().map(|(index, group)| Group {
                description: text_of(group, "description"),
                schema: group["schema"].clone(),
                tests: group["tests"]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|test| (text_of(test, "description"), test["valid"] == true))
                    .collect(),
                message: Ok(format!("{stem}_{}", index + 1)),
            });
            File { name: format!("{stem}.json"), groups: groups.collect() }
        })
        .collect()
}

fn text_of(node: &Value, key: &str) -> String {
    node[key].as_str().expect("a text").to_owned()
}

/// A document with a message for each schema.
fn document<'a>(schemas: impl Iterator<Item = (&'a str, &'a Value)>) -> Loaded {
    let mut messages = Map::new();
    let mut source = InMemory::default();
    for (message, schema) in schemas {
        // `#` is the root of the schema, so what refers to anything stands in a file of its own.
        let payload = if schema.to_string().contains("\"$ref\"") {
            source = source.with(format!("{message}.json"), schema.to_string());
            json!({ "$ref": format!("{message}.json") })
        } else {
            schema.clone()
        };
        messages.insert(message.to_owned(), json!({ "payload": payload }));
    }
    let document = json!({
        "asyncapi": "3.0.0",
        "info": { "title": "Suite", "version": "1.0.0" },
        "channels": { "suite": { "address": "/", "messages": messages } },
        "operations": { "take": { "action": "receive", "channel": { "$ref": "#/channels/suite" } } },
    });
    load(Path::new("suite.json"), &source.with("suite.json", document.to_string())).expect("it can be read")
}

/// Whether a schema alone can be read and expressed.
fn single(message: &str, schema: &Value) -> Result<(), String> {
    let loaded = document([(message, schema)].into_iter());
    let Some(ir) = &loaded.ir else {
        let first = loaded.diagnostics.iter().find(|one| one.severity == tightwire_spec::Severity::Error);
        return Err(first.map_or_else(String::new, |one| one.one_line(&loaded.sources)));
    };
    typescript::emit(ir, &Config::default()).map(|_| ()).map_err(|error| error.to_string())
}

/// The entries of the list: `file | group`, where there is no guard, or `file | group | test`.
fn expected() -> BTreeSet<String> {
    include_str!("typescript_suite.xfail")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// The figures of each file.
fn table(files: &[File], failed: &BTreeSet<String>) -> String {
    let mut rows = String::new();
    let (mut all, mut agreeing) = (0, 0);
    for file in files {
        let tests: usize = file.groups.iter().map(|group| group.tests.len()).sum();
        let other: usize = file
            .groups
            .iter()
            .map(|group| {
                let name = format!("{} | {}", file.name, group.description);
                let failing = |test: &&(String, bool)| failed.contains(&format!("{name} | {}", test.0));
                if failed.contains(&name) { group.tests.len() } else { group.tests.iter().filter(failing).count() }
            })
            .sum();
        let _ = writeln!(rows, "| {} | {tests} | {} | {other} |", file.name, tests - other);
        all += tests;
        agreeing += tests - other;
    }
    format!(
        "## TypeScript: guards and checks\n\n{agreeing} of {all} required tests of draft 7 agree; the others are listed, \
         with reasons, in\n`crates/tightwire-codegen/tests/typescript_suite.xfail`.\n\n| file | tests | agree | listed \
         |\n|---|---:|---:|---:|\n{rows}"
    )
}
