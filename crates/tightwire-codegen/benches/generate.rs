//! How long each target takes. A build script waits for the Rust output.
//!
//! The protocols of 50, 200 and 800 messages show that the time grows with the number of messages and no faster.

#![allow(missing_docs, reason = "criterion's macros")]

use std::fmt::Write;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tightwire_codegen::{Config, Target, generate, generate_all, input};
use tightwire_spec::ir::Ir;
use tightwire_spec::{FileSystem, InMemory, Source};

const TARGETS: [(&str, Target); 4] =
    [("rust", Target::Rust), ("typescript", Target::TypeScript), ("schema", Target::Schema), ("cases", Target::Cases)];

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

/// A flat protocol of so many messages, each with an object of its own and a named schema.
fn protocol(messages: usize) -> String {
    let mut text = String::from("asyncapi: 3.0.0\ninfo: {title: T, version: 1.0.0, description: D}\n");
    text.push_str("channels:\n  a:\n    address: /a\n    messages:\n");
    for number in 0..messages {
        let _ = writeln!(text, "      m{number}: {{$ref: '#/components/messages/m{number}'}}");
    }
    text.push_str("operations:\n  o: {action: send, channel: {$ref: '#/channels/a'}}\ncomponents:\n  messages:\n");
    for number in 0..messages {
        let _ = writeln!(
            text,
            "    m{number}:\n      payload:\n        type: object\n        required: [event, id]\n        properties:\n          \
             event: {{type: string, const: e{number}}}\n          id: {{type: integer}}\n          \
             side: {{type: string, enum: [buy, sell]}}\n          \
             items: {{type: array, items: {{$ref: '#/components/schemas/s{number}'}}}}\n          \
             inner: {{type: object, properties: {{x: {{type: number}}, note: {{type: string, maxLength: 9}}}}}}"
        );
    }
    text.push_str("  schemas:\n");
    for number in 0..messages {
        let _ = writeln!(text, "    s{number}: {{type: object, required: [n], properties: {{n: {{type: string}}}}}}");
    }
    text
}

fn generate_sizes(criterion: &mut Criterion) {
    for (name, target) in TARGETS {
        let mut group = criterion.benchmark_group(format!("generate {name}"));
        group.sample_size(10);
        for messages in [50, 200, 800] {
            let source = InMemory::file("t.yml", protocol(messages));
            let (ir, config) = read(Path::new("t.yml"), &source);
            group.throughput(Throughput::Elements(messages as u64));
            group.bench_with_input(BenchmarkId::from_parameter(messages), &ir, |bencher, ir| {
                bencher.iter(|| generate(ir, &config, target).expect("it can be generated"));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, generate_largest, generate_sizes);
criterion_main!(benches);
