//! What generating takes of memory: it grows with the messages and no faster, and little of it at a time.
//!
//! Bytes are counted and no time is taken, so that the result is the same on every machine. Alone in its process: all
//! that the process allocates is counted.

#![allow(missing_docs, reason = "a test")]

use std::alloc::System;
use std::path::Path;

use cap::Cap;
use tightwire_codegen::{Config, Target, generate, generate_all, input};
use tightwire_spec::InMemory;
use tightwire_spec::ir::Ir;

use crate::synthetic::{Kind, protocol};

#[path = "support/synthetic.rs"]
mod synthetic;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// How many times more four times the messages may take.
const MOST: f64 = 4.6;
/// What 200 messages may take at a time: a fifth of the 200 MB that a whole run may take.
const MOST_AT_A_TIME: usize = 40 << 20;

#[test]
fn memory_grows_with_the_messages() {
    for kind in [Kind::Constant, Kind::Structure] {
        let (few, small) = reading(50, kind);
        let (many, large) = reading(200, kind);
        check(&format!("reading, told apart by {kind}"), few, many);
        for target in Target::ALL {
            let allocated = |(ir, config): &(Ir, Config)| allocated(|| generate(ir, config, target).unwrap()).0;
            check(&format!("{target:?}, told apart by {kind}"), allocated(&small), allocated(&large));
        }
        generate_all(&large.0, &large.1).unwrap();
    }
    let most = ALLOCATOR.max_allocated();
    assert!(most < MOST_AT_A_TIME, "{most} bytes at a time");
}

/// The protocol of so many messages, and how many bytes were allocated for it.
fn reading(messages: usize, kind: Kind) -> (usize, (Ir, Config)) {
    let source = InMemory::file("t.yml", protocol(messages, kind));
    allocated(|| input::read(Path::new("t.yml"), &source, Config::default()).protocol.unwrap())
}

/// How many bytes some work allocates in all, and its result.
fn allocated<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = ALLOCATOR.total_allocated();
    let result = work();
    (ALLOCATOR.total_allocated() - before, result)
}

#[track_caller]
fn check(what: &str, few: usize, many: usize) {
    let times = many as f64 / few as f64;
    assert!(times < MOST, "{what}: {few} bytes for 50 messages, {many} for 200: {times:.2} times as many");
}
