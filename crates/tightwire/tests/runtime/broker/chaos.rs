//! Everything at once, at random under a seed: Redis is stopped, killed and paused, connections are cut and stalled, and
//! clients move from node to node. What was acknowledged is there exactly once, at the position that was acknowledged, and
//! everyone sees the same.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use tightwire::Config;
use tightwire_testbed::{ChaosProxy, Direction, RedisServer};
use tokio::time::{Instant, sleep, timeout};

use super::reader::Reader;
use super::system::{PATIENCE, with_redis};
use crate::client::with_limits;
use crate::http::Site;
use crate::protocol::{Posted, Room};

const ROOMS: usize = 5;
const PUBLISHERS: usize = 4;
const CLIENTS: usize = 8;
/// How long it goes on.
const TIME: Duration = Duration::from_secs(3);

/// A room, and a position in it.
type Place = (usize, u64);

/// What a publisher was told of each of its texts: the position, or nothing.
type Told = HashMap<String, Option<Place>>;

struct Trial {
    sites: Vec<Site>,
    /// Of each room.
    epochs: Vec<String>,
    is_done: AtomicBool,
    seed: u64,
}

impl Trial {
    fn random(&self, of: u64) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed.wrapping_mul(1000) + of)
    }

    async fn publish(&self, publisher: usize) -> Told {
        let mut random = self.random(100 + publisher as u64);
        let (site, mut told) = (&self.sites[publisher % self.sites.len()], Told::new());
        for number in 0.. {
            if self.is_done.load(Ordering::Relaxed) {
                break;
            }
            let (room, text) = (random.usize(..ROOMS), format!("{publisher}.{number}"));
            let message = Posted { text: text.clone() };
            let position = site.server.publisher().publish(&Room::named(&room.to_string()), &message).await.ok();
            if let Some(position) = &position {
                assert_eq!(position.epoch, self.epochs[room], "nothing was lost, so nothing begins anew");
            }
            told.insert(text, position.map(|position| (room, position.seq)));
            sleep(Duration::from_millis(random.u64(..8))).await;
        }
        told
    }

    /// Reads a room, now on this node, now on that, until it has come to the last text. Gives all that it has read.
    async fn read(&self, client: usize) -> (usize, Vec<String>) {
        let mut random = self.random(200 + client as u64);
        let (room, mut texts) = (client % ROOMS, Vec::new());
        let mut site = client;
        loop {
            let start = json!({"epoch": self.epochs[room], "seq": texts.len()});
            let mut reader = Reader::after(&self.sites[site % self.sites.len()], &room.to_string(), start).await;
            let leaves = Instant::now() + Duration::from_millis(random.u64(50..1500));
            loop {
                // Once it is over nobody has a reason to leave.
                let waits = if self.is_done.load(Ordering::Relaxed) { PATIENCE } else { leaves - Instant::now() };
                let Ok(frame) = timeout(waits, reader.next()).await else { break };
                match frame["type"].as_str() {
                    Some("posted") => {
                        let expected = (json!(texts.len() + 1), json!(self.epochs[room]));
                        assert_eq!(
                            (&frame["seq"], &frame["epoch"]),
                            (&expected.0, &expected.1),
                            "client {client}: {frame}"
                        );
                        texts.push(frame["data"]["text"].as_str().expect("a text").to_owned());
                    }
                    // It cannot be had now: the client has to ask again.
                    Some("error") if frame["data"]["code"] == "unavailable" => {
                        sleep(Duration::from_millis(20)).await;
                        break;
                    }
                    _ => panic!("client {client} of room {room} at {}: {frame}", texts.len()),
                }
                if texts.last().is_some_and(|text| text == "last") {
                    return (room, texts);
                }
            }
            site += 1;
        }
    }
}

/// Does something bad, and makes it good again.
async fn disturb(random: &mut fastrand::Rng, redis: &mut RedisServer, proxies: &[ChaosProxy]) {
    let proxy = &proxies[random.usize(..proxies.len())];
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
        3 => proxy.reset(),
        4 => {
            proxy.cut();
            sleep(pause).await;
            proxy.heal();
        }
        5 => {
            proxy.stall_both();
            sleep(pause).await;
            proxy.heal();
        }
        6 => {
            // Answers are lost.
            proxy.stall(Direction::ToClient);
            sleep(pause / 4).await;
            proxy.reset();
            proxy.heal();
        }
        _ => {
            // What was sent arrives later than what was sent again.
            proxy.stall(Direction::ToServer);
            sleep(pause / 4).await;
            proxy.detach();
            sleep(pause).await;
            proxy.deliver_late();
        }
    }
    sleep(Duration::from_millis(random.u64(..200))).await;
}

/// `TIGHTWIRE_CHAOS_SEED` and `TIGHTWIRE_CHAOS_SECONDS` ask for another run.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "the test runner shows it where it fails")]
async fn whatever_happens_nothing_is_lost_or_doubled() {
    let Some(mut redis) = RedisServer::launch().append_only().start() else { return };
    let seed = std::env::var("TIGHTWIRE_CHAOS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let time = std::env::var("TIGHTWIRE_CHAOS_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let time = time.map_or(TIME, Duration::from_secs);
    println!("seed {seed}");
    let proxies: Vec<_> = (0..3).map(|_| ChaosProxy::start(redis.address())).collect();
    let (mut sites, mut epochs) = (Vec::new(), Vec::new());
    for proxy in &proxies {
        let config = with_limits(|limits| (limits.replay_frames, limits.outbound_queue_frames) = (1_000_000, 100_000));
        let config = Config { handshake_rate: None, ..config };
        sites.push(Site::running(with_redis(config, &redis.url_at(proxy.address()))).await);
    }
    for room in 0..ROOMS {
        epochs.push(sites[0].typing(&room.to_string()).await.epoch);
    }
    let trial = Arc::new(Trial { sites, epochs, is_done: AtomicBool::new(false), seed });
    let spawn = |number: usize| {
        let trial = Arc::clone(&trial);
        tokio::spawn(async move { trial.publish(number).await })
    };
    let publishers: Vec<_> = (0..PUBLISHERS).map(spawn).collect();
    let spawn = |number: usize| {
        let trial = Arc::clone(&trial);
        tokio::spawn(async move { trial.read(number).await })
    };
    let clients: Vec<_> = (0..CLIENTS).map(spawn).collect();
    let mut random = trial.random(0);
    let ends = Instant::now() + time;
    while Instant::now() < ends {
        disturb(&mut random, &mut redis, &proxies).await;
    }
    trial.is_done.store(true, Ordering::Relaxed);
    let mut told = Told::new();
    for publisher in publishers {
        told.extend(timeout(2 * PATIENCE, publisher).await.expect("in time").expect("no assertion failed"));
    }
    for room in 0..ROOMS {
        trial.sites[room % 3].post(&room.to_string(), "last").await;
    }
    let mut rooms: HashMap<usize, Vec<String>> = HashMap::new();
    for client in clients {
        let (room, texts) = timeout(2 * PATIENCE, client).await.expect("in time").expect("no assertion failed");
        let known = rooms.entry(room).or_insert_with(|| texts.clone());
        assert!(*known == texts, "clients of room {room} have seen different things");
    }
    let mut found: HashMap<&str, Place> = HashMap::new();
    for (room, texts) in &rooms {
        for (seq, text) in (1..).zip(texts).filter(|(_, text)| *text != "last") {
            let former = found.insert(text, (*room, seq));
            assert!(former.is_none(), "{text} was published at {former:?} and at {:?}", (room, seq));
        }
    }
    let acknowledged = told.iter().filter_map(|(text, place)| Some((text, (*place)?)));
    for (text, place) in acknowledged.clone() {
        assert_eq!(found.get(text.as_str()), Some(&place), "{text} was acknowledged");
    }
    assert!(acknowledged.count() > 100, "most of it went well");
}
