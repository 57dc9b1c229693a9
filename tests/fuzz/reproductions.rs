//! What is written down of a finding can be used: the test in Rust compiles and runs, the lines give the same plan, the
//! interaction of Pact follows the document.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use tightwire_chat::settings::Settings;
use tightwire_testkit::fuzz::reproduction::TestSource;
use tightwire_testkit::fuzz::{Class, Driver, Finding, Plan, Reproduction, Sent, Step};
use tightwire_testkit::pact::check::check;
use tightwire_testkit::pact::{Document, Interaction, Pact};

use crate::common::bus::{Bus, on_each_bus};
use crate::common::chat;
use crate::stage::{driver, options, protocol};

on_each_bus! { on_streams:
    the_lines_give_the_same_plan
}

/// What a server would have done that does not end its answers.
fn found() -> Reproduction {
    let frame = json!({
        "v": 1, "id": "0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11", "type": "send_message", "topic": "thread:fuzz-0000000.0", "ts": 0,
        "data": {"content": "\"#"},
    });
    let finding = Finding {
        class: Class::NoReply,
        message: "the answer to `send_message` did not end".to_owned(),
        client: 0,
        step: Some(0),
        expected: "stream_chunk or stream_end".to_owned(),
        actual: "nothing for 5s".to_owned(),
        transcript: String::new(),
    };
    let steps =
        vec![Step::Send { client: 0, sent: Sent::valid("send_message", frame) }, Step::Settle { sequences: true }];
    Reproduction { seed: 7, finding, plan: Plan { steps } }
}

/// What the committed test asks for.
pub(crate) async fn memory_driver() -> Driver {
    let settings = Settings::read(["tightwire-chat", "--auth-disabled", "--responder-delay-ms", "2"]);
    let server = tightwire_chat::server(&settings.expect("the flags are right")).expect("everybody may connect");
    driver(server, &Arc::new(protocol()))
}

#[test]
fn the_committed_test_is_what_is_written() {
    let source =
        TestSource { name: "an_answer_ends", driver: "crate::reproductions::memory_driver().await", is_paused: true };
    let expected = format!(
        "//! A reproduction, as it is written. `tests/fuzz/reproductions.rs` compares it.\n\n{}",
        found().to_rust(&source)
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/reproduced.rs");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &expected).expect("writable");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(committed, expected, "run UPDATE_EXPECT=1 cargo test --test fuzz reproductions");
}

async fn the_lines_give_the_same_plan(bus: &Bus) {
    let read = Reproduction::from_jsonl(&found().to_jsonl()).expect("lines");
    assert_eq!(read, found());
    let outcome = driver(chat(bus, &[]).await, &Arc::new(protocol())).with(options(bus)).run(&read.plan).await;
    assert_eq!(outcome.finding, None);
    assert_eq!(outcome.coverage.answered("send_message", "stream_end"), 1);
}

#[test]
fn the_interaction_follows_the_document() {
    let protocol = protocol();
    let pact = found().to_pact(&protocol, "fuzz", "chat").expect("the frame has to be answered");
    let read = Pact::from_text(&pact.to_text()).expect("a pact");
    let [Interaction::Sync(interaction)] = read.interactions.as_slice() else {
        panic!("one interaction with an answer: {}", pact.to_text());
    };
    assert_eq!(interaction.about.comments.operation_id(), Some("send_message"));
    assert_eq!(
        interaction.about.comments.ws.sequence.as_deref(),
        Some("thread_message_created, stream_start, stream_chunk+, stream_end")
    );
    assert_eq!(interaction.response.len(), 4);
    let document = Document::new(protocol.ir().clone()).expect("the document is right");
    let wrong = check(&read, &document);
    assert!(wrong.is_empty(), "{wrong:?}");
}
