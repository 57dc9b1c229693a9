//! The generated decoder against the suite: `build.rs` makes one module of all schemas. What its fast path accepts must
//! be valid, and both paths together must give the suite's verdict.

#![allow(
    clippy::all,
    clippy::pedantic,
    mixed_script_confusables,
    missing_docs,
    reason = "nearly all of it is generated"
)]

mod support;

mod generated {
    include!(concat!(env!("OUT_DIR"), "/suite.rs"));
}

use std::collections::BTreeMap;
use std::fmt::Write as _;

use generated::suite::ClientFrame;
use serde_json::{Value, json};
use tightwire_conformance::suite;

/// What was counted in a file of the suite.
#[derive(Clone, Copy, Default)]
struct Figures {
    tests: usize,
    agreeing: usize,
    valid: usize,
    accepted_fast: usize,
    schemas: usize,
    fast: usize,
    partly: usize,
}

#[test]
fn the_generated_decoder_agrees_with_the_suite() {
    let Some(folder) = suite::folder() else {
        support::say("skipped: there is no ../shared/json-schema-test-suite");
        return;
    };
    let notes: Value = serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/suite.json"))).expect("JSON");
    let noted = |message: &str, whole: bool| {
        let slow = notes["slow"].as_array().into_iter().flatten();
        slow.filter(|slow| slow["whole"] == whole).any(|slow| slow["message"] == message)
    };
    let mut differing = Vec::new();
    let mut figures: BTreeMap<String, Figures> = BTreeMap::new();
    for group in suite::read(&folder) {
        let figures = figures.entry(group.file.clone()).or_default();
        figures.tests += group.tests.len();
        figures.schemas += 1;
        let name = format!("{} | {}", group.file, group.description);
        if let Some(why) = notes["missing"][&group.message].as_str() {
            differing.push((name, why.to_owned()));
            continue;
        }
        match (noted(&group.message, true), noted(&group.message, false)) {
            (true, _) => {}
            (false, true) => figures.partly += 1,
            (false, false) => figures.fast += 1,
        }
        for test in &group.tests {
            let frame = json!({ "message": group.message, "value": test.data }).to_string();
            let fast = ClientFrame::decode_fast(frame.as_bytes());
            let decoded = ClientFrame::decode(frame.as_bytes());
            figures.valid += usize::from(test.valid);
            figures.accepted_fast += usize::from(fast.is_some());
            assert!(test.valid || fast.is_none(), "only the fast path accepts: {name} | {}", test.description);
            if decoded.is_ok() == test.valid {
                figures.agreeing += 1;
            } else {
                differing.push((format!("{name} | {}", test.description), format!("{:?}", decoded.err())));
            }
        }
    }
    support::compare(include_str!("fast.xfail"), &differing);
    let table = table(&figures);
    support::say(&table);
    support::conformance::section("fast", &table);
}

fn table(figures: &BTreeMap<String, Figures>) -> String {
    let sum = |of: fn(&Figures) -> usize| figures.values().map(of).sum::<usize>();
    let mut text = format!(
        "## Rust: the generated decoder\n\n{} of {} required tests of draft 7 agree; the others are listed, with reasons, \
         in\n`crates/tightwire-conformance/tests/fast.xfail`. Of {} valid values the fast path accepts {}; the others are \
         accepted by\nthe reference path. Of {} schemas {} are checked while reading, {} more with parts left to a \
         validator.\n\n| file | tests | agree | listed | valid | accepted fast | schemas | checked while reading | in part \
         |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
        sum(|one| one.agreeing),
        sum(|one| one.tests),
        sum(|one| one.valid),
        sum(|one| one.accepted_fast),
        sum(|one| one.schemas),
        sum(|one| one.fast),
        sum(|one| one.partly),
    );
    for (file, one) in figures {
        let Figures { tests, agreeing, valid, accepted_fast, schemas, fast, partly } = one;
        let _ = writeln!(
            text,
            "| {file} | {tests} | {agreeing} | {} | {valid} | {accepted_fast} | {schemas} | {fast} | {partly} |",
            tests - agreeing
        );
    }
    text
}
