//! What the broker's tasks share: what is known of Redis, and how it is asked.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use redis::{Cmd, Pipeline, Value};
use tightwire_proto::contract::Contract;
use tightwire_proto::frame::Position;
use tightwire_proto::log::Retention;
use tightwire_proto::session::Voice;
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use super::answer::Unexpected;
use super::breaker::Status;
use super::fences;
use super::followed::Followed;
use super::histories::Histories;
use super::keys::Keys;
use super::link::{Link, Trouble};
use super::mark::{Mark, Shard};
use super::positions::Positions;
use super::queue::{Item, Number, Queue, Terms};
use super::scripts::Scripts;
use super::wire::Reader;
use crate::clock;
use crate::config::{RedisConfig, RedisServers};
use crate::hub::Hub;
use crate::metrics::Counters;

/// How long an idempotency key is remembered.
const ONCE: Duration = Duration::from_secs(600);

/// What the broker's tasks share.
pub(super) struct Core {
    pub(super) config: RedisConfig,
    pub(super) keys: Keys,
    pub(super) scripts: Scripts,
    /// The name of this node among writers.
    pub(super) node: String,
    pub(super) retention: Retention,
    pub(super) hub: Arc<Hub>,
    pub(super) voice: Arc<Voice>,
    pub(super) reader: Reader,
    pub(super) counters: Arc<Counters>,
    pub(super) shards: Vec<Shard>,
    pub(super) groups: Vec<Group>,
    pub(super) followed: Followed,
    pub(super) positions: Arc<Positions>,
    pub(super) histories: Histories,
    /// Where timers live, for whoever publishes from elsewhere.
    pub(super) runtime: OnceLock<Handle>,
}

/// Shards that are on the same server.
pub(super) struct Group {
    pub(super) shards: Vec<usize>,
    /// A key of theirs.
    pub(super) key: String,
    pub(super) queue: Queue,
    pub(super) publishing: Status,
    pub(super) reading: Status,
    /// The connection for questions, made when there is one.
    pub(super) asking: Mutex<Option<Arc<Link>>>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("url", &self.config.url).field("node", &self.node).finish_non_exhaustive()
    }
}

impl Core {
    pub(super) fn new(
        config: RedisConfig,
        contract: &'static Contract,
        retention: Retention,
        hub: Arc<Hub>,
        voice: Arc<Voice>,
        counters: Arc<Counters>,
        most_read: u64,
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
            asking: Mutex::new(None),
            shards,
        };
        Self {
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
            positions: Arc::default(),
            histories: Histories::new(most_read.max(retention.bytes.saturating_mul(4) as u64)),
            runtime: OnceLock::new(),
            config,
        }
    }

    pub(super) fn group_of(&self, shard: usize) -> &Group {
        if self.groups.len() == 1 { &self.groups[0] } else { &self.groups[shard] }
    }

    /// Sees to it that this node has handed out everything up to where Redis has said that these topics of a shard are. If it
    /// says no, Redis has to be asked again.
    pub(super) async fn settle(&self, shard: usize, mark: Mark, told: &[(&Arc<str>, &Position)]) -> bool {
        let of_shard = &self.shards[shard];
        of_shard.saw(mark);
        let followed =
            |(topic, position): &(&Arc<str>, &Position)| Some((self.hub.name_of(topic)?, (*position).clone()));
        let told: Vec<_> = told.iter().filter_map(followed).collect();
        for (topic, position) in &told {
            // Should the reader have to fetch what it has missed, it does so from here.
            self.followed.told(topic, position, mark);
            // Who comes and goes is not to fill this up while nothing is published.
            self.followed.tidy(|topic| self.hub.name_of(topic).is_some());
        }
        of_shard.delivers(mark).await;
        if of_shard.has_skipped_after(mark) {
            // It may have fetched nothing of these topics, since it did not know yet where their subscribers are. They need an
            // answer that has what was skipped.
            return false;
        }
        for (topic, position) in &told {
            self.followed.at_least(topic, position, mark);
        }
        true
    }

    /// Calls a script of a shard that may be called twice, and reads the answer.
    pub(super) async fn call<T>(
        &self,
        shard: usize,
        call: impl Fn() -> Cmd,
        read: impl Fn(&Value) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let group = self.group_of(shard);
        let mut is_fresh = false;
        loop {
            let link = {
                let mut link = group.asking.lock().await;
                match &*link {
                    Some(link) => Arc::clone(link),
                    None => {
                        is_fresh = true;
                        // Of all that wait, few do so for this, which takes much room.
                        let opening = Box::pin(Link::open(&self.config, &self.scripts, &group.key));
                        let opened = Arc::new(opening.await?);
                        Arc::clone(link.insert(opened))
                    }
                }
            };
            let mut commands = Pipeline::new();
            commands.add_command(call());
            let answers = link.ask(&commands, Duration::ZERO).await;
            let read = answers.and_then(|answers| match answers.first() {
                Some(answer) => read(answer),
                None => Err(Unexpected.into()),
            });
            match read {
                Err(Trouble::Lost(why)) => {
                    let mut kept = group.asking.lock().await;
                    if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, &link)) {
                        *kept = None;
                    }
                    if is_fresh {
                        return Err(Trouble::Lost(why));
                    }
                }
                read => return read,
            }
        }
    }

    /// The call that asks how far a shard is; `last` is the entry that was handed out last, and the id of its frame. If this
    /// node has published since, that is what has to be there.
    pub(super) fn check_call(&self, shard: usize, last: Option<(Mark, &str)>) -> Cmd {
        let seen = self.shards[shard].seen();
        let acknowledged = self.shards[shard].acknowledged().map(|(mark, id)| (mark, id.to_string()));
        let acknowledged = acknowledged.as_ref().map(|(mark, id)| (*mark, &**id));
        let last = last.max(acknowledged);
        let mut call = self.scripts.check.call(&[self.keys.state(shard), self.keys.stream(shard)]);
        call.arg(seen.generation).arg(seen.number).arg(self.shards.len()).arg(new_name());
        let (entry, id) = last.map(|(mark, id)| (mark.entry(), id)).unwrap_or_default();
        call.arg(entry).arg(id);
        call
    }

    pub(super) fn publish_call(&self, item: &Item, number: Number) -> Cmd {
        let Item { content, shard, terms, .. } = item;
        let (shard, topic) = (*shard, content.topic());
        let mut keys = vec![
            self.keys.state(shard),
            self.keys.stream(shard),
            self.keys.history(shard, topic),
            self.keys.meta(shard, topic),
            self.keys.writer(shard, &self.node, number.incarnation),
        ];
        let (said, term) = match terms {
            Terms::None => (0, None),
            Terms::Once(once) => {
                keys.push(self.keys.once(shard, &once.key));
                (once.said, None)
            }
            Terms::Behind(fence) => {
                keys.push(self.keys.fence(shard, topic, &fence.name));
                (0, Some(fence.term))
            }
        };
        let seen = self.shards[shard].seen();
        let mut call = self.scripts.publish.call(&keys);
        call.arg(seen.generation).arg(seen.number).arg(self.shards.len()).arg(new_name());
        call.arg(number.number).arg(u8::from(content.is_replayable()));
        call.arg(self.retention.frames).arg(self.kept_ms()).arg(self.retention.bytes).arg(self.remembered_ms());
        call.arg(self.config.stream_frames);
        content.write(&mut call);
        call.arg(said).arg(ONCE.as_millis() as u64);
        fences::write(&mut call, term);
        call
    }

    /// How long frames are kept.
    pub(super) fn kept_ms(&self) -> u64 {
        u64::try_from(self.retention.age.as_millis()).unwrap_or(u64::MAX).clamp(1, LONGEST_MS)
    }

    /// How long it is remembered where a topic is: longer, so that a topic in which little is said keeps its epoch.
    pub(super) fn remembered_ms(&self) -> u64 {
        2 * self.kept_ms() + 1000
    }
}

/// A number that nobody can foresee.
pub(super) fn seed() -> u64 {
    let random = clock::random();
    random.iter().fold(0, |seed, byte| seed.rotate_left(7) ^ u64::from(*byte))
}

/// Some hundred years: what Redis can take for a time to live.
pub(super) const LONGEST_MS: u64 = 1 << 42;

/// 16 hexadecimal digits that were never used before.
pub(super) fn new_name() -> String {
    clock::random().iter().rev().take(8).map(|byte| format!("{byte:02x}")).collect()
}
