//! Brokers: what gives frames their positions, keeps them for replay and carries them to the hub.
//!
//! One step per publish, whatever the broker: next position, append to the topic's log, hand over for fan-out. So every
//! subscriber sees the same order, and a log never has a hole.

mod frames;
pub(crate) mod memory;
#[cfg(feature = "redis")]
pub(crate) mod redis;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};
use futures_util::{FutureExt, TryFutureExt};
use tightwire_proto::envelope::Publication;
use tightwire_proto::frame::{OutboundFrame, Position};
use tightwire_proto::inbound::ReplayStart;
use uuid::Uuid;

#[cfg(feature = "redis")]
pub(crate) use self::frames::Page;
pub(crate) use self::frames::{Frames, History};
use crate::cluster::SharedList;
use crate::publisher::PublishError;

/// A broker.
pub(crate) trait Broker: Send + Sync + 'static {
    /// Starts whatever it needs, the first time. To be called within the runtime that serves connections, before it does.
    ///
    /// An error is one that only somebody can mend; what may pass by itself is tried again.
    fn start(&self) -> BoxFuture<'_, io::Result<()>> {
        ready(Ok(())).boxed()
    }

    /// Publishes a frame. Returns its position; for a frame that is not replayable the topic's newest.
    fn publish(&self, publication: Publication) -> BoxFuture<'_, Result<Position, PublishError>>;

    /// Publishes a frame, unless something was published with the same key before. Who hands in something with a key sees to
    /// it that nobody does so on the same server at the same time.
    fn publish_once(&self, publication: Publication, once: Once) -> BoxFuture<'_, Result<Published, PublishError>> {
        // Whoever asks remembers what was published here, and nobody else publishes.
        let _ = once;
        self.publish(publication).map_ok(Published::Now).boxed()
    }

    /// Publishes a frame, unless somebody has taken over from whoever publishes it. Looks in the step in which it publishes.
    fn publish_behind(&self, fence: Fence, publication: Publication) -> BoxFuture<'_, Result<Position, PublishError>>;

    /// Shuts out whoever publishes to the topic behind the fence of this name, and gives the next term.
    fn take_over<'a>(&'a self, topic: &'a str, name: &'a str) -> BoxFuture<'a, Result<u64, PublishError>>;

    /// Hands a frame without a position to a group, which has no log.
    fn broadcast(&self, frame: OutboundFrame) -> BoxFuture<'_, Result<(), PublishError>>;

    /// Everything that the topic's log has after `after`, or a gap.
    fn history<'a>(&'a self, topic: &'a str, after: &'a ReplayStart) -> BoxFuture<'a, Result<History, PublishError>>;

    /// The topic's newest position.
    fn position<'a>(&'a self, topic: &'a str) -> BoxFuture<'a, Result<Position, PublishError>>;

    /// What `/health` says about it.
    fn health(&self) -> BusHealth;

    /// Whether there may be other nodes.
    fn has_neighbours(&self) -> bool {
        false
    }

    /// What this node is called there, if it has a name that nobody else has.
    fn node(&self) -> Option<&str> {
        None
    }

    /// Tells the other nodes what this one says of itself, which is true for `kept` from now, and hears what they say.
    fn meet(&self, said: Vec<u8>, kept: Duration) -> BoxFuture<'_, Result<Met, PublishError>> {
        let _ = (said, kept);
        ready(Ok(Met::default())).boxed()
    }

    /// Tells the other nodes that this one ends.
    fn leave(&self) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }

    /// The lists that all nodes share; none, if there are no others.
    fn lists(&self) -> Option<Arc<dyn Lists>> {
        None
    }
}

/// Lists that all nodes share.
pub(crate) trait Lists: Send + Sync + 'static {
    /// Appends a value, unless it is one of the last few, or somebody has taken over from whoever appends it: the fence is that
    /// of the topic with the list's name.
    fn append<'a>(
        &'a self,
        list: SharedList<'a>,
        value: &'a [u8],
        fence: Option<&'a Fence>,
    ) -> BoxFuture<'a, Result<(), PublishError>>;

    /// The newest values, oldest first.
    fn newest<'a>(&'a self, name: &'a str, most: usize) -> BoxFuture<'a, Result<Vec<Vec<u8>>, PublishError>>;
}

/// Another node, and what it has said.
#[derive(Clone, Debug)]
pub(crate) struct Neighbour {
    /// What it is called.
    pub(crate) node: String,
    /// How long ago it said so.
    pub(crate) age: Duration,
    /// What it said.
    pub(crate) said: Vec<u8>,
}

/// The other nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Met {
    /// Those that are there.
    pub(crate) there: Vec<Neighbour>,
    /// Those that have said nothing for too long. Nobody else is told.
    pub(crate) gone: Vec<Neighbour>,
}

/// A key with which something is published once, however often it is handed in.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "in memory whoever asks remembers the keys"))]
pub(crate) struct Once {
    /// The key, and whoever it belongs to.
    pub(crate) key: String,
    /// What is said with it, in short; the same on every server.
    pub(crate) said: u64,
}

/// How long it is remembered that somebody has taken over, after the last of them has published.
pub(crate) const FENCE_KEPT: Duration = Duration::from_secs(24 * 3600);

/// What keeps others from publishing: who takes over has the next term, and only what has the newest one is published.
#[derive(Clone, Debug)]
pub(crate) struct Fence {
    /// What is behind it, within its topic.
    pub(crate) name: Arc<str>,
    /// How often somebody had taken over when this one began.
    pub(crate) term: u64,
}

/// What became of a publication with a key.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "in memory whoever asks remembers the keys"))]
pub(crate) enum Published {
    /// It was published.
    Now(Position),
    /// The same was published before, as the frame with this id.
    Before(Uuid, Position),
    /// Something else was.
    Otherwise,
}

/// The state of a broker.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct BusHealth {
    /// What kind of broker it is.
    pub(crate) kind: &'static str,
    /// Whether it works.
    pub(crate) state: BusState,
}

/// Whether a broker works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BusState {
    /// It does.
    Up,
    /// It is just being connected to.
    #[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "only what is elsewhere has to be connected to"))]
    Connecting,
    /// It does not: nothing can be published, and nothing arrives.
    #[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "only what is elsewhere can be down"))]
    Down,
}
