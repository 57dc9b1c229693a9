//! Frames in an envelope: what answers a request, and what a session has to be like.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_websockets::Message;

use crate::room::{Peer, answering, frame, said};
use crate::{Server, check, contents, sync, unasked, verified, x_ws};

/// What is said in the room, and the frame that answers it.
fn say() -> Value {
    let frame = json!({"v": 1, "id": "00000000-0000-4000-8000-000000000001", "type": "say", "topic": "room:a", "ts": 0,
        "data": {"text": "hello"}});
    contents(frame, &[("$.id", json!({"match": "type"})), ("$.ts", json!({"match": "integer"}))])
}

fn expected(wire_type: &str, data: Value) -> Value {
    contents(json!({"v": 1, "type": wire_type, "topic": "room:a", "data": data}), &[])
}

async fn greet<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(peer: &mut Peer<T>) {
    peer.frame(frame("connection_established", json!({}))).await;
}

#[tokio::test]
async fn pings_are_answered_in_the_middle_of_it() {
    let server = Server::start(|mut peer| async move {
        greet(&mut peer).await;
        let request = peer.receive().await;
        let ping = frame("ping", json!({"timestamp": "2026-01-01T00:00:00Z"}));
        peer.frame(ping.clone()).await;
        let pong = peer.receive().await;
        assert_eq!((&pong["type"], &pong["correlation_id"]), (&json!("pong"), &ping["id"]));
        peer.frame(answering(&request, said(1))).await;
        peer.stay().await;
    });
    let interaction = sync(say(), [expected("said", json!({"number": 1}))], json!({}));
    check(&verified(server.await.verifier(), interaction).await, &[]);
}

#[tokio::test]
async fn nobody_is_asked_before_the_greeting() {
    let server = Server::start(|mut peer| async move {
        peer.frame(said(1)).await;
        peer.stay().await;
    });
    let interaction = sync(say(), [expected("said", json!({"number": 1}))], json!({}));
    let report = verified(server.await.verifier(), interaction).await;
    check(&report, &["the first frame (session)", "expected: `connection_established`", "\"type\": \"said\""]);
    let server = Server::start(|mut peer| async move { peer.close(4401, "who are you?").await });
    let interaction = sync(say(), [expected("said", json!({"number": 1}))], json!({}));
    let report = verified(server.await.verifier(), interaction).await;
    check(&report, &["the first frame (connection)", "actual: close 4401 \"who are you?\""]);
}

#[tokio::test]
async fn frames_are_text_and_have_an_envelope() {
    let server = Server::start(|mut peer| async move {
        greet(&mut peer).await;
        let request = peer.receive().await;
        peer.send(Message::binary(vec![0; 3])).await;
        peer.text("{").await;
        peer.text(r#"{"v": 1, "type": "said", "topic": "room:a"}"#).await;
        peer.frame(answering(&request, said(1))).await;
        peer.stay().await;
    });
    let interaction = sync(say(), [expected("said", json!({"number": 1}))], json!({}));
    let report = verified(server.await.verifier(), interaction).await;
    let binary = ["frame 2 of the connection (session)", "actual: a binary frame of 3 bytes"];
    let others =
        ["frame 3 of the connection (session)", "not JSON", "`said`, frame 4 of the connection (session)", "envelope"];
    check(&report, &[&binary[..], &others].concat());
}

/// Subscribes whoever asks, and then sends these.
async fn push(frames: Vec<Value>) -> Server {
    Server::start(move |mut peer| {
        let frames = frames.clone();
        async move {
            greet(&mut peer).await;
            let request = peer.receive().await;
            assert_eq!((&request["type"], &request["topic"]), (&json!("subscribe"), &json!("system")));
            let told = frame("subscription_updated", json!({"topics": request["data"]["topics"]}));
            peer.frame(answering(&request, told)).await;
            for frame in frames {
                peer.frame(frame).await;
            }
            peer.stay().await;
        }
    })
    .await
}

#[tokio::test]
async fn what_comes_unasked_is_looked_for_on_its_topic() {
    let interaction = || unasked(expected("said", json!({"number": 3})), json!({}));
    let server = push(vec![said(1), frame("other", json!({})), said(3)]).await;
    check(&verified(server.verifier(), interaction()).await, &[]);
    let server = push(vec![said(1), said(2)]).await;
    let report = verified(server.verifier(), interaction()).await;
    check(&report, &["frame 1 of those that may be it at /data/number (equality)", "expected: 3", "actual: 1"]);
    let mut elsewhere = said(3);
    elsewhere["topic"] = json!("room:b");
    let server = push(vec![elsewhere]).await;
    let report = verified(server.verifier(), interaction()).await;
    check(&report, &["`said` within 500ms", "a `said` came on room:b, not on room:a"]);
}

#[tokio::test]
async fn what_comes_unasked_may_be_a_sequence() {
    let interaction = || unasked(expected("begin", json!({})), x_ws(json!({"sequence": "begin, said+, end"})));
    let frames = |types: &[&str]| types.iter().map(|wire_type| frame(wire_type, json!({"number": 1}))).collect();
    let server = push(frames(&["begin", "said", "other", "said", "end"])).await;
    check(&verified(server.verifier(), interaction()).await, &[]);
    let server = push(frames(&["begin", "end"])).await;
    let report = verified(server.verifier(), interaction()).await;
    check(&report, &["`end`, frame 2 of the answer (sequence)", "expected: `said`", "actual: `end`"]);
}

#[tokio::test]
async fn a_topic_that_cannot_be_subscribed_to() {
    let server = Server::start(|mut peer| async move {
        greet(&mut peer).await;
        let request = peer.receive().await;
        peer.frame(answering(&request, frame("error", json!({"code": "invalid_topic"})))).await;
        peer.stay().await;
    });
    let interaction = unasked(expected("said", json!({})), x_ws(json!({"subscribe": ["room:a", "room:b"]})));
    let report = verified(server.await.verifier(), interaction).await;
    check(&report, &["`subscribe` (session)", "`subscription_updated` with room:a, room:b", "invalid_topic"]);
}

#[tokio::test]
async fn the_first_frame_has_a_time_of_its_own() {
    let server = Server::start(|mut peer| async move {
        greet(&mut peer).await;
        let request = peer.receive().await;
        tokio::time::sleep(Duration::from_millis(150)).await;
        for number in 1..3 {
            peer.frame(answering(&request, said(number))).await;
        }
        peer.stay().await;
    })
    .await;
    let responses = || [1, 2].map(|number| expected("said", json!({"number": number})));
    let on_time = sync(say(), responses(), x_ws(json!({"first_ms": 2000, "deadline_ms": 3000})));
    check(&verified(server.verifier(), on_time).await, &[]);
    let late = sync(say(), responses(), x_ws(json!({"first_ms": 100, "deadline_ms": 3000})));
    let report = verified(server.verifier(), late).await;
    check(&report, &["`said`, frame 1 of the answer (deadline)", "expected: within 100ms", "actual: after 1"]);
    assert_eq!(report.outcomes().next().expect("one").findings.len(), 1, "{report}");
}

#[tokio::test]
async fn a_connection_that_ends_before_the_answer() {
    let server = Server::start(|mut peer| async move {
        greet(&mut peer).await;
        peer.receive().await;
        peer.close(1011, "").await;
    });
    let interaction = sync(say(), [expected("said", json!({}))], json!({}));
    let report = verified(server.await.verifier(), interaction).await;
    check(&report, &["the answer (sequence)", "expected: `said` within 500ms", "actual: close 1011"]);
}

#[tokio::test]
async fn a_request_may_have_no_answer() {
    let quiet = Server::start(|mut peer| async move {
        greet(&mut peer).await;
        peer.stay().await;
    });
    check(&verified(quiet.await.verifier(), sync(say(), [], json!({}))).await, &[]);
    let refusing = Server::start(|mut peer| async move {
        greet(&mut peer).await;
        let request = peer.receive().await;
        peer.frame(answering(&request, frame("error", json!({})))).await;
        peer.stay().await;
    });
    let report = verified(refusing.await.verifier(), sync(say(), [], json!({}))).await;
    check(&report, &["(sequence)", "expected: nothing more: the answer is complete", "actual: `error`"]);
}
