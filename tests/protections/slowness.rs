//! Clients that take their time: before the handshake, in the middle of a message, with the answers, with the goodbye.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tightwire_testkit::raw::upgrade_request;
use tightwire_testkit::{RawClient, RawFrame};

use crate::arena::{Arena, Seen, brief, check, check_kept, frame, next, rest};
use crate::common::bus::{Bus, on_each_bus};

on_each_bus! { on_its_own:
    heads_that_trickle_in
    connections_that_nobody_uses
    more_connections_that_nobody_uses_than_there_may_be
    messages_that_trickle_in
    peers_that_stop
    peers_that_stop_behind_a_full_window
    clients_that_are_idle
    closes_that_nobody_answers
    subscribers_that_never_read
    responses_that_nobody_reads
    events_that_nobody_reads
}

/// How often a client that trickles sends another byte.
const DRIP: Duration = Duration::from_millis(20);

/// Sends the bytes one by one, for ever, and then again, until the server ends the connection.
async fn trickle(client: RawClient, bytes: &[u8]) -> String {
    let mut client = client.patience(DRIP);
    for byte in bytes.iter().cycle() {
        // Where the server has gone, reading says so too.
        let _ = client.send(&[*byte]).await;
        match client.frame().await {
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {}
            Ok(Some(frame)) => return frame.to_string(),
            Ok(None) | Err(_) => return "end".to_owned(),
        }
    }
    unreachable!("the bytes never end");
}

/// Fifty clients that send a request's head a byte at a time: it has to be there in time as a whole.
fn heads_that_trickle_in(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let head = format!("{}X-Padding: {}", upgrade_request("localhost", "/ws"), "x".repeat(10_000));
        let mut said = join_all((0..50).map(async |_| trickle(arena.connect().await, head.as_bytes()).await)).await;
        said.dedup();
        Seen::from(said)
    };
    check(bus, &["--handshake-timeout-ms", "1000"], attack, &["end"]);
}

/// Fifty clients that connect and say nothing, and fifty that say nothing any more after a request.
fn connections_that_nobody_uses(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut said = join_all((0..100).map(async |number| {
            let mut client = arena.connect().await;
            if number % 2 == 0 {
                client.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("sent");
                assert_eq!(client.response().await.expect("an answer").status, 200);
            }
            client.read_all().await.join(", ")
        }))
        .await;
        said.dedup();
        Seen::from(said)
    };
    check(bus, &["--handshake-timeout-ms", "1000"], attack, &["end"]);
}

/// As many as there may be, and more: who is beyond them is told, and those that are there stay. Neither a WebSocket nor
/// events need such a place once they have begun.
fn more_connections_that_nobody_uses_than_there_may_be(bus: &Bus) {
    const GET: &[u8] = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let attack = async |arena: &Arena| {
        let mut held = Vec::new();
        for _ in 0..12 {
            held.push(arena.join().await);
            let mut events = arena.connect().await;
            events.send(b"GET /sse?topics=dashboard HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("sent");
            assert_eq!(events.response().await.expect("a head").status, 200);
            held.push(events);
        }
        // More than there may be, in case that a place of those before is given back only now.
        let mut idle = Vec::new();
        for _ in 0..20 {
            idle.push(arena.connect().await);
        }
        let mut said = Vec::new();
        for number in 0..200 {
            let mut client = arena.connect().await;
            if number % 2 == 0 {
                // It may be closed already.
                let _ = client.send(GET).await;
            }
            match client.response().await {
                Ok(answer) => {
                    let retry = answer.header("retry-after").unwrap_or("at once");
                    said.push(format!("{}, {retry}", answer.status));
                }
                // A request that comes while its socket is being closed may cost the client the answer.
                Err(error) => assert_eq!(number % 2, 0, "who has sent nothing is told: {error}"),
            }
        }
        // Those that are there are served, and five give their places back: for the valid client, that comes while all
        // others stay.
        for mut client in idle.drain(..5) {
            client.send(GET).await.expect("sent");
            assert_eq!(client.response().await.expect("an answer").status, 200);
            client.end_sending().await.expect("sent");
            assert_eq!(client.read_all().await, ["end"]);
        }
        said.dedup();
        Seen::from(said).holding(held.into_iter().chain(idle))
    };
    check(bus, &["--http-connections", "10"], attack, &["503, 5"]);
}

/// A message whose header has come and whose payload drips: no pong can come in the middle of a frame, so the watchdog
/// ends it.
fn messages_that_trickle_in(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut said = join_all((0..20).map(async |_| {
            let mut client = arena.join().await;
            let header = RawFrame { mask: Some([0; 4]), ..RawFrame::text("") }.header(1 << 20);
            client.send(&header).await.expect("sent");
            let mut client = client.patience(DRIP);
            let mut said = Vec::new();
            loop {
                let _ = client.send(b" ").await;
                match client.frame().await {
                    Ok(Some(frame)) => said.push(brief(&frame)),
                    Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {}
                    Ok(None) | Err(_) => {
                        // How many pings there were depends on how busy this machine is.
                        said.dedup();
                        return said.join(", ");
                    }
                }
            }
        }))
        .await;
        said.dedup();
        Seen::from(said)
    };
    let flags = ["--ping-interval-ms", "200", "--pong-timeout-ms", "300", "--close-timeout-ms", "100"];
    check(bus, &flags, attack, &["ping, disconnect_notice pong_timeout, close 4408"]);
}

/// Peers that stop, without a goodbye: to the server it looks the same whether the peer's machine is gone or its program
/// hangs, until so much is sent that the kernel notices. The watchdog does not wait for that.
fn peers_that_stop(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut clients = join_all((0..50).map(async |_| arena.join().await)).await;
        let mut said = join_all(clients.iter_mut().map(async |client| rest(client).await.join(", "))).await;
        said.dedup();
        Seen::from(said).holding(clients)
    };
    let flags = ["--ping-interval-ms", "200", "--pong-timeout-ms", "300"];
    check(bus, &flags, attack, &["ping, disconnect_notice pong_timeout, close 4408, end"]);
}

/// The same with a window that is full: nothing the server says arrives, not even the close, so it stops waiting. The
/// queue is far from its bound, so it is the watchdog that ends it.
fn peers_that_stop_behind_a_full_window(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut clients = Vec::new();
        for _ in 0..10 {
            let mut client = RawClient::connect_narrow(arena.address(), 4096).await.expect("the server listens");
            client.handshake(arena.address(), "/ws").await.expect("the server accepts");
            // Two megabytes of answers: more than the kernels take, less than the queue does.
            let pings = RawFrame::ping([b'x'; 125]).to_bytes().repeat(16_000);
            client.send(&pings).await.expect("the server reads");
            clients.push(client);
        }
        arena.abandoned().await;
        Seen::default().holding(clients)
    };
    let flags = [
        ["--ping-interval-ms", "300"],
        ["--pong-timeout-ms", "500"],
        ["--close-timeout-ms", "200"],
        ["--outbound-queue-frames", "1000000"],
        ["--outbound-queue-bytes", "100000000"],
    ];
    check_kept(bus, flags.as_flattened(), attack, &[]);
}

/// Clients with nothing to say are told to leave, though they answer every ping.
fn clients_that_are_idle(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut said = join_all((0..20).map(async |_| {
            let mut client = arena.join().await;
            let mut said = Vec::new();
            loop {
                let found = brief(&next(&mut client).await);
                if found == "ping" {
                    let pong = frame("pong", "system", json!({"timestamp": "2026-01-01T00:00:00Z"}));
                    client.send(&pong.to_bytes()).await.expect("the server reads");
                    continue;
                }
                let is_last = found.starts_with("close");
                said.push(found);
                if is_last {
                    return said.join(", ");
                }
            }
        }))
        .await;
        said.dedup();
        Seen::from(said)
    };
    let flags = ["--ping-interval-ms", "100", "--idle-timeout-ms", "500", "--close-timeout-ms", "100"];
    check(bus, &flags, attack, &["disconnect_notice idle_timeout, close 4410"]);
}

/// Who is told goodbye and does not leave is left.
fn closes_that_nobody_answers(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut clients = Vec::new();
        for bytes in
            [RawFrame::text("{").to_bytes(), RawFrame::new(3, "").to_bytes(), RawFrame::close(1000, "").to_bytes()]
        {
            let mut client = arena.join().await;
            client.send(&bytes).await.expect("the server reads");
            clients.push(client);
        }
        arena.abandoned().await;
        Seen::default().holding(clients)
    };
    check(bus, &["--close-timeout-ms", "100"], attack, &[]);
}

/// Subscribers that never read, beside one that does: they are closed with 4409 when so many bytes wait, and the other
/// gets every frame.
fn subscribers_that_never_read(bus: &Bus) {
    const MESSAGES: usize = 30;
    let subscribe = || frame("subscribe", "system", json!({"topics": ["thread:busy"]})).to_bytes();
    let attack = async |arena: &Arena| {
        let dropped = arena.counter("backpressure_disconnects_total").await;
        let mut deaf = Vec::new();
        for _ in 0..20 {
            let mut client = RawClient::connect_narrow(arena.address(), 4096).await.expect("the server listens");
            client.handshake(arena.address(), "/ws").await.expect("the server accepts");
            client.send(&subscribe()).await.expect("the server reads");
            deaf.push(client);
        }
        // Writes, and reads what comes of it: its own messages, and the answer to each.
        let mut healthy = arena.join().await;
        healthy.send(&subscribe()).await.expect("the server reads");
        assert_eq!(brief(&next(&mut healthy).await), "subscription_updated 1");
        let message = frame("send_message", "thread:busy", json!({"content": "x".repeat(16_000)})).to_bytes();
        let (mut answers, mut last) = (0, None);
        while answers < MESSAGES {
            healthy.send(&message).await.expect("the server reads");
            loop {
                let frame = next(&mut healthy).await;
                let frame: serde_json::Value = serde_json::from_slice(&frame.payload).expect("JSON");
                let seq = frame["seq"].as_u64().expect("a position");
                assert!(last.is_none_or(|last| seq == last + 1), "{seq} after {last:?}");
                last = Some(seq);
                if frame["type"] == "stream_end" {
                    answers += 1;
                    break;
                }
            }
        }
        let closed = arena.counter("backpressure_disconnects_total").await - dropped;
        Seen::from(vec![format!("{closed} closed")]).holding(deaf.into_iter().chain([healthy]))
    };
    let flags = [
        ["--messages-per-second", "1000"],
        ["--message-burst", "1000"],
        ["--close-timeout-ms", "100"],
        ["--replay-frames", "10"],
        // A quarter of what it usually is, so that a quarter of the messages fills it.
        ["--outbound-queue-bytes", "262144"],
    ];
    check_kept(bus, flags.as_flattened(), attack, &["20 closed"]);
}

/// Responses that nobody takes: plain HTTP has its bound too.
fn responses_that_nobody_reads(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut clients = Vec::new();
        for _ in 0..20 {
            let client = RawClient::connect_narrow(arena.address(), 4096).await.expect("the server listens");
            let mut client = client.patience(Duration::from_millis(50));
            let requests = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1000);
            // The server stops reading when its answers are not taken.
            let _ = client.send(requests.as_bytes()).await;
            clients.push(client);
        }
        // Each is ended though it still says that it wants to read.
        for client in &mut clients {
            arena.ended(client).await;
        }
        Seen::default().holding(clients)
    };
    check_kept(bus, &["--request-timeout-ms", "300"], attack, &[]);
}

/// Events over HTTP have the same bounds as frames: who does not read them is not kept.
fn events_that_nobody_reads(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut deaf = Vec::new();
        for _ in 0..10 {
            let mut client = RawClient::connect_narrow(arena.address(), 4096).await.expect("the server listens");
            let request = "GET /sse?topics=thread:busy HTTP/1.1\r\nHost: localhost\r\n\r\n";
            client.send(request.as_bytes()).await.expect("the server reads");
            deaf.push(client);
        }
        let mut writer = arena.join().await;
        let message = frame("send_message", "thread:busy", json!({"content": "x".repeat(16_000)})).to_bytes();
        for _ in 0..30 {
            writer.send(&message).await.expect("the server reads");
            while !next(&mut writer).await.as_text().is_some_and(|text| text.contains(r#""type":"stream_end""#)) {}
        }
        for client in &mut deaf {
            arena.ended(client).await;
        }
        Seen::default().holding(deaf.into_iter().chain([writer]))
    };
    let flags = [
        ["--messages-per-second", "1000"],
        ["--message-burst", "1000"],
        ["--close-timeout-ms", "100"],
        ["--replay-frames", "10"],
        // A quarter of what it usually is, so that a quarter of the messages fills it.
        ["--outbound-queue-bytes", "262144"],
    ];
    check_kept(bus, flags.as_flattened(), attack, &[]);
}
