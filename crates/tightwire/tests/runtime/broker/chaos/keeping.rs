//! A Redis that keeps what it has, whatever happens to it: what was acknowledged is there exactly once, at the position that
//! was acknowledged, and everyone sees the same.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tightwire::proto::inbound::StreamPosition;
use tightwire_testbed::{ChaosProxy, RedisServer};
use tokio::time::{Instant, sleep, timeout};

use super::{CLIENTS, LOOK_EVERY, ROOMS, Trial, disturb_network, seed, time};
use crate::broker::reader::Reader;
use crate::broker::system::PATIENCE;

/// Reads a room, now on this node, now on that, until it has come to the last text. Gives all that it has read.
async fn read(trial: &Trial, epochs: &[String], client: usize) -> (usize, Vec<String>) {
    let mut random = trial.random(200 + client);
    let (room, mut texts) = (client % ROOMS, Vec::new());
    for node in client.. {
        let start = json!({"epoch": epochs[room], "seq": texts.len()});
        let mut reader = Reader::after(trial.node(node), &room.to_string(), start).await;
        let leaves = Instant::now() + Duration::from_millis(random.u64(50..1500));
        // Once it is done nobody has a reason to leave.
        while trial.is_done() || Instant::now() < leaves {
            if trial.is_over(room, &StreamPosition { epoch: epochs[room].clone(), seq: texts.len() as u64 }) {
                return (room, texts);
            }
            let Ok(frame) = timeout(LOOK_EVERY, reader.next()).await else { continue };
            match frame["type"].as_str() {
                Some("posted") => {
                    let expected = (json!(texts.len() + 1), json!(epochs[room]));
                    assert_eq!(
                        (&frame["seq"], &frame["epoch"]),
                        (&expected.0, &expected.1),
                        "client {client}: {frame}"
                    );
                    texts.push(frame["data"]["text"].as_str().expect("a text").to_owned());
                }
                // Told the room's beginning, and is not kept: a node may hear of it late.
                Some("typing") => {}
                // It cannot be had now: the client has to ask again.
                Some("error") if frame["data"]["code"] == "unavailable" => {
                    sleep(Duration::from_millis(20)).await;
                    break;
                }
                _ => panic!("client {client} of room {room} at {}: {frame}", texts.len()),
            }
        }
    }
    unreachable!("there is always another node")
}

async fn disturb(random: &mut fastrand::Rng, redis: &mut RedisServer, proxies: &[ChaosProxy]) {
    let pause = Duration::from_millis(random.u64(10..700));
    match random.u8(..8) {
        0 => {
            redis.stop();
            sleep(pause).await;
            redis.start_again();
        }
        1 => {
            redis.kill();
            redis.start_again();
        }
        2 => {
            redis.pause();
            sleep(pause).await;
            redis.resume();
        }
        _ => disturb_network(random, proxies).await,
    }
    sleep(Duration::from_millis(random.u64(..200))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled() {
    let Some(mut redis) = RedisServer::launch().append_only().start() else { return };
    let (trial, proxies) = Trial::start(&redis, seed(1)).await;
    let mut epochs = Vec::new();
    for room in 0..ROOMS {
        epochs.push(trial.node(0).typing(&room.to_string()).await.epoch);
    }
    let publishers = trial.publishers();
    let spawn = |number: usize| {
        let (trial, epochs) = (Arc::clone(&trial), epochs.clone());
        tokio::spawn(async move { read(&trial, &epochs, number).await })
    };
    let clients: Vec<_> = (0..CLIENTS).map(spawn).collect();
    let mut random = trial.random(0);
    let ends = Instant::now() + time();
    while Instant::now() < ends {
        disturb(&mut random, &mut redis, &proxies).await;
    }
    let published = trial.finish(publishers).await;
    let mut rooms: HashMap<usize, Vec<String>> = HashMap::new();
    for client in clients {
        let (room, texts) = timeout(2 * PATIENCE, client).await.expect("in time").expect("no assertion failed");
        let known = rooms.entry(room).or_insert_with(|| texts.clone());
        assert!(*known == texts, "clients of room {room} have seen different things");
    }
    let mut found: HashMap<&str, (usize, u64)> = HashMap::new();
    for (room, texts) in &rooms {
        for (seq, text) in (1..).zip(texts).filter(|(_, text)| *text != "last") {
            let former = found.insert(text, (*room, seq));
            assert!(former.is_none(), "{text} was published at {former:?} and at {:?}", (room, seq));
        }
    }
    let mut acknowledged = 0;
    for published in &published {
        if let Some(position) = &published.position {
            assert_eq!(position.epoch, epochs[published.room], "nothing was lost, so nothing begins anew");
            assert_eq!(found.get(&*published.text), Some(&(published.room, position.seq)), "{}", published.text);
            acknowledged += 1;
        }
    }
    assert!(acknowledged > 50, "{acknowledged} of {} were acknowledged", published.len());
}
