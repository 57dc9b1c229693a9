//! What a reader does about what it cannot read any more.
//!
//! A stream may be shorter than what this node has missed: then the histories of the topics that somebody here is subscribed
//! to have the rest. What is not even there is told to their subscribers, and so is that Redis has lost something.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use redis::Pipeline;
use tightwire_proto::frame::{OutboundFrame, Position};
use tightwire_proto::log::Gap;

use super::answer::Unexpected;
use super::history::{Answers, Found, Question, TOPICS, Told};
use super::keys::shard_of;
use super::link::{Link, Trouble};
use super::mark::Mark;
use super::reading::Reading;
use crate::clock;

/// Nodes that have all missed something do not all ask at the same moment.
const SPREAD: Duration = Duration::from_millis(300);

/// For so long after that what else was missed is not waited for again.
const SPREAD_ONCE: Duration = Duration::from_secs(5);

impl Reading {
    /// Redis has lost something: every topic begins in a new epoch. Whoever is subscribed is told so.
    pub(super) async fn begin_generation(&mut self, link: &Link, index: usize, generation: u64) -> Result<(), Trouble> {
        let shard = self.places[index].shard;
        tracing::error!(shard, generation, "Redis has lost what was published: its topics begin anew");
        self.core.counters.bus_resets_total.increment();
        let begin = Mark { generation, number: 0 };
        let all = self.subscribed(shard);
        let mut topics = &*all;
        while !topics.is_empty() {
            let answers = self.ask(link, shard, topics, |_| Question::Position).await?;
            for (topic, told) in topics.iter().zip(&answers) {
                match told {
                    Ok(Told { position: Position { epoch, .. }, mark, .. }) => {
                        // All that the new epoch has will come. It may be that of a generation that is newer still.
                        let begin = Mark { generation: mark.generation, number: 0 };
                        self.say_gap(topic, &Gap { epoch: Arc::clone(epoch), oldest: 0, latest: 0 });
                        self.core.followed.set(topic, Position { epoch: Arc::clone(epoch), seq: 0 }, begin);
                    }
                    Err(why) => {
                        self.core.followed.lose(topic, begin);
                        self.owe(topic, why);
                    }
                }
            }
            topics = &topics[answers.len()..];
        }
        self.places[index].at = Some(begin);
        self.places[index].behind = None;
        self.note_delivered(index);
        Ok(())
    }

    /// The stream does not have any more what comes next. The histories may.
    pub(super) async fn catch_up(&mut self, link: &Link, index: usize) -> Result<(), Trouble> {
        self.wait_for_its_turn().await;
        let shard = self.places[index].shard;
        self.core.counters.bus_holes_total.increment();
        let mark = self.ask_how_far(link, index).await?;
        if mark.generation > self.at(index).generation {
            Box::pin(self.begin_generation(link, index, mark.generation)).await?;
        }
        // Who is told from now on where a topic was before asks again; and who was told before is found below.
        self.core.shards[shard].skips_to(mark);
        let topics = self.subscribed(shard);
        tracing::warn!(shard, topics = topics.len(), "the stream has no longer what this server has missed");
        self.fetch(link, shard, &topics).await?;
        self.places[index].at = Some(mark);
        self.places[index].behind = None;
        self.note_delivered(index);
        Ok(())
    }

    /// Waits a random time, once for all shards.
    async fn wait_for_its_turn(&mut self) {
        let now = clock::now();
        if self.waited.is_none_or(|waited| now.saturating_duration_since(waited) >= SPREAD_ONCE) {
            tokio::time::sleep(self.spread.within(SPREAD)).await;
        }
        self.waited = Some(clock::now());
    }

    /// Brings the subscribers of these topics of a shard what they have missed, or tells them that it is not there.
    pub(super) async fn fetch(&mut self, link: &Link, shard: usize, mut topics: &[Arc<str>]) -> Result<(), Trouble> {
        while !topics.is_empty() {
            let core = Arc::clone(&self.core);
            let starts: Vec<_> = topics.iter().take(TOPICS).map(|topic| core.followed.get(topic)).collect();
            let question = |index: usize| starts[index].as_ref().map_or(Question::Position, Question::After);
            let answers = self.ask(link, shard, topics, question).await?;
            let mut done = 0;
            for ((topic, start), told) in topics.iter().zip(&starts).zip(answers) {
                let is_done = match told {
                    Ok(told) => self.bring(topic, start.is_some(), told),
                    Err(why) => {
                        self.owe(topic, &why);
                        true
                    }
                };
                if !is_done {
                    break;
                }
                done += 1;
            }
            topics = &topics[done..];
        }
        Ok(())
    }

    /// Whether that was all. The rest is asked for from there on.
    fn bring(&mut self, topic: &Arc<str>, is_known: bool, Told { mut position, found, mark, .. }: Told) -> bool {
        let core = Arc::clone(&self.core);
        let gap = |oldest| Gap { epoch: Arc::clone(&position.epoch), oldest, latest: position.seq };
        let mut is_all = true;
        match found {
            Found::Page(frames, has_more) if is_known => {
                core.counters.bus_recovered_frames_total.add(frames.len() as u64);
                if has_more && let Some(last) = frames.last().and_then(OutboundFrame::position) {
                    position = last.clone();
                    is_all = false;
                }
                frames.into_iter().for_each(|frame| core.hub.deliver(frame));
            }
            // Whoever has just asked where the topic is has, or gets, an answer that has all of this. Others may not.
            Found::Page(..) => self.say_gap(topic, &gap(0)),
            Found::Missing(oldest) => self.say_gap(topic, &gap(oldest)),
        }
        core.followed.set(topic, position, mark);
        if is_all {
            self.owed.remove(topic);
        }
        is_all
    }

    /// What the subscribers of this topic have missed cannot be had before somebody has mended it. The others must not wait
    /// for that.
    fn owe(&mut self, topic: &Arc<str>, why: &str) {
        if !self.owed.contains(topic) {
            tracing::error!(
                subscription = &**topic,
                error = why,
                "what was missed of a topic cannot be read: see what is under its keys in Redis, and delete it"
            );
            self.core.counters.bus_unreadable_total.increment();
            self.owed.insert(Arc::clone(topic));
        }
    }

    /// Brings what could not be had before, if it can be had now.
    pub(super) async fn fetch_owed(&mut self, link: &Link) -> Result<(), Trouble> {
        let shards = self.core.shards.len();
        let core = Arc::clone(&self.core);
        self.owed.retain(|topic| core.hub.name_of(topic).is_some());
        let mut owed: Vec<_> = self.owed.iter().cloned().collect();
        owed.sort_by_key(|topic| shard_of(topic, shards));
        for topics in owed.chunk_by(|one, other| shard_of(one, shards) == shard_of(other, shards)) {
            self.fetch(link, shard_of(&topics[0], shards), topics).await?;
        }
        Ok(())
    }

    /// Asks about topics of a shard. Returns what Redis says about the first of them, or why it says nothing.
    async fn ask<'a>(
        &self,
        link: &Link,
        shard: usize,
        topics: &'a [Arc<str>],
        question: impl Fn(usize) -> Question<'a>,
    ) -> Result<Vec<Result<Told, String>>, Trouble> {
        let core = &*self.core;
        let topics = &topics[..topics.len().min(TOPICS)];
        let asked = || topics.iter().enumerate().map(|(index, topic)| (topic, question(index)));
        let mut commands = Pipeline::new();
        commands.add_command(core.history_call(shard, asked()));
        let answer = link.ask(&commands, Duration::ZERO).await?.pop().ok_or(Unexpected)?;
        let answers = Answers::read(&answer)?;
        core.shards[shard].saw(answers.mark());
        core.told_all(&answers, asked())
    }

    pub(super) fn say_gap(&self, topic: &Arc<str>, gap: &Gap) {
        let core = &*self.core;
        if let Some(frame) = core.voice.say_gap(topic, clock::stamp(None), gap) {
            core.counters.replay_gaps_total.increment();
            core.hub.deliver(frame);
        }
    }

    /// Topics of a shard that somebody here is subscribed to. Whoever subscribes later is told what is true by then.
    fn subscribed(&self, shard: usize) -> Vec<Arc<str>> {
        let is_of_shard = |topic: &str| shard_of(topic, self.core.shards.len()) == shard;
        let mut topics = self.core.hub.topics();
        topics.retain(|topic| is_of_shard(topic));
        let known: HashSet<&str> = topics.iter().map(|topic| &**topic).collect();
        // What is known of others will not be true any more.
        self.core.followed.retain(|topic| known.contains(topic) || !is_of_shard(topic));
        topics
    }
}
