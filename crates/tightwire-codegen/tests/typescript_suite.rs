//! The JSON-Schema-Test-Suite, draft 7 and draft 2020-12, against the TypeScript output: every schema of the required
//! files is the payload of a message, and the message's guard and check must agree with the suite on every test.
//!
//! The figures stand in `docs/conformance.md`.

#[path = "../../tightwire-conformance/src/suite.rs"]
#[allow(dead_code, unreachable_pub, reason = "the tests of Rust's paths use it too")]
mod suite;
mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use suite::{Dialect, Group, Payload};
use tightwire_codegen::{Config, typescript};
use tightwire_spec::ir::Ir;
use tightwire_spec::schema::Schema;

use support::conformance;
use support::typescript::Project;

/// A schema of the suite, and the protocol that has a message for it; or why there is none.
type Tried = (Group, Result<(), String>);

#[test]
fn guards_and_checks_agree_with_draft_7() {
    agrees(Dialect::Draft7);
}

#[test]
fn guards_and_checks_agree_with_draft_2020_12() {
    agrees(Dialect::Draft202012);
}

/// Holds the TypeScript output to the suite.
fn agrees(dialect: Dialect) {
    let Some(project) = Project::new(&format!("typescript_suite_{}", dialect.as_str())) else { return };
    let tried: Vec<Tried> = suite::read(dialect)
        .into_iter()
        .map(|group| {
            let said = single(&group);
            (group, said)
        })
        .collect();
    let expressed = || tried.iter().filter(|(_, said)| said.is_ok()).map(|(group, _)| group);
    let ir = suite::protocol(expressed(), Payload::Bare, dialect.formats())
        .expect("each schema alone is valid, so all of them are");
    project.add("suite", &ir).expect("each schema alone can be expressed");
    if let Err(said) = project.compile() {
        panic!("the guards of the suite's schemas do not compile:\n{said}");
    }
    let messages: Map<String, Value> = expressed()
        .map(|group| (group.message.clone(), group.tests.iter().map(|test| test.data.clone()).collect()))
        .collect();
    let verdicts = project.run("suite.mjs", &json!({ "messages": messages }));

    let mut failed = BTreeMap::new();
    for (group, said) in &tried {
        let name = format!("{} | {}", group.file, group.description);
        if let Err(reason) = said {
            failed.insert(name, reason.clone());
            continue;
        }
        for (test, said) in group.tests.iter().zip(verdicts[&group.message].as_array().expect("a list")) {
            let valid = test.valid;
            if said != &json!([valid, valid]) {
                let why = format!("valid is {valid}, guard and check say {said}");
                failed.insert(format!("{name} | {}", test.description), why);
            }
        }
    }
    assert!(failed.is_empty(), "not in agreement with the suite:\n{failed:#?}");
    every_value_of_the_suite(&project, &ir, &tried);
    let table = table(dialect, &tried, &failed);
    support::say(&table);
    conformance::section(&format!("typescript {}", dialect.as_str()), &table);
}

/// Each value of the suite, tried with each schema of the suite, gets the verdict of the server's validator.
fn every_value_of_the_suite(project: &Project, ir: &Ir, tried: &[Tried]) {
    let mut values = BTreeMap::new();
    for test in tried.iter().flat_map(|(group, _)| &group.tests) {
        values.insert(test.data.to_string(), test.data.clone());
    }
    let values: Vec<Value> = values.into_values().collect();
    let messages: Vec<&String> = ir.messages.keys().collect();
    let verdicts = project.run("cross.mjs", &json!({ "messages": messages, "values": values }));
    let mut different = Vec::new();
    for (id, message) in &ir.messages {
        let validator = ir.validator(&message.payload).expect("a schema");
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

/// Whether a schema alone can be read and expressed.
fn single(group: &Group) -> Result<(), String> {
    let ir = suite::protocol([group], Payload::Bare, group.dialect.formats())?;
    typescript::emit(&ir, &Config::default()).map(|_| ()).map_err(|error| error.to_string())
}

/// The figures of each file.
fn table(dialect: Dialect, tried: &[Tried], failed: &BTreeMap<String, String>) -> String {
    let mut files: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (group, _) in tried {
        let name = format!("{} | {}", group.file, group.description);
        let (tests, agreeing) = files.entry(&group.file).or_default();
        *tests += group.tests.len();
        if !failed.contains_key(&name) {
            let agrees = |test: &&suite::Test| !failed.contains_key(&format!("{name} | {}", test.description));
            *agreeing += group.tests.iter().filter(agrees).count();
        }
    }
    let (tests, agreeing) = files.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let mut text = format!(
        "## TypeScript: guards and checks, {}\n\n{agreeing} of {tests} required tests agree.\n\n| file | tests | agree |\n|---|---:|---:|\n",
        dialect.title(),
    );
    for (file, (tests, agreeing)) in files {
        let _ = writeln!(text, "| {file} | {tests} | {agreeing} |");
    }
    text
}
