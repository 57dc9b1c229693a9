//! What is kept of a topic, as Redis tells it.

use std::sync::Arc;

use redis::{Cmd, Value};
use tightwire_proto::frame::{OutboundFrame, Position};
use tightwire_proto::inbound::ReplayStart;
use tightwire_proto::log::{Gap, Replay};

use super::answer::{self, Refusal, Unexpected};
use super::core::{Core, new_name};
use super::link::Trouble;
use super::mark::Mark;

/// What is asked about a topic.
#[derive(Clone, Copy, Debug)]
pub(super) enum Question<'a> {
    /// Where it is.
    Position,
    /// What came after.
    After(&'a ReplayStart),
}

/// The answer.
#[derive(Debug)]
pub(super) struct Told {
    /// How far the shard was at that moment.
    pub(super) mark: Mark,
    /// Where the topic was.
    pub(super) position: Position,
    /// What was asked for; nothing and complete, where that is the position alone.
    pub(super) replay: Replay,
}

/// After so many bytes of one answer no other topic is looked at: so long others wait for Redis.
const BYTES: usize = 1 << 20;

/// What Redis said about topics of a shard.
pub(super) struct Answers<'a> {
    mark: Mark,
    topics: &'a [Value],
}

impl<'a> Answers<'a> {
    pub(super) fn read(answer: &'a Value) -> Result<Self, Trouble> {
        if let Some(refusal) = Refusal::of(answer) {
            return Err(refusal.into());
        }
        let [generation, number, topics] = answer::array(answer)?;
        let mark = Mark { generation: answer::number(generation)?, number: answer::number(number)? };
        Ok(Self { mark, topics: answer::list(topics)? })
    }

    /// How far the shard was.
    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    /// How many topics it is about. They may be fewer than were asked for, but never none.
    pub(super) fn count(&self) -> usize {
        self.topics.len()
    }
}

impl Core {
    /// The call that asks about topics of a shard.
    pub(super) fn history_call<'a>(
        &self,
        shard: usize,
        asked: impl IntoIterator<Item = (&'a Arc<str>, Question<'a>)>,
    ) -> Cmd {
        let mut keys = vec![self.keys.state(shard), self.keys.stream(shard)];
        let mut questions = Vec::new();
        for (topic, question) in asked {
            keys.extend([self.keys.history(shard, topic), self.keys.meta(shard, topic)]);
            questions.push(question);
        }
        let seen = self.shards[shard].seen();
        let mut call = self.scripts.history.call(&keys);
        call.arg(seen.generation).arg(seen.number).arg(self.shards.len()).arg(new_name());
        call.arg(self.kept_ms()).arg(self.remembered_ms()).arg(BYTES);
        for question in questions {
            match question {
                Question::Position => call.arg("position").arg("").arg(0),
                Question::After(ReplayStart::FrameId(_)) => call.arg("all").arg("").arg(0),
                Question::After(ReplayStart::Position(position)) => {
                    call.arg("after").arg(&position.epoch).arg(position.seq)
                }
            };
        }
        call
    }

    /// Reads what was said about one of the topics.
    pub(super) fn told(
        &self,
        answers: &Answers<'_>,
        index: usize,
        topic: &Arc<str>,
        question: Question<'_>,
    ) -> Result<Told, Trouble> {
        let answer = answers.topics.get(index).ok_or(Unexpected)?;
        if let Some(refusal) = Refusal::of(answer) {
            return Err(refusal.into());
        }
        let mark = answers.mark;
        let [epoch, seq, last, oldest, frames] = answer::array(answer)?;
        let position = Position { epoch: answer::text(epoch)?.into(), seq: answer::number(seq)? };
        let gap = || -> Result<Replay, Unexpected> {
            let oldest = answer::number(oldest)?;
            Ok(Replay::Gap(Gap { epoch: Arc::clone(&position.epoch), oldest, latest: position.seq }))
        };
        let replay = match (question, frames) {
            (Question::Position, _) => Replay::Complete(Vec::new()),
            (Question::After(start), Value::Array(entries)) => {
                let frame = |entry| self.reader.kept(entry, topic, &position.epoch);
                let frames: Result<Vec<_>, _> = entries.iter().map(frame).collect();
                let Ok(mut frames) = frames else {
                    tracing::error!(subscription = &**topic, "the history cannot be read");
                    self.counters.bus_unreadable_total.increment();
                    return Ok(Told { mark, replay: gap()?, position });
                };
                match start {
                    ReplayStart::FrameId(id) if answer::text(last)? == id.hyphenated().to_string() => frames.clear(),
                    ReplayStart::FrameId(id) => match frames.iter().rposition(|frame| frame.id() == *id) {
                        Some(index) => drop(frames.drain(..=index)),
                        None => return Ok(Told { mark, replay: gap()?, position }),
                    },
                    ReplayStart::Position(_) => {}
                }
                if is_dense(&frames, position.seq) { Replay::Complete(frames) } else { gap()? }
            }
            (Question::After(_), _) => gap()?,
        };
        Ok(Told { mark, position, replay })
    }
}

/// Whether the frames follow one another up to the newest.
fn is_dense(frames: &[OutboundFrame], latest: u64) -> bool {
    let seqs = frames.iter().rev().map(|frame| frame.position().map(|position| position.seq));
    seqs.zip((0..=latest).rev()).all(|(found, expected)| found == Some(expected))
}
