//! Where the servers under test publish. Every suite that talks to a chat server runs once for each broker, and says so in
//! the list of tests: `memory::…` and `redis::…`.
//!
//! A test takes a [`Bus`], starts its servers with [`Bus::flags`], and is listed in [`on_each_bus!`]. What is written and not
//! listed is dead code, so that none is forgotten. Whoever starts a server waits with [`Bus::reached`], so that no run is on
//! another broker than its name says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tightwire_testbed::RedisServer;
use tokio::runtime::Builder;

/// How long a server may need to reach its broker.
const REACHED_WITHIN: Duration = Duration::from_secs(30);

/// A kind of broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// That of a server which is alone.
    Memory,
    /// A Redis server that the test has for itself.
    Redis,
}

/// The broker of a test's servers, for as long as the test runs.
#[derive(Debug)]
pub(crate) struct Bus {
    redis: Option<RedisServer>,
    /// How many systems there are on it.
    systems: AtomicUsize,
    is_paused: bool,
}

impl Bus {
    /// None where there is no Redis, which is said.
    fn open(kind: Kind, is_paused: bool) -> Option<Self> {
        let redis = match kind {
            Kind::Memory => None,
            Kind::Redis => Some(RedisServer::start()?),
        };
        Some(Self { redis, systems: AtomicUsize::new(0), is_paused })
    }

    pub(crate) fn kind(&self) -> Kind {
        if self.redis.is_some() { Kind::Redis } else { Kind::Memory }
    }

    /// The flags of a server. Those who are given the same flags are one system on Redis, and every call gives others.
    pub(crate) fn flags(&self) -> Vec<String> {
        let Some(redis) = &self.redis else { return Vec::new() };
        let prefix = format!("test-{}", self.systems.fetch_add(1, Ordering::Relaxed));
        ["--redis-url", &redis.url(), "--redis-prefix", &prefix].map(str::to_owned).to_vec()
    }

    /// Waits until a server has reached this broker, as its `/health` says, which `health` asks for.
    ///
    /// # Panics
    /// Where it is on another.
    pub(crate) async fn reached(&self, health: impl AsyncFn() -> Value) {
        let reached = async {
            while !self.recognises(&health().await) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(REACHED_WITHIN, reached).await.expect("the server reaches its broker");
    }

    fn recognises(&self, health: &Value) -> bool {
        let expected = match self.kind() {
            Kind::Memory => "memory",
            Kind::Redis => "redis",
        };
        assert_eq!(health["bus"]["kind"], expected, "the server under test is on another broker: {health}");
        health["bus"]["state"] == "up"
    }

    /// One or the other, according to whether the clock stands still, so that waiting costs nothing.
    pub(crate) fn paused_or<T>(&self, paused: T, running: T) -> T {
        if self.is_paused { paused } else { running }
    }

    /// How long nothing has to come until it can be said that nothing does.
    pub(crate) fn silence(&self) -> Duration {
        self.paused_or(Duration::from_secs(5), Duration::from_millis(300))
    }
}

/// Runs a test whose servers are processes, or whose clock has to run for another reason.
pub(crate) fn on_sockets(kind: Kind, test: impl AsyncFnOnce(&Bus)) {
    run(kind, false, test);
}

/// Runs a test whose servers are in this process, at the other end of streams in memory. Where the broker is in memory too,
/// there is nothing outside, and the clock is paused. It is not where there are sockets to Redis: it would jump while bytes
/// are on their way.
pub(crate) fn on_streams(kind: Kind, test: impl AsyncFnOnce(&Bus)) {
    run(kind, kind == Kind::Memory, test);
}

/// Runs a test that has a runtime of its own.
pub(crate) fn on_its_own(kind: Kind, test: impl FnOnce(&Bus)) {
    if let Some(bus) = Bus::open(kind, false) {
        test(&bus);
    }
}

fn run(kind: Kind, is_paused: bool, test: impl AsyncFnOnce(&Bus)) {
    if let Some(bus) = Bus::open(kind, is_paused) {
        let runtime = Builder::new_current_thread().enable_all().start_paused(is_paused).build();
        runtime.expect("a runtime").block_on(test(&bus));
    }
}

/// These tests of a suite, once on each broker, run by that function of this module.
macro_rules! on_each_bus {
    ($how:ident: $($test:ident)*) => {
        mod memory {
            $(
                #[test]
                fn $test() {
                    crate::common::bus::$how(crate::common::bus::Kind::Memory, super::$test);
                }
            )*
        }

        mod redis {
            $(
                #[test]
                fn $test() {
                    crate::common::bus::$how(crate::common::bus::Kind::Redis, super::$test);
                }
            )*
        }
    };
}
pub(crate) use on_each_bus;
