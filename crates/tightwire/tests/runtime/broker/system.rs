//! Servers that are one system.

use std::time::Duration;

use tightwire::Config;
#[cfg(feature = "redis")]
use tightwire::config::RedisConfig;
use tightwire::proto::inbound::StreamPosition;
#[cfg(feature = "redis")]
use tightwire_testbed::RedisServer;

use crate::http::Site;
use crate::protocol::{Room, Typing};

/// How long anything may take on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A kind of broker.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Memory,
    #[cfg(feature = "redis")]
    Redis,
}

/// Two nodes, which may be the same.
pub(super) struct System {
    sites: Vec<Site>,
    /// Outlives the nodes.
    _needs: Needs,
}

/// What all nodes need, for as long as they run.
#[derive(Default)]
pub(super) struct Needs {
    #[cfg(feature = "redis")]
    _redis: Option<RedisServer>,
}

impl Kind {
    /// Whether what it needs is installed.
    pub(super) fn is_available(self) -> bool {
        match self {
            Self::Memory => true,
            #[cfg(feature = "redis")]
            Self::Redis => tightwire_testbed::redis::is_installed(),
        }
    }

    /// The settings of each node, and what all of them need.
    pub(super) fn configs(self, config: Config) -> (Vec<Config>, Needs) {
        match self {
            Self::Memory => (vec![config], Needs::default()),
            #[cfg(feature = "redis")]
            Self::Redis => {
                let redis = RedisServer::start().expect("it is available");
                let config = with_redis(config, &redis.url());
                (vec![config.clone(), config], Needs { _redis: Some(redis) })
            }
        }
    }
}

/// The settings with Redis at that URL.
#[cfg(feature = "redis")]
pub(crate) fn with_redis(config: Config, url: &str) -> Config {
    let mut redis = RedisConfig::new(url.parse().expect("a URL"));
    redis.publish_timeout = PATIENCE;
    Config { redis: Some(redis), ..config }
}

impl System {
    /// Starts it. Tests come from one address and ask often.
    pub(super) async fn open(kind: Kind, config: Config) -> Self {
        let config = Config { handshake_rate: None, publish_rate: None, replay_rate: None, ..config };
        let (configs, needs) = kind.configs(config);
        let mut sites = Vec::new();
        for config in configs {
            sites.push(Site::running(config).await);
        }
        Self { sites, _needs: needs }
    }

    /// A node. There are two, whatever their number.
    pub(super) fn node(&self, number: usize) -> &Site {
        &self.sites[number % self.sites.len()]
    }
}

impl Site {
    /// Publishes something to a room that is not kept.
    pub(super) async fn typing(&self, room: &str) -> StreamPosition {
        let message = Typing { text: "…".to_owned() };
        self.server.publisher().publish(&Room::named(room), &message).await.expect("published")
    }
}
