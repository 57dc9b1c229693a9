//! Protocols without an envelope: WebSocket's own pings and closes say what frames cannot.

use std::panic::Location;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tightwire::proto::session::ContractPolicy;
use tightwire::warp::{self, Filter};
use tightwire::{Config, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::Instant;
use tokio_websockets::{ClientBuilder, Config as SocketConfig, Message, WebSocketStream};

use crate::client::{REMOTE, with_limits};
use crate::exchange::{Exchange, ToClient};

/// What a client, or the application, does.
enum Step<'a> {
    /// The client sends JSON.
    Send(Value),
    /// The client sends anything.
    Raw(Message),
    /// The application sends a ticker to a group.
    Tick(&'a str, u64),
    /// The client reads so many events.
    Read(usize),
    /// The client reads until the connection is closed.
    ReadAll,
    /// Time passes.
    Pass(Duration),
}
use Step::{Pass, Raw, Read, ReadAll, Send, Tick};

fn subscribe(pair: &str) -> Step<'_> {
    Send(json!({"event": "subscribe", "pair": pair}))
}

fn order(outcome: &str) -> Step<'_> {
    Send(json!({"event": "order", "reqid": 7, "outcome": outcome}))
}

pub(crate) async fn connect(
    server: &Server<Exchange>,
    path: &str,
    headers: &[(&str, &str)],
) -> WebSocketStream<DuplexStream> {
    let (near, far) = tokio::io::duplex(16 * 1024);
    tokio::spawn(server.serve_stream(far, REMOTE));
    let mut builder = ClientBuilder::new().uri(&format!("ws://localhost{path}")).expect("a URI");
    for (name, value) in headers {
        let name = name.parse().expect("a header name");
        builder = builder.add_header(name, value.parse().expect("a header value")).expect("a header");
    }
    let (socket, _) = builder.config(SocketConfig::default()).connect_on(near).await.expect("the handshake succeeds");
    socket
}

/// The next event: JSON, `ping`, or `close`, with the second when it came.
async fn event(socket: &mut WebSocketStream<DuplexStream>, started: Instant) -> String {
    let event = match socket.next().await {
        Some(Ok(message)) if message.is_ping() => "ping".to_owned(),
        Some(Ok(message)) => match (message.as_text(), message.as_close()) {
            (Some(text), _) => text.to_owned(),
            (None, Some((code, reason))) => format!("close {} {reason}", u16::from(code)),
            (None, None) => "something else".to_owned(),
        },
        Some(Err(_)) | None => "end".to_owned(),
    };
    match started.elapsed().as_secs() {
        0 => event,
        seconds => format!("{event} @{seconds}"),
    }
}

/// Connects at `path`, does the steps and compares what the client read. Nothing may be left in the server.
#[track_caller]
fn check(config: Config, path: &str, steps: Vec<Step<'_>>, expected: &[&str]) {
    let caller = Location::caller();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let found = runtime.expect("a runtime").block_on(async {
        let server = Server::new(Exchange::default(), config);
        let mut socket = connect(&server, path, &[("x-token", "secret")]).await;
        let (started, mut found) = (Instant::now(), Vec::new());
        for step in steps {
            match step {
                // The server may have closed already; what it said before is still to be read.
                Send(frame) => drop(socket.send(Message::text(frame.to_string())).await),
                Raw(message) => drop(socket.send(message).await),
                Tick(group, bid) => {
                    let ticker = ToClient::Ticker { pair: group.to_owned(), bid };
                    server.publisher().broadcast(group, &ticker).await.expect("broadcast");
                }
                Read(count) => {
                    for _ in 0..count {
                        found.push(event(&mut socket, started).await);
                    }
                }
                ReadAll => loop {
                    let event = event(&mut socket, started).await;
                    let last = event.starts_with("close") || event.starts_with("end");
                    found.push(event);
                    if last {
                        break;
                    }
                },
                Pass(time) => tokio::time::sleep(time).await,
            }
        }
        drop(socket);
        settle(&server).await;
        found
    });
    assert_eq!(found, expected, "at {caller}");
}

/// Waits until the server has noticed that its client is gone; fails if something of it is left.
async fn settle(server: &Server<Exchange>) {
    let stats = server.stats();
    let gone = async {
        while stats.connections() > 0 || stats.subscriptions() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), gone).await.is_ok(), "a connection or group is left");
}

const STATUS: &str = r#"{"event":"status","symbol":null}"#;

#[test]
fn what_a_group_gets_follows_the_reply_to_joining_it() {
    check(
        Config::default(),
        "/v2",
        vec![
            subscribe("XBT"),
            Read(3),
            Tick("XBT", 1),
            Tick("ETH", 2),
            subscribe("XBT"),
            Send(json!({"event": "unsubscribe", "pair": "XBT"})),
            Read(4),
            Tick("XBT", 3),
            order("done"),
            Read(1),
        ],
        &[
            STATUS,
            r#"{"event":"subscribed","pair":"XBT"}"#,
            r#"{"event":"ticker","pair":"XBT","bid":0}"#,
            r#"{"event":"ticker","pair":"XBT","bid":1}"#,
            // It was in the group already: nothing is held back.
            r#"{"event":"ticker","pair":"XBT","bid":0}"#,
            r#"{"event":"subscribed","pair":"XBT"}"#,
            r#"{"event":"unsubscribed","pair":"XBT"}"#,
            r#"{"event":"done","reqid":7}"#,
        ],
    );
}

#[test]
fn what_was_held_back_of_a_group_that_is_left_again_is_forgotten() {
    check(
        Config::default(),
        "/v2",
        vec![order("flash"), Read(2), Tick("flash", 8), Tick("other", 9), Read(1)],
        &[STATUS, r#"{"event":"ticker","pair":"other","bid":7}"#, r#"{"event":"ticker","pair":"other","bid":9}"#],
    );
}

#[test]
fn the_path_has_parameters_and_the_request_is_known_to_handlers() {
    check(
        Config::default(),
        "/v1/marketdata/BTC%2FUSD?depth=5",
        vec![Read(1), Tick("BTC/USD", 3), Send(json!({"event": "whoami"})), Read(2)],
        &[
            r#"{"event":"status","symbol":"BTC/USD"}"#,
            r#"{"event":"ticker","pair":"BTC/USD","bid":3}"#,
            r#"{"event":"you","token":"secret","depth":"5"}"#,
        ],
    );
    check(Config::default(), "/v1/marketdata/NOPE", vec![ReadAll], &["close 1008 there is no such symbol"]);
}

#[test]
fn a_violation_closes_with_its_place_in_the_reason() {
    let reason = "/pair: is required, with an explanation that is long enough to be cut ż, with an explanation that is \
                  long enough to be cut";
    assert_eq!(reason.len(), 123);
    let close = format!("close 1002 {reason}");
    check(
        Config::default(),
        "/v2",
        vec![Send(json!({"event": "subscribe"})), order("done"), ReadAll],
        &[STATUS, &close],
    );
    check(
        Config { contract_policy: ContractPolicy::Tolerant, ..Config::default() },
        "/v2",
        vec![Send(json!({"event": "subscribe"})), order("done"), Read(2)],
        &[STATUS, r#"{"event":"done","reqid":7}"#],
    );
}

#[test]
fn what_is_too_large_or_binary_closes() {
    let config = || with_limits(|limits| (limits.max_message_bytes, limits.max_frame_bytes) = (1000, 2000));
    for (size, reason) in [(1001, "the frame is larger than 1000 bytes and was dropped"), (2001, "")] {
        let large = Raw(Message::text("x".repeat(size)));
        let reason = if reason.is_empty() { "the message is larger than 2000 bytes" } else { reason };
        check(config(), "/v2", vec![Read(1), large, ReadAll], &[STATUS, &format!("close 1009 {reason}")]);
    }
    let binary = Raw(Message::binary(&b"{}"[..]));
    check(config(), "/v2", vec![binary, ReadAll], &[STATUS, "close 1003 only text messages are understood here"]);
}

#[test]
fn what_comes_too_fast_is_dropped() {
    let done = r#"{"event":"done","reqid":7}"#;
    check(
        with_limits(|limits| (limits.message_burst, limits.messages_per_second) = (2, 1)),
        "/v2",
        vec![
            order("done"),
            order("done"),
            order("done"),
            Raw(Message::text("not JSON either")),
            Read(3),
            Pass(Duration::from_secs(1)),
            order("done"),
            Read(1),
        ],
        &[STATUS, done, done, &format!("{done} @1")],
    );
}

#[test]
fn a_failure_is_logged_and_at_most_closes() {
    check(
        Config::default(),
        "/v2",
        vec![order("refused"), order("done"), Read(2)],
        &[STATUS, r#"{"event":"done","reqid":7}"#],
    );
    check(Config::default(), "/v2", vec![order("forbidden"), ReadAll], &[STATUS, "close 1008 not for you"]);
    check(Config::default(), "/v2", vec![order("internal"), ReadAll], &[STATUS, "close 1011 the book is shut"]);
    let panic = "close 1011 the server failed; nothing was wrong with the frame";
    check(Config::default(), "/v2", vec![order("panic"), ReadAll], &[STATUS, panic]);
}

#[test]
fn groups_are_bounded() {
    check(
        with_limits(|limits| limits.subscriptions_per_connection = 1),
        "/v2",
        vec![subscribe("A"), subscribe("B"), order("done"), Read(4), Tick("B", 1), order("done"), Read(1)],
        &[
            STATUS,
            r#"{"event":"subscribed","pair":"A"}"#,
            r#"{"event":"ticker","pair":"A","bid":0}"#,
            r#"{"event":"done","reqid":7}"#,
            r#"{"event":"done","reqid":7}"#,
        ],
    );
}

/// The client answers pings as soon as it reads them.
#[test]
fn pings_of_websocket_are_the_heartbeat() {
    check(
        with_limits(|limits| limits.idle_timeout_ms = 100_000),
        "/v2",
        vec![ReadAll],
        &[STATUS, "ping @30", "ping @60", "ping @90", "close 4410 nothing was sent for too long @100"],
    );
}

/// The client's side of the pipe as bytes, so that nobody answers.
#[tokio::test(start_paused = true)]
async fn a_ping_that_is_not_answered_closes_with_4408() {
    let server = Server::new(Exchange::default(), Config::default());
    let (mut near, far) = tokio::io::duplex(16 * 1024);
    tokio::spawn(server.serve_stream(far, REMOTE));
    near.write_all(UPGRADE.replace("PATH", "/v2").as_bytes()).await.expect("the pipe is open");
    let started = Instant::now();
    let mut bytes = Vec::new();
    near.read_to_end(&mut bytes).await.expect("the server ends");
    assert_eq!(started.elapsed().as_secs(), 95, "the pong timeout, and then the time for our close");
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a response") + 4;
    let close = b"no pong came in time";
    let frames = [&[0x81, 32], STATUS.as_bytes(), &[0x89, 0, 0x89, 0, 0x88, 22, 0x11, 0x38], close].concat();
    assert_eq!(bytes[head..], frames);
}

const UPGRADE: &str = "GET PATH HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Status and a part of the response to a request.
#[track_caller]
fn check_http(request: &str, status: u16, part: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let response = runtime.expect("a runtime").block_on(async {
        let page = warp::path!("v2").and(warp::get()).map(|| "the application's page");
        let server = Server::new(Exchange::default(), Config::default()).with_routes(page);
        let (mut near, far) = tokio::io::duplex(16 * 1024);
        tokio::spawn(server.serve_stream(far, REMOTE));
        near.write_all(request.as_bytes()).await.expect("the pipe is open");
        let mut buffer = [0; 4096];
        let count = near.read(&mut buffer).await.expect("a response");
        String::from_utf8_lossy(&buffer[..count]).into_owned()
    });
    assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{request}\n{response}");
    assert!(response.contains(part), "{response} lacks {part}");
}

#[test]
fn a_path_that_the_document_does_not_have_is_a_404() {
    let upgrade = |path: &str| UPGRADE.replace("PATH", path);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    check_http(&upgrade("/v2"), 101, "upgrade");
    check_http(&upgrade("/v2/"), 101, "upgrade");
    check_http(&upgrade("/v1/marketdata/BTCUSD"), 101, "upgrade");
    let missing = r#"{"error":"Not Found","message":"#;
    check_http(&upgrade("/ws"), 404, missing);
    check_http(&upgrade("/v1/marketdata"), 404, missing);
    check_http(&upgrade("/v1/marketdata/%ff"), 404, missing);
    check_http(&get("/nowhere"), 404, missing);
    check_http(
        &upgrade("/v2?depth=x"),
        400,
        r#"{"pointer":"query/depth","keyword":"type","message":"must be a number"}"#,
    );
    check_http(
        &upgrade("/v2?depth=x"),
        400,
        "contract: `query/depth` must be a number; correct this and connect again",
    );
    check_http(&upgrade("/v2?depth=%f"), 400, "percent-encoded");
    // Who does not ask for a WebSocket gets the application's page, or is told what the path is for.
    check_http(&get("/v2"), 200, "the application's page");
    check_http(&get("/v1/marketdata/BTCUSD"), 426, "Upgrade: websocket");
    check_http(&get("/health"), 200, r#""contract_version":"2.0.0""#);
}

#[tokio::test(start_paused = true)]
async fn a_service_is_prepared_once() {
    let exchange = Exchange::default();
    let server = Server::new(exchange.clone(), Config::default());
    assert_eq!(exchange.prepared.load(Ordering::Relaxed), 0);
    for _ in 0..3 {
        drop(connect(&server, "/v2", &[]).await);
    }
    assert_eq!(exchange.prepared.load(Ordering::Relaxed), 1);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    server.run(listener, std::future::ready(())).await.expect("it runs");
    assert_eq!(exchange.prepared.load(Ordering::Relaxed), 1);
}
