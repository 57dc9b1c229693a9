//! What is kept of a topic, as Redis tells it.

use std::sync::Arc;

use redis::{Cmd, Value};
use tightwire_proto::frame::{OutboundFrame, Position};
use uuid::Uuid;

use super::answer::{self, Refusal, Unexpected};
use super::core::{Core, new_name};
use super::link::Trouble;
use super::mark::Mark;

/// What is asked about a topic.
#[derive(Clone, Copy, Debug)]
pub(super) enum Question<'a> {
    /// Where it is.
    Position,
    /// What came after this.
    After(&'a Position),
    /// All that is kept.
    All,
}

/// The answer.
#[derive(Debug)]
pub(super) struct Told {
    /// How far the shard was at that moment.
    pub(super) mark: Mark,
    /// Where the topic was.
    pub(super) position: Position,
    /// The id of its newest frame.
    pub(super) newest: Option<Uuid>,
    pub(super) found: Found,
}

/// What was found of what was asked for.
#[derive(Debug)]
pub(super) enum Found {
    /// The oldest frames of it, and whether there are more; none, where nothing was asked for but the position.
    Page(Vec<OutboundFrame>, bool),
    /// Not all of it is kept. The oldest that is; 0 for none.
    Missing(u64),
}

/// After so many bytes an answer ends, and the next has the rest: so long others wait for Redis.
pub(super) const BYTES: usize = 256 << 10;

/// How many topics are asked for at once.
pub(super) const TOPICS: usize = 64;

/// What Redis said about topics of a shard.
pub(super) struct Answers<'a> {
    mark: Mark,
    topics: &'a [Value],
}

impl<'a> Answers<'a> {
    /// Reads what was said; about one topic at least.
    pub(super) fn read(answer: &'a Value) -> Result<Self, Trouble> {
        if let Some(refusal) = Refusal::of(answer) {
            return Err(refusal.into());
        }
        let [generation, number, topics] = answer::array(answer)?;
        let mark = Mark { generation: answer::number(generation)?, number: answer::number(number)? };
        let topics = answer::list(topics)?;
        if topics.is_empty() { Err(Unexpected.into()) } else { Ok(Self { mark, topics }) }
    }

    /// How far the shard was.
    pub(super) fn mark(&self) -> Mark {
        self.mark
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
                Question::All => call.arg("all").arg("").arg(0),
                Question::After(position) => call.arg("after").arg(&*position.epoch).arg(position.seq),
            };
        }
        call
    }

    /// Reads what was said about the first of the topics: about each, or why nothing can be said about it.
    pub(super) fn told_all<'a>(
        &self,
        answers: &Answers<'_>,
        asked: impl IntoIterator<Item = (&'a Arc<str>, Question<'a>)>,
    ) -> Result<Vec<Result<Told, String>>, Trouble> {
        let mut all = Vec::with_capacity(answers.topics.len());
        for ((topic, question), answer) in asked.into_iter().zip(answers.topics) {
            match self.told(answers.mark, answer, topic, question) {
                Ok(told) => all.push(Ok(told)),
                Err(Trouble::Refused(why)) => all.push(Err(why)),
                Err(lost) => return Err(lost),
            }
        }
        Ok(all)
    }

    fn told(&self, mark: Mark, answer: &Value, topic: &Arc<str>, question: Question<'_>) -> Result<Told, Trouble> {
        if let Some(refusal) = Refusal::of(answer) {
            return Err(refusal.into());
        }
        let [epoch, seq, newest, oldest, frames] = answer::array(answer)?;
        let position = Position { epoch: answer::text(epoch)?.into(), seq: answer::number(seq)? };
        let oldest = answer::number(oldest)?;
        let found = match (question, frames) {
            (Question::Position, _) => Found::Page(Vec::new(), false),
            (_, Value::Array(entries)) => {
                let frame = |entry| self.reader.kept(entry, topic, &position.epoch);
                match entries.iter().map(frame).collect::<Result<Vec<_>, _>>() {
                    Ok(frames) => page(frames, oldest, position.seq),
                    Err(Unexpected) => {
                        tracing::error!(subscription = &**topic, "the history cannot be read");
                        self.counters.bus_unreadable_total.increment();
                        Found::Missing(oldest)
                    }
                }
            }
            _ => Found::Missing(oldest),
        };
        let newest = Uuid::try_parse(answer::text(newest)?).ok();
        Ok(Told { mark, position, newest, found })
    }
}

/// The frames, if they follow one another from the oldest on, and are no more than there can be.
fn page(frames: Vec<OutboundFrame>, oldest: u64, latest: u64) -> Found {
    let last = oldest.saturating_add(frames.len() as u64).saturating_sub(1);
    let is_there = |(frame, seq): (&OutboundFrame, u64)| frame.position().is_some_and(|found| found.seq == seq);
    if frames.is_empty() {
        Found::Page(frames, false)
    } else if last <= latest && frames.iter().zip(oldest..).all(is_there) {
        Found::Page(frames, last < latest)
    } else {
        Found::Missing(oldest)
    }
}
