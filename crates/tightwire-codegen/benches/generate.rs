//! How long each target takes. A build script waits for the Rust output.
//!
//! The protocols of 50, 200 and 800 messages show that the time grows with the number of messages and no faster: beside
//! criterion's figures, a line for each target says how many times longer four times the messages take.

#![allow(missing_docs, clippy::print_stdout, reason = "criterion's macros; the figures are the result")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tightwire_codegen::{Config, Target, generate, generate_all, input};
use tightwire_spec::ir::Ir;
use tightwire_spec::{FileSystem, InMemory, Source};

use crate::synthetic::{Kind, protocol};

#[path = "../tests/support/synthetic.rs"]
mod synthetic;

const TARGETS: [(&str, Target); 5] = [
    ("rust", Target::Rust),
    ("typescript", Target::TypeScript),
    ("schema", Target::Schema),
    ("cases", Target::Cases),
    ("docs", Target::Docs),
];

fn read(path: &Path, source: &dyn Source) -> (Ir, Config) {
    input::read(path, source, Config::default()).protocol.expect("the document is valid")
}

/// The largest of the documents of others, if they are at hand.
fn generate_largest(criterion: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
    let path = folder.join("kanekoshoyu+exchange-collection/asset/okx_ws_asyncapi.yaml");
    if path.exists() {
        let (ir, config) = read(&path, &FileSystem);
        criterion.bench_function("generate okx (197 messages)", |bencher| {
            bencher.iter(|| generate_all(&ir, &config).expect("it can be generated"));
        });
    }
}

fn generate_sizes(criterion: &mut Criterion) {
    for kind in [Kind::Constant, Kind::Structure] {
        let protocols = [50, 200, 800].map(|messages| {
            let source = InMemory::file("t.yml", protocol(messages, kind));
            (messages, read(Path::new("t.yml"), &source))
        });
        for (name, target) in TARGETS {
            let mut group = criterion.benchmark_group(format!("generate {name}, told apart by {kind}"));
            group.sample_size(10);
            for (messages, (ir, config)) in &protocols {
                group.throughput(Throughput::Elements(*messages as u64));
                group.bench_with_input(BenchmarkId::from_parameter(messages), ir, |bencher, ir| {
                    bencher.iter(|| generate(ir, config, target).expect("it can be generated"));
                });
            }
            group.finish();
            let [small, middle, large] = protocols.each_ref().map(|(_, (ir, config))| shortest(ir, config, target));
            let times = |more: Duration, less: Duration| more.as_secs_f64() / less.as_secs_f64();
            println!(
                "{name}, told apart by {kind}: {small:.1?}, {middle:.1?} ({:.1} times), {large:.1?} ({:.1} times)",
                times(middle, small),
                times(large, middle)
            );
        }
    }
}

/// The shortest time of a few runs: what else the machine does only makes it longer.
fn shortest(ir: &Ir, config: &Config, target: Target) -> Duration {
    let run = |_| {
        let start = Instant::now();
        black_box(generate(ir, config, target).expect("it can be generated"));
        start.elapsed()
    };
    (0..5).map(run).min().unwrap_or_default()
}

criterion_group!(benches, generate_largest, generate_sizes);
criterion_main!(benches);
