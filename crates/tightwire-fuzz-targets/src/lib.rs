//! What fuzzers run on bytes of their own: each target takes any bytes and panics where something is wrong.
//!
//! `fuzz/` has a program for each that `cargo fuzz` builds; the tests here run them on what fuzzers begin with, and on what
//! fuzzers have found ([docs/fuzzing.md](../../../docs/fuzzing.md)).

pub mod decoder;
pub mod document;
pub mod seeds;
pub mod session;

/// A target.
#[derive(Clone, Copy)]
pub struct Target {
    /// What `cargo fuzz` calls it, and its folders.
    pub name: &'static str,
    /// Runs it on some bytes; panics where something is wrong.
    pub run: fn(&[u8]),
    /// What it begins with, by name.
    pub seeds: fn() -> Vec<(String, Vec<u8>)>,
}

/// Every target.
pub const TARGETS: [Target; 3] = [
    Target { name: "decoder", run: decoder::run, seeds: seeds::decoder },
    Target { name: "session", run: session::run, seeds: seeds::session },
    Target { name: "document", run: document::run, seeds: seeds::document },
];
