//! A Redis that loses what it has, all of it or what was newest: nobody believes to have everything who has not.
//!
//! A client is at a position. It gets the frame that follows, or is told of a gap and where the topic is now; never anything
//! else. So whoever has come to the last frame has had all that was published from where it was told to go on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tightwire::proto::inbound::StreamPosition;
use tightwire_testbed::{ChaosProxy, RedisServer};
use tokio::time::{Instant, sleep, timeout};

use super::{CLIENTS, LOOK_EVERY, ROOMS, Trial, disturb_network, seed, time};
use crate::broker::reader::Reader;
use crate::broker::system::PATIENCE;

/// How long it may take until everyone knows everything when all is well again.
const SOON: Duration = Duration::from_secs(10);

/// What a client has read, and how often it was told of a gap.
#[derive(Default)]
struct Seen {
    room: usize,
    texts: Vec<(StreamPosition, String)>,
    gaps: usize,
    /// The epoch in which it has come to the end.
    epoch: String,
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

async fn read(trial: &Trial, begin: StreamPosition, client: usize) -> Seen {
    let mut random = trial.random(200 + client);
    let (mut seen, mut at) = (Seen { room: client % ROOMS, ..Seen::default() }, begin);
    for node in client.. {
        let mut reader = Reader::after(trial.node(node), &seen.room.to_string(), json!(at)).await;
        let leaves = Instant::now() + Duration::from_millis(random.u64(50..1500));
        // Once it is done nobody has a reason to leave.
        while trial.is_done() || Instant::now() < leaves {
            if trial.is_over(seen.room, &at) {
                return Seen { epoch: at.epoch, ..seen };
            }
            let Ok(frame) = timeout(LOOK_EVERY, reader.next()).await else { continue };
            match frame["type"].as_str() {
                Some("posted") => {
                    at.seq += 1;
                    let expected = (json!(at.seq), json!(at.epoch));
                    assert_eq!(
                        (&frame["seq"], &frame["epoch"]),
                        (&expected.0, &expected.1),
                        "client {client}: {frame}"
                    );
                    seen.texts.push((at.clone(), text(&frame["data"]["text"])));
                }
                Some("replay_gap") => {
                    let data = &frame["data"];
                    at = StreamPosition {
                        epoch: text(&data["epoch"]),
                        seq: data["latest_seq"].as_u64().expect("a number"),
                    };
                    seen.gaps += 1;
                }
                // Told the room's beginning, and is not kept: a node may hear of it late.
                Some("typing") => {}
                // It cannot be had now: the client has to ask again.
                Some("error") if frame["data"]["code"] == "unavailable" => {
                    sleep(Duration::from_millis(20)).await;
                    break;
                }
                _ => panic!("client {client} of room {} at {at:?}: {frame}", seen.room),
            }
        }
    }
    unreachable!("there is always another node")
}

async fn disturb(random: &mut fastrand::Rng, redis: &mut RedisServer, proxies: &[ChaosProxy]) {
    match random.u8(..8) {
        0 => drop(redis.ask(&["FLUSHALL"])),
        1 => redis.start_empty(),
        // What it comes back with one day.
        2 => drop(redis.ask(&["SAVE"])),
        3 => {
            redis.kill();
            redis.start_again();
        }
        _ => disturb_network(random, proxies).await,
    }
    sleep(Duration::from_millis(random.u64(..400))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_misses_anything_without_being_told() {
    let Some(mut redis) = RedisServer::start() else { return };
    // With this seed nodes read what was published before a loss when they know of the loss already.
    let (trial, proxies) = Trial::start(&redis, seed(14)).await;
    let mut begins = Vec::new();
    for room in 0..ROOMS {
        begins.push(trial.node(0).typing(&room.to_string()).await);
    }
    let publishers = trial.publishers();
    let spawn = |number: usize| {
        let (trial, begin) = (Arc::clone(&trial), begins[number % ROOMS].clone());
        tokio::spawn(async move { read(&trial, begin, number).await })
    };
    let clients: Vec<_> = (0..CLIENTS).map(spawn).collect();
    let mut random = trial.random(0);
    let ends = Instant::now() + time();
    while Instant::now() < ends {
        disturb(&mut random, &mut redis, &proxies).await;
    }
    // At the latest now.
    redis.ask(&["FLUSHALL"]);
    let published = trial.finish(publishers).await;
    let is_well = Instant::now();
    // What somebody has seen at each place. Where Redis has lost a frame, a node that knew no better may have published another
    // one at its place, until a node that knew began a new epoch; so it is only in the last ones that there is one for sure.
    let mut places: HashMap<(usize, String, u64), HashSet<String>> = HashMap::new();
    let mut last = HashSet::new();
    for client in clients {
        let seen = timeout(2 * PATIENCE, client).await.expect("in time").expect("no assertion failed");
        assert!(seen.gaps > 0, "a client of room {} was told nothing", seen.room);
        last.insert((seen.room, seen.epoch));
        for (StreamPosition { epoch, seq }, text) in seen.texts {
            places.entry((seen.room, epoch, seq)).or_default().insert(text);
        }
    }
    assert!(is_well.elapsed() < SOON, "the nodes were busy for {:?} with what is over", is_well.elapsed());
    let mut acknowledged = 0;
    for published in published {
        if let Some(StreamPosition { epoch, seq }) = published.position {
            acknowledged += 1;
            if last.contains(&(published.room, epoch.clone())) {
                places.entry((published.room, epoch, seq)).or_default().insert(published.text);
            }
        }
    }
    places.retain(|(room, epoch, _), _| last.contains(&(*room, epoch.clone())));
    for (place, texts) in places {
        assert_eq!(texts.len(), 1, "{texts:?} were seen or acknowledged at {place:?}");
    }
    assert!(acknowledged > 50, "only {acknowledged} were acknowledged");
}
