//! Requests for a WebSocket that must not get one, or whose sender never meant it.

use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::future::join_all;
use tightwire_testkit::RawClient;
use tightwire_testkit::raw::upgrade_request;

use crate::arena::{Arena, Seen, check};
use crate::common::bus::{Bus, on_each_bus};

on_each_bus! { on_its_own:
    pages_of_other_origins
    heads_that_are_too_large
    requests_within_requests
    the_preface_of_http2
    handshakes_with_a_body
    more_connections_than_there_may_be
    more_connections_than_one_address_may_have
    more_handshakes_than_one_address_may_begin
    handshakes_that_are_not_completed
}

/// Sends each of these as a request; the status of each answer, `end` where there is none.
#[track_caller]
fn check_requests(bus: &Bus, requests: &[String], expected: &[&str]) {
    let attack = async |arena: &Arena| {
        let mut seen = Vec::new();
        for request in requests {
            let mut client = arena.connect().await;
            // The server may refuse before it has read everything.
            let _ = client.send(request.as_bytes()).await;
            seen.push(match client.response().await {
                Ok(response) => response.status.to_string(),
                Err(error) => format!("{:?}", error.kind()),
            });
        }
        Seen::from(seen)
    };
    check(bus, &[], attack, expected);
}

/// A handshake with these headers too.
fn with(headers: &str) -> String {
    format!("{}{headers}\r\n", upgrade_request("chat.example.com", "/ws"))
}

fn pages_of_other_origins(bus: &Bus) {
    check_requests(
        bus,
        &[
            with("Origin: https://evil.example\r\n"),
            with("Origin: https://chat.example.com.evil.example\r\n"),
            with("Origin: https://evil.example/chat.example.com\r\n"),
            with("Origin: null\r\n"),
            with("Origin: file://\r\n"),
            with("Origin: https://chat.example.com\r\nOrigin: https://evil.example\r\n"),
            with("Origin: https://chat.example.com\r\n"),
        ],
        &["403", "403", "403", "403", "403", "403", "101"],
    );
}

fn heads_that_are_too_large(bus: &Bus) {
    let many: String = (0..100_000).map(|number| format!("X-{number}: x\r\n")).collect();
    check_requests(
        bus,
        &[
            with(&many),
            with(&(0..65).map(|number| format!("X-{number}: x\r\n")).collect::<String>()),
            with(&format!("X-Long: {}\r\n", "x".repeat(1 << 20))),
            with(&format!("{}: x\r\n", "x".repeat(1 << 20))),
            upgrade_request("localhost", &format!("/ws?{}", "x".repeat(1 << 20))),
        ],
        &["431"; 5],
    );
}

/// Two ways to read a request are one too many: whoever stands in front might read it the other way.
fn requests_within_requests(bus: &Bus) {
    let post = |headers: &str, body: &str| format!("POST /ws HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{body}");
    let inner = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    check_requests(
        bus,
        &[
            post("Content-Length: 5\r\nContent-Length: 6\r\n", inner),
            post("Content-Length: -1\r\n", inner),
            post("Content-Length: +5\r\n", inner),
            post("Content-Length: 18446744073709551616\r\n", inner),
            post("Transfer-Encoding: gzip\r\n", inner),
            post("Transfer-Encoding: chunked, identity\r\n", inner),
            post("Content-Length : 5\r\n", inner),
            post("X: a\r\n b: c\r\n", inner),
            "GET /ws HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n".to_owned(),
            "GET /ws HTTP/1.1\nHost: a\nX\u{1}: b\n\n".to_owned(),
            "GET  /ws HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "GET /ws HTTP/9.9\r\nHost: a\r\n\r\n".to_owned(),
            "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}".to_owned(),
        ],
        &["400"; 13],
    );
}

/// HTTP/2 is a protocol that the server does not speak; it says so by ending the connection.
fn the_preface_of_http2(bus: &Bus) {
    check_requests(bus, &["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()], &["UnexpectedEof"]);
}

/// A request for a WebSocket has no body. With one, bytes of it must not be taken for frames, nor frames for a request.
fn handshakes_with_a_body(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut seen = Vec::new();
        for headers in ["Content-Length: 39\r\n", "Transfer-Encoding: chunked\r\n"] {
            let mut client = arena.connect().await;
            let request = with(headers) + "GET /health HTTP/1.1\r\nHost: localhost\r\n";
            client.send(request.as_bytes()).await.expect("sent");
            let response = client.response().await;
            seen.push(
                response.map_or_else(|error| format!("{:?}", error.kind()), |response| response.status.to_string()),
            );
        }
        Seen::from(seen)
    };
    check(bus, &[], attack, &["400", "400"]);
}

fn more_connections_than_there_may_be(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut clients = Vec::new();
        for _ in 0..9 {
            clients.push(arena.join().await);
        }
        let mut seen = Vec::new();
        for _ in 0..50 {
            let mut client = arena.connect().await;
            client.send(with("").as_bytes()).await.expect("sent");
            let response = client.response().await.expect("an answer");
            seen.push(format!("{}, {}", response.status, response.header("retry-after").unwrap_or("at once")));
            if response.status == 101 {
                clients.push(client);
            }
        }
        // One place is given back: for the valid client, that comes while all others stay.
        drop(clients.pop());
        seen.dedup();
        Seen::from(seen).holding(clients)
    };
    check(bus, &["--connections", "10"], attack, &["101, at once", "503, 5"]);
}

/// One address that begins too many connections; the valid client has another.
fn more_handshakes_than_one_address_may_begin(bus: &Bus) {
    let attack = async |arena: &Arena| {
        // Every loopback address is ours.
        let source = Ipv4Addr::new(127, 0, 9, arena.round as u8 + 1).into();
        let begun = std::time::Instant::now();
        let mut statuses = Vec::new();
        for _ in 0..200 {
            let mut client = RawClient::connect_from(source, arena.address()).await.expect("the server listens");
            client.send(with("").as_bytes()).await.expect("sent");
            statuses.push(client.response().await.expect("an answer").status);
        }
        let accepted = statuses.iter().filter(|status| **status == 101).count();
        let seconds = begun.elapsed().as_secs() as usize + 1;
        assert!((20..=20 + 10 * seconds).contains(&accepted), "{accepted} in {seconds} s");
        // The valid client has two handshakes in every round, and its own address is given ten in a second.
        tokio::time::sleep_until((begun + Duration::from_millis(200)).into()).await;
        statuses.sort_unstable();
        statuses.dedup();
        Seen::from(statuses.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    check(bus, &["--handshakes-per-second", "10"], attack, &["101", "429"]);
}

/// One address that has as many connections as one may have; the valid client has another.
fn more_connections_than_one_address_may_have(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let source = Ipv4Addr::new(127, 0, 8, arena.round as u8 + 1).into();
        let (mut clients, mut seen) = (Vec::new(), Vec::new());
        for _ in 0..50 {
            let mut client = RawClient::connect_from(source, arena.address()).await.expect("the server listens");
            client.send(with("").as_bytes()).await.expect("sent");
            let response = client.response().await.expect("an answer");
            seen.push(format!("{}, {}", response.status, response.header("retry-after").unwrap_or("at once")));
            if response.status == 101 {
                clients.push(client);
            }
        }
        assert_eq!(clients.len(), 10);
        seen.dedup();
        Seen::from(seen).holding(clients)
    };
    let flags = ["--connections-per-address", "10", "--handshakes-per-second", "0"];
    check(bus, &flags, attack, &["101, at once", "429, 5"]);
}

/// Gone before the handshake is done: at each step of it, politely or not.
fn handshakes_that_are_not_completed(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let request = with("");
        let lengths = [0, 1, 4, 20, request.len() - 1, request.len()];
        for _ in 0..10 {
            join_all(lengths.iter().flat_map(|length| [(*length, true), (*length, false)]).map(
                async |(length, polite)| {
                    let mut client = arena.connect().await;
                    client.send(&request.as_bytes()[..length]).await.expect("sent");
                    if polite { drop(client) } else { client.reset().expect("it is open") }
                },
            ))
            .await;
        }
        Seen::default()
    };
    check(bus, &[], attack, &[]);
}
