//! The reference path against the suite: each schema is read from a document, lowered, written into the schema bundle
//! and validated with, and the verdict must be the suite's.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tightwire::proto::reference::{Direction, Reference};
use tightwire_codegen::schema_bundle;
use tightwire_conformance::suite::{self, Dialect, Group, Payload};

/// The reference path of a protocol whose only message has the schema as its payload.
fn reference(group: &Group) -> Result<Reference, String> {
    let ir = suite::protocol([group], Payload::Bare)?;
    let bundle = schema_bundle::text(&ir).leak();
    let reference = Reference::new(bundle, Direction::ToServer);
    reference.prepare().map_err(str::to_owned)?;
    Ok(reference)
}

#[test]
fn the_reference_path_agrees_with_draft_7() {
    check(Dialect::Draft7, "");
}

#[test]
fn the_reference_path_agrees_with_draft_2020_12() {
    check(Dialect::Draft202012, include_str!("reference.draft2020-12.xfail"));
}

/// Holds the reference path to the suite. `known` is the list of what differs.
fn check(dialect: Dialect, known: &str) {
    let mut differing = Vec::new();
    let mut figures: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for group in suite::read(dialect) {
        let (tests, agreeing) = figures.entry(group.file.clone()).or_default();
        *tests += group.tests.len();
        let name = format!("{} | {}", group.file, group.description);
        match reference(&group) {
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
    support::compare(known, &differing);
    let table = table(dialect, &figures);
    support::say(&table);
    support::conformance::section(&format!("reference {}", dialect.as_str()), &table);
}

fn table(dialect: Dialect, figures: &BTreeMap<String, (usize, usize)>) -> String {
    let (tests, agreeing) = figures.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let mut text = format!(
        "## Rust: the reference path, {}\n\n{}\n\n| file | tests | agree | listed |\n|---|---:|---:|---:|\n",
        dialect.title(),
        support::conformance::agreement(
            agreeing,
            tests,
            &format!("crates/tightwire-conformance/tests/reference.{}.xfail", dialect.as_str())
        ),
    );
    for (file, (tests, agreeing)) in figures {
        let _ = writeln!(text, "| {file} | {tests} | {agreeing} | {} |", tests - agreeing);
    }
    text
}
