//! What topics have kept: everybody who asks for a topic's history while it is being read is answered by the next reading,
//! together, and has the same frames as everybody else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::Value;
use tightwire_proto::frame::{OutboundFrame, Position};
use tightwire_proto::inbound::ReplayStart;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::answer::Unexpected;
use super::core::Core;
use super::history::{Answers, Told};
use super::keys::shard_of;
use super::link::Trouble;
use super::logs::{Log, Turned};
use super::queue::unavailable;
use super::waiting::{Asker, Duty, Waiting};
use crate::broker::{History, Page};
use crate::clock;

/// How many histories are read at the same time.
const READINGS: usize = 8;

/// For how long what was read may be used again, and only what has come since is asked for. It lasts for as long as there is
/// always somebody who waits.
const KNOWN: Duration = Duration::from_secs(1);

/// The unit in which room is counted, in bytes.
const UNIT: usize = 1 << 10;

/// Histories that are read, and what bounds them.
#[derive(Debug)]
pub(super) struct Histories {
    /// Who wants to know what a topic has kept, by topic.
    pub(super) waiting: Arc<Waiting<Arc<str>, ReplayStart, History>>,
    /// One of them is had while a history is read.
    readings: Semaphore,
    /// Room for what was read, until all who have asked for it are sent it.
    room: Arc<Semaphore>,
    /// All of that.
    units: usize,
}

/// What was read last.
struct Known {
    log: Log,
    since: Instant,
}

impl Histories {
    /// Histories for which there are so many bytes of memory.
    pub(super) fn new(bytes: u64) -> Self {
        let units = usize::try_from(bytes / UNIT as u64).unwrap_or(usize::MAX).clamp(1, u32::MAX as usize);
        let units = units.min(Semaphore::MAX_PERMITS);
        let (readings, room) = (Semaphore::new(READINGS), Arc::new(Semaphore::new(units)));
        Self { waiting: Arc::default(), readings, room, units }
    }

    /// Waits until there is room for these frames, for as long as anybody has them.
    async fn page(&self, frames: Vec<OutboundFrame>) -> Page {
        let bytes: usize = frames.iter().map(OutboundFrame::memory).sum();
        let units = u32::try_from((bytes / UNIT + 1).min(self.units)).unwrap_or(u32::MAX);
        match Arc::clone(&self.room).acquire_many_owned(units).await {
            Ok(room) => Page::within(frames, room),
            // It is never closed.
            Err(_) => Page::new(frames),
        }
    }
}

impl Core {
    /// Answers for as long as anybody asks about the topic.
    pub(super) async fn tell_histories(self: Arc<Self>, mut duty: Duty<Arc<str>, ReplayStart, History>) {
        let topic = Arc::clone(duty.key());
        let mut known = None;
        loop {
            // Whoever comes while others have their turn is answered with those who are here.
            let turn = match self.histories.readings.try_acquire() {
                Ok(turn) => Ok(turn),
                Err(_) => {
                    // Others may wait for the room that it takes.
                    known = None;
                    self.histories.readings.acquire().await
                }
            };
            let askers = duty.take();
            if askers.is_empty() {
                return;
            }
            // Whoever is not answered in time has given up.
            let telling = self.tell_history(&topic, askers, &mut known);
            let _ = timeout(self.config.publish_timeout, telling).await;
            drop(turn);
        }
    }

    async fn tell_history(
        &self,
        topic: &Arc<str>,
        mut askers: Vec<Asker<ReplayStart, History>>,
        known: &mut Option<Known>,
    ) {
        while let Some(widest) = widest(&askers) {
            let asker = askers.swap_remove(widest);
            let start = asker.question.clone();
            let Known { log, since } = match self.read_log(topic, &start, known.take()).await {
                Ok(read) => read,
                Err(trouble) => {
                    askers.push(asker);
                    let why = trouble.to_string();
                    return askers.into_iter().for_each(|asker| asker.tell(Err(unavailable(&why))));
                }
            };
            // What cannot be read is a gap for whoever wants it.
            asker.tell(Ok(log.answer(&start).unwrap_or_else(|| log.gap())));
            let mut others = Vec::new();
            for asker in askers {
                match log.answer(&asker.question) {
                    Some(answer) => asker.tell(Ok(answer)),
                    None => others.push(asker),
                }
            }
            askers = others;
            *known = log.is_there().then_some(Known { log, since });
        }
    }

    /// Reads what a topic has kept, when this node has handed out everything up to there.
    async fn read_log(&self, topic: &Arc<str>, start: &ReplayStart, known: Option<Known>) -> Result<Known, Trouble> {
        let shard = shard_of(topic, self.shards.len());
        // What is published between the answer and the reader's beginning would reach nobody here.
        self.shards[shard].begins().await;
        let now = clock::now();
        let is_young = |known: &Known| now.saturating_duration_since(known.since) < KNOWN;
        let mut known = known.filter(|known| is_young(known) && known.log.reaches(start));
        let fresh = || match start {
            ReplayStart::Position(start) => {
                Log::after(Some(Position { epoch: start.epoch.as_str().into(), seq: start.seq }))
            }
            ReplayStart::FrameId(_) => Log::after(None),
        };
        let mut is_known = known.is_some();
        let since = known.as_ref().map_or(now, |known| known.since);
        let mut log = known.take().map_or_else(fresh, |known| known.log);
        loop {
            let told = self.ask_about(shard, topic, &log).await?;
            let mark = told.mark;
            match log.turn(told) {
                Turned::Page(frames, has_more) => {
                    if !frames.is_empty() {
                        log.push(self.histories.page(frames).await);
                    }
                    if has_more {
                        self.shards[shard].saw(mark);
                        continue;
                    }
                }
                Turned::Missing if is_known => {
                    (log, is_known) = (fresh(), false);
                    continue;
                }
                Turned::Missing => {}
            }
            let Some(here) = log.here() else { return Err(Unexpected.into()) };
            if self.settle(shard, mark, &[(topic, here)]).await {
                return Ok(Known { log, since });
            }
            if !log.is_there() {
                log = fresh();
            }
        }
    }

    async fn ask_about(&self, shard: usize, topic: &Arc<str>, log: &Log) -> Result<Told, Trouble> {
        let asked = || [(topic, log.question())];
        let read = |answer: &Value| {
            let told = self.told_all(&Answers::read(answer)?, asked())?.pop().ok_or(Unexpected)?;
            told.map_err(Trouble::Refused)
        };
        self.call(shard, || self.history_call(shard, asked()), read).await
    }
}

/// Which of these is answered by what answers most of the others, too: by a frame's id whatever is kept is looked through, and
/// whoever wants what comes after an old position wants what others want.
fn widest<A>(askers: &[Asker<ReplayStart, A>]) -> Option<usize> {
    let width = |asker: &Asker<ReplayStart, A>| match &asker.question {
        ReplayStart::FrameId(_) => None,
        ReplayStart::Position(position) => Some(position.seq),
    };
    (0..askers.len()).min_by_key(|index| width(&askers[*index]))
}
