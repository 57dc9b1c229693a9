//! How long it takes to read, judge and lower documents. Code generation does this in every build.
//!
//! The protocols of 50, 200 and 800 messages show that the time grows with the number of messages and no faster.

#![allow(missing_docs, reason = "criterion's macros")]

use std::fmt::Write;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tightwire_spec::{FileSystem, InMemory, load};

fn load_chat(criterion: &mut Criterion) {
    let text =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../asyncapi/chat.yml")).expect("the document");
    let source = InMemory::file("chat.yml", text);
    criterion.bench_function("load chat.yml", |bencher| {
        bencher.iter(|| load(Path::new("chat.yml"), &source).expect("it is there"));
    });
}

/// The largest of the documents of others, if they are at hand.
fn load_largest(criterion: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
    let path = folder.join("kanekoshoyu+exchange-collection/asset/okx_ws_asyncapi.yaml");
    if path.exists() {
        criterion.bench_function("load okx (197 messages)", |bencher| {
            bencher.iter(|| load(&path, &FileSystem).expect("it is there"));
        });
    }
}

/// A flat protocol of so many messages, each with an example and a few properties of its own.
fn protocol(messages: usize, told_apart: bool) -> String {
    let mut text = String::from("asyncapi: 3.0.0\ninfo: {title: T, version: 1.0.0, description: D}\n");
    text.push_str("channels:\n  a:\n    address: /a\n    messages:\n");
    for number in 0..messages {
        let _ = writeln!(text, "      m{number}: {{$ref: '#/components/messages/m{number}'}}");
    }
    text.push_str("operations:\n  o: {action: send, channel: {$ref: '#/channels/a'}}\ncomponents:\n  messages:\n");
    for number in 0..messages {
        let own = if told_apart { format!("const: m{number}") } else { "type: string".to_owned() };
        let _ = write!(
            text,
            "    m{number}:\n      description: D.\n      payload:\n        type: object\n        required: [type, id]\n        \
             properties:\n          type: {{{own}}}\n          id: {{$ref: '#/components/schemas/Id'}}\n          \
             p{number}: {{type: array, items: {{type: object, properties: {{x: {{type: number}}, y: {{$ref: \
             '#/components/schemas/Id'}}}}}}}}\n      examples: [{{payload: {{type: m{number}, id: i}}}}]\n"
        );
    }
    text.push_str("  schemas: {Id: {type: string, minLength: 1}}\n");
    text
}

fn load_synthetic(criterion: &mut Criterion) {
    for (name, told_apart) in [("by a property", true), ("by structure", false)] {
        let mut group = criterion.benchmark_group(format!("load messages told apart {name}"));
        group.sample_size(10);
        for messages in [50, 200, 800] {
            let source = InMemory::file("t.yml", protocol(messages, told_apart));
            group.throughput(Throughput::Elements(messages as u64));
            group.bench_with_input(BenchmarkId::from_parameter(messages), &source, |bencher, source| {
                bencher.iter(|| load(Path::new("t.yml"), source).expect("it is there"));
            });
        }
    }
}

criterion_group!(benches, load_chat, load_largest, load_synthetic);
criterion_main!(benches);
