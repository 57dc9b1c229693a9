//! The generated decoder of protocols without an envelope: on frames made at random for two small documents, what the
//! fast path accepts, the reference path accepts as the same message with the same values.
//!
//! `decoder_golden` makes sure that the modules are what the documents make.

#![deny(warnings)]

mod support;

mod golden {
    include!("decoder/ticker.rs");
    include!("decoder/stream.rs");
}

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;

use golden::{stream, ticker};
use serde_json::Value;
use support::samples::Samples;
use tightwire::proto::inbound::{Inbound, Rejection};
use tightwire_codegen::{Config, input};
use tightwire_spec::FileSystem;
use tightwire_spec::ir::{Direction, Ir, Message};

/// Frames per message.
const FRAMES: u64 = 2_000;

fn protocol(document: &str) -> Ir {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/decoder").join(document);
    input::read(&path, &FileSystem, Config::default()).protocol.expect("a valid document").0
}

/// Both paths of one direction.
struct Paths<F> {
    fast: fn(&[u8]) -> Option<Inbound<F>>,
    reference: fn(&[u8]) -> Result<Inbound<F>, Rejection>,
}

impl<F: PartialEq + Debug> Paths<F> {
    /// Checks frames of a direction; gives how many the reference path and the fast path accept, by message.
    fn run(&self, ir: &Ir, direction: Direction) -> BTreeMap<String, (usize, usize)> {
        let mut figures = BTreeMap::new();
        for message in ir.messages.values().filter(|message| message.directions.contains(&direction)) {
            let (accepted, fast) = figures.entry(message.id.clone()).or_default();
            for frame in frames(ir, message) {
                let text = frame.to_string();
                let reference = (self.reference)(text.as_bytes());
                *accepted += usize::from(reference.is_ok());
                if let Some(inbound) = (self.fast)(text.as_bytes()) {
                    *fast += 1;
                    assert_eq!(Ok(inbound), reference, "the paths differ: {text}");
                }
            }
        }
        figures
    }
}

/// Proper frames of a message, each also with a few things changed.
fn frames(ir: &Ir, message: &Message) -> impl Iterator<Item = Value> {
    (0..FRAMES / 4).flat_map(move |seed| {
        let mut samples = Samples::new(ir, seed + 1);
        let proper = samples.of(&message.payload);
        let changed = samples.changed(&proper);
        let again = samples.changed(&changed);
        let other = samples.changed(&proper);
        [proper, changed, again, other]
    })
}

/// `expected` are the messages that the fast path reads.
#[track_caller]
fn check<F: PartialEq + Debug>(document: &str, direction: Direction, paths: &Paths<F>, expected: &[&str]) {
    let figures = paths.run(&protocol(document), direction);
    support::say(format!("{document} {direction:?}: {figures:?}"));
    for (message, (accepted, fast)) in &figures {
        assert!(*accepted > 50, "{message}: only {accepted} frames are valid");
        assert!(*fast > 30 || !expected.contains(&message.as_str()), "{message}: only {fast} of {accepted} are fast");
    }
}

#[test]
fn a_property_tells_messages_apart() {
    use ticker::{ClientFrame, ServerFrame};
    let paths = Paths { fast: ClientFrame::decode_fast, reference: ClientFrame::decode_reference };
    check("ticker.yml", Direction::ToServer, &paths, &["ping", "subscribe"]);
    let paths = Paths { fast: ServerFrame::decode_fast, reference: ServerFrame::decode_reference };
    let fast = ["pong", "heartbeat", "subscribed", "refused", "trades", "notice"];
    check("ticker.yml", Direction::ToClient, &paths, &fast);
}

#[test]
fn structure_tells_messages_apart() {
    use stream::{ClientFrame, ServerFrame};
    let paths = Paths { fast: ClientFrame::decode_fast, reference: ClientFrame::decode_reference };
    check("stream.yml", Direction::ToServer, &paths, &["start", "stop", "move"]);
    let paths = Paths { fast: ServerFrame::decode_fast, reference: ServerFrame::decode_reference };
    check("stream.yml", Direction::ToClient, &paths, &["update", "level", "fault", "row", "cell"]);
}
