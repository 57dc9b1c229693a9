//! What a frame costs that is refused, violations included: a peer can send nothing else.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tightwire_chat::chat::ClientFrame;

use crate::{ID, PROSE, client};

/// How long each kind is measured, after a tenth of that to get warm.
const TIME: Duration = Duration::from_millis(500);

/// A proper frame of about 290 bytes; the frames that are refused are changes of it.
fn proper() -> Value {
    client("send_message", "thread:plans-2026", &json!({"content": PROSE, "metadata": {"client": "web"}}))
}

fn changed(pointer: &str, value: Value) -> String {
    let mut frame = proper();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    frame.pointer_mut(parent).expect("an object")[name] = value;
    frame.to_string()
}

/// The data is `text`.
fn with_data(wire_type: &str, text: &str) -> String {
    format!(
        r#"{{"v":1,"id":"{ID}","type":"{wire_type}","topic":"thread:plans-2026","ts":1767225600000,"data":{text}}}"#
    )
}

fn small() -> Vec<(&'static str, String)> {
    let text = proper().to_string();
    let mut without_content = proper();
    without_content["data"].as_object_mut().expect("an object").remove("content");
    let everything = json!({"v": 2, "id": "x", "type": "send_message", "topic": "t", "ts": -1, "more": 1,
        "data": {"content": "", "metadata": [], "more": 1, "again": 2}, "correlation_id": 0});
    vec![
        ("unknown `type`", changed("/type", "no_such_message".into())),
        ("`type` of the other direction", changed("/type", "stream_chunk".into())),
        ("wrong constant (`v`)", changed("/v", 2.into())),
        ("required property missing", without_content.to_string()),
        ("unknown property", changed("/data/more", 1.into())),
        ("wrong type", changed("/data/content", 1.into())),
        ("text too short", changed("/data/content", "".into())),
        ("malformed `id`", changed("/id", "0190b6a2".into())),
        ("topic of another message", changed("/topic", "dashboard".into())),
        ("ten violations", everything.to_string()),
        ("repeated key", text.replacen("\"data\"", "\"v\":1,\"data\"", 1)),
        ("cut off", text[..text.len() - 1].to_owned()),
        ("not JSON", "x".repeat(290)),
        ("no object", json!(vec!["a string"; 24]).to_string()),
        ("not UTF-8", String::new()),
        ("140 arrays, one in the other", format!("{}{}", "[".repeat(140), "]".repeat(140))),
        ("60 arrays in `metadata`", changed("/data/metadata", nested(60))),
    ]
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(json!([]), |inner, _| json!([inner]))
}

/// Near the 64 KiB at which the session refuses without looking.
fn large() -> Vec<(&'static str, String)> {
    const SIZE: usize = 64_000;
    let members =
        |one: &dyn Fn(usize) -> String, count| format!("{{{}}}", (0..count).map(one).collect::<Vec<_>>().join(","));
    vec![
        ("64 KB of `[`", "[".repeat(SIZE)),
        ("64 KB of `[` in `data`", with_data("send_message", &"[".repeat(SIZE))),
        ("64 KB of text that is too long", changed("/data/content", "x".repeat(SIZE).into())),
        ("64 KB of numbers in a list", with_data("send_message", &format!("[{}0]", "0,".repeat(SIZE / 2)))),
        ("64 KB of empty objects in a list", with_data("send_message", &format!("[{}0]", "{},".repeat(SIZE / 3)))),
        ("64 KB of unknown properties", with_data("send_message", &members(&|n| format!("\"{n}\":0"), 7_500))),
        (
            "64 KB of entries of the wrong type",
            with_data(
                "send_message",
                &format!("{{\"content\":\"c\",\"metadata\":{}}}", members(&|n| format!("\"{n}\":0"), 7_500)),
            ),
        ),
        ("64 KB of one key repeated", with_data("send_message", &members(&|_| "\"k\":0".to_owned(), 10_000))),
        ("64 KB with an unknown `type`", with_data("no_such_message", &format!("\"{}\"", "x".repeat(SIZE)))),
    ]
}

/// Nanoseconds per frame, the shortest of five runs.
fn measure(frame: &[u8]) -> f64 {
    assert!(ClientFrame::decode(frame).is_err(), "accepted: {}", String::from_utf8_lossy(frame));
    let run = |time: Duration| {
        let (start, mut frames) = (Instant::now(), 0_u32);
        while start.elapsed() < time {
            for _ in 0..16 {
                let _ = black_box(ClientFrame::decode(black_box(frame)));
            }
            frames += 16;
        }
        start.elapsed().as_nanos() as f64 / f64::from(frames)
    };
    run(TIME / 10);
    (0..5).map(|_| run(TIME / 5)).fold(f64::INFINITY, f64::min)
}

/// Prints the table that `docs/performance.md` has.
#[expect(clippy::print_stdout, reason = "the table is the point of the run")]
pub(crate) fn table() {
    ClientFrame::prepare();
    println!("| refused | bytes | ns | ns per byte |\n|---|---|---|---|");
    for (name, text) in small().into_iter().chain(large()) {
        let frame = if name == "not UTF-8" { [&[0xff; 290][..]].concat() } else { text.into_bytes() };
        let time = measure(&frame);
        println!("| {name} | {} | {time:.0} | {:.2} |", frame.len(), time / frame.len() as f64);
    }
}
