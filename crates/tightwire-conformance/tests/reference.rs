//! The reference path against the suite: each schema is read from a document, lowered, written into the schema bundle
//! and validated with, and the verdict must be the suite's.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tightwire::proto::reference::{Direction, Reference};
use tightwire_codegen::{Formats, schema_bundle};
use tightwire_conformance::suite::{self, Dialect, Group, Payload};

/// The reference path of a protocol whose only message has the schema as its payload.
fn reference(group: &Group, formats: Formats) -> Result<Reference, String> {
    let ir = suite::protocol([group], Payload::Bare, formats)?;
    let bundle = schema_bundle::text(&ir).leak();
    let reference = Reference::new(bundle, Direction::ToServer);
    reference.prepare().map_err(str::to_owned)?;
    Ok(reference)
}

#[test]
fn the_reference_path_agrees_with_draft_7() {
    check(Dialect::Draft7);
}

#[test]
fn the_reference_path_agrees_with_draft_2020_12() {
    check(Dialect::Draft202012);
}

/// `format` is the one keyword of which 2020-12 leaves open what it means: asserted, it only refuses more.
#[test]
fn asserted_formats_change_only_the_tests_of_formats() {
    for group in suite::read(Dialect::Draft202012) {
        let reference = reference(&group, Formats::Assert).unwrap_or_else(|why| panic!("{}: {why}", group.message));
        for test in &group.tests {
            let accepts = reference.check_flat(test.data.to_string().as_bytes()).is_ok();
            let refused = group.file == "format.json" && test.description.ends_with("is only an annotation by default");
            // No path checks these three.
            let unknown =
                ["duration", "idn-email", "idn-hostname"].iter().any(|name| group.description.starts_with(name));
            let expected = test.valid && (!refused || unknown);
            assert_eq!(accepts, expected, "{} | {} | {}", group.file, group.description, test.description);
        }
    }
}

/// Holds the reference path to the suite.
fn check(dialect: Dialect) {
    let mut differing = Vec::new();
    let mut figures: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for group in suite::read(dialect) {
        let (tests, agreeing) = figures.entry(group.file.clone()).or_default();
        *tests += group.tests.len();
        let name = format!("{} | {}", group.file, group.description);
        match reference(&group, dialect.formats()) {
            Err(why) => differing.push((name, why)),
            Ok(reference) => {
                for test in &group.tests {
                    let verdict = reference.check_flat(test.data.to_string().as_bytes());
                    if verdict.is_ok() == test.valid {
                        *agreeing += 1;
                    } else {
                        differing.push((format!("{name} | {}", test.description), format!("{verdict:?}")));
                    }
                }
            }
        }
    }
    support::agree(&differing);
    let table = table(dialect, &figures);
    support::say(&table);
    support::conformance::section(&format!("reference {}", dialect.as_str()), &table);
}

fn table(dialect: Dialect, figures: &BTreeMap<String, (usize, usize)>) -> String {
    let (tests, agreeing) = figures.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let mut text = format!(
        "## Rust: the reference path, {}\n\n{agreeing} of {tests} required tests agree.\n\n| file | tests | agree |\n|---|---:|---:|\n",
        dialect.title(),
    );
    for (file, (tests, agreeing)) in figures {
        let _ = writeln!(text, "| {file} | {tests} | {agreeing} |");
    }
    text
}
