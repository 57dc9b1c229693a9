//! What is not copied: a frame of the heartbeat is read without a single allocation, and so is a view of any frame.

use std::alloc::System;
use std::hint::black_box;

use cap::Cap;
use tightwire::proto::inbound::{Arrival, Heartbeat};
use tightwire_chat::chat::{ClientFrame, ClientFrameView};

// One test only: whatever runs beside it would be counted too.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const ID: &str = "0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e21";
const TIME: &str = "2026-01-01T12:34:56.789Z";

fn frame(wire_type: &str, data: &str) -> String {
    format!(r#"{{"v":1,"id":"{ID}","type":"{wire_type}","topic":"system","ts":1767225600000,"data":{data}}}"#)
}

/// The bytes that are allocated while something is read: the least of several times, because the harness has a thread of its
/// own, which may allocate meanwhile.
fn allocated<T>(mut read: impl FnMut() -> T) -> usize {
    let once = |_| {
        let before = ALLOCATOR.total_allocated();
        let made = black_box(read());
        let allocated = ALLOCATOR.total_allocated() - before;
        drop(made);
        allocated
    };
    (0..10).map(once).min().unwrap_or_default()
}

/// What the server reads of the heartbeat.
#[track_caller]
fn check(text: &str, expected: &Heartbeat<'_>) {
    let arrival = ClientFrame::receive(text.as_bytes());
    assert!(matches!(&arrival, Ok(Arrival::Heartbeat(view)) if view.frame == *expected), "{text}: {arrival:?}");
    assert_eq!(allocated(|| ClientFrame::receive(black_box(text.as_bytes()))), 0, "{text}");
}

/// A view of any frame whose text has no escapes.
#[track_caller]
fn check_view(text: &str) {
    assert!(ClientFrameView::read(text.as_bytes()).is_some(), "{text}");
    assert_eq!(allocated(|| ClientFrameView::read(black_box(text.as_bytes()))), 0, "{text}");
}

#[test]
fn a_heartbeat_is_read_without_allocating() {
    let timestamp = format!(r#"{{"timestamp":"{TIME}"}}"#);
    check(&frame("ping", &timestamp), &Heartbeat::Ping { timestamp: Some(TIME.into()) });
    check(&frame("ping", "{}"), &Heartbeat::Ping { timestamp: None });
    check(&frame("pong", &timestamp), &Heartbeat::Pong { last_id: None });
    let acknowledging = format!(r#"{{"last_id":"{ID}","timestamp":"{TIME}"}}"#);
    check(&frame("pong", &acknowledging), &Heartbeat::Pong { last_id: ID.parse().ok() });
    check_view(&frame("ping", &timestamp));
    check_view(&frame("subscribe", &format!(r#"{{"topics":["dashboard","thread:a"],"after":{{"thread:a":"{ID}"}}}}"#)));
    check_view(&frame("authenticate", r#"{"token":"t"}"#));
    let message = frame("send_message", r#"{"content":"Grüezi 🦀","metadata":{"client":"web","locale":"de-CH"}}"#);
    check_view(&message.replace("system", "thread:a"));
    // The count counts: the frame made of the same bytes owns something.
    let token = frame("authenticate", r#"{"token":"t"}"#);
    assert!(ClientFrame::decode(token.as_bytes()).is_ok());
    assert!(allocated(|| ClientFrame::decode(black_box(token.as_bytes()))) > 0);
}
