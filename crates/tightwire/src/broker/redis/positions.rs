//! Where topics are: those of a shard about which somebody asks while another question is under way are asked about together.

use std::collections::HashMap;
use std::sync::Arc;

use redis::Value;
use tightwire_proto::frame::Position;

use super::core::Core;
use super::history::{Answers, Question, TOPICS};
use super::link::Trouble;
use super::mark::Mark;
use super::queue::unavailable;
use super::waiting::{Asker, Duty, Waiting};

/// Who wants to know where a topic is, by shard.
pub(super) type Positions = Waiting<usize, Arc<str>, Position>;

impl Core {
    /// Answers for as long as anybody asks.
    pub(super) async fn tell_positions(self: Arc<Self>, mut duty: Duty<usize, Arc<str>, Position>) {
        loop {
            let askers = duty.take();
            if askers.is_empty() {
                return;
            }
            // Whoever is not answered in time has given up.
            let _ = tokio::time::timeout(self.config.publish_timeout, self.tell_where(*duty.key(), askers)).await;
        }
    }

    async fn tell_where(&self, shard: usize, askers: Vec<Asker<Arc<str>, Position>>) {
        let mut waiting: HashMap<Arc<str>, Vec<_>> = HashMap::new();
        for asker in askers {
            waiting.entry(Arc::clone(&asker.question)).or_default().push(asker);
        }
        let topics: Vec<Arc<str>> = waiting.keys().cloned().collect();
        let mut tell = |topic: &Arc<str>, answer: Result<Position, String>| {
            for asker in waiting.remove(topic).into_iter().flatten() {
                asker.tell(answer.clone().map_err(|why| unavailable(&why)));
            }
        };
        let mut rest = &*topics;
        while !rest.is_empty() {
            match self.where_are(shard, &rest[..rest.len().min(TOPICS)]).await {
                Ok(answers) => {
                    let count = answers.len();
                    rest.iter().zip(answers).for_each(|(topic, answer)| tell(topic, answer));
                    rest = &rest[count..];
                }
                Err(trouble) => {
                    let why = trouble.to_string();
                    return rest.iter().for_each(|topic| tell(topic, Err(why.clone())));
                }
            }
        }
    }

    /// Where the first of these topics of a shard are, when this node has handed out everything up to there.
    async fn where_are(&self, shard: usize, topics: &[Arc<str>]) -> Result<Vec<Result<Position, String>>, Trouble> {
        // What is published between the answer and the reader's beginning would reach nobody here.
        self.shards[shard].begins().await;
        let call = || self.history_call(shard, topics.iter().map(|topic| (topic, Question::Position)));
        let read = |answer: &Value| {
            let answers = Answers::read(answer)?;
            let told = self.told_all(&answers, topics.iter().map(|topic| (topic, Question::Position)))?;
            let positions = told.into_iter().map(|told| told.map(|told| told.position)).collect();
            Ok((answers.mark(), positions))
        };
        loop {
            let (mark, positions): (Mark, Vec<Result<Position, String>>) = self.call(shard, call, read).await?;
            let known: Vec<_> = topics
                .iter()
                .zip(&positions)
                .filter_map(|(topic, found)| Some((topic, found.as_ref().ok()?)))
                .collect();
            if self.settle(shard, mark, &known).await {
                return Ok(positions);
            }
        }
    }
}
