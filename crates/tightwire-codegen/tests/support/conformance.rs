//! `docs/conformance.md`: one section per engine, each written by the engine's own test.
//!
//! `UPDATE_CONFORMANCE=1` writes the sections; without it a section that differs fails the test.

use std::fs;

use super::shared::repository;

/// Checks that the section of an engine says `text`, or writes it.
#[track_caller]
pub fn section(engine: &str, text: &str) {
    let path = repository().join("docs/conformance.md");
    // Other tests write their sections at the same time; the lock ends with the file.
    let lock = fs::File::open(&path).expect("docs/conformance.md can be read");
    lock.lock().expect("it can be locked");
    let before = fs::read_to_string(&path).expect("docs/conformance.md can be read");
    let (start, end) = (format!("<!-- begin: {engine} -->\n"), format!("<!-- end: {engine} -->\n"));
    let wanted = format!("{start}{}\n{end}", text.trim_end());
    let found = before.find(&start).zip(before.find(&end)).map(|(from, to)| from..to + end.len());
    if found.clone().is_some_and(|range| before[range] == wanted) {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_CONFORMANCE").is_some(),
        "the section {engine} of docs/conformance.md differs; UPDATE_CONFORMANCE=1 writes it anew:\n{wanted}"
    );
    let after = match found {
        Some(range) => format!("{}{wanted}{}", &before[..range.start], &before[range.end..]),
        None => format!("{}\n\n{wanted}", before.trim_end()),
    };
    fs::write(path, after).expect("docs/conformance.md can be written");
}
