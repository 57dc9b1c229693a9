//! Reads what all nodes publish, and hands it to this node's subscribers.
//!
//! It goes on from where it was, whatever happens in between. What it cannot read there any more is the business of
//! `recovering`.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{Pipeline, Value, cmd};
use tightwire_proto::frame::Position;
use tightwire_proto::log::Gap;
use tokio::task::yield_now;

use super::answer::{self, Refusal, Unexpected};
use super::backoff::Backoff;
use super::breaker::Status;
use super::core::{Core, Group, seed};
use super::followed::Step;
use super::keep::Work;
use super::link::{Link, Trouble};
use super::mark::Mark;
use super::wire::Entry;
use crate::clock;

/// How long Redis waits for something to be published before it answers that nothing was.
const BLOCK: Duration = Duration::from_secs(1);

/// How often it is checked at least that Redis still has what it had.
const CHECK: Duration = Duration::from_secs(1);

/// How much one read should give at most, judged by the largest frame of late.
const READ_BYTES: usize = 8 << 20;
const MOST_ENTRIES: usize = 256;

/// What is taken for the largest frame where nothing is known: what waits on a new connection may be much.
const LARGE: usize = 1 << 20;

/// Stands for the name of an entry that no server of ours can have given.
const STRANGER: Mark = Mark { generation: u64::MAX, number: u64::MAX };

/// After so many entries others have their turn.
const STEP: usize = 64;

/// Reads the streams of a group.
pub(super) struct Reading {
    pub(super) core: Arc<Core>,
    pub(super) places: Vec<Place>,
    /// The size of the largest frame of late.
    largest: usize,
    /// Spreads what nodes do that have all missed something.
    pub(super) spread: Backoff,
    /// When that was waited for.
    pub(super) waited: Option<Instant>,
    /// Topics whose subscribers have missed what cannot be had for now.
    pub(super) owed: HashSet<Arc<str>>,
}

/// Where the reader is in the stream of a shard.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) shard: usize,
    stream: String,
    /// None before the first check.
    pub(super) at: Option<Mark>,
    /// Where it was at the last check, if that was not where the shard was.
    pub(super) behind: Option<Mark>,
    /// The newest entry that could be read, and the id of its frame.
    read: Mark,
    id: String,
}

impl Place {
    fn new(shard: usize, stream: String) -> Self {
        Self { shard, stream, at: None, behind: None, read: Mark::default(), id: String::new() }
    }

    /// The entry that was handed out last and the id of its frame, if that is known.
    fn last(&self) -> Option<(Mark, &str)> {
        (self.at == Some(self.read)).then_some((self.read, &*self.id))
    }
}

impl Reading {
    pub(super) fn new(core: Arc<Core>, group: usize) -> Self {
        let place = |shard: &usize| Place::new(*shard, core.keys.stream(*shard));
        let places = core.groups[group].shards.iter().map(place).collect();
        let spread = Backoff::new(seed());
        Self { core, places, largest: LARGE, spread, waited: None, owed: HashSet::new() }
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
        }
    }

    /// Whether there was anything.
    pub(super) async fn read_once(&mut self, link: &Link) -> Result<bool, Trouble> {
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
            for entries in answer::list(entries)?.chunks(STEP) {
                for entry in entries {
                    largest = largest.max(self.take(link, index, entry).await?);
                }
                // There may be much to read.
                yield_now().await;
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
        let name = answer::text(name)?;
        let mark = Mark::read(name).unwrap_or(STRANGER);
        if mark <= self.at(index) {
            // What was read with it has shown that something is missing, or lost: then this was fetched already, or is of a
            // generation that is over.
            return Ok(0);
        }
        if mark.generation > self.at(index).generation {
            let now = self.ask_how_far(link, index).await?;
            if now.generation >= mark.generation {
                self.begin_generation(link, index, now.generation).await?;
            }
        }
        let at = self.at(index);
        if mark.generation == at.generation && mark.number > at.number + 1 {
            self.catch_up(link, index).await?;
        }
        let at = self.at(index);
        if mark <= at {
            return Ok(0);
        }
        if mark.generation > at.generation || mark.number > at.number + 1 {
            let stream = &self.places[index].stream;
            tracing::error!(
                entry = name,
                stream,
                "somebody else has written into a stream of this system: it is deleted, and what was missed is in the histories"
            );
            self.core.counters.bus_unreadable_total.increment();
            return Ok(0);
        }
        let size = match Entry::read(fields) {
            Ok(entry) => {
                if self.core.shards[self.places[index].shard].misses(mark, entry.id()) {
                    // Redis begins a new generation as it is shown that; unless the stream has been trimmed meanwhile, so
                    // that there is nothing to show any more.
                    let now = self.ask_how_far(link, index).await?;
                    if now.generation > at.generation {
                        self.begin_generation(link, index, now.generation).await?;
                        return Ok(0);
                    }
                }
                let size = self.deliver(link, self.places[index].shard, &entry, mark).await?;
                let place = &mut self.places[index];
                place.read = mark;
                entry.id().clone_into(&mut place.id);
                size
            }
            Err(Unexpected) => {
                // Where it has a position, the next frame of its topic shows that something is missing.
                tracing::error!(entry = name, stream = self.places[index].stream, "an entry cannot be read");
                self.core.counters.bus_unreadable_total.increment();
                0
            }
        };
        self.places[index].at = Some(mark);
        Ok(size)
    }

    /// Hands a frame to its subscribers.
    async fn deliver(&mut self, link: &Link, shard: usize, entry: &Entry<'_>, mark: Mark) -> Result<usize, Trouble> {
        let core = Arc::clone(&self.core);
        let size = entry.size();
        let Some(topic) = core.hub.name_of(entry.topic) else {
            if let Some((epoch, seq)) = entry.position {
                core.followed.pass(entry.topic, epoch, seq, mark);
            }
            return Ok(size);
        };
        let epoch = match entry.position {
            None => Arc::default(),
            Some((epoch, seq)) => match core.followed.step(&topic, epoch, seq, mark) {
                Step::Next(epoch) => {
                    core.followed.set(&topic, Position { epoch: Arc::clone(&epoch), seq }, mark);
                    epoch
                }
                Step::Old => return Ok(size),
                Step::Missing => {
                    self.fetch(link, shard, std::slice::from_ref(&topic)).await?;
                    return Ok(size);
                }
            },
        };
        match core.reader.frame(entry, &topic, &epoch) {
            Ok(frame) => core.hub.deliver(frame),
            Err(Unexpected) => {
                tracing::error!(subscription = &*topic, "a frame cannot be read");
                core.counters.bus_unreadable_total.increment();
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
    pub(super) async fn check(&mut self, link: &Link) -> Result<(), Trouble> {
        for index in 0..self.places.len() {
            self.note_delivered(index);
        }
        let mut commands = Pipeline::new();
        for place in &self.places {
            commands.add_command(self.core.check_call(place.shard, place.last()));
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
        self.fetch_owed(link).await
    }

    /// Asks how far a shard is. What is beyond that in its stream is gone then.
    pub(super) async fn ask_how_far(&self, link: &Link, index: usize) -> Result<Mark, Trouble> {
        let mut commands = Pipeline::new();
        commands.add_command(self.core.check_call(self.places[index].shard, None));
        let answer = link.ask(&commands, Duration::ZERO).await?.pop().ok_or(Unexpected)?;
        self.checked(index, &answer)
    }

    pub(super) fn checked(&self, index: usize, answer: &Value) -> Result<Mark, Trouble> {
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

    pub(super) fn at(&self, index: usize) -> Mark {
        self.places[index].at.unwrap_or_default()
    }

    pub(super) fn note_delivered(&self, index: usize) {
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
        self.largest = LARGE;
        let Err(trouble) = self.read(link, status).await;
        trouble
    }
}
