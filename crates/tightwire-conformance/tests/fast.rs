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

mod draft7 {
    include!(concat!(env!("OUT_DIR"), "/draft7.rs"));
}

mod draft2020_12 {
    include!(concat!(env!("OUT_DIR"), "/draft2020-12.rs"));
}

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use tightwire_conformance::suite::{self, Dialect};

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

/// What the generated decoder says of a frame.
struct Verdict {
    /// The fast path accepts it.
    fast: bool,
    /// Why both paths together refuse it, if they do.
    refusal: Option<String>,
}

#[test]
fn the_generated_decoder_agrees_with_draft_7() {
    use draft7::suite::ClientFrame;
    check(Dialect::Draft7, include_str!(concat!(env!("OUT_DIR"), "/draft7.json")), |frame| Verdict {
        fast: ClientFrame::decode_fast(frame).is_some(),
        refusal: ClientFrame::decode(frame).err().map(|rejection| format!("{rejection:?}")),
    });
}

#[test]
fn the_generated_decoder_agrees_with_draft_2020_12() {
    use draft2020_12::suite::ClientFrame;
    check(Dialect::Draft202012, include_str!(concat!(env!("OUT_DIR"), "/draft2020-12.json")), |frame| Verdict {
        fast: ClientFrame::decode_fast(frame).is_some(),
        refusal: ClientFrame::decode(frame).err().map(|rejection| format!("{rejection:?}")),
    });
}

/// Holds a generated decoder to the suite. `notes` are those of the build script.
fn check(dialect: Dialect, notes: &str, decode: impl Fn(&[u8]) -> Verdict) {
    let notes: Value = serde_json::from_str(notes).expect("JSON");
    let noted = |message: &str, whole: bool| {
        let slow = notes["slow"].as_array().into_iter().flatten();
        slow.filter(|slow| slow["whole"] == whole).any(|slow| slow["message"] == message)
    };
    let mut differing = Vec::new();
    let mut figures: BTreeMap<String, Figures> = BTreeMap::new();
    for group in suite::read(dialect) {
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
            let Verdict { fast, refusal } = decode(frame.as_bytes());
            let name = format!("{name} | {}", test.description);
            figures.valid += usize::from(test.valid);
            figures.accepted_fast += usize::from(fast);
            assert!(test.valid || !fast, "only the fast path accepts: {name}");
            if refusal.is_none() == test.valid {
                figures.agreeing += 1;
            } else {
                differing.push((name, format!("{refusal:?}")));
            }
        }
    }
    support::agree(&differing);
    let table = table(dialect, &figures);
    support::say(&table);
    support::conformance::section(&format!("fast {}", dialect.as_str()), &table);
}

fn table(dialect: Dialect, figures: &BTreeMap<String, Figures>) -> String {
    let sum = |of: fn(&Figures) -> usize| figures.values().map(of).sum::<usize>();
    let mut text = format!(
        "## Rust: the generated decoder, {}\n\n{} of {} required tests agree. Of {} valid values the\nfast path accepts {}; the others are \
         accepted by the reference path. Of {} schemas {} are checked while reading, {} more with parts left to a \
         validator.\n\n| file | tests | agree | valid | accepted fast | schemas | checked while reading | in part \
         |\n|---|---:|---:|---:|---:|---:|---:|---:|\n",
        dialect.title(),
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
            "| {file} | {tests} | {agreeing} | {valid} | {accepted_fast} | {schemas} | {fast} | {partly} |"
        );
    }
    text
}
