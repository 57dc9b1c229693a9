//! Whatever the fast path accepts, the reference path accepts with the same value: proper frames of every message,
//! changed in structure and in bytes. And a view is what the fast path makes, or nothing.
//!
//! `TIGHTWIRE_DIFF_CASES` sets the number of frames per run (default 50 000; the nightly lane takes a million).

mod decoder;
#[path = "decoder/tree.rs"]
mod tree;

use std::cell::Cell;

use decoder::{Direction, cases};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use tightwire::proto::inbound::{Arrival, Heartbeat, Inbound};
use tightwire_chat::chat::ClientFrame;
use tree::Tree;

/// Longer frames are slow to change and find nothing that short ones do not.
const MAX_SEED: usize = 2_000;

/// One change. The numbers are taken modulo whatever there is to choose from.
type Change = (u8, u16, u16, u16);

thread_local! {
    /// How many frames had a view.
    static VIEWS: Cell<u32> = const { Cell::new(0) };
}

fn default_cases() -> u32 {
    std::env::var("TIGHTWIRE_DIFF_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(50_000)
}

/// Whether the fast path accepts; fails where the reference path does not agree.
fn agree(direction: Direction, frame: &[u8]) -> Result<bool, TestCaseError> {
    let shown = String::from_utf8_lossy(frame);
    let view = direction.view(frame);
    let Some(fast) = direction.fast(frame) else {
        prop_assert_eq!(view, None, "only the view accepts {}", shown);
        return Ok(false);
    };
    VIEWS.with(|views| views.set(views.get() + u32::from(view.is_some())));
    if let Some(view) = view {
        prop_assert_eq!(&view, &fast, "the view differs on {}", shown);
    }
    match direction.reference(frame) {
        Ok(reference) => prop_assert_eq!(fast, reference, "the paths differ on {}", shown),
        Err(rejection) => prop_assert!(false, "only the fast path accepts {}: {:?}", shown, rejection),
    }
    if direction == Direction::ToServer {
        agree_on_arrival(frame)?;
    }
    Ok(true)
}

/// What a server does with a frame that the fast path accepts: it reads the same from where the frame stands.
fn agree_on_arrival(frame: &[u8]) -> Result<(), TestCaseError> {
    let shown = String::from_utf8_lossy(frame);
    let (Ok(arrival), Some(made)) = (ClientFrame::receive(frame), ClientFrame::decode_fast(frame)) else {
        return Err(TestCaseError::fail(format!("refused on arrival: {shown}")));
    };
    let view = match arrival {
        Arrival::Heartbeat(view) => view,
        Arrival::Frame(arrived) => {
            prop_assert_eq!(arrived, made, "read otherwise on arrival: {}", shown);
            return Ok(());
        }
    };
    match (&view.frame, &made.frame) {
        (Heartbeat::Ping { timestamp }, ClientFrame::Ping { data, .. }) => {
            let timestamp = timestamp.as_ref().map(|text| text.parse().expect("a point in time"));
            prop_assert_eq!(timestamp, data.timestamp, "{}", shown);
        }
        (Heartbeat::Pong { last_id }, ClientFrame::Pong { data, .. }) => {
            prop_assert_eq!(*last_id, data.last_id, "{}", shown);
        }
        (heartbeat, frame) => prop_assert!(false, "{:?} is not {:?}: {}", heartbeat, frame, shown),
    }
    prop_assert_eq!(Inbound::from(view.map(|_| ())), made.map(|_| ()), "{}", shown);
    Ok(())
}

#[test]
fn the_fast_path_accepts_nothing_else() {
    let seeds: Vec<(Direction, Tree)> = cases()
        .into_iter()
        .filter(|case| case.accept && case.text.len() <= MAX_SEED)
        .map(|case| (case.direction, Tree::of(&serde_json::from_str::<Value>(&case.text).expect("accepted, so JSON"))))
        .collect();
    let (accepted, total) = (Cell::new(0_u32), Cell::new(0_u32));
    let change = (any::<u8>(), any::<u16>(), any::<u16>(), any::<u16>());
    let structural = prop::collection::vec(change, 0..4);
    let bytes = prop::collection::vec(change, 0..3);
    // Half of the frames stay well-formed, or few would get past the first brace.
    let strategy = (any::<u16>(), structural, prop::option::weighted(0.5, bytes));

    let config = Config { cases: default_cases(), failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&strategy, |(seed, structural, bytes)| {
        let (direction, tree) = &seeds[usize::from(seed) % seeds.len()];
        let mut tree = tree.clone();
        for change in structural {
            change_structure(&mut tree, change, &seeds);
        }
        let mut frame = tree.text().into_bytes();
        for change in bytes.into_iter().flatten() {
            change_bytes(&mut frame, change, &seeds);
        }
        total.set(total.get() + 1);
        accepted.set(accepted.get() + u32::from(agree(*direction, &frame)?));
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    // A test in which nearly everything is refused at once would show little.
    assert!(accepted.get() > total.get() / 10, "only {} of {} were accepted", accepted.get(), total.get());
    let views = VIEWS.with(Cell::get);
    assert!(views > accepted.get() / 100 * 99, "only {views} of {} had a view", accepted.get());
}

/// Changes a value, a key or the order of a frame.
fn change_structure(tree: &mut Tree, (kind, place, first, second): Change, seeds: &[(Direction, Tree)]) {
    let size = tree.size();
    let (first, second) = (usize::from(first), usize::from(second));
    let place = usize::from(place) % size;
    let other = seeds[first % seeds.len()].1.clone();
    let node = tree.at(place);
    match (kind % 12, &mut *node) {
        // Another scalar, whatever was there.
        (0..=2, _) => *node = Tree::Raw(SCALARS[first % SCALARS.len()].to_owned()),
        (3, Tree::Raw(raw)) => *raw = lengthen(raw, first),
        (4, Tree::Raw(raw)) => *raw = escape(raw, first),
        (5, Tree::Object(members)) if !members.is_empty() => {
            members.remove(first % members.len());
        }
        (6, Tree::Object(members)) if !members.is_empty() => {
            let index = first % members.len();
            members[index].0 = KEYS[second % KEYS.len()].to_owned();
        }
        (7, Tree::Object(members)) if !members.is_empty() => {
            let copy = members[first % members.len()].clone();
            members.insert(second % (members.len() + 1), copy);
        }
        (8, Tree::Object(members)) => {
            let at = second % (members.len() + 1);
            members.insert(at, (KEYS[first % KEYS.len()].to_owned(), Tree::Raw("1".to_owned())));
        }
        (9, Tree::Object(members)) if !members.is_empty() => {
            let (one, another) = (first % members.len(), second % members.len());
            members.swap(one, another);
        }
        (10, Tree::Object(members)) if !members.is_empty() => {
            // Values change places under their keys.
            let (one, another) = (first % members.len(), second % members.len());
            let value = members[one].1.clone();
            members[one].1 = std::mem::replace(&mut members[another].1, value);
        }
        (5..=8, Tree::List(items)) if !items.is_empty() => {
            let copy = items[first % items.len()].clone();
            items.insert(second % (items.len() + 1), copy);
        }
        (9 | 10, Tree::List(items)) if !items.is_empty() => {
            items.remove(first % items.len());
        }
        // A piece of another frame.
        _ => {
            let mut other = other;
            let from = second % other.size();
            *node = other.at(from).clone();
        }
    }
}

/// Changes bytes without regard to JSON.
fn change_bytes(frame: &mut Vec<u8>, (kind, place, first, second): Change, seeds: &[(Direction, Tree)]) {
    if frame.is_empty() {
        return;
    }
    let place = usize::from(place) % frame.len();
    let (first, second) = (usize::from(first), usize::from(second));
    match kind % 8 {
        0 => frame[place] ^= 1 << (first % 8),
        1 => frame.insert(place, INSERTED[first % INSERTED.len()]),
        2 => {
            frame.remove(place);
        }
        3 => frame.truncate(place),
        4 => {
            let end = (place + first % 16).min(frame.len());
            frame.drain(place..end);
        }
        5 => {
            let space = [b' ', b'\n', b'\t', b'\r'][first % 4];
            // White space next to structure is no change in meaning.
            if let Some(at) =
                (place..frame.len()).find(|at| matches!(frame[*at], b'{' | b'}' | b'[' | b']' | b',' | b':'))
            {
                frame.insert(at + second % 2, space);
            }
        }
        6 => {
            let other = seeds[first % seeds.len()].1.text().into_bytes();
            let from = second % other.len();
            frame.truncate(place);
            frame.extend_from_slice(&other[from..]);
        }
        _ => {
            let end = (place + first % 32).min(frame.len());
            let copy = frame[place..end].to_vec();
            let at = second % (frame.len() + 1);
            frame.splice(at..at, copy);
        }
    }
}

/// A string as many characters longer as brings it near a limit; anything else as it is.
fn lengthen(raw: &str, choice: usize) -> String {
    const LENGTHS: [usize; 10] = [1, 63, 64, 65, 127, 128, 129, 199, 200, 201];
    const FILLERS: [&str; 4] = ["a", "é", "🦀", "~"];
    if !raw.starts_with('"') || raw.len() < 2 {
        return raw.to_owned();
    }
    let filler = FILLERS[choice % FILLERS.len()].repeat(LENGTHS[choice / 4 % LENGTHS.len()]);
    match choice % 3 {
        0 => format!("\"{filler}\""),
        1 => format!("{}{filler}\"", &raw[..raw.len() - 1]),
        _ => format!("\"{filler}{}", &raw[1..]),
    }
}

/// A string with one of its characters written as an escape.
fn escape(raw: &str, choice: usize) -> String {
    let Some(inside) = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) else { return raw.to_owned() };
    let count = inside.chars().count().max(1);
    let mut escaped = String::from("\"");
    for (index, character) in inside.chars().enumerate() {
        if index == choice % count && !raw.contains('\\') {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(character);
        }
    }
    escaped.push('"');
    escaped
}

const INSERTED: &[u8] = b"\"\\{}[],:0123456789-.eE+ \n\x00\x1f\x7f\x80\xc3\xf0\xffnulltruefs/u";

const KEYS: &[&str] = &[
    "\"v\"",
    "\"id\"",
    "\"type\"",
    "\"topic\"",
    "\"ts\"",
    "\"correlation_id\"",
    "\"seq\"",
    "\"epoch\"",
    "\"data\"",
    "\"data_type\"",
    "\"content\"",
    "\"metadata\"",
    "\"after\"",
    "\"timestamp\"",
    "\"x\"",
    "\"\"",
    "\"\\u0076\"",
    "\"é\"",
    "\"🦀\"",
    "v",
    "\"v",
];

const SCALARS: &[&str] = &[
    "null",
    "true",
    "false",
    "{}",
    "[]",
    "[[]]",
    "{\"a\":1,\"a\":2}",
    "{\"a\":{\"b\":[1,2.5e3,\"c\"]}}",
    "0",
    "-0",
    "-0.0",
    "1",
    "2",
    "1.0",
    "1e0",
    "1.5",
    "0.1",
    "-1",
    "01",
    "1e400",
    "1e-400",
    "0.30000000000000004",
    "0.99999999999999999999",
    "1.0000000000000001",
    "200",
    "201",
    "86400",
    "86401",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "123456789012345678901234567890",
    "+1",
    ".5",
    "5.",
    "NaN",
    "\"\"",
    "\"a\"",
    "\"system\"",
    "\"dashboard\"",
    "\"thread:a\"",
    "\"thread:\"",
    "\"thread:a b\"",
    "\"agent:guide\"",
    "\"agent:é\"",
    "\"ping\"",
    "\"pong\"",
    "\"subscribe\"",
    "\"error\"",
    "\"send_message\"",
    "\"replay_gap\"",
    "\"agent_status\"",
    "\"system_health\"",
    "\"coordination_metrics\"",
    "\"idle\"",
    "\"healthy\"",
    "\"0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e21\"",
    "\"0190B6A2-7C1E-7B6A-9A64-0D5A3C0F7E21\"",
    "\"0190b6a27c1e7b6a9a640d5a3c0f7e21\"",
    "\"{0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e21}\"",
    "\"urn:uuid:0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e21\"",
    "\"0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e2g\"",
    "\"2026-01-01T00:00:00Z\"",
    "\"2026-01-01t00:00:00z\"",
    "\"2026-01-01 00:00:00Z\"",
    "\"2024-02-29T23:59:59.999999999+23:59\"",
    "\"2023-02-29T00:00:00Z\"",
    "\"1998-12-31T23:59:60Z\"",
    "\"0000-01-01T00:00:00Z\"",
    "\"9999-12-31T23:59:59-23:59\"",
    "\"0001-01-01T00:00:00+23:59\"",
    "\"2026-01-01T00:00:00.1234567891Z\"",
    "\"2026-01-01T00:00:00+00:60\"",
    "\"\\u0061\"",
    "\"\\ud83e\\udd80\"",
    "\"\\ud83e\"",
    "\"\\ud83e\\u0061\"",
    "\"\\n\\t\\\\\\\"\\/\"",
    "\"\u{7f}\u{80}\u{2028}\"",
    "\"tab\there\"",
];
