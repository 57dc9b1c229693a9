//! How long it takes to read, judge and lower the reference document. Code generation does this in every build.

#![allow(missing_docs, reason = "criterion's macros")]

use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use tightwire_spec::{InMemory, load};

fn load_chat(criterion: &mut Criterion) {
    let text =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../asyncapi/chat.yml")).expect("the document");
    let source = InMemory::file("chat.yml", text);
    criterion.bench_function("load chat.yml", |bencher| {
        bencher.iter(|| load(Path::new("chat.yml"), &source).expect("it is there"));
    });
}

criterion_group!(benches, load_chat);
criterion_main!(benches);
