//! SIGTERM under load: two hundred readers of a busy thread are told to come back, and come back to a server that has
//! taken the place of the first.
//!
//! Every frame that was published before the goodbye arrives exactly once and in order. In memory the log ends with its
//! process: what the new server cannot replay it announces as a gap, and never keeps silent about it. On Redis there is
//! nothing to announce: everyone goes on where it was.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tightwire_testkit::RawClient;
use tokio::sync::oneshot;

use crate::arena::{Arena, frame};
use crate::common::bus::{Bus, Kind, on_each_bus};

on_each_bus! { on_its_own:
    a_server_that_is_terminated_under_load_loses_nothing
}

const READERS: usize = 200;
/// The goodbye names a time below this.
const SPREAD_MS: u64 = 1000;
const FLAGS: [&str; 6] = ["--reconnect-spread-ms", "1000", "--messages-per-second", "1000", "--message-burst", "1000"];

/// What a reader has when its connection ends.
#[derive(Debug)]
struct Goodbye {
    epoch: String,
    first: u64,
    last: u64,
    reconnect_after_ms: u64,
    code: u16,
}

/// The next text frame, or the code of the close.
async fn value(client: &mut RawClient) -> Result<Value, u16> {
    let frame = client.frame().await.expect("a frame comes").expect("a close comes first");
    match frame.close_code() {
        Some(code) => Err(code),
        None => Ok(serde_json::from_slice(&frame.payload).expect("JSON")),
    }
}

/// A reader of the thread, from where `after` says.
async fn subscribe(arena: &Arena, after: Option<(&str, u64)>) -> RawClient {
    let mut client = arena.join().await;
    let mut data = json!({"topics": ["thread:busy"]});
    if let Some((epoch, seq)) = after {
        data["after"] = json!({"thread:busy": {"epoch": epoch, "seq": seq}});
    }
    client.send(&frame("subscribe", "system", data).to_bytes()).await.expect("the server reads");
    let updated = value(&mut client).await.expect("an answer");
    assert_eq!(updated["type"], "subscription_updated");
    client
}

/// Reads to the end. Every frame must follow the one before.
async fn read(mut client: RawClient) -> Goodbye {
    let (mut first, mut last, mut epoch, mut reconnect_after_ms) = (None, None, None, None);
    loop {
        match value(&mut client).await {
            Ok(frame) if frame["type"] == "disconnect_notice" => {
                assert_eq!(frame["data"]["reason"], "shutdown");
                reconnect_after_ms = frame["data"]["reconnect_after_ms"].as_u64();
            }
            Ok(frame) => {
                assert_eq!(reconnect_after_ms, None, "nothing follows the goodbye: {frame}");
                let seq = frame["seq"].as_u64().expect("a position");
                assert!(last.is_none_or(|last| seq == last + 1), "{seq} after {last:?}");
                first.get_or_insert(seq);
                last = Some(seq);
                epoch = frame["epoch"].as_str().map(str::to_owned);
            }
            Err(code) => {
                return Goodbye {
                    epoch: epoch.expect("a frame came"),
                    first: first.expect("a frame came"),
                    last: last.expect("a frame came"),
                    reconnect_after_ms: reconnect_after_ms.expect("a goodbye before the close"),
                    code,
                };
            }
        }
    }
}

/// Writes into the thread, and waits for each message to come back, until the server ends. Tells once when the thread is
/// busy; what the position of the last message was that came back.
async fn write(mut client: RawClient, busy: oneshot::Sender<()>) -> u64 {
    let (mut busy, mut last) = (Some(busy), 0);
    loop {
        let message = frame("send_message", "thread:busy", json!({"content": "and another"}));
        if client.send(&message.to_bytes()).await.is_err() {
            return last;
        }
        loop {
            match value(&mut client).await {
                Ok(frame) if frame["type"] == "thread_message_created" => {
                    last = frame["seq"].as_u64().expect("a position");
                    break;
                }
                Ok(_) => {}
                Err(_) => return last,
            }
        }
        if last > 100
            && let Some(busy) = busy.take()
        {
            busy.send(()).expect("the test waits");
        }
    }
}

fn a_server_that_is_terminated_under_load_loses_nothing(bus: &Bus) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut arena = Arena::open(bus, &FLAGS).await;
        let clients = join_all((0..READERS).map(|_| subscribe(&arena, None))).await;
        let readers: Vec<_> = clients.into_iter().map(|client| tokio::spawn(read(client))).collect();
        let (busy, is_busy) = oneshot::channel();
        let writer = tokio::spawn(write(subscribe(&arena, None).await, busy));
        is_busy.await.expect("the writer goes on");

        arena.terminate().await;
        let acknowledged = writer.await.expect("no panic");
        let goodbyes: Vec<Goodbye> =
            join_all(readers).await.into_iter().map(|reader| reader.expect("no panic")).collect();
        let mut times = BTreeSet::new();
        for goodbye in &goodbyes {
            assert_eq!((goodbye.code, goodbye.first), (1001, 1), "{goodbye:?}");
            assert!(goodbye.last >= acknowledged, "{goodbye:?} lacks what was published up to {acknowledged}");
            assert!(goodbye.reconnect_after_ms < SPREAD_MS, "{goodbye:?}");
            times.insert(goodbye.reconnect_after_ms);
        }
        // Two hundred times out of a thousand: some are the same, and most are not.
        assert!(times.len() > READERS / 2, "they come back at {} times only", times.len());

        let arena = arena.reopen(bus, &FLAGS).await;
        let returns = goodbyes.iter().map(async |goodbye| {
            tokio::time::sleep(Duration::from_millis(goodbye.reconnect_after_ms)).await;
            let mut client = subscribe(&arena, Some((&goodbye.epoch, goodbye.last))).await;
            if bus.kind() == Kind::Memory {
                let gap = value(&mut client).await.expect("an answer");
                assert_eq!((&gap["type"], &gap["topic"]), (&json!("replay_gap"), &json!("thread:busy")), "{gap}");
            }
            client
        });
        let mut clients = join_all(returns).await;
        let (busy, is_busy) = oneshot::channel();
        let writer = tokio::spawn(write(subscribe(&arena, None).await, busy));
        is_busy.await.expect("the writer goes on");
        for (client, goodbye) in clients.iter_mut().zip(&goodbyes) {
            let frame = value(client).await.expect("life goes on");
            let (epoch, seq) = (&frame["epoch"], &frame["seq"]);
            match bus.kind() {
                Kind::Memory => {
                    assert_eq!(seq, 1, "the new log begins anew");
                    assert_ne!(*epoch, goodbye.epoch, "and says so");
                }
                Kind::Redis => assert_eq!((epoch, seq), (&json!(goodbye.epoch), &json!(goodbye.last + 1)), "{frame}"),
            }
        }
        writer.abort();
    });
}
