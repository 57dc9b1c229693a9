//! What both tests need: the list of what is known to differ, and the section of the documentation.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

#[path = "../../../tightwire-codegen/tests/support/conformance.rs"]
pub mod conformance;
#[path = "../../../tightwire-codegen/tests/support/shared.rs"]
pub mod shared;

use std::collections::BTreeSet;

/// Says what a reader of the test's output should know.
#[expect(clippy::print_stdout, reason = "the runner shows it")]
pub fn say(text: impl std::fmt::Display) {
    println!("{text}");
}

/// Compares what differs from the suite with the list of what is known to: one `file | group` or `file | group | test`
/// per line. The list only shrinks.
#[track_caller]
pub fn compare(list: &str, found: &[(String, String)]) {
    let known: BTreeSet<&str> = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let names: BTreeSet<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let news: Vec<String> = found
        .iter()
        .filter(|(name, _)| !known.contains(name.as_str()))
        .map(|(name, why)| format!("{name}: {why}"))
        .collect();
    let gone: Vec<&&str> = known.difference(&names).collect();
    assert!(news.is_empty(), "not in agreement with the suite:\n{}", news.join("\n"));
    assert!(gone.is_empty(), "in agreement with the suite now; take them out of the list:\n{gone:#?}");
}
