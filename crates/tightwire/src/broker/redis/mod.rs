//! The broker of several processes: logs in Redis, which every node reads.
//!
//! A topic belongs to a shard. One script publishes: it gives a frame its position, keeps it in the topic's history, and
//! appends it to the shard's stream, in one step. Every node reads all the streams, its own publications too, and hands its
//! subscribers what is for them; so all of them see the same order. Whoever asks where a topic is, or what it has kept,
//! gets the answer when this node has handed out everything that the answer is about: what is subscribed to in between is
//! neither lost nor doubled.
//!
//! Publications of a shard are numbered within a *generation*. When Redis comes back with less than it had, empty or from
//! an older copy, the numbers show it, a new generation begins, and with it a new epoch of every topic.

mod answer;
mod backoff;
mod breaker;
mod followed;
mod history;
mod keep;
mod keys;
mod link;
mod mark;
mod publishing;
mod queue;
mod reading;
mod scripts;
#[cfg(test)]
mod tests;
mod wire;

use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all, select};
use futures_util::{FutureExt, TryFutureExt};
use redis::{Cmd, Pipeline};
use tightwire_proto::contract::Contract;
use tightwire_proto::envelope::Publication;
use tightwire_proto::frame::{OutboundFrame, Position};
use tightwire_proto::inbound::ReplayStart;
use tightwire_proto::log::{Replay, Retention};
use tightwire_proto::session::Voice;
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use self::breaker::{Circuit, Status};
use self::followed::Followed;
use self::history::{Question, Told};
use self::keep::keep;
use self::keys::{Keys, shard_of};
use self::link::{Link, Trouble};
use self::mark::Shard;
use self::publishing::Publishing;
use self::queue::{Item, Number, Queue, Said, unavailable};
use self::reading::Reading;
use self::scripts::Scripts;
use self::wire::{Content, Reader};
use super::{Broker, BusHealth, BusState, Once, Published};
use crate::clock;
use crate::config::{RedisConfig, RedisServers};
use crate::hub::Hub;
use crate::metrics::Counters;
use crate::publisher::PublishError;

/// A publication that is done is usually handed to this node's subscribers at once, and whoever published it may say
/// something that follows from it. But it is done, so that nobody waits long.
const DELIVERY: Duration = Duration::from_secs(1);

/// How long an idempotency key is remembered.
const ONCE: Duration = Duration::from_secs(600);

/// Logs in Redis.
#[derive(Debug)]
pub(crate) struct RedisBroker {
    core: Arc<Core>,
    started: OnceCell<()>,
    tasks: Mutex<Vec<AbortHandle>>,
}

/// What the broker's tasks share.
struct Core {
    config: RedisConfig,
    keys: Keys,
    scripts: Scripts,
    /// The name of this node among writers.
    node: String,
    retention: Retention,
    hub: Arc<Hub>,
    voice: Arc<Voice>,
    reader: Reader,
    counters: Arc<Counters>,
    shards: Vec<Shard>,
    groups: Vec<Group>,
    followed: Followed,
    /// Where timers live, for whoever publishes from elsewhere.
    runtime: OnceLock<Handle>,
}

/// Shards that are on the same server.
struct Group {
    shards: Vec<usize>,
    /// A key of theirs.
    key: String,
    queue: Queue,
    publishing: Status,
    reading: Status,
    /// The connection for questions, made when there is one.
    asking: tokio::sync::Mutex<Option<Arc<Link>>>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("url", &self.config.url).field("node", &self.node).finish_non_exhaustive()
    }
}

impl RedisBroker {
    /// A broker that hands its frames to `hub`, once it is started.
    pub(crate) fn new(
        config: RedisConfig,
        contract: &'static Contract,
        retention: Retention,
        hub: Arc<Hub>,
        voice: Arc<Voice>,
        counters: Arc<Counters>,
    ) -> Self {
        let keys = Keys::new(&config.prefix);
        let shards = usize::from(config.shards.max(1));
        let numbers: Vec<usize> = (0..shards).collect();
        let grouped = match config.url.servers() {
            RedisServers::One(_) | RedisServers::Sentinel { .. } => vec![numbers],
            // Each may be anywhere, and move.
            RedisServers::Cluster(_) => numbers.into_iter().map(|shard| vec![shard]).collect(),
        };
        let group = |shards: Vec<usize>| Group {
            key: keys.state(shards[0]),
            queue: Queue::new(config.publish_queue_frames, config.publish_queue_bytes, Arc::clone(&counters)),
            publishing: Status::new(),
            reading: Status::new(),
            asking: tokio::sync::Mutex::new(None),
            shards,
        };
        let core = Core {
            groups: grouped.into_iter().map(group).collect(),
            keys,
            scripts: Scripts::new(),
            node: new_name(),
            retention,
            hub,
            voice,
            reader: Reader::new(contract),
            counters,
            shards: (0..shards).map(|_| Shard::new()).collect(),
            followed: Followed::default(),
            runtime: OnceLock::new(),
            config,
        };
        Self { core: Arc::new(core), started: OnceCell::new(), tasks: Mutex::default() }
    }

    /// Starts the broker's tasks, and sees how their first attempts go.
    async fn start_now(&self) -> io::Result<()> {
        let core = &self.core;
        core.runtime.get_or_init(Handle::current);
        let mut tasks = Vec::new();
        for group in 0..core.groups.len() {
            let publishing = Publishing::new(Arc::clone(core), group);
            let reading = Reading::new(Arc::clone(core), group);
            tasks.push(tokio::spawn(keep(Arc::clone(core), group, publishing)).abort_handle());
            tasks.push(tokio::spawn(keep(Arc::clone(core), group, reading)).abort_handle());
        }
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).extend(tasks);
        let statuses = core.groups.iter().flat_map(|group| [&group.reading, &group.publishing]);
        // All of them, so that what is told of their health right after the start is told of all.
        let first_attempts = join_all(statuses.map(Status::first_attempt))
            .map(|attempts| attempts.into_iter().filter_map(Result::err).collect::<Vec<_>>());
        match timeout(core.config.connect_timeout, first_attempts).await {
            Ok(troubles) if troubles.is_empty() => {
                tracing::info!(server = %core.config.url, node = core.node, shards = core.shards.len(), "connected to Redis");
                Ok(())
            }
            Ok(troubles) => match troubles.into_iter().find(|trouble| matches!(trouble, Trouble::Refused(_))) {
                None => Ok(()),
                Some(refused) => {
                    let url = &core.config.url;
                    Err(io::Error::other(format!("Redis at {url} (`redis_url`) refuses to serve: {refused}")))
                }
            },
            // It may come.
            Err(_) => Ok(()),
        }
    }

    async fn hand_in(&self, content: Content, once: Option<Once>) -> Result<Said, PublishError> {
        let core = &*self.core;
        let Some(runtime) = core.runtime.get() else { return Err(unavailable("the server does not run yet")) };
        let shard = shard_of(content.topic(), core.shards.len());
        let group = core.group_of(shard);
        if group.publishing.circuit(clock::now()) == Circuit::Open {
            core.counters.bus_refused_total.increment();
            return Err(unavailable("there is no connection to Redis"));
        }
        let began = clock::now();
        let (item, ticket) = Item::new(content, shard, once);
        group.queue.push(item)?;
        let sleep = |time| {
            let _entered = runtime.enter();
            tokio::time::sleep(time)
        };
        let answer = ticket.answered(pin!(sleep(core.config.publish_timeout))).await;
        core.counters.bus_publish_seconds.observe(clock::now().saturating_duration_since(began));
        let (mark, said) = answer?;
        if group.reading.is_up() {
            select(pin!(core.shards[shard].delivers(mark)), pin!(sleep(DELIVERY))).await;
        }
        Ok(said)
    }

    /// Asks about a topic, and waits until what the answer is about has been handed to the subscribers.
    async fn ask(&self, topic: &str, question: Question<'_>) -> Result<Told, PublishError> {
        let core = &*self.core;
        let shard = shard_of(topic, core.shards.len());
        if core.group_of(shard).reading.circuit(clock::now()) == Circuit::Open {
            return Err(unavailable("there is no connection to Redis"));
        }
        let asking = async {
            // What is published between the answer and the reader's beginning would reach nobody here.
            core.shards[shard].begins().await;
            let told = core.ask(shard, topic, question).await.map_err(|trouble| unavailable(&trouble.to_string()))?;
            core.shards[shard].saw(told.mark);
            let topic = core.hub.name_of(topic);
            if let Some(topic) = &topic {
                // Should the reader have to fetch what it has missed, it does so from here.
                core.followed.told(topic, &told.position);
            }
            core.shards[shard].delivers(told.mark).await;
            if let Some(topic) = &topic {
                core.followed.at_least(topic, &told.position);
            }
            Ok(told)
        };
        let late = |_| unavailable("Redis did not answer in time");
        timeout(core.config.publish_timeout, asking).await.map_err(late)?
    }
}

impl Drop for RedisBroker {
    fn drop(&mut self) {
        for task in self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

impl Core {
    fn group_of(&self, shard: usize) -> &Group {
        if self.groups.len() == 1 { &self.groups[0] } else { &self.groups[shard] }
    }

    async fn ask(&self, shard: usize, topic: &str, question: Question<'_>) -> Result<Told, Trouble> {
        let group = self.group_of(shard);
        let topic: Arc<str> = topic.into();
        let mut is_fresh = false;
        loop {
            let link = {
                let mut link = group.asking.lock().await;
                match &*link {
                    Some(link) => Arc::clone(link),
                    None => {
                        is_fresh = true;
                        let opened = Arc::new(Link::open(&self.config, &self.scripts, &group.key).await?);
                        Arc::clone(link.insert(opened))
                    }
                }
            };
            let mut commands = Pipeline::new();
            commands.add_command(self.history_call(shard, &topic, question));
            let answers = link.ask(&commands, Duration::ZERO).await;
            let told = answers.and_then(|answers| match answers.first() {
                Some(answer) => self.told(&topic, question, answer),
                None => Err(answer::Unexpected.into()),
            });
            match told {
                Err(Trouble::Lost(why)) => {
                    let mut kept = group.asking.lock().await;
                    if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, &link)) {
                        *kept = None;
                    }
                    if is_fresh {
                        return Err(Trouble::Lost(why));
                    }
                }
                told => return told,
            }
        }
    }

    fn check_call(&self, shard: usize) -> Cmd {
        let seen = self.shards[shard].seen();
        let mut call = self.scripts.check.call(&[self.keys.state(shard), self.keys.stream(shard)]);
        call.arg(seen.generation).arg(seen.number).arg(self.shards.len()).arg(new_name());
        call
    }

    fn publish_call(&self, item: &Item, number: Number) -> Cmd {
        let Item { content, shard, once, .. } = item;
        let (shard, topic) = (*shard, content.topic());
        let mut keys = vec![
            self.keys.state(shard),
            self.keys.stream(shard),
            self.keys.history(shard, topic),
            self.keys.meta(shard, topic),
            self.keys.writer(shard, &self.node, number.incarnation),
        ];
        keys.extend(once.as_ref().map(|once| self.keys.once(shard, &once.key)));
        let seen = self.shards[shard].seen();
        let mut call = self.scripts.publish.call(&keys);
        call.arg(seen.generation).arg(seen.number).arg(self.shards.len()).arg(new_name());
        call.arg(number.number).arg(u8::from(content.is_replayable()));
        call.arg(self.retention.frames).arg(self.kept_ms()).arg(self.retention.bytes).arg(self.remembered_ms());
        call.arg(self.config.stream_frames);
        content.write(&mut call);
        call.arg(once.as_ref().map_or(0, |once| once.said)).arg(ONCE.as_millis() as u64);
        call
    }

    /// How long frames are kept.
    fn kept_ms(&self) -> u64 {
        u64::try_from(self.retention.age.as_millis()).unwrap_or(u64::MAX).clamp(1, LONGEST_MS)
    }

    /// How long it is remembered where a topic is: longer, so that a topic in which little is said keeps its epoch.
    fn remembered_ms(&self) -> u64 {
        2 * self.kept_ms() + 1000
    }

    fn seed(&self) -> u64 {
        let random = clock::random();
        random.iter().fold(0, |seed, byte| seed.rotate_left(7) ^ u64::from(*byte))
    }
}

/// Some hundred years: what Redis can take for a time to live.
const LONGEST_MS: u64 = 1 << 42;

/// 16 hexadecimal digits that were never used before.
fn new_name() -> String {
    clock::random().iter().rev().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl Broker for RedisBroker {
    fn start(&self) -> BoxFuture<'_, io::Result<()>> {
        let mut first = Ok(());
        async move {
            self.started.get_or_init(|| async { first = self.start_now().await }).await;
            first
        }
        .boxed()
    }

    fn publish(&self, publication: Publication) -> BoxFuture<'_, Result<Position, PublishError>> {
        self.hand_in(Content::Enveloped(publication), None).map_ok(|said| said.position).boxed()
    }

    fn publish_once(&self, publication: Publication, once: Once) -> BoxFuture<'_, Result<Published, PublishError>> {
        let (id, said) = (publication.head().stamp.id, once.said);
        let found = move |found: Said| {
            if found.said != said {
                Published::Otherwise
            } else if found.id == id {
                Published::Now(found.position)
            } else {
                Published::Before(found.id, found.position)
            }
        };
        self.hand_in(Content::Enveloped(publication), Some(once)).map_ok(found).boxed()
    }

    fn broadcast(&self, frame: OutboundFrame) -> BoxFuture<'_, Result<(), PublishError>> {
        self.hand_in(Content::Flat(frame), None).map_ok(drop).boxed()
    }

    fn history<'a>(&'a self, topic: &'a str, after: &'a ReplayStart) -> BoxFuture<'a, Result<Replay, PublishError>> {
        self.ask(topic, Question::After(after)).map_ok(|told| told.replay).boxed()
    }

    fn position<'a>(&'a self, topic: &'a str) -> BoxFuture<'a, Result<Position, PublishError>> {
        self.ask(topic, Question::Position).map_ok(|told| told.position).boxed()
    }

    fn health(&self) -> BusHealth {
        let statuses = || self.core.groups.iter().flat_map(|group| [&group.publishing, &group.reading]);
        let state = if statuses().all(Status::is_up) {
            BusState::Up
        } else if statuses().any(Status::is_connecting) {
            BusState::Connecting
        } else {
            BusState::Down
        };
        BusHealth { kind: "redis", state }
    }
}
