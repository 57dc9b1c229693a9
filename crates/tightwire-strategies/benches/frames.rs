//! How long it takes to read a bundle and to make frames: millions of them are made in a night.

#![allow(missing_docs, reason = "criterion's macros")]

use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fastrand::Rng;
use tightwire_strategies::{Direction, Frames};

fn chat() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../generated/schema/ws_messages.schema.json");
    std::fs::read_to_string(path).expect("it is committed")
}

fn read(criterion: &mut Criterion) {
    let bundle = chat();
    criterion.bench_function("read the bundle of the chat", |bencher| {
        bencher.iter(|| Frames::from_bundle(&bundle).expect("a bundle"));
    });
}

/// A frame of every message, one after the other.
fn make(criterion: &mut Criterion) {
    let frames = Frames::from_bundle(&chat()).expect("a bundle");
    let mut group = criterion.benchmark_group("make frames");
    for direction in Direction::ALL {
        let keys: Vec<&str> = frames.messages(direction).collect();
        let mut rng = Rng::with_seed(1);
        group.throughput(Throughput::Elements(keys.len() as u64));
        group.bench_function(direction.as_str(), |bencher| {
            bencher.iter(|| {
                for key in &keys {
                    std::hint::black_box(frames.sample(direction, key, &mut rng));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, read, make);
criterion_main!(benches);
