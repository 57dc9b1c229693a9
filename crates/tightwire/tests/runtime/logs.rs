//! What the logs say: every line about a frame can be traced to it, and no line repeats what a client sent.

use std::io;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tightwire::{Config, Server};
use tokio_websockets::Message;
use tracing_subscriber::fmt::MakeWriter;

use crate::client::{Client, settle, with_limits};
use crate::exchange::Exchange;
use crate::flat;
use crate::handshake::request;
use crate::protocol::{Posted, Room, Rooms};

/// Collects lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The lines at `level` while `run` runs.
pub(crate) fn logged(level: tracing::Level, run: impl Future<Output = ()>) -> Vec<Value> {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_max_level(level)
        .with_writer(lines.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.expect("a runtime").block_on(run);
    });
    let bytes = lines.0.lock().expect("not poisoned");
    String::from_utf8_lossy(&bytes).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The lines at `level` that a client causes who sends `frames` and then is flooded.
fn lines(level: tracing::Level, frames: &[(&str, &str, Value)], last: &str) -> Vec<Value> {
    logged(level, async {
        let server = Server::new(Rooms::default(), with_limits(|limits| limits.outbound_queue_frames = 5));
        let mut client = Client::connect(&server, 512).await;
        client.event().await;
        for (wire_type, topic, data) in frames {
            client.send(wire_type, topic, data.clone()).await;
            client.event().await;
        }
        for _ in 0..10 {
            let message = Posted { text: "x".repeat(300) };
            server.publisher().publish(&Room::named("a"), &message).await.expect("published");
            tokio::task::yield_now().await;
        }
        client.raw(Message::text(last.to_owned())).await;
        while !matches!(&*client.event().await, event if event.starts_with("close") || event == "end") {}
        drop(client);
        settle(&server).await;
    })
}

/// Runs with only warnings on and looks for the one line that says `message`.
#[track_caller]
fn check(frame: (&str, &str, Value), last: &str, message: &str, wire_type: &str, topic: &str) {
    check_lines(&lines(tracing::Level::WARN, &[frame], last), message, wire_type, topic);
}

/// The same for a client of a flat protocol that sends one frame.
#[track_caller]
fn check_flat(level: tracing::Level, frame: &str, message: &str, wire_type: &str) {
    let lines = logged(level, async {
        let server = Server::new(Exchange::default(), Config::default());
        let mut socket = flat::connect(&server, "/v1/marketdata/hunter2?q=hunter2", &[("x-token", "hunter2")]).await;
        socket.send(Message::text(frame.to_owned())).await.expect("sent");
        while !socket.next().await.expect("a close").expect("a message").is_close() {}
    });
    check_lines(&lines, message, wire_type, "/v1/marketdata/{symbol}");
}

#[track_caller]
fn check_lines(lines: &[Value], message: &str, wire_type: &str, topic: &str) {
    let line = lines.iter().find(|line| line["message"].as_str().is_some_and(|text| text.starts_with(message)));
    let line = line.unwrap_or_else(|| panic!("no line says `{message}`: {lines:#?}"));
    let field = |name: &str| if line[name].is_null() { line["span"][name].clone() } else { line[name].clone() };
    assert_eq!((field("type"), field("topic")), (json!(wire_type), json!(topic)), "{line}");
    assert!(field("correlation_id").is_string() && field("connection_id").is_string(), "{line}");
    assert!(!lines.iter().any(|line| line.to_string().contains("hunter2")), "{lines:#?}");
}

#[test]
fn every_line_about_a_frame_names_it() {
    let subscribe = |topic: &str| ("subscribe", "system", json!({ "topics": [topic] }));
    check(("panic", "room:a", json!({})), "hunter2", "a handler panicked", "panic", "room:a");
    check(subscribe("hunter2/"), "hunter2", "topics were refused", "subscribe", "system");
    check(subscribe("room:b"), r#"{"hunter2":1}"#, "a frame was refused", "refused", "system");
}

#[test]
fn where_there_are_no_topics_the_path_stands_for_them() {
    use tracing::Level;
    let order = r#"{"event":"order","reqid":1,"outcome":"panic"}"#;
    check_flat(Level::WARN, order, "a handler panicked", "order");
    check_flat(Level::DEBUG, order, "received", "order");
    check_flat(Level::WARN, r#"{"event":"hunter2"}"#, "a frame was refused", "refused");
    check_flat(Level::INFO, &order.replace("panic", "internal"), "a handler failed", "order");
}

#[test]
fn a_failed_send_names_the_subscription() {
    let lines = lines(tracing::Level::WARN, &[("subscribe", "system", json!({"topics": ["room:a"]}))], "{");
    let line = lines.iter().find(|line| line["subscription"] == "room:a").expect("a line about the failed send");
    assert_eq!((&line["type"], &line["topic"]), (&json!("posted"), &json!("room:a")), "{line}");
    assert!(line["correlation_id"].is_string(), "{line}");
}

#[test]
fn at_debug_every_frame_is_there() {
    let lines = lines(tracing::Level::DEBUG, &[("fail", "room:a", json!({}))], "{");
    let line = lines.iter().find(|line| line["message"] == "received").expect("a line about the frame");
    assert_eq!((&line["type"], &line["topic"]), (&json!("fail"), &json!("room:a")), "{line}");
}

#[test]
fn a_client_that_errs_on_and_on_gets_rare_in_the_log() {
    let lines = logged(tracing::Level::INFO, async {
        let config = with_limits(|limits| (limits.messages_per_second, limits.message_burst) = (1000, 1000));
        let server = Server::new(Rooms::default(), config);
        let mut client = Client::connect(&server, 64 * 1024).await;
        client.event().await;
        for _ in 0..100 {
            client.send("subscribe", "system", json!({"topics": ["nowhere"]})).await;
            client.send("fail", "room:a", json!({})).await;
            for _ in 0..3 {
                client.event().await;
            }
        }
        drop(client);
        settle(&server).await;
    });
    let errors: Vec<_> = lines.iter().filter_map(|line| line["nth"].as_u64()).collect();
    assert_eq!(errors, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 32, 64, 128], "{lines:#?}");
}

#[test]
fn strangers_cannot_fill_the_log() {
    let lines = logged(tracing::Level::INFO, async {
        let server = Server::new(Rooms::default(), Config::default());
        for _ in 0..1000 {
            // No WebSocket: refused.
            request(&server, "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n").await;
        }
        assert_eq!(server.stats().connections_total(), 0);
    });
    let refused: Vec<_> = lines.iter().filter(|line| line["message"] == "a handshake was refused").collect();
    // Twenty in each second that it took, of this test and of those beside it.
    assert!((1..=500).contains(&refused.len()), "{} lines", refused.len());
    let left_out: u64 = refused.iter().filter_map(|line| line["left_out"].as_u64()).sum();
    assert!(refused.len() as u64 + left_out <= 1000);
}
