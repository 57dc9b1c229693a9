//! Servers that are one system.

use std::time::Duration;

use tightwire::Config;
use tightwire::proto::inbound::StreamPosition;

use crate::http::Site;
use crate::protocol::{Room, Typing};

/// How long anything may take on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A kind of broker.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Memory,
}

/// Two nodes, which may be the same.
pub(super) struct System {
    sites: Vec<Site>,
}

impl Kind {
    /// Whether what it needs is installed.
    pub(super) fn is_available(self) -> bool {
        match self {
            Self::Memory => true,
        }
    }

    /// The settings of each node.
    pub(super) fn configs(self, config: Config) -> Vec<Config> {
        vec![config]
    }
}

impl System {
    /// Starts it. Tests come from one address and ask often.
    pub(super) async fn open(kind: Kind, config: Config) -> Self {
        let config = Config { handshake_rate: None, publish_rate: None, replay_rate: None, ..config };
        let configs = kind.configs(config);
        let mut sites = Vec::new();
        for config in configs {
            sites.push(Site::open(config).await);
        }
        Self { sites }
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
