//! How large a run is, and how long: small enough for every day by default, and as large as environment variables say.
//!
//! `TIGHTWIRE_CLUSTER_` and a name: `NODES`, `CLIENTS`, `TOPICS`, `TOPICS_PER_CLIENT`, `FRAMES`, `SECONDS`,
//! `OUTAGE_SECONDS`, `SEED`.

use std::time::Duration;

/// The size of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Server processes.
    pub(crate) nodes: usize,
    /// Clients, spread over the nodes.
    pub(crate) clients: usize,
    /// At most as many as a connection may subscribe to.
    pub(crate) topics: u16,
    /// How many of them a client subscribes to.
    pub(crate) topics_per_client: u16,
    /// How many frames are acknowledged, at least.
    pub(crate) frames: u64,
    /// How long publishing them takes where nothing is in its way, and for how long things go wrong.
    pub(crate) duration: Duration,
    /// How long each thing that goes wrong lasts.
    pub(crate) outage: Duration,
    /// What goes wrong, when, and to whom follows from it.
    pub(crate) seed: u64,
}

impl Scale {
    pub(crate) fn from_environment() -> Self {
        let number = |name: &str, default: u64| {
            let name = format!("TIGHTWIRE_CLUSTER_{name}");
            std::env::var(&name).map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
        };
        Self {
            nodes: number("NODES", 3) as usize,
            clients: number("CLIENTS", 90) as usize,
            topics: number("TOPICS", 15) as u16,
            topics_per_client: number("TOPICS_PER_CLIENT", 4) as u16,
            frames: number("FRAMES", 3000),
            duration: Duration::from_secs(number("SECONDS", 5)),
            outage: Duration::from_secs(number("OUTAGE_SECONDS", 1)),
            seed: number("SEED", uuid::Uuid::new_v4().as_u64_pair().0),
        }
    }
}
