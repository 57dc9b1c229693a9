//! Too much of what would be fine in measure: frames, pings, connections.

use std::time::Instant;

use futures_util::future::join_all;
use serde_json::json;
use tightwire_testkit::{RawClient, RawFrame};

use crate::arena::{Arena, Seen, check, check_kept, fence, frame, rest, tally};
use crate::common::bus::{Bus, on_each_bus};

on_each_bus! { on_its_own:
    ten_thousand_frames_at_once
    a_flood_of_garbage_behind_the_rate
    a_flood_of_large_messages
    many_floods_together
    pings_whose_pongs_nobody_reads
    pings_by_the_thousand
    answers_that_nobody_reads
    connections_that_come_and_go
}

/// Whether `count` is one for every second that was begun.
#[track_caller]
fn assert_one_per_second(count: usize, begun: Instant) {
    let seconds = begun.elapsed().as_secs() as usize + 1;
    assert!((1..=seconds).contains(&count), "{count} in {seconds} s");
}

/// Ten thousand frames as fast as they go: 40 at once and 20 per second are answered, the others cost one error per
/// second, and the connection lives.
fn ten_thousand_frames_at_once(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut client = arena.join().await;
        let flood = frame("ping", "system", json!({})).to_bytes().repeat(10_000);
        let begun = Instant::now();
        client.send(&[flood, fence()].concat()).await.expect("the server reads");
        let said = tally(&mut client).await;
        let seconds = begun.elapsed().as_secs() as usize + 1;
        assert_eq!(said.len(), 2, "{said:?}");
        assert_one_per_second(said["error rate_limited"], begun);
        assert!((40..=40 + 20 * seconds).contains(&said["pong"]), "{said:?} in {seconds} s");
        Seen::default().holding([client])
    };
    check(bus, &[], attack, &[]);
}

/// Frames beyond the rate are not even decoded: what they say does not matter.
fn a_flood_of_garbage_behind_the_rate(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut client = arena.join().await;
        let pings = frame("ping", "system", json!({})).to_bytes().repeat(40);
        // Half a mebibyte each, and nothing of the contract: it must not cost what decoding costs.
        let garbage = RawFrame::text("[".repeat(512 * 1024)).to_bytes().repeat(20);
        let begun = Instant::now();
        client.send(&[pings, garbage].concat()).await.expect("the server reads");
        client.send(&fence()).await.expect("the server reads");
        let said = tally(&mut client).await;
        let dropped = said.get("error rate_limited").copied().unwrap_or(0);
        let looked_at = said.get("error message_too_large").copied().unwrap_or(0);
        let seconds = begun.elapsed().as_secs() as usize + 1;
        assert!(dropped + looked_at >= 1 && looked_at <= 20 * seconds, "{said:?}");
        assert_eq!(said["pong"], 40);
        Seen::default().holding([client])
    };
    check(bus, &[], attack, &[]);
}

/// Frames that are too large cost tokens like all others.
fn a_flood_of_large_messages(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut client = arena.join().await;
        let flood = RawFrame::text("x".repeat(70_000)).to_bytes().repeat(200);
        let begun = Instant::now();
        client.send(&[flood, fence()].concat()).await.expect("the server reads");
        let said = tally(&mut client).await;
        let seconds = begun.elapsed().as_secs() as usize + 1;
        assert_one_per_second(said["error rate_limited"], begun);
        assert!((40..=40 + 20 * seconds).contains(&said["error message_too_large"]), "{said:?}");
        Seen::default().holding([client])
    };
    check(bus, &[], attack, &[]);
}

/// A hundred connections that each send as much as one may, and more.
fn many_floods_together(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let flood = [frame("ping", "system", json!({})).to_bytes().repeat(500), fence()].concat();
        let clients = join_all((0..100).map(async |_| {
            let mut client = arena.join().await;
            client.send(&flood).await.expect("the server reads");
            let said = tally(&mut client).await;
            assert!(said["pong"] >= 40 && said["error rate_limited"] >= 1, "{said:?}");
            client
        }));
        Seen::default().holding(clients.await)
    };
    check_kept(bus, &[], attack, &[]);
}

/// Pings of WebSocket are answered as long as the pongs are read. Who does not read them is a slow client, and the pongs
/// count towards its bound.
fn pings_whose_pongs_nobody_reads(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut client = RawClient::connect_narrow(arena.address(), 4096).await.expect("the server listens");
        client.handshake(arena.address(), "/ws").await.expect("the server accepts");
        let pings = RawFrame::ping([b'x'; 125]).to_bytes().repeat(1000);
        for _ in 0..150 {
            // The server goes on reading until the client is gone.
            client.send(&pings).await.expect("the server reads");
        }
        let mut said = rest(&mut client).await;
        // The first frame may have fallen to the bound, and so may everything that waited.
        said.retain(|said| said != "connection_established" && said != "pong of 125 bytes");
        Seen::from(said)
    };
    check(bus, &["--close-timeout-ms", "20000"], attack, &["disconnect_notice slow_consumer", "close 4409", "end"]);
}

/// Twenty thousand pings of a client that reads: all are answered, and nothing stays.
fn pings_by_the_thousand(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut client = arena.join().await;
        let mut answered = 0;
        let pings = [RawFrame::ping("p").to_bytes().repeat(200), fence()].concat();
        for _ in 0..100 {
            client.send(&pings).await.expect("the server reads");
            answered += tally(&mut client).await["pong p"];
        }
        Seen::from(vec![answered.to_string()]).holding([client])
    };
    check(bus, &[], attack, &["20000"]);
}

/// Requests for data whose answers nobody reads: the queue is bounded by frames. The client never reads, so it is cut off
/// when it does not take the goodbye either.
fn answers_that_nobody_reads(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut client = RawClient::connect_narrow(arena.address(), 4096).await.expect("the server listens");
        client.handshake(arena.address(), "/ws").await.expect("the server accepts");
        let requests = frame("request_data", "dashboard", json!({"data_type": "system_health"})).to_bytes().repeat(500);
        for _ in 0..40 {
            if client.send(&requests).await.is_err() {
                break;
            }
        }
        arena.abandoned().await;
        Seen::default().holding([client])
    };
    let flags = ["--messages-per-second", "100000", "--message-burst", "100000", "--close-timeout-ms", "100"];
    check(bus, &flags, attack, &[]);
}

/// Connections that are opened and dropped as fast as it goes, in four ways.
fn connections_that_come_and_go(bus: &Bus) {
    let attack = async |arena: &Arena| {
        for _ in 0..20 {
            join_all((0..25).map(async |number| {
                let mut client = arena.upgrade().await;
                match number % 4 {
                    0 => drop(client),
                    1 => client.reset().expect("it is open"),
                    2 => client.send(&RawFrame::close(1000, "").to_bytes()).await.expect("it is open"),
                    _ => client.end_sending().await.expect("it is open"),
                }
            }))
            .await;
        }
        Seen::default()
    };
    check(bus, &[], attack, &[]);
}
