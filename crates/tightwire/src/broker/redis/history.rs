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

impl Core {
    /// The call that asks.
    pub(super) fn history_call(&self, shard: usize, topic: &str, question: Question<'_>) -> Cmd {
        let keys = [
            self.keys.state(shard),
            self.keys.stream(shard),
            self.keys.history(shard, topic),
            self.keys.meta(shard, topic),
        ];
        let seen = self.shards[shard].seen();
        let mut call = self.scripts.history.call(&keys);
        call.arg(seen.generation).arg(seen.number).arg(self.shards.len()).arg(new_name());
        call.arg(self.kept_ms()).arg(self.remembered_ms());
        match question {
            Question::Position => call.arg("position"),
            Question::After(ReplayStart::FrameId(_)) => call.arg("all"),
            Question::After(ReplayStart::Position(position)) => {
                call.arg("after").arg(&position.epoch).arg(position.seq)
            }
        };
        call
    }

    /// Reads the answer.
    pub(super) fn told(&self, topic: &Arc<str>, question: Question<'_>, answer: &Value) -> Result<Told, Trouble> {
        if let Some(refusal) = Refusal::of(answer) {
            return Err(refusal.into());
        }
        let [generation, number, epoch, seq, last, oldest, frames] = answer::array(answer)?;
        let mark = Mark { generation: answer::number(generation)?, number: answer::number(number)? };
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
