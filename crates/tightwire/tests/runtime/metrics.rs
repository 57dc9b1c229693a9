//! What `/metrics` says, read as Prometheus reads it, and the same as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tightwire::{Config, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_websockets::{CloseCode, Message};

use crate::client::{Client, REMOTE, settle, with_limits};
use crate::handshake::request;
use crate::protocol::{Posted, Room, Rooms};

const JSON: &str = "/api/dashboard/metrics/websockets";

/// The body of a GET request that is answered with 200 and this content type.
async fn get(server: &Server<Rooms>, path: &str, content_type: &str) -> String {
    let response = request(server, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")).await;
    let (head, body) = response.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains(content_type), "{head}");
    body.to_owned()
}

/// `/metrics` as text, and every series with its value.
async fn scrape(server: &Server<Rooms>) -> (String, BTreeMap<String, f64>) {
    let text = get(server, "/metrics", "text/plain; version=0.0.4").await;
    let series = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (name, value) = line.rsplit_once(' ').expect("a value");
        (name.to_owned(), value.parse().expect("a number"))
    });
    let series = series.collect();
    (text, series)
}

/// Reads until an event begins so.
async fn until(client: &mut Client<DuplexStream>, expected: &str) {
    loop {
        let event = client.event().await;
        if event.starts_with(expected) {
            return;
        }
        assert!(event != "end", "the connection ended without `{expected}`");
    }
}

/// A server on which something of every kind has happened.
async fn lived_in() -> Server<Rooms> {
    let config = with_limits(|limits| (limits.messages_per_second, limits.message_burst) = (1, 8));
    let server = Server::new(Rooms::default(), config);
    let mut client = Client::connect(&server, 64 * 1024).await;
    client.send("subscribe", "system", json!({"topics": ["room:a", "room:b", "nowhere"]})).await;
    until(&mut client, "subscription_updated").await;
    for text in ["one", "two"] {
        let message = Posted { text: text.to_owned() };
        server.publisher().publish(&Room::named("a"), &message).await.expect("published");
        until(&mut client, "posted").await;
    }
    for frame in ["fail", "panic", "fail"] {
        client.send(frame, "room:a", json!({})).await;
        until(&mut client, "error").await;
    }
    for _ in 0..10 {
        client.send("ping", "system", json!({})).await;
    }
    until(&mut client, "error rate_limited").await;
    let mut other = Client::connect(&server, 64 * 1024).await;
    other.raw(Message::text("no frame")).await;
    until(&mut other, "close 1002").await;
    request(&server, "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n").await;
    let mut third = Client::connect(&server, 64 * 1024).await;
    third.raw(Message::close(Some(CloseCode::try_from(4999).expect("a code")), "")).await;
    until(&mut third, "close 4999").await;
    drop((other, third));
    while server.stats().connections() > 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::spawn(async move {
        // Stays to the end of the test.
        while client.frame().await.is_some() {}
    });
    server
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_counted() {
    let server = lived_in().await;
    let (text, series) = scrape(&server).await;
    for (name, expected) in [
        ("connected", 1.0),
        ("connections_total", 3.0),
        (r#"disconnections_total{code="1002"}"#, 1.0),
        (r#"disconnections_total{code="4409"}"#, 0.0),
        (r#"disconnections_total{code="other"}"#, 1.0),
        (r#"handshakes_refused_total{reason="request"}"#, 1.0),
        (r#"handshakes_refused_total{reason="rate"}"#, 0.0),
        (r#"subscriptions{topic="room:{name}"}"#, 2.0),
        (r#"subscriptions{topic="system"}"#, 0.0),
        (r#"published_total{type="posted"}"#, 2.0),
        (r#"handler_seconds_count{operation="fail"}"#, 2.0),
        (r#"handler_seconds_count{operation="panic"}"#, 1.0),
        (r#"handler_seconds_bucket{operation="fail",le="+Inf"}"#, 2.0),
        ("handler_panics_total", 1.0),
        ("fanout_seconds_count", 2.0),
        ("delivery_lag_seconds_count", 2.0),
        ("updates_clients", 1.0),
        ("updates_disconnections_total", 0.0),
        ("contract_violations_total", 1.0),
        ("errors_sent_total", 6.0),
        ("messages_received_total", 15.0),
        ("messages_dropped_rate_limit_total", 6.0),
        ("messages_send_failures_total", 0.0),
        ("backpressure_disconnects_total", 0.0),
        ("outbound_queue_frames", 0.0),
    ] {
        assert_eq!(series.get(&format!("ws_{name}")), Some(&expected), "{name} in\n{text}");
    }
    assert!(series["ws_messages_sent_total"] > 10.0 && series["ws_sent_bytes_total"] > 1000.0, "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_json_endpoint_has_the_same_numbers() {
    let server = lived_in().await;
    let (_, series) = scrape(&server).await;
    let json: Value = serde_json::from_str(&get(&server, JSON, "application/json").await).expect("JSON");
    for name in [
        "messages_sent_total",
        "messages_received_total",
        "messages_send_failures_total",
        "messages_dropped_rate_limit_total",
        "errors_sent_total",
        "contract_violations_total",
        "updates_disconnections_total",
        "updates_clients",
        "connections_total",
        "backpressure_disconnects_total",
    ] {
        assert_eq!(json[name].as_f64(), Some(series[&format!("ws_{name}")]), "{name} in {json}");
    }
    assert_eq!(json["disconnections_total"], 2);
    assert_eq!(json["disconnections_total_by_code"], json!({"1002": 1, "other": 1}));
    assert_eq!(json["handler_seconds_by_operation"]["fail"]["count"], 2);
}

#[tokio::test(start_paused = true)]
async fn waiting_frames_are_counted() {
    let server = Server::new(Rooms::default(), Config::default());
    let mut client = Client::connect(&server, 512).await;
    client.send("subscribe", "system", json!({"topics": ["room:a"]})).await;
    client.event().await;
    client.event().await;
    let message = Posted { text: "x".repeat(1000) };
    for _ in 0..5 {
        server.publisher().publish(&Room::named("a"), &message).await.expect("published");
        tokio::task::yield_now().await;
    }
    let (_, series) = scrape(&server).await;
    assert_eq!(series["ws_outbound_queue_frames"], 5.0);
    assert!(series["ws_outbound_queue_bytes"] > 5000.0);
    assert_eq!(series["ws_catch_up_seconds_count"], 0.0);
    tokio::time::sleep(Duration::from_secs(2)).await;
    for _ in 0..5 {
        client.event().await;
    }
    let (_, series) = scrape(&server).await;
    assert_eq!(series["ws_outbound_queue_frames"], 0.0);
    assert_eq!(series["ws_catch_up_seconds_count"], 1.0);
    assert!(series["ws_catch_up_seconds_sum"] >= 2.0);
    drop(client);
    settle(&server).await;
    let (_, series) = scrape(&server).await;
    assert_eq!((series["ws_updates_clients"], series["ws_updates_disconnections_total"]), (0.0, 1.0));
}

#[tokio::test(start_paused = true)]
async fn gaps_and_clients_of_events_are_counted() {
    let server = Server::new(Rooms::default(), Config::default());
    let numbers = async || {
        let (_, series) = scrape(&server).await;
        ["sse_clients", "connected", "replay_gaps_total"].map(|name| series[&format!("ws_{name}")])
    };
    assert_eq!(numbers().await, [0.0, 0.0, 0.0]);
    let mut client = Client::connect(&server, 64 * 1024).await;
    let after = json!({"topics": ["room:a"], "after": {"room:a": {"epoch": "another", "seq": 3}}});
    client.send("subscribe", "system", after).await;
    until(&mut client, "replay_gap").await;
    assert_eq!(numbers().await, [0.0, 1.0, 1.0]);
    let (mut near, far) = tokio::io::duplex(64 * 1024);
    tokio::spawn(server.serve_stream(far, REMOTE));
    near.write_all(b"GET /sse?topics=room:a HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("sent");
    near.read_u8().await.expect("an answer");
    assert_eq!(numbers().await, [1.0, 2.0, 1.0]);
    drop((client, near));
    settle(&server).await;
    assert_eq!(numbers().await, [0.0, 0.0, 1.0]);
}

#[tokio::test(start_paused = true)]
async fn heads_that_do_not_come_are_counted() {
    let server = Server::new(Rooms::default(), Config::default());
    let (near, far) = tokio::io::duplex(1024);
    server.serve_stream(far, REMOTE).await;
    drop(near);
    let (_, series) = scrape(&server).await;
    assert_eq!(series[r#"ws_handshakes_refused_total{reason="timeout"}"#], 1.0);
}

#[tokio::test(start_paused = true)]
async fn clients_add_no_series() {
    let server = lived_in().await;
    let names = |series: BTreeMap<String, f64>| series.into_keys().collect::<BTreeSet<_>>();
    let before = names(scrape(&server).await.1);
    let config = with_limits(|limits| limits.subscriptions_per_connection = 20_000);
    let config = Config { handshake_rate: None, ..config };
    let server = Server::new(Rooms::default(), config);
    let mut client = Client::connect(&server, 1024 * 1024).await;
    client.event().await;
    for topics in (0..10_000).map(|number| format!("room:{number}")).collect::<Vec<_>>().chunks(1000) {
        client.send("subscribe", "system", json!({"topics": topics})).await;
        until(&mut client, "subscription_updated").await;
    }
    assert_eq!(server.stats().subscriptions(), 10_000);
    for number in 0..10_000 {
        let message = Posted { text: String::new() };
        server.publisher().publish(&Room::named(&number.to_string()), &message).await.expect("published");
        client.event().await;
    }
    for code in 4000..4100 {
        let mut client = Client::connect(&server, 64 * 1024).await;
        client.event().await;
        let close = Message::close(Some(CloseCode::try_from(code).expect("a code")), "");
        client.socket.send(close).await.expect("sent");
        until(&mut client, "end").await;
    }
    let (text, series) = scrape(&server).await;
    assert_eq!(series[r#"ws_subscriptions{topic="room:{name}"}"#], 10_000.0);
    assert_eq!(series[r#"ws_published_total{type="posted"}"#], 10_000.0);
    assert_eq!(names(series), before, "{text}");
}

#[tokio::test]
async fn operators_may_have_a_listener_of_their_own() {
    // A port that is taken: whoever runs the server is told.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let config = Config { metrics_bind: Some(address), ..crate::auth::tokens::config() };
    let other = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let refused = Server::new(Rooms::default(), config.clone()).run(other, std::future::ready(())).await;
    assert!(refused.expect_err("it is taken").to_string().contains("`metrics_bind`"));
    let server = Server::new(Rooms::default(), config);
    for path in ["/metrics", JSON] {
        let response =
            request(&server, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")).await;
        assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
    }
    // Now the port is free.
    drop(listener);
    let (end, ended) = oneshot::channel::<()>();
    let other = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let serving = tokio::spawn(server.run(other, async { ended.await.unwrap_or_default() }));
    for (path, status) in [("/metrics", 200), (JSON, 200), ("/health", 404), ("/ws", 404)] {
        let mut stream = loop {
            match TcpStream::connect(address).await {
                Ok(stream) => break stream,
                // The server has yet to listen.
                Err(_) => tokio::task::yield_now().await,
            }
        };
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut response = String::new();
        stream.read_to_string(&mut response).await.expect("a response");
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {response}");
    }
    end.send(()).expect("the server waits for it");
    serving.await.expect("no panic").expect("it ends");
    TcpStream::connect(address).await.expect_err("metrics end with the server");
}

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
#[tokio::test(start_paused = true)]
async fn promtool_accepts_the_text() {
    let (text, _) = scrape(&lived_in().await).await;
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = promtool else {
        println!("skipped: promtool is not installed; it comes with Prometheus (Debian's package `prometheus`)");
        return;
    };
    promtool.stdin.take().expect("piped").write_all(text.as_bytes()).expect("it reads");
    let output = promtool.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}\n{text}");
}

/// What a client says it has seen is counted by its age, and said when it is gone.
#[test]
fn clients_say_how_far_they_have_come() {
    let mut seen = None;
    let lines = crate::logs::logged(tracing::Level::DEBUG, async {
        let server = Server::new(Rooms::default(), Config::default());
        let mut client = Client::connect(&server, 64 * 1024).await;
        let frame = client.frame().await.expect("a frame");
        client.send("pong", "system", json!({})).await;
        client.send("pong", "system", json!({"last_id": frame["id"]})).await;
        client.send("ping", "system", json!({})).await;
        until(&mut client, "pong").await;
        let (_, series) = scrape(&server).await;
        assert_eq!(series["ws_acknowledged_age_seconds_count"], 1.0);
        assert!(series["ws_acknowledged_age_seconds_sum"] < 60.0);
        drop(client);
        settle(&server).await;
        seen = Some(frame["id"].clone());
    });
    let end = lines.iter().find(|line| line["message"] == "disconnected").expect("a line");
    assert_eq!(Some(&end["acknowledged"]), seen.as_ref());
}
