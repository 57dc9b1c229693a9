//! What is not copied: a frame of the heartbeat is read without a single allocation.

use std::alloc::System;
use std::hint::black_box;

use cap::Cap;
use tightwire::proto::inbound::{Arrival, Heartbeat};
use tightwire_chat::chat::ClientFrame;

// One test only: whatever runs beside it would be counted too.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const ID: &str = "0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e21";
const TIME: &str = "2026-01-01T12:34:56.789Z";

fn frame(wire_type: &str, data: &str) -> String {
    format!(r#"{{"v":1,"id":"{ID}","type":"{wire_type}","topic":"system","ts":1767225600000,"data":{data}}}"#)
}

/// The bytes that are allocated while the server reads the frame.
#[track_caller]
fn check(text: &str, expected: &Heartbeat<'_>) {
    let before = ALLOCATOR.total_allocated();
    let arrival = black_box(ClientFrame::receive(black_box(text.as_bytes())));
    let allocated = ALLOCATOR.total_allocated() - before;
    assert!(matches!(&arrival, Ok(Arrival::Heartbeat(view)) if view.frame == *expected), "{text}: {arrival:?}");
    assert_eq!(allocated, 0, "{text}");
}

#[test]
fn a_heartbeat_is_read_without_allocating() {
    let timestamp = format!(r#"{{"timestamp":"{TIME}"}}"#);
    check(&frame("ping", &timestamp), &Heartbeat::Ping { timestamp: Some(TIME.into()) });
    check(&frame("ping", "{}"), &Heartbeat::Ping { timestamp: None });
    check(&frame("pong", &timestamp), &Heartbeat::Pong { last_id: None });
    let acknowledging = format!(r#"{{"last_id":"{ID}","timestamp":"{TIME}"}}"#);
    check(&frame("pong", &acknowledging), &Heartbeat::Pong { last_id: ID.parse().ok() });
    // The count counts: the frame made of the same bytes owns something.
    let before = ALLOCATOR.total_allocated();
    let made = black_box(ClientFrame::decode(frame("authenticate", r#"{"token":"t"}"#).as_bytes()));
    assert!(made.is_ok() && ALLOCATOR.total_allocated() > before);
}
