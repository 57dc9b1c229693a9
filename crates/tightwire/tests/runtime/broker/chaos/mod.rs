//! Everything at once, at random under a seed: connections are cut and stalled, Redis is stopped, killed and paused, and
//! clients move from node to node.
//!
//! `TIGHTWIRE_CHAOS_SEED` and `TIGHTWIRE_CHAOS_SECONDS` ask for another run. A seed gives the same steps, though not the same
//! moments.

mod keeping;
mod losing;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tightwire::Config;
use tightwire::config::RedisConfig;
use tightwire::proto::inbound::StreamPosition;
use tightwire_testbed::{ChaosProxy, Direction, RedisServer};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::system::{PATIENCE, with_redis};
use crate::client::with_limits;
use crate::http::Site;
use crate::protocol::{Posted, Room};

const NODES: usize = 3;
const ROOMS: usize = 5;
const PUBLISHERS: usize = 4;
const CLIENTS: usize = 8;
/// How long it goes on.
const TIME: Duration = Duration::from_secs(3);
/// How long a client waits for a frame before it looks whether there will be any.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What all tasks of a test share.
struct Trial {
    sites: Vec<Site>,
    /// Nothing bad happens any more.
    is_done: AtomicBool,
    /// By room, where the last text is.
    lasts: OnceLock<Vec<StreamPosition>>,
    seed: u64,
}

/// A text, the room that it was published to, and the position that was acknowledged, if it was.
struct Published {
    text: String,
    room: usize,
    position: Option<StreamPosition>,
}

#[expect(clippy::print_stdout, reason = "the test runner shows it where the test fails")]
fn seed(usual: u64) -> u64 {
    let seed = std::env::var("TIGHTWIRE_CHAOS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(usual);
    println!("seed {seed}");
    seed
}

fn time() -> Duration {
    let seconds = std::env::var("TIGHTWIRE_CHAOS_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    seconds.map_or(TIME, Duration::from_secs)
}

/// Settings that make more of the one or the other happen: streams that are too short for who was away, publications that
/// are given up before they are answered.
fn vary(config: &mut RedisConfig, seed: u64) {
    config.shards = [16, 1, 3][seed as usize % 3];
    config.stream_frames = [50, 10_000][seed as usize % 2];
    config.publish_timeout = [PATIENCE, Duration::from_millis(200)][seed as usize / 2 % 2];
}

impl Trial {
    /// Starts the nodes, each with a proxy before Redis.
    async fn start(redis: &RedisServer, seed: u64) -> (Arc<Self>, Vec<ChaosProxy>) {
        let proxies: Vec<_> = (0..NODES).map(|_| ChaosProxy::start(redis.address())).collect();
        let mut sites = Vec::new();
        for proxy in &proxies {
            let config =
                with_limits(|limits| (limits.replay_frames, limits.outbound_queue_frames) = (1_000_000, 100_000));
            let config = Config { handshake_rate: None, ..config };
            let mut config = with_redis(config, &redis.url_at(proxy.address()));
            if let Some(redis) = &mut config.redis {
                vary(redis, seed);
            }
            sites.push(Site::running(config).await);
        }
        (Arc::new(Self { sites, is_done: AtomicBool::new(false), lasts: OnceLock::new(), seed }), proxies)
    }

    /// Random numbers for one of the tasks.
    fn random(&self, of: usize) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed.wrapping_mul(1000) + of as u64)
    }

    fn node(&self, number: usize) -> &Site {
        &self.sites[number % NODES]
    }

    /// Whether a reader of the room has nothing more to come.
    fn is_over(&self, room: usize, at: &StreamPosition) -> bool {
        self.lasts.get().is_some_and(|lasts| lasts[room].epoch == at.epoch && lasts[room].seq <= at.seq)
    }

    fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Relaxed)
    }

    /// Publishers, which go on until it is done.
    fn publishers(self: &Arc<Self>) -> Vec<JoinHandle<Vec<Published>>> {
        let publisher = |number| {
            let trial = Arc::clone(self);
            tokio::spawn(async move { trial.publish(number).await })
        };
        (0..PUBLISHERS).map(publisher).collect()
    }

    async fn publish(&self, publisher: usize) -> Vec<Published> {
        let (mut random, mut published) = (self.random(100 + publisher), Vec::new());
        while !self.is_done() {
            let (room, text) = (random.usize(..ROOMS), format!("{publisher}.{}", published.len()));
            let position = self.try_to_publish(publisher, room, &text).await;
            published.push(Published { text, room, position });
            sleep(Duration::from_millis(random.u64(..8))).await;
        }
        published
    }

    async fn try_to_publish(&self, node: usize, room: usize, text: &str) -> Option<StreamPosition> {
        let message = Posted { text: text.to_owned() };
        self.node(node).server.publisher().publish(&Room::named(&room.to_string()), &message).await.ok()
    }

    /// Ends it. What was published, with a last text to each room, which may come more than once.
    async fn finish(&self, publishers: Vec<JoinHandle<Vec<Published>>>) -> Vec<Published> {
        self.is_done.store(true, Ordering::Relaxed);
        let mut published = Vec::new();
        for publisher in publishers {
            published.extend(timeout(2 * PATIENCE, publisher).await.expect("in time").expect("no assertion failed"));
        }
        let mut lasts = Vec::new();
        for room in 0..ROOMS {
            let last = async {
                loop {
                    match self.try_to_publish(room, room, "last").await {
                        Some(position) => return position,
                        None => sleep(Duration::from_millis(20)).await,
                    }
                }
            };
            lasts.push(timeout(PATIENCE, last).await.expect("all is well again in time"));
        }
        self.lasts.set(lasts).expect("it is finished once");
        published
    }
}

/// Does something bad to a node's connections, and makes it good again.
async fn disturb_network(random: &mut fastrand::Rng, proxies: &[ChaosProxy]) {
    let proxy = &proxies[random.usize(..proxies.len())];
    let pause = Duration::from_millis(random.u64(10..700));
    match random.u8(..5) {
        0 => proxy.reset(),
        1 => {
            proxy.cut();
            sleep(pause).await;
            proxy.heal();
        }
        2 => {
            proxy.stall_both();
            sleep(pause).await;
            proxy.heal();
        }
        3 => {
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
}
