//! `GET /sse`.

mod source;

use std::time::Duration;

use serde_json::{Value, json};
use tightwire::proto::address_rate::AddressRate;
use tightwire::proto::contract::Heartbeat;
use tightwire::{Config, Server};
use tokio::net::TcpStream;

use self::source::Source;
use super::Site;
use crate::auth::tokens;
use crate::client::{REMOTE, settle, with_limits};
use crate::protocol::{Posted, Room, Rooms};

async fn connect(site: &Site, query: &str, headers: &[(&str, &str)]) -> Source<TcpStream> {
    let stream = TcpStream::connect(site.address).await.expect("connected");
    Source::over(stream, &format!("/sse?{query}"), headers).await
}

/// Through a pipe in memory, for tests with a paused clock.
async fn connect_here(server: &Server<Rooms>, buffer: usize, query: &str) -> Source<tokio::io::DuplexStream> {
    let (near, far) = tokio::io::duplex(buffer);
    tokio::spawn(server.serve_stream(far, REMOTE));
    Source::over(near, &format!("/sse?{query}"), &[]).await
}

async fn post(server: &Server<Rooms>, room: &str, text: &str) {
    server.publisher().publish(&Room::named(room), &Posted { text: text.to_owned() }).await.expect("published");
}

#[tokio::test]
async fn events_are_the_frames_of_subscribers() {
    let site = Site::open(Config::default()).await;
    let mut source = connect(&site, "topics=room:b,room:a,room:a", &[]).await;
    for part in ["http/1.1 200 ", "content-type: text/event-stream\r\n", "cache-control: no-store\r\n"] {
        assert!(source.head.contains(part), "{} lacks {part}", source.head);
    }
    assert!(!source.head.contains("access-control-allow-origin"));
    let first = source.next().await.expect("an event");
    assert!(first.kind == "connection_established" && first.id.is_some(), "{first:?}");
    assert_eq!(first.retry.as_deref(), Some("3000"));
    assert_eq!(source.brief().await, "subscription_updated [room:a room:b]");
    site.post("a", "Grüße\nund mehr").await;
    let event = source.next().await.expect("an event");
    let frame: Value = serde_json::from_str(&event.data).expect("JSON");
    assert_eq!((event.kind.as_str(), &frame["data"]["text"]), ("posted", &json!("Grüße\nund mehr")));
    assert_eq!((&frame["seq"], &frame["type"], &frame["topic"]), (&json!(1), &json!("posted"), &json!("room:a")));
    assert!(event.id.is_some());
    site.post("b", "2").await;
    assert_eq!(source.brief().await, "posted#1 2");
    site.post("c", "3").await;
    site.post("a", "4").await;
    assert_eq!(source.brief().await, "posted#2 4");
    let stats = site.server.stats();
    assert_eq!((stats.connections(), stats.sse_clients(), stats.subscriptions()), (1, 1, 2));
    drop(source);
    settle(&site.server).await;
    assert_eq!(stats.sse_clients(), 0);
}

#[tokio::test]
async fn whoever_comes_back_goes_on_where_it_was_in_each_topic() {
    let site = Site::open(Config::default()).await;
    site.post("a", "before").await;
    let mut source = connect(&site, "topics=room:a,room:b", &[]).await;
    source.skip(2).await;
    site.post("a", "1").await;
    assert_eq!(source.brief().await, "posted#2 1");
    site.post("b", "2").await;
    assert_eq!(source.brief().await, "posted#1 2");
    let id = source.last_id.clone();
    drop(source);
    settle(&site.server).await;
    for (room, text) in [("b", "3"), ("a", "4"), ("a", "5")] {
        site.post(room, text).await;
    }
    for (query, header) in [("", Some(id.clone())), (&*format!("&last_event_id={id}"), None)] {
        let header: Vec<_> = header.iter().map(|id| ("last-event-id", id.as_str())).collect();
        let mut source = connect(&site, &format!("topics=room:a,room:b{query}"), &header).await;
        source.skip(2).await;
        assert_eq!(source.brief().await, "posted#3 4");
        assert_eq!(source.brief().await, "posted#4 5");
        assert_eq!(source.brief().await, "posted#2 3");
        drop(source);
    }
    // Who was there before anything happened has missed what happened since.
    let mut source = connect(&site, "topics=room:a", &[]).await;
    let id = source.next().await.and_then(|event| event.id).expect("a place");
    drop(source);
    site.post("a", "6").await;
    let mut source = connect(&site, "topics=room:a", &[("last-event-id", &id)]).await;
    source.skip(2).await;
    assert_eq!(source.brief().await, "posted#5 6");
    drop(source);
    settle(&site.server).await;
}

#[tokio::test]
async fn what_is_no_longer_kept_is_a_gap_that_is_told_once() {
    let site = Site::open(with_limits(|limits| limits.replay_frames = 2)).await;
    let mut source = connect(&site, "topics=room:a", &[]).await;
    source.skip(2).await;
    let id = source.last_id.clone();
    drop(source);
    for text in ["1", "2", "3"] {
        site.post("a", text).await;
    }
    let mut source = connect(&site, "topics=room:a", &[("last-event-id", &id)]).await;
    source.skip(2).await;
    assert_eq!(source.brief().await, "replay_gap 2..3");
    let id = source.last_id.clone();
    drop(source);
    site.post("a", "4").await;
    let mut source = connect(&site, "topics=room:a", &[("last-event-id", &id)]).await;
    source.skip(2).await;
    assert_eq!(source.brief().await, "posted#4 4");
    drop(source);
    // A place in other topics is none in these.
    let mut source = connect(&site, "topics=room:a,room:b", &[("last-event-id", &id)]).await;
    source.skip(2).await;
    assert_eq!(source.brief().await, "replay_gap 3..4");
    assert_eq!(source.brief().await, "replay_gap 0..0");
    assert_eq!(site.server.stats().replay_gaps_total(), 3);
    drop(source);
    settle(&site.server).await;
}

#[tokio::test]
async fn who_may_not_have_a_topic_gets_none() {
    let config = Config { handshake_rate: None, ..with_limits(|limits| limits.subscriptions_per_connection = 2) };
    let site = Site::open(config).await;
    let check = async |query: &str, headers: &[(&str, &str)], status: u16, part: &str| {
        let (found, text) = site.ask("GET", &format!("/sse?{query}"), headers, "").await.problem();
        assert!(found == status && text.contains(part), "{query}: {found} {text}");
        // Nobody has come, so nobody goes.
        assert_eq!((site.server.stats().connections_total(), site.server.stats().subscriptions()), (0, 0));
    };
    check("", &[], 400, "topics").await;
    check("topics=,", &[], 400, "topics").await;
    check("topics=room:a,lobby", &[], 404, "no such topic").await;
    check("topics=room:a,room:secret", &[], 403, "not allowed").await;
    check("topics=room:a,room:b,room:c", &[], 400, "more topics").await;
    check("topics=room:a", &[("last-event-id", "41")], 400, "Last-Event-ID").await;
    check("topics=room:a", &[("origin", "https://elsewhere.example")], 403, "origin").await;
    assert_eq!(site.ask("POST", "/sse?topics=room:a", &[], "").await.problem().0, 405);
    settle(&site.server).await;
}

#[tokio::test]
async fn the_limits_are_those_of_all_connections() {
    let config = with_limits(|limits| limits.connections = 1);
    let rate = Some(AddressRate { per_second: 1, burst: 3 });
    let site = Site::open(Config { handshake_rate: rate, ..config }).await;
    let source = connect(&site, "topics=room:a", &[]).await;
    let answer = site.get("/sse?topics=room:a").await;
    assert_eq!(answer.problem().0, 503);
    drop(source);
    settle(&site.server).await;
    drop(connect(&site, "topics=room:a", &[]).await);
    assert_eq!(site.get("/sse?topics=room:a").await.problem().0, 429);
    settle(&site.server).await;
}

#[tokio::test]
async fn an_address_may_have_so_many() {
    let site = Site::open(Config { connections_per_address: Some(1), ..Config::default() }).await;
    let source = connect(&site, "topics=room:a", &[]).await;
    let (status, text) = site.get("/sse?topics=room:a").await.problem();
    assert_eq!(status, 429);
    assert!(text.contains("connections_per_address"), "{text}");
    drop(source);
    settle(&site.server).await;
    drop(connect(&site, "topics=room:a", &[]).await);
    settle(&site.server).await;
}

#[tokio::test]
async fn a_token_opens_what_it_opens_to_others() {
    let site = Site::open(tokens::config()).await;
    let path = |claims: Value, topic: &str| format!("/sse?topics={topic}&token={}", tokens::signed(claims));
    let narrow = || json!({"topics": {"read": ["room:a"]}});
    assert_eq!(site.get("/sse?topics=room:a").await.problem().0, 401);
    assert_eq!(site.get("/sse?topics=room:a&token=x").await.problem().0, 401);
    assert_eq!(site.get(&path(narrow(), "room:b")).await.problem().0, 403);
    let stream = TcpStream::connect(site.address).await.expect("connected");
    let mut source = Source::over(stream, &path(narrow(), "room:a"), &[]).await;
    assert_eq!(source.brief().await, "connection_established");
    drop(source);
    settle(&site.server).await;
}

#[tokio::test(start_paused = true)]
async fn comments_keep_a_quiet_connection_alive_until_it_is_idle() {
    let heartbeat = Some(Heartbeat { ping_interval_ms: 30_000, pong_timeout_ms: 60_000 });
    let config = Config { heartbeat, ..with_limits(|limits| limits.idle_timeout_ms = 100_000) };
    let server = Server::new(Rooms::default(), config);
    let mut source = connect_here(&server, 64 * 1024, "topics=room:a").await;
    source.skip(2).await;
    for _ in 0..3 {
        assert_eq!(source.brief().await, ": ping");
    }
    // What is published is use.
    post(&server, "a", "1").await;
    assert_eq!(source.brief().await, "posted#1 1");
    for _ in 0..3 {
        assert_eq!(source.brief().await, ": ping");
    }
    assert_eq!(source.brief().await, "disconnect_notice idle_timeout");
    assert_eq!(source.brief().await, "retry 1000");
    assert!(source.next().await.is_none());
    drop(source);
    settle(&server).await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_says_when_to_come_back() {
    let server = Server::new(Rooms::default(), Config::default());
    let mut source = connect_here(&server, 64 * 1024, "topics=room:a").await;
    source.skip(2).await;
    post(&server, "a", "1").await;
    let ending = tokio::spawn({
        let server = server.clone();
        async move { server.shutdown().await }
    });
    assert_eq!(source.brief().await, "posted#1 1");
    let notice = source.next().await.expect("a notice");
    let after = serde_json::from_str::<Value>(&notice.data).expect("JSON")["data"]["reconnect_after_ms"].clone();
    assert_eq!(source.brief().await, format!("retry {}", after.as_u64().expect("a number").max(1000)));
    assert!(source.next().await.is_none(), "the connection ends");
    let started = tokio::time::Instant::now();
    ending.await.expect("it ends");
    assert!(started.elapsed() < Duration::from_secs(1), "nobody is waited for");
    settle(&server).await;
}

/// Its queue is bounded as everyone's, and so is what the kernel keeps for it; in the end its socket is taken from it.
#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let config = Config { close_timeout: Duration::from_millis(200), ..Config::default() };
    let site = Site::open(config).await;
    let mut source = connect(&site, "topics=room:a", &[]).await;
    source.skip(2).await;
    let text = "x".repeat(10_000);
    let flooding = async {
        while site.server.stats().backpressure_disconnects_total() == 0 {
            site.post("a", &text).await;
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), flooding).await.expect("it is noticed");
    settle(&site.server).await;
    // What is left of the connection ends, without a proper end.
    let reading = async { while source.next().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(5), reading).await.expect("the socket is closed");
}

#[tokio::test]
async fn a_token_that_expires_ends_the_events() {
    let jwt = tightwire::Jwt::secret(tokens::SECRET).expect("long enough").leeway(Duration::ZERO);
    let config = Config { auth: tightwire::Auth::Jwt(jwt), ..Config::default() };
    let site = Site::open(config).await;
    let token = tokens::signed(json!({"exp": tokens::now() + 2}));
    let mut source = connect(&site, &format!("topics=room:a&token={token}"), &[]).await;
    source.skip(2).await;
    assert_eq!(source.brief().await, "disconnect_notice authentication_expired");
    assert_eq!(source.brief().await, "retry 1000");
    assert!(source.next().await.is_none());
    settle(&site.server).await;
}

/// Publishers never stop; clients come, go and resume. Each must see every number once and in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_while_frames_keep_arriving() {
    const FRAMES: u64 = 1500;
    let config = with_limits(|limits| {
        limits.replay_frames = FRAMES;
        limits.outbound_queue_frames = FRAMES;
    });
    let site = Site::open(Config { handshake_rate: None, ..config }).await;
    let mut first = connect(&site, "topics=room:a,room:b", &[]).await;
    let start = first.next().await.and_then(|event| event.id).expect("a place");
    drop(first);
    let publish = async {
        for number in 0..2 * FRAMES {
            site.post(if number % 2 == 0 { "a" } else { "b" }, "x").await;
            if number % 8 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    };
    let read = async |stay: u64| {
        let (mut seen, mut id) = ([0, 0], start.clone());
        while seen != [FRAMES, FRAMES] {
            let mut source = connect(&site, "topics=room:a,room:b", &[("last-event-id", &id)]).await;
            let until = seen[0] + seen[1] + stay;
            while seen[0] + seen[1] < until && seen != [FRAMES, FRAMES] {
                let event = source.next().await.expect("an event");
                let frame: Value = serde_json::from_str(&event.data).expect("JSON");
                assert_ne!(event.kind, "replay_gap");
                if event.kind == "posted" {
                    let topic = usize::from(frame["topic"] == "room:b");
                    seen[topic] += 1;
                    assert_eq!(frame["seq"], seen[topic], "lost or doubled");
                }
            }
            id = source.last_id.clone();
        }
    };
    tokio::join!(publish, read(97), read(301), read(1100));
    settle(&site.server).await;
}
