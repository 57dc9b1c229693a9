//! The servers that are one system: who they are, and what each says of itself.
//!
//! Each tells it to all others every few seconds, and is forgotten when it has said nothing for three times as long. So
//! what is known of another node may be some seconds old ([`Node::age`]), and asking costs nothing.

mod node;
mod shared_lists;

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use serde_json::Value;
use tightwire_proto::contract::Contract;
use tokio::time::{MissedTickBehavior, interval, timeout};

pub use self::node::Node;
use self::node::Said;
pub use self::shared_lists::{SharedList, SharedLists};
use crate::broker::{Broker, BusState, Neighbour};
use crate::clock;
use crate::config::Config;
use crate::metrics::{Counters, OTHER};
use crate::publisher::PublishError;

/// After so many heartbeats that did not come a node is gone.
const MISSED: u32 = 3;
/// How large what the application says may be, as JSON.
const APPLICATION_BYTES: usize = 256 * 1024;
/// How long a server that ends waits for the others to be told.
const FAREWELL: Duration = Duration::from_secs(1);

/// What the application tells the other nodes of itself, and what it hears of them.
pub trait Presence: Send + Sync + 'static {
    /// What the others get to see as [`Node::application`]. Called with every heartbeat, so it should not take long; at
    /// most 256 KiB of JSON.
    fn tell(&self) -> Value;

    /// A node is gone, and did not say goodbye: killed, or cut off from the others. This is what it said last. One of the
    /// remaining nodes is told, whichever notices first; none, if that one is killed at the same moment.
    fn lost(&self, node: Node) {
        let _ = node;
    }
}

/// A handle on what is known of the system. Clones are handles on the same.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>);

/// The system at one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClusterView {
    /// The nodes, the oldest first.
    pub nodes: Vec<Node>,
    /// Whether these are all. If not, what connects the nodes is down, and there is this one only.
    pub is_complete: bool,
}

struct Inner {
    id: String,
    name: String,
    started_ms: u64,
    contract: &'static Contract,
    interval: Duration,
    broker: Arc<dyn Broker>,
    counters: Arc<Counters>,
    application: OnceLock<Box<dyn Presence>>,
    heard: Mutex<Heard>,
    /// One heartbeat at a time, so that what is heard is never replaced by something older.
    beating: tokio::sync::Mutex<()>,
    /// How many heartbeats have begun.
    beats: AtomicU64,
    is_started: OnceLock<()>,
}

/// What the others have said.
#[derive(Debug, Default)]
struct Heard {
    at: Option<Instant>,
    others: Vec<Node>,
    has_left: bool,
    /// Whether the last attempt failed: it is logged when that begins.
    fails: bool,
}

impl Cluster {
    pub(crate) fn new(
        config: &Config,
        contract: &'static Contract,
        broker: Arc<dyn Broker>,
        counters: Arc<Counters>,
    ) -> Self {
        let id = broker.node().map_or_else(new_id, str::to_owned);
        Self(Arc::new(Inner {
            name: config.node_name.clone().or_else(node::host).unwrap_or_else(|| id.clone()),
            id,
            started_ms: clock::unix_ms(),
            contract,
            // A timer takes no interval of nothing.
            interval: config.node_interval.max(Duration::from_millis(1)),
            broker,
            counters,
            application: OnceLock::new(),
            heard: Mutex::default(),
            beating: tokio::sync::Mutex::default(),
            beats: AtomicU64::new(0),
            is_started: OnceLock::new(),
        }))
    }

    /// The nodes, as far as they are known here and now. Costs next to nothing: only this node is asked.
    #[must_use]
    pub fn view(&self) -> ClusterView {
        let mut nodes = vec![self.0.own()];
        let is_complete = self.0.with_others(|node, age| nodes.push(Node { age, ..node.clone() }));
        nodes.sort_by(|a, b| (a.started_ms, &a.id).cmp(&(b.started_ms, &b.id)));
        ClusterView { nodes, is_complete }
    }

    /// How many nodes there are, and whether these are all.
    pub(crate) fn count(&self) -> (u64, bool) {
        let mut count = 1;
        let is_complete = self.0.with_others(|_, _| count += 1);
        (count, is_complete)
    }

    /// The same as the nodes say it at this moment: tells them how this one is, and hears what they have said last. For the
    /// application whose state has just changed and that is about to say how all of it is. Where the others cannot be
    /// heard of, it is what [`Self::view`] knows.
    pub async fn refresh(&self) -> ClusterView {
        if self.0.broker.has_neighbours() {
            self.0.beat().await;
        }
        self.view()
    }

    /// Sets what the application says. The first stays.
    pub(crate) fn set_application(&self, application: impl Presence) {
        if self.0.application.set(Box::new(application)).is_err() {
            tracing::error!("an application has one presence; the second is ignored");
        }
    }

    /// Begins to tell, and to listen.
    pub(crate) async fn start(&self) {
        if !self.0.broker.has_neighbours() || self.0.is_started.set(()).is_err() {
            return;
        }
        if self.0.broker.health().state == BusState::Up {
            self.0.beat().await;
        }
        tokio::spawn(Inner::run(Arc::downgrade(&self.0), self.0.interval));
    }

    /// Tells the others that this node ends.
    pub(crate) async fn leave(&self) {
        if self.0.is_started.get().is_none() {
            return;
        }
        self.0.heard().has_left = true;
        let leaving = async {
            let _last = self.0.beating.lock().await;
            self.0.broker.leave().await;
        };
        if timeout(FAREWELL, leaving).await.is_err() {
            tracing::debug!("the other nodes could not be told that this one ends");
        }
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("id", &self.0.id).field("name", &self.0.name).finish_non_exhaustive()
    }
}

impl ClusterView {
    /// Connections of all nodes.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.nodes.iter().map(|node| node.connections).sum()
    }

    /// Subscriptions of all nodes, by the topic's template.
    #[must_use]
    pub fn subscriptions(&self) -> BTreeMap<String, u64> {
        let mut sums = BTreeMap::new();
        for (template, count) in self.nodes.iter().flat_map(|node| &node.subscriptions) {
            *sums.entry(template.clone()).or_default() += count;
        }
        sums
    }
}

impl Inner {
    /// Ends with the server, which holds what is only lent here.
    async fn run(inner: Weak<Self>, every: Duration) {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Some(inner) = inner.upgrade() else { return };
            inner.beat().await;
        }
    }

    /// How long a node is remembered that says nothing.
    fn kept(&self) -> Duration {
        self.interval * MISSED
    }

    /// Tells how this node is, and hears how the others are. Whoever comes while that is being done waits for the next, and
    /// all that wait share it.
    async fn beat(&self) {
        let before = self.beats.load(Ordering::Acquire);
        let _beating = self.beating.lock().await;
        if self.beats.load(Ordering::Acquire) > before || self.heard().has_left {
            return;
        }
        self.beats.fetch_add(1, Ordering::AcqRel);
        let kept = self.kept();
        let said = match serde_json::to_vec(&Said::of(&self.own())) {
            Ok(said) => said,
            Err(error) => return tracing::error!(%error, "this node cannot say how it is"),
        };
        // An answer that comes later than this is of no use.
        let met = match timeout(kept, self.broker.meet(said, kept)).await {
            Ok(met) => met,
            Err(_) => Err(PublishError::Unavailable("it did not answer in time".into())),
        };
        match met {
            Ok(met) => {
                let others = met.there.iter().filter_map(read).collect();
                {
                    let mut heard = self.heard();
                    heard.at = Some(clock::now());
                    heard.others = others;
                    heard.fails = false;
                }
                met.gone.iter().filter_map(read).for_each(|node| self.lost(node));
            }
            Err(error) => {
                if !std::mem::replace(&mut self.heard().fails, true) {
                    tracing::warn!(%error, "the other nodes of the system are not heard of");
                }
            }
        }
    }

    /// Goes through the other nodes that are there, with the time since they were heard of. False if they are not known.
    fn with_others(&self, mut each: impl FnMut(&Node, Duration)) -> bool {
        if !self.broker.has_neighbours() {
            return true;
        }
        let heard = self.heard();
        let since = heard.at.map(|at| clock::now().saturating_duration_since(at));
        let Some(since) = since.filter(|since| *since < self.kept()) else { return false };
        for node in &heard.others {
            if node.age + since < node.kept {
                each(node, node.age + since);
            }
        }
        true
    }

    fn lost(&self, node: Node) {
        tracing::warn!(
            node = node.id,
            name = node.name,
            connections = node.connections,
            "a node of the system is lost"
        );
        self.counters.nodes_lost_total.increment();
        if let Some(application) = self.application.get()
            && catch_unwind(AssertUnwindSafe(|| application.lost(node))).is_err()
        {
            tracing::error!("the application panicked when it was told of a lost node");
        }
    }

    fn own(&self) -> Node {
        let subscriptions = self.counters.subscriptions.iter();
        let subscriptions = subscriptions.map(|(template, count)| (template.to_owned(), count.get()));
        Node {
            id: self.id.clone(),
            name: self.name.clone(),
            is_this: true,
            started_ms: self.started_ms,
            contract_version: self.contract.version.to_owned(),
            connections: self.counters.connected.get(),
            subscriptions: subscriptions.filter(|(template, count)| template != OTHER || *count > 0).collect(),
            application: self.told(),
            age: Duration::ZERO,
            kept: self.kept(),
        }
    }

    /// What the application says, if that is not too much.
    fn told(&self) -> Value {
        let Some(application) = self.application.get() else { return Value::Null };
        let Ok(told) = catch_unwind(AssertUnwindSafe(|| application.tell())) else {
            tracing::error!("the application panicked when it was asked what to tell the other nodes");
            return Value::Null;
        };
        let bytes = told.to_string().len();
        if bytes > APPLICATION_BYTES {
            tracing::error!(bytes, most = APPLICATION_BYTES, "the application tells the other nodes too much");
            return Value::Null;
        }
        told
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a node has said. What cannot be read was said by a later version.
fn read(neighbour: &Neighbour) -> Option<Node> {
    match serde_json::from_slice::<Said>(&neighbour.said) {
        Ok(said) => Some(said.node(neighbour.node.clone(), neighbour.age)),
        Err(error) => {
            tracing::warn!(node = neighbour.node, %error, "what a node says cannot be read");
            None
        }
    }
}

fn new_id() -> String {
    clock::random().iter().rev().take(8).map(|byte| format!("{byte:02x}")).collect()
}
