//! The reference document, damaged: whatever happens to a text, loading it ends in diagnostics or in an IR.

use std::path::Path;

use proptest::prelude::*;
use tightwire_spec::rules::TOLERABLE;
use tightwire_spec::{Diagnostic, InMemory, Severity, load};

fn chat() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../asyncapi/chat.yml")).expect("the document")
}

/// One thing that happens to a text. Numbers count lines or bytes and wrap around.
#[derive(Clone, Debug)]
enum Damage {
    DeleteLine(usize),
    DuplicateLine(usize),
    SwapLines(usize, usize),
    Indent(usize),
    DeleteBytes(usize, usize),
    ReplaceByte(usize, u8),
    Insert(usize, &'static str),
    Truncate(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let snippets = prop::sample::select(vec![
        "\t",
        "&a ",
        "*a",
        "{",
        "}",
        "[",
        "]",
        "'",
        "\"",
        "- ",
        ": ",
        "? ",
        "| ",
        "!!int ",
        "#",
        "---\n",
        "\u{feff}",
        "\u{0}",
        "$ref: '#'\n",
        "null",
        "$ref: '#/components/schemas/Subscribe'",
        "1e999",
        "é",
    ]);
    let at = any::<usize>;
    prop_oneof![
        at().prop_map(Damage::DeleteLine),
        at().prop_map(Damage::DuplicateLine),
        (at(), at()).prop_map(|(a, b)| Damage::SwapLines(a, b)),
        at().prop_map(Damage::Indent),
        (at(), 1..200usize).prop_map(|(at, count)| Damage::DeleteBytes(at, count)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::ReplaceByte(at, byte)),
        (at(), snippets).prop_map(|(at, text)| Damage::Insert(at, text)),
        at().prop_map(Damage::Truncate),
    ]
}

fn apply(text: &mut Vec<u8>, damage: &Damage) {
    let count = text.iter().filter(|byte| **byte == b'\n').count().max(1);
    let line = |text: &[u8], number: usize| {
        let mut lines = text.split_inclusive(|byte| *byte == b'\n');
        let start = lines.by_ref().take(number % count).map(<[u8]>::len).sum::<usize>();
        start..start + lines.next().map_or(0, <[u8]>::len)
    };
    let at = |at: usize| at % (text.len() + 1);
    match damage {
        Damage::DeleteLine(number) => drop(text.drain(line(text, *number))),
        Damage::DuplicateLine(number) => {
            let range = line(text, *number);
            let copy = text[range.clone()].to_vec();
            text.splice(range.end..range.end, copy);
        }
        Damage::SwapLines(a, b) => {
            let (a, b) = (line(text, *a), line(text, *b));
            let (first, second) = if a.start < b.start { (a, b) } else { (b, a) };
            if first.end <= second.start {
                let copy = text[second.clone()].to_vec();
                let moved: Vec<u8> = text.splice(first.clone(), copy.clone()).collect();
                let shift = |at: usize| at + copy.len() - moved.len();
                text.splice(shift(second.start)..shift(second.end), moved);
            }
        }
        Damage::Indent(number) => {
            let start = line(text, *number).start;
            text.splice(start..start, *b"  ");
        }
        Damage::DeleteBytes(start, count) => {
            let start = at(*start);
            let end = (start + count).min(text.len());
            text.drain(start..end);
        }
        Damage::ReplaceByte(start, byte) => {
            let start = at(*start);
            if let Some(place) = text.get_mut(start) {
                *place = *byte;
            }
        }
        Damage::Insert(start, snippet) => {
            let start = at(*start);
            text.splice(start..start, snippet.bytes());
        }
        Damage::Truncate(start) => text.truncate(at(*start)),
    }
}

/// Loads a text and shows everything that was found.
#[track_caller]
fn check(name: &str, text: Vec<u8>) {
    let loaded = load(Path::new(name), &InMemory::file(name, text)).expect("the file is there");
    let error = |found: &&Diagnostic| found.severity == Severity::Error && !TOLERABLE.contains(&found.rule);
    assert!(loaded.ir.is_some() != loaded.diagnostics.iter().any(|found| error(&found)), "an IR, or errors");
    for diagnostic in loaded.diagnostics.iter().take(20) {
        diagnostic.render(&loaded.sources, true);
        diagnostic.to_json(&loaded.sources);
        diagnostic.to_github(&loaded.sources);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_document_does_not_panic(damages in prop::collection::vec(damage(), 1..6)) {
        let mut text = chat();
        damages.iter().for_each(|damage| apply(&mut text, damage));
        check("chat.yml", text);
    }

    #[test]
    fn any_text_at_all_does_not_panic(text in "[ \\-:{}\\[\\]&*!|>'\"#%@,?a-c0-9\n\t\u{e9}]{0,200}") {
        check("a.yml", text.clone().into_bytes());
        check("a.json", text.into_bytes());
    }
}
