//! Reads what all nodes publish, and hands it to this node's subscribers.
//!
//! It goes on from where it was, whatever happens in between. What it cannot read there any more it fetches from the
//! histories of the topics that somebody here is subscribed to; what is not even there is told to their subscribers.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use redis::{Pipeline, Value, cmd};
use tightwire_proto::frame::Position;
use tightwire_proto::inbound::ReplayStart;
use tightwire_proto::log::{Gap, Replay};
use tokio::task::yield_now;

use super::answer::{self, Refusal, Unexpected};
use super::backoff::Backoff;
use super::breaker::Status;
use super::followed::Step;
use super::history::{Question, Told};
use super::keep::Work;
use super::keys::shard_of;
use super::link::{Link, Trouble};
use super::mark::Mark;
use super::wire::Entry;
use super::{Core, Group};
use crate::clock;

/// How long Redis waits for something to be published before it answers that nothing was.
const BLOCK: Duration = Duration::from_secs(1);

/// How often it is checked at least that Redis still has what it had.
const CHECK: Duration = Duration::from_secs(1);

/// How much one read should give at most, judged by the largest frame of late.
const READ_BYTES: usize = 8 << 20;
const MOST_ENTRIES: usize = 256;

/// How many topics are asked for at once, where all have to be.
const TOPICS: usize = 8;

/// Nodes that have all missed something do not all ask at the same moment.
const SPREAD: Duration = Duration::from_millis(300);

/// Reads the streams of a group.
pub(super) struct Reading {
    core: Arc<Core>,
    places: Vec<Place>,
    /// The size of the largest frame of late.
    largest: usize,
    spread: Backoff,
}

/// Where the reader is in the stream of a shard.
#[derive(Debug)]
struct Place {
    shard: usize,
    stream: String,
    /// None before the first check.
    at: Option<Mark>,
    /// Where it was at the last check, if that was not where the shard was.
    behind: Option<Mark>,
}

impl Reading {
    pub(super) fn new(core: Arc<Core>, group: usize) -> Self {
        let place = |shard: &usize| Place { shard: *shard, stream: core.keys.stream(*shard), at: None, behind: None };
        let places = core.groups[group].shards.iter().map(place).collect();
        let spread = Backoff::new(core.seed());
        Self { core, places, largest: 4096, spread }
    }

    async fn read(&mut self, link: &Link, status: &Status) -> Result<Infallible, Trouble> {
        self.check(link).await?;
        status.up();
        let mut checked = clock::now();
        loop {
            let is_quiet = !self.read_once(link).await?;
            if is_quiet || clock::now().saturating_duration_since(checked) >= CHECK {
                self.check(link).await?;
                checked = clock::now();
            }
            // There may be much to read.
            yield_now().await;
        }
    }

    /// Whether there was anything.
    async fn read_once(&mut self, link: &Link) -> Result<bool, Trouble> {
        let count = (READ_BYTES / (self.places.len().max(1) * self.largest)).clamp(1, MOST_ENTRIES);
        let mut call = cmd("XREAD");
        call.arg("COUNT").arg(count).arg("BLOCK").arg(BLOCK.as_millis() as u64).arg("STREAMS");
        for place in &self.places {
            call.arg(&place.stream);
        }
        for place in &self.places {
            call.arg(place.at.unwrap_or_default().entry());
        }
        let mut commands = Pipeline::new();
        commands.add_command(call);
        let answer = link.ask(&commands, BLOCK).await?.pop().ok_or(Unexpected)?;
        if let Some(refusal) = Refusal::of(&answer) {
            return Err(refusal.into());
        }
        if answer == Value::Nil {
            return Ok(false);
        }
        let mut largest = 1024;
        for stream in answer::list(&answer)? {
            let [stream, entries] = answer::array(stream)?;
            let stream = answer::text(stream)?;
            let index = self.places.iter().position(|place| place.stream == stream).ok_or(Unexpected)?;
            for entry in answer::list(entries)? {
                largest = largest.max(self.take(link, index, entry).await?);
            }
            self.note_delivered(index);
        }
        // A large frame is remembered for some reads.
        self.largest = largest.max(self.largest - self.largest / 8);
        Ok(true)
    }

    /// Takes an entry of the stream. Returns its size.
    async fn take(&mut self, link: &Link, index: usize, entry: &Value) -> Result<usize, Trouble> {
        let [name, fields] = answer::array(entry)?;
        let mark = Mark::read(answer::text(name)?).ok_or(Unexpected)?;
        if mark.generation > self.at(index).generation {
            self.begin_generation(link, index, mark.generation).await?;
        }
        if mark.number > self.at(index).number + 1 {
            self.catch_up(link, index).await?;
        }
        if mark <= self.at(index) {
            return Ok(0);
        }
        let size = match Entry::read(fields) {
            Ok(entry) => self.deliver(link, &entry).await?,
            Err(Unexpected) => {
                // Where it has a position, the next frame of its topic shows that something is missing.
                tracing::error!(entry = mark.entry(), stream = self.places[index].stream, "an entry cannot be read");
                0
            }
        };
        self.places[index].at = Some(mark);
        Ok(size)
    }

    /// Hands a frame to its subscribers.
    async fn deliver(&self, link: &Link, entry: &Entry<'_>) -> Result<usize, Trouble> {
        let core = &*self.core;
        let size = entry.size();
        let Some(topic) = core.hub.name_of(entry.topic) else {
            if let Some((epoch, seq)) = entry.position {
                core.followed.pass(entry.topic, epoch, seq);
            }
            return Ok(size);
        };
        let epoch = match entry.position {
            None => Arc::default(),
            Some((epoch, seq)) => match core.followed.step(&topic, epoch, seq) {
                Step::Next(epoch) => {
                    core.followed.set(&topic, Position { epoch: Arc::clone(&epoch), seq });
                    epoch
                }
                Step::Old => return Ok(size),
                Step::Missing => {
                    self.fetch(link, std::slice::from_ref(&topic)).await?;
                    return Ok(size);
                }
            },
        };
        match core.reader.frame(entry, &topic, &epoch) {
            Ok(frame) => core.hub.deliver(frame),
            Err(Unexpected) => {
                tracing::error!(subscription = &*topic, "a frame cannot be read");
                let latest = entry.position.map_or(0, |(_, seq)| seq);
                if latest > 0 {
                    self.say_gap(&topic, &Gap { epoch, oldest: 0, latest });
                }
            }
        }
        core.followed.tidy(|topic| core.hub.name_of(topic).is_some());
        Ok(size)
    }

    /// Asks how far all shards are.
    async fn check(&mut self, link: &Link) -> Result<(), Trouble> {
        for index in 0..self.places.len() {
            self.note_delivered(index);
        }
        let mut commands = Pipeline::new();
        for place in &self.places {
            commands.add_command(self.core.check_call(place.shard));
        }
        let answers = link.ask(&commands, Duration::ZERO).await?;
        for (index, answer) in answers.iter().enumerate() {
            let mark = self.checked(index, answer)?;
            let Some(at) = self.places[index].at else {
                self.places[index].at = Some(mark);
                self.note_delivered(index);
                continue;
            };
            if mark.generation > at.generation {
                self.begin_generation(link, index, mark.generation).await?;
            }
            let place = &mut self.places[index];
            let at = place.at.unwrap_or_default();
            if mark <= at {
                place.behind = None;
            } else if place.behind.replace(at) == Some(at) {
                // It was behind before, and has not come any further: what it waits for is not there.
                self.catch_up(link, index).await?;
            }
        }
        Ok(())
    }

    fn checked(&self, index: usize, answer: &Value) -> Result<Mark, Trouble> {
        if let Some(refusal) = Refusal::of(answer) {
            return Err(refusal.into());
        }
        let [generation, number, shards] = answer::array(answer)?;
        let mark = Mark { generation: answer::number(generation)?, number: answer::number(number)? };
        let (found, expected) = (answer::text(shards)?, self.core.shards.len().to_string());
        if found != expected {
            return Err(Trouble::Refused(format!(
                "the topics in Redis are spread over {found} streams, and this server is set to {expected} \
                 (`redis_shards`): all servers of a system need the same number"
            )));
        }
        self.core.shards[self.places[index].shard].saw(mark);
        Ok(mark)
    }

    /// Redis has lost something: every topic begins in a new epoch. Whoever is subscribed is told so.
    async fn begin_generation(&mut self, link: &Link, index: usize, generation: u64) -> Result<(), Trouble> {
        let shard = self.places[index].shard;
        tracing::error!(shard, generation, "Redis has lost what was published: its topics begin anew");
        self.core.counters.bus_resets_total.increment();
        let topics = self.subscribed(shard);
        for topics in topics.chunks(TOPICS) {
            for (index, told) in self.ask(link, topics, |_| Question::Position).await? {
                let (topic, Position { epoch, .. }) = (&topics[index], told.position);
                // All that the new epoch has will come.
                self.say_gap(topic, &Gap { epoch: Arc::clone(&epoch), oldest: 0, latest: 0 });
                self.core.followed.set(topic, Position { epoch, seq: 0 });
            }
        }
        self.places[index].at = Some(Mark { generation, number: 0 });
        self.places[index].behind = None;
        self.note_delivered(index);
        Ok(())
    }

    /// The stream does not have any more what comes next. The histories may.
    async fn catch_up(&mut self, link: &Link, index: usize) -> Result<(), Trouble> {
        tokio::time::sleep(self.spread.within(SPREAD)).await;
        let shard = self.places[index].shard;
        self.core.counters.bus_holes_total.increment();
        let mut commands = Pipeline::new();
        commands.add_command(self.core.check_call(shard));
        let answer = link.ask(&commands, Duration::ZERO).await?.pop().ok_or(Unexpected)?;
        let mark = self.checked(index, &answer)?;
        if mark.generation > self.at(index).generation {
            Box::pin(self.begin_generation(link, index, mark.generation)).await?;
        }
        let topics = self.subscribed(shard);
        tracing::warn!(shard, topics = topics.len(), "the stream has no longer what this server has missed");
        for topics in topics.chunks(TOPICS) {
            self.fetch(link, topics).await?;
        }
        self.places[index].at = Some(mark);
        self.places[index].behind = None;
        Ok(())
    }

    /// Brings the subscribers of these topics what they have missed, or tells them that it is not there.
    async fn fetch(&self, link: &Link, topics: &[Arc<str>]) -> Result<(), Trouble> {
        let core = &*self.core;
        let starts: Vec<Option<ReplayStart>> =
            topics.iter().map(|topic| core.followed.get(topic).map(|at| ReplayStart::Position((&at).into()))).collect();
        let question = |index: usize| starts[index].as_ref().map_or(Question::Position, Question::After);
        let told = self.ask(link, topics, question).await?;
        for (index, Told { position, replay, .. }) in told {
            let topic = &topics[index];
            match replay {
                Replay::Complete(frames) if starts[index].is_some() => {
                    core.counters.bus_recovered_frames_total.add(frames.len() as u64);
                    frames.into_iter().for_each(|frame| core.hub.deliver(frame));
                }
                Replay::Complete(_) => {
                    let gap = Gap { epoch: Arc::clone(&position.epoch), oldest: 0, latest: position.seq };
                    self.say_gap(topic, &gap);
                }
                Replay::Gap(gap) => self.say_gap(topic, &gap),
            }
            core.followed.set(topic, position);
        }
        Ok(())
    }

    /// Asks about topics. Returns the answers that there are, and which topics they are about.
    async fn ask<'a>(
        &self,
        link: &Link,
        topics: &[Arc<str>],
        question: impl Fn(usize) -> Question<'a>,
    ) -> Result<Vec<(usize, Told)>, Trouble> {
        let core = &*self.core;
        let mut commands = Pipeline::new();
        for (index, topic) in topics.iter().enumerate() {
            commands.add_command(core.history_call(shard_of(topic, core.shards.len()), topic, question(index)));
        }
        let answers = link.ask(&commands, Duration::ZERO).await?;
        let mut all = Vec::with_capacity(topics.len());
        for (index, (topic, answer)) in topics.iter().zip(&answers).enumerate() {
            match core.told(topic, question(index), answer) {
                Ok(told) => {
                    core.shards[shard_of(topic, core.shards.len())].saw(told.mark);
                    all.push((index, told));
                }
                // The others must not wait until somebody has mended it.
                Err(Trouble::Refused(why)) => tracing::error!(subscription = &**topic, error = why, "no history"),
                Err(lost) => return Err(lost),
            }
        }
        Ok(all)
    }

    fn say_gap(&self, topic: &Arc<str>, gap: &Gap) {
        let core = &*self.core;
        if let Some(frame) = core.voice.say_gap(topic, clock::stamp(None), gap) {
            core.counters.replay_gaps_total.increment();
            core.hub.deliver(frame);
        }
    }

    /// Topics of a shard that somebody here is subscribed to.
    fn subscribed(&self, shard: usize) -> Vec<Arc<str>> {
        let mut topics = self.core.hub.topics();
        topics.retain(|topic| shard_of(topic, self.core.shards.len()) == shard);
        topics
    }

    fn at(&self, index: usize) -> Mark {
        self.places[index].at.unwrap_or_default()
    }

    fn note_delivered(&self, index: usize) {
        if let Some(at) = self.places[index].at {
            self.core.shards[self.places[index].shard].delivered(at);
        }
    }
}

impl Work for Reading {
    const NAME: &'static str = "reading";

    fn status(group: &Group) -> &Status {
        &group.reading
    }

    async fn work(&mut self, link: &Link, status: &Status) -> Trouble {
        let Err(trouble) = self.read(link, status).await;
        trouble
    }
}
