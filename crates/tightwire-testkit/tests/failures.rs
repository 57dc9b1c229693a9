//! A server that misbehaves on purpose: the harness has to notice, and to say what a test's author needs to know.

mod room;

use std::time::Duration;

use room::{Peer, answering, check_failure, contract, frame, said, said_at, server};
use serde::Deserialize;
use serde_json::{Value, json};
use tightwire_testkit::{WsHarness, expect_seq};
use tokio_websockets::Message;

const CONTRACT: &str = "expected: every frame of the server to follow the contract";

/// The server sends one text; a test that waits for any frame must fail with these fragments.
async fn check_frame(text: impl Into<String>, fragments: &[&str]) {
    let text = text.into();
    let server = server(move |mut peer: Peer<_>| {
        let text = text.clone();
        async move {
            peer.text(text).await;
            peer.stay().await;
        }
    });
    let test = async { drop(server.connect().await.next_frame().await) };
    check_failure(test, &[&["at ", "tests/failures.rs:", CONTRACT], fragments].concat()).await;
}

#[tokio::test(start_paused = true)]
async fn frames_that_violate_the_schema() {
    let wrong = frame("said", json!({"number": "one"}));
    let said_wrong = "arrived: a frame that violates the contract: {\"v\": 1, ";
    check_frame(wrong.to_string(), &[said_wrong, "/data/number: \"one\" is not of type \"integer\" (type)"]).await;
    check_frame(frame("said", json!({})).to_string(), &["/data: \"number\" is a required property (required)"]).await;
    let mut wrong = said(1);
    wrong["id"] = json!("1");
    check_frame(wrong.to_string(), &["/id: \"1\" is not a \"uuid\" (format)"]).await;
    let mut wrong = said(1);
    wrong["seq"] = json!(1);
    check_frame(wrong.to_string(), &["the frame: \"epoch\" is a required property"]).await;
    let mut wrong = said(1);
    wrong["topic"] = json!("lobby");
    check_frame(wrong.to_string(), &["/topic: \"lobby\" does not match", "(pattern)"]).await;
}

#[tokio::test(start_paused = true)]
async fn frames_that_are_no_message() {
    check_frame("{", &["contract: \"{\"", "the frame: not JSON", "(json)"]).await;
    check_frame("[]", &["the frame: not an object"]).await;
    check_frame("{}", &["\"type\" is a required property"]).await;
    check_frame(frame("whisper", json!({})).to_string(), &["/type: no message `whisper` travels to the client"]).await;
    check_frame(frame("say", json!({})).to_string(), &["/type: `say` only travels to the server, not to the client"])
        .await;
    let twice = said(1).to_string().replace("\"v\":1", "\"v\":1,\"v\":1");
    check_frame(twice, &["\\\"v\\\":1,\\\"v\\\":1", "/v: the key occurs twice (duplicate-key)"]).await;
}

/// The server sends these messages; a test that waits for as many frames must fail with these fragments.
async fn check_messages(messages: Vec<Message>, fragments: &[&str]) {
    let count = messages.len();
    let server = server(move |mut peer: Peer<_>| {
        let messages = messages.clone();
        async move {
            for message in messages {
                peer.send(message).await;
            }
            peer.stay().await;
        }
    });
    let test = async {
        let mut client = server.connect().await;
        for _ in 0..count {
            client.next_frame().await;
        }
    };
    check_failure(test, &[&["at ", "tests/failures.rs:", CONTRACT], fragments].concat()).await;
}

fn texts(frames: &[Value]) -> Vec<Message> {
    frames.iter().map(|frame| Message::text(frame.to_string())).collect()
}

#[tokio::test(start_paused = true)]
async fn binary_frames() {
    check_messages(vec![Message::binary(vec![0; 7])], &["a binary frame", "transcript", "← binary, 7 bytes"]).await;
}

#[tokio::test(start_paused = true)]
async fn holes_and_repetitions() {
    let hole = texts(&[said_at("e", 1), said_at("e", 3)]);
    check_messages(hole, &["`said` on room:a #3", "follows seq 1: expected seq 2, so frames are missing"]).await;
    let repeated = texts(&[said_at("e", 1), said_at("e", 1)]);
    check_messages(repeated, &["follows seq 1: expected seq 2, so frames are repeated or out of order"]).await;
    let again = said(1);
    check_messages(texts(&[again.clone(), again]), &["has arrived before"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_violation_that_nobody_looks_at() {
    let server = server(async |mut peer: Peer<_>| {
        peer.frame(frame("said", json!({}))).await;
        peer.stay().await;
    });
    let unseen = async {
        let client = server.connect().await;
        tightwire_testkit::time::settle().await;
        drop(client);
    };
    check_failure(unseen, &["tests/failures.rs:", CONTRACT, "(required)"]).await;
    let while_sending = async {
        let mut client = server.connect().await;
        tightwire_testkit::time::settle().await;
        client.send("say", "room:a", json!({"text": "hello"})).await;
    };
    check_failure(while_sending, &["tests/failures.rs:", CONTRACT, "(required)"]).await;
}

#[tokio::test(start_paused = true)]
async fn checks_can_be_turned_off() {
    let server = server(async |mut peer: Peer<_>| {
        peer.frame(frame("whisper", json!({}))).await;
        peer.frame(said_at("e", 1)).await;
        peer.frame(said_at("e", 3)).await;
        peer.stay().await;
    });
    let mut client = server.with(|harness| harness.check_contract(false).check_positions(false)).connect().await;
    expect_seq!(client, [whisper, said, said]).await;
    client.send("whisper", "nowhere", json!({})).await;
}

#[tokio::test(start_paused = true)]
async fn the_test_itself_sends_a_wrong_frame() {
    let server = server(async |peer: Peer<_>| peer.stay().await);
    let test = async {
        let mut client = server.connect().await;
        client.send("say", "room:a", json!({"text": "", "more": 1})).await;
    };
    check_failure(test, &["the test to send a frame that follows the contract", "more", "/data/text", "(minLength)"])
        .await;
}

#[tokio::test(start_paused = true)]
async fn another_type_or_none() {
    let server = server(async |mut peer: Peer<_>| {
        peer.frame(said(1)).await;
        peer.stay().await;
    });
    let other = async { drop(server.connect().await.expect("end").await) };
    check_failure(other, &["expected: `end` within 5s", "arrived: `said` on room:a {\"number\": 1}"]).await;
    let elsewhere = async { drop(server.connect().await.expect("said").on("room:b").await) };
    check_failure(elsewhere, &["expected: `said` on room:b within 5s", "arrived: only `said` on room:a"]).await;
    let anywhere = async { drop(server.connect().await.expect("end").anywhere().await) };
    check_failure(anywhere, &["expected: `end` within 5s", "arrived: only `said` on room:a"]).await;
    let silence = async { server.connect().await.expect_none(Duration::from_secs(1)).await };
    check_failure(silence, &["expected: no frame for 1s", "arrived: `said` on room:a"]).await;
    let close = async { drop(server.connect().await.expect_close(1000).await) };
    check_failure(close, &["expected: close 1000 within 5s", "arrived: `said` on room:a"]).await;
}

#[tokio::test(start_paused = true)]
async fn data_of_another_shape() {
    #[derive(Debug, Deserialize)]
    struct Said {
        #[expect(dead_code, reason = "only its absence matters")]
        text: String,
    }
    let server = server(async |mut peer: Peer<_>| {
        peer.frame(said(1)).await;
        peer.stay().await;
    });
    let test = async { drop(server.connect().await.expect("said").data::<Said>().await) };
    check_failure(test, &["expected: `said` that can be read", "Said: missing field `text`"]).await;
}

#[tokio::test(start_paused = true)]
async fn wrong_order() {
    let server = server(async |mut peer: Peer<_>| {
        for frame in [frame("begin", json!({})), said(1), frame("error", json!({})), frame("end", json!({}))] {
            peer.frame(frame).await;
        }
        peer.stay().await;
    });
    let test = async { drop(expect_seq!(server.connect().await, [begin, said+, end]).await) };
    let expected = "expected: [begin, said+, end] within 5s; after 2 frames `said` or `end`";
    check_failure(test, &[expected, "arrived: `error` on room:a {}", "← begin on room:a {}", "← end on room:a"]).await;
    let test = async { drop(expect_seq!(server.connect().await, [begin, said, error, end, end]).await) };
    check_failure(test, &["after 4 frames `end`", "arrived: nothing"]).await;
}

#[tokio::test(start_paused = true)]
async fn late_reply() {
    let server = server(async |mut peer: Peer<_>| {
        let request = peer.receive().await;
        tokio::time::sleep(Duration::from_secs(6)).await;
        peer.frame(answering(&request, said(1))).await;
        peer.stay().await;
    });
    let test = async { drop(server.connect().await.request("say", "room:a", json!({"text": "hello"})).await) };
    check_failure(
        test,
        &["expected: a reply to `say`", "within 5s", "arrived: nothing", "→ say on room:a {\"text\": \"hello\"}"],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn wrong_end() {
    let closing = server(async |mut peer: Peer<_>| peer.close(1011, "oops").await);
    let code = async { drop(closing.connect().await.expect_close(1002).await) };
    check_failure(code, &["expected: close 1002 within 5s", "arrived: close 1011 \"oops\"", "← close 1011 \"oops\""])
        .await;
    let frame = async { drop(closing.connect().await.next_frame().await) };
    check_failure(frame, &["expected: a frame", "arrived: close 1011"]).await;
    let none = async { closing.connect().await.expect_none(Duration::from_secs(1)).await };
    check_failure(none, &["arrived: close 1011"]).await;
    let open = server(async |peer: Peer<_>| peer.stay().await);
    let code = async { drop(open.connect().await.expect_close(1002).await) };
    check_failure(code, &["expected: close 1002", "arrived: the connection is still open"]).await;
    let vanishing = server(async |_peer: Peer<_>| {});
    let code = async { drop(vanishing.connect().await.expect_close(1000).await) };
    check_failure(code, &["expected: close 1000", "arrived: the connection ended without a close frame"]).await;
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_websocket_frame() {
    let server = server(async |mut peer: Peer<_>| {
        peer.bytes(&[0xf1, 0]).await;
        peer.stay().await;
    });
    let test = async { drop(server.connect().await.next_frame().await) };
    check_failure(test, &[CONTRACT, "arrived: the server broke the WebSocket protocol: "]).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_read() {
    let server = server(async |peer: Peer<_>| {
        let _open = peer;
        std::future::pending::<()>().await;
    });
    let test = async {
        let mut client = server.connect().await;
        for _ in 0..10 {
            client.send_text(&"x".repeat(20_000)).await;
        }
    };
    check_failure(test, &["expected: the server to take a frame within 5s", "its buffers are full"]).await;
}

#[tokio::test(start_paused = true)]
async fn no_websocket_at_all() {
    let harness = WsHarness::new(contract());
    let (ours, theirs) = tokio::io::duplex(100);
    drop(theirs);
    let test = async { drop(harness.connect(ours).await) };
    check_failure(test, &["at ", "tests/failures.rs:", "expected: a WebSocket connection", "the handshake failed"])
        .await;
}

#[tokio::test(start_paused = true)]
async fn the_whole_message() {
    let server = server(async |mut peer: Peer<_>| {
        peer.text(r#"{"v":1,"id":"00000000-0000-0000-0000-000000000001","type":"said","topic":"room:a","ts":0,"correlation_id":"00000000-0000-0000-0000-000000000000","data":{"number":1}}"#).await;
        tokio::time::sleep(Duration::from_millis(1250)).await;
        peer.close(4408, "no pong").await;
    });
    let test = async {
        let mut client = server.connect().await;
        client.expect("said").await;
        client.send_text("nonsense").await;
        client.expect("end").within(Duration::from_secs(2)).await;
    };
    let line = line!() - 2;
    let expected = format!(
        "at crates/tightwire-testkit/tests/failures.rs:{line}:16
  expected: `end` within 2s
   arrived: close 4408 \"no pong\"
transcript (→ the client sent, ← it received, oldest first):
     0.000 s  · connected: Target(stream)
     0.000 s  ← said on room:a {{\"number\": 1}}  id 00000000-0000-0000-0000-000000000001 \
re 00000000-0000-0000-0000-000000000000
     0.000 s  → text \"nonsense\"
     1.250 s  ← close 4408 \"no pong\"
"
    );
    check_failure(test, &[expected.as_str()]).await;
}
