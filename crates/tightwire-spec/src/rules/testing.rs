//! How rules are tested: a document in, the rule's findings out.

use std::path::Path;

use crate::load::load;
use crate::rules::Rule;
use crate::source::InMemory;

/// A document's first lines, for documents that are about something else.
pub(super) const HEAD: &str = "asyncapi: 3.0.0\ninfo: {title: T, version: 1.0.0}\n";

/// Checks what the rule finds in a document: `line:column message` each. Lines count from the first of `document`,
/// which [`HEAD`] precedes.
#[track_caller]
pub(super) fn check(rule: Rule, document: &str, expected: &[&str]) {
    check_whole(rule, &format!("{HEAD}{document}"), HEAD.lines().count(), expected);
}

/// The same for a document that is complete, whose first `skip` lines are not counted.
#[track_caller]
pub(super) fn check_whole(rule: Rule, document: &str, skip: usize, expected: &[&str]) {
    let loaded = load(Path::new("t.yml"), &InMemory::file("t.yml", document)).expect("the file is there");
    let found = loaded.diagnostics.iter().filter(|diagnostic| diagnostic.rule == rule.id);
    let found: Vec<_> = found
        .map(|diagnostic| {
            let at = loaded.sources.position(diagnostic.span());
            format!("{}:{} {}", at.line.saturating_sub(skip), at.column, diagnostic.message)
        })
        .collect();
    assert_eq!(found, expected, "{document}");
}
