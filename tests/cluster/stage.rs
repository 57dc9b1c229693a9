//! The servers, each in a process of its own, and the Redis between them, which each reaches through a proxy of its own.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tightwire_testbed::{ChaosProxy, RedisServer};
use tightwire_testkit::ServerProcess;
use tightwire_testkit::process::Launch;
use tokio::time::Instant;

use crate::doings::Doings;
use crate::scale::Scale;

/// All clients come from one address and publish a lot; nothing is to be forgotten while a run lasts; and 1 MiB is a long
/// way to go until a client counts as slow.
const FLAGS: [&str; 21] = [
    "--bind",
    "{addr}",
    "--auth-disabled",
    "--log",
    "warn",
    "--handshakes-per-second",
    "0",
    "--publications-per-second",
    "0",
    "--messages-per-second",
    "1000",
    "--message-burst",
    "1000",
    "--http-connections",
    "10000",
    "--replay-frames",
    "1000000",
    "--replay-topic-bytes",
    "1073741824",
    "--socket-unsent-bytes",
    "16384",
];

/// How long a node may take to start, also while Redis is away.
const START: Duration = Duration::from_secs(60);

/// Where a run takes place.
pub(crate) struct Stage {
    pub(crate) scale: Scale,
    pub(crate) begun: Instant,
    pub(crate) doings: Doings,
    nodes: Vec<Node>,
    redis: Option<Mutex<RedisServer>>,
    /// Whether publishers may end, and stalling clients read on.
    enough: AtomicBool,
    /// How many topics are published to: the first ones.
    busy_topics: AtomicU16,
}

struct Node {
    launch: Launch,
    address: SocketAddr,
    /// `None` while it is down.
    process: Mutex<Option<ServerProcess>>,
    /// Its way to Redis.
    link: Option<ChaosProxy>,
}

impl Stage {
    /// Nodes without Redis.
    pub(crate) async fn alone(scale: Scale) -> Self {
        Self::open(scale, None, &[]).await
    }

    /// Nodes on a Redis that keeps its data when it is stopped, with these settings beside the common ones. `None` where Redis
    /// is not installed.
    pub(crate) async fn on_redis(scale: Scale, flags: &[&str]) -> Option<Self> {
        // Written before it is answered, and never put off for a synchronisation with the disk: the machine goes on.
        let redis = RedisServer::launch().append_only().line("appendfsync no").start()?;
        Some(Self::open(scale, Some(redis), flags).await)
    }

    async fn open(scale: Scale, redis: Option<RedisServer>, flags: &[&str]) -> Self {
        let mut nodes = Vec::new();
        // Some publications give up before a fault is over, and some do not.
        let publish_timeout = (scale.outage.as_millis() / 2).to_string();
        for _ in 0..scale.nodes {
            let mut launch = ServerProcess::command(env!("CARGO_BIN_EXE_tightwire-chat"))
                .args(FLAGS.iter().chain(flags).copied())
                .env("TOKIO_WORKER_THREADS", "2")
                .ready_when_http("/health")
                .within(START);
            let link = redis.as_ref().map(|redis| ChaosProxy::start(redis.address()));
            if let Some((redis, link)) = redis.as_ref().zip(link.as_ref()) {
                let url = redis.url_at(link.address());
                launch = launch.args(["--redis-url", &url, "--redis-publish-timeout-ms", &publish_timeout]);
            }
            let process = launch.clone().start().await;
            let address = process.address();
            nodes.push(Node { launch: launch.at(address), address, process: Mutex::new(Some(process)), link });
        }
        Self {
            scale,
            begun: Instant::now(),
            doings: Doings::default(),
            nodes,
            redis: redis.map(Mutex::new),
            enough: AtomicBool::new(false),
            busy_topics: AtomicU16::new(scale.topics),
        }
    }

    pub(crate) fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Where a node listens, whether it is up or not.
    pub(crate) fn address(&self, node: usize) -> SocketAddr {
        self.nodes[node].address
    }

    pub(crate) fn is_up(&self, node: usize) -> bool {
        lock(&self.nodes[node].process).is_some()
    }

    /// Ends a node as a crash does (SIGKILL).
    pub(crate) fn kill(&self, node: usize) {
        drop(lock(&self.nodes[node].process).take());
    }

    /// Starts a node that was killed, where it was.
    pub(crate) async fn revive(&self, node: usize) {
        let process = self.nodes[node].launch.clone().start().await;
        *lock(&self.nodes[node].process) = Some(process);
    }

    /// The way of a node to Redis.
    pub(crate) fn link(&self, node: usize) -> &ChaosProxy {
        self.nodes[node].link.as_ref().expect("it is on Redis")
    }

    /// Does something to Redis, on whose end the run waits.
    pub(crate) fn redis<T>(&self, act: impl FnOnce(&mut RedisServer) -> T) -> T {
        let redis = self.redis.as_ref().expect("it is on Redis");
        tokio::task::block_in_place(|| act(&mut lock(redis)))
    }

    pub(crate) fn is_enough(&self) -> bool {
        self.enough.load(Ordering::Relaxed)
    }

    pub(crate) fn say_enough(&self) {
        self.enough.store(true, Ordering::Relaxed);
    }

    pub(crate) fn busy_topics(&self) -> u16 {
        self.busy_topics.load(Ordering::Relaxed)
    }

    /// From now on half of the topics are not published to.
    pub(crate) fn quieten(&self) {
        self.busy_topics.store(self.scale.topics.div_ceil(2), Ordering::Relaxed);
    }
}

/// What is in these locks is only ever replaced as a whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
