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
mod core;
mod fences;
mod followed;
mod histories;
mod history;
mod keep;
mod keys;
mod link;
mod listening;
mod lists;
mod logs;
mod mark;
mod nodes;
mod positions;
mod publishing;
mod queue;
mod reading;
mod recovering;
mod scripts;
#[cfg(test)]
mod tests;
mod waiting;
mod wire;

use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all, select};
use futures_util::{FutureExt, TryFutureExt};
use tightwire_proto::contract::Contract;
use tightwire_proto::envelope::Publication;
use tightwire_proto::frame::{OutboundFrame, Position};
use tightwire_proto::inbound::ReplayStart;
use tightwire_proto::log::Retention;
use tightwire_proto::session::Voice;
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use self::breaker::{Circuit, Status};
use self::core::Core;
use self::keep::keep;
use self::keys::shard_of;
use self::link::Trouble;
pub(crate) use self::listening::{Heard, listen};
use self::publishing::Publishing;
use self::queue::{Item, Said, Terms, unavailable};
use self::reading::Reading;
use self::waiting::{Answer, Asker};
use self::wire::Content;
use super::{Broker, BusHealth, BusState, Fence, History, Lists, Met, Once, Published};
use crate::clock;
use crate::config::RedisConfig;
use crate::hub::Hub;
use crate::metrics::Counters;
use crate::publisher::PublishError;

/// A publication that is done is usually handed to this node's subscribers at once, and whoever published it may say
/// something that follows from it. But it is done, so that nobody waits long.
const DELIVERY: Duration = Duration::from_secs(1);

/// Logs in Redis.
#[derive(Debug)]
pub(crate) struct RedisBroker {
    core: Arc<Core>,
    started: OnceCell<()>,
    tasks: Mutex<Vec<AbortHandle>>,
}

impl RedisBroker {
    /// A broker that hands its frames to `hub`, once it is started, and has so many bytes of memory for histories that are
    /// being sent.
    pub(crate) fn new(
        config: RedisConfig,
        contract: &'static Contract,
        retention: Retention,
        hub: Arc<Hub>,
        voice: Arc<Voice>,
        counters: Arc<Counters>,
        most_read: u64,
    ) -> Self {
        let core = Core::new(config, contract, retention, hub, voice, counters, most_read);
        Self { core: Arc::new(core), started: OnceCell::new(), tasks: Mutex::default() }
    }

    /// Starts the broker's tasks, and sees how their first attempts go.
    async fn start_now(&self) -> io::Result<()> {
        let core = &self.core;
        if !RedisConfig::is_prefix(&core.config.prefix) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the prefix of the keys in Redis (`redis_prefix`) is 1 to 64 visible ASCII characters without braces",
            ));
        }
        core.runtime.get_or_init(Handle::current);
        self.spawn();
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

    /// Spawns the tasks, if they are not there: whoever starts the broker may be gone before it is done.
    fn spawn(&self) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if !tasks.is_empty() {
            return;
        }
        for group in 0..self.core.groups.len() {
            let publishing = Publishing::new(Arc::clone(&self.core), group);
            let reading = Reading::new(Arc::clone(&self.core), group);
            tasks.push(tokio::spawn(keep(Arc::clone(&self.core), group, publishing)).abort_handle());
            tasks.push(tokio::spawn(keep(Arc::clone(&self.core), group, reading)).abort_handle());
        }
    }

    async fn hand_in(&self, content: Content, terms: Terms) -> Result<Said, PublishError> {
        let core = &*self.core;
        let Some(runtime) = core.runtime.get() else { return Err(unavailable("the server does not run yet")) };
        let shard = shard_of(content.topic(), core.shards.len());
        let group = core.group_of(shard);
        if group.publishing.circuit(clock::now()) == Circuit::Open {
            core.counters.bus_refused_total.increment();
            return Err(unavailable("there is no connection to Redis"));
        }
        let began = clock::now();
        let (item, ticket) = Item::new(content, shard, terms);
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

    /// Asks about topics of a shard, and waits for the answer. `answers` begins to give answers, if nobody does already.
    async fn ask<A>(
        &self,
        shard: usize,
        answers: impl FnOnce(&Arc<Core>, &Handle) -> Answer<A>,
    ) -> Result<A, PublishError> {
        let core = &self.core;
        if core.group_of(shard).reading.circuit(clock::now()) == Circuit::Open {
            return Err(unavailable("there is no connection to Redis"));
        }
        // Who comes before the server runs waits for it.
        let runtime = core.runtime.get().cloned().unwrap_or_else(Handle::current);
        match timeout(core.config.publish_timeout, answers(core, &runtime)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Err(unavailable("Redis did not answer in time")),
        }
    }

    async fn history_after(&self, topic: &str, start: ReplayStart) -> Result<History, PublishError> {
        let answers = |core: &Arc<Core>, runtime: &Handle| {
            let (asker, answer) = Asker::new(start);
            if let Some(duty) = core.histories.waiting.ask(topic.into(), asker) {
                runtime.spawn(Arc::clone(core).tell_histories(duty));
            }
            answer
        };
        self.ask(shard_of(topic, self.core.shards.len()), answers).await
    }

    async fn position_of(&self, topic: &str) -> Result<Position, PublishError> {
        let shard = shard_of(topic, self.core.shards.len());
        let answers = |core: &Arc<Core>, runtime: &Handle| {
            let (asker, answer) = Asker::new(topic.into());
            if let Some(duty) = core.positions.ask(shard, asker) {
                runtime.spawn(Arc::clone(core).tell_positions(duty));
            }
            answer
        };
        self.ask(shard, answers).await
    }
}

impl Drop for RedisBroker {
    fn drop(&mut self) {
        for task in self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
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
        self.hand_in(Content::Enveloped(publication), Terms::None).map_ok(|said| said.position).boxed()
    }

    fn publish_behind(&self, fence: Fence, publication: Publication) -> BoxFuture<'_, Result<Position, PublishError>> {
        self.hand_in(Content::Enveloped(publication), Terms::Behind(fence)).map_ok(|said| said.position).boxed()
    }

    fn take_over<'a>(&'a self, topic: &'a str, name: &'a str) -> BoxFuture<'a, Result<u64, PublishError>> {
        self.core.take_over(topic, name).boxed()
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
        self.hand_in(Content::Enveloped(publication), Terms::Once(once)).map_ok(found).boxed()
    }

    fn broadcast(&self, frame: OutboundFrame) -> BoxFuture<'_, Result<(), PublishError>> {
        self.hand_in(Content::Flat(frame), Terms::None).map_ok(drop).boxed()
    }

    fn history<'a>(&'a self, topic: &'a str, after: &'a ReplayStart) -> BoxFuture<'a, Result<History, PublishError>> {
        self.history_after(topic, after.clone()).boxed()
    }

    fn position<'a>(&'a self, topic: &'a str) -> BoxFuture<'a, Result<Position, PublishError>> {
        self.position_of(topic).boxed()
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

    fn has_neighbours(&self) -> bool {
        true
    }

    fn node(&self) -> Option<&str> {
        Some(&self.core.node)
    }

    fn meet(&self, said: Vec<u8>, kept: Duration) -> BoxFuture<'_, Result<Met, PublishError>> {
        async move { self.core.meet(&said, kept).await }.boxed()
    }

    fn leave(&self) -> BoxFuture<'_, ()> {
        self.core.leave().boxed()
    }

    fn lists(&self) -> Option<Arc<dyn Lists>> {
        Some(Arc::clone(&self.core) as Arc<dyn Lists>)
    }
}
