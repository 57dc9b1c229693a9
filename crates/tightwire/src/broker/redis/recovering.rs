//! What a reader does about what it cannot read any more.
//!
//! A stream may be shorter than what this node has missed: then the histories of the topics that somebody here is subscribed
//! to have the rest. What is not even there is told to their subscribers, and so is that Redis has lost something.

use std::sync::Arc;
use std::time::Duration;

use redis::Pipeline;
use tightwire_proto::frame::Position;
use tightwire_proto::inbound::ReplayStart;
use tightwire_proto::log::{Gap, Replay};

use super::answer::Unexpected;
use super::history::{Question, Told};
use super::keys::shard_of;
use super::link::{Link, Trouble};
use super::mark::Mark;
use super::reading::Reading;
use crate::clock;

/// How many topics are asked for at once, where all have to be.
const TOPICS: usize = 8;

/// Nodes that have all missed something do not all ask at the same moment.
const SPREAD: Duration = Duration::from_millis(300);

impl Reading {
    /// Redis has lost something: every topic begins in a new epoch. Whoever is subscribed is told so.
    pub(super) async fn begin_generation(&mut self, link: &Link, index: usize, generation: u64) -> Result<(), Trouble> {
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
    pub(super) async fn catch_up(&mut self, link: &Link, index: usize) -> Result<(), Trouble> {
        tokio::time::sleep(self.spread.within(SPREAD)).await;
        let shard = self.places[index].shard;
        self.core.counters.bus_holes_total.increment();
        let mut commands = Pipeline::new();
        commands.add_command(self.core.check_call(shard, None));
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
        self.note_delivered(index);
        Ok(())
    }

    /// Brings the subscribers of these topics what they have missed, or tells them that it is not there.
    pub(super) async fn fetch(&self, link: &Link, topics: &[Arc<str>]) -> Result<(), Trouble> {
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

    pub(super) fn say_gap(&self, topic: &Arc<str>, gap: &Gap) {
        let core = &*self.core;
        if let Some(frame) = core.voice.say_gap(topic, clock::stamp(None), gap) {
            core.counters.replay_gaps_total.increment();
            core.hub.deliver(frame);
        }
    }

    /// Topics of a shard that somebody here is subscribed to.
    fn subscribed(&self, shard: usize) -> Vec<Arc<str>> {
        // What is known of others will not be true any more.
        self.core.followed.retain(|topic| self.core.hub.name_of(topic).is_some());
        let mut topics = self.core.hub.topics();
        topics.retain(|topic| shard_of(topic, self.core.shards.len()) == shard);
        topics
    }
}
