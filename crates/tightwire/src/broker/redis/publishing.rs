//! Publishes what waits: everything that waits goes in one batch, and the next follows when that is answered.
//!
//! When a connection is lost nobody knows how much of the batch Redis has done. It is sent again with the same numbers, by
//! which the script recognises what was done; so nothing is published twice, and nothing that Redis has answered for is
//! lost.

use std::sync::Arc;
use std::time::Duration;

use redis::{Pipeline, Value};
use tightwire_proto::frame::Position;
use tokio::time::timeout;

use super::answer::{self, Refusal, Unexpected};
use super::breaker::Status;
use super::keep::Work;
use super::link::{Link, Trouble};
use super::mark::Mark;
use super::queue::{Item, Queue, unavailable, unconfirmed};
use super::{Core, Group};

/// After so long without a publication Redis is asked whether it is there.
const IDLE: Duration = Duration::from_secs(5);

/// Publishes what waits in the queue of a group.
pub(super) struct Publishing {
    core: Arc<Core>,
    group: usize,
    /// How many publications there were, by shard.
    numbers: Vec<u64>,
}

impl Publishing {
    pub(super) fn new(core: Arc<Core>, group: usize) -> Self {
        let numbers = vec![0; core.shards.len()];
        Self { core, group, numbers }
    }

    fn queue(&self) -> &Queue {
        &self.core.groups[self.group].queue
    }

    async fn send(&mut self, link: &Link, mut batch: Vec<Item>) -> Result<(), Trouble> {
        let mut commands = Pipeline::with_capacity(batch.len());
        for item in &mut batch {
            if item.number == 0 {
                self.numbers[item.shard] += 1;
                item.number = self.numbers[item.shard];
            }
            commands.add_command(self.core.publish_call(&item.content, item.shard, item.number));
        }
        match link.ask(&commands, Duration::ZERO).await {
            Ok(answers) => self.settle(batch, answers),
            Err(trouble) => {
                self.core.counters.bus_retried_total.add(batch.len() as u64);
                batch.iter_mut().for_each(|item| item.is_unanswered = true);
                self.queue().put_back(batch);
                Err(trouble)
            }
        }
    }

    /// Hands out the answers.
    fn settle(&self, batch: Vec<Item>, answers: Vec<Value>) -> Result<(), Trouble> {
        let (mut again, mut trouble) = (Vec::new(), None);
        for (mut item, answer) in batch.into_iter().zip(answers) {
            match Refusal::of(&answer) {
                None => match published(&answer) {
                    Ok((mark, position)) => {
                        self.core.shards[item.shard].saw(mark);
                        item.answer(Ok((mark, position)));
                    }
                    Err(Unexpected) => item.answer(Err(unconfirmed())),
                },
                // An earlier attempt may have done it, or may yet.
                Some(_) if item.is_unanswered => item.answer(Err(unconfirmed())),
                Some(Refusal::Denied(text)) => {
                    tracing::error!(error = text, "Redis refuses to publish");
                    item.answer(Err(unavailable(&text)));
                }
                Some(Refusal::Elsewhere(text)) => {
                    trouble.get_or_insert(Trouble::Lost(text));
                    // Others may have been published after it: it takes its place behind them.
                    item.number = 0;
                    again.push(item);
                }
            }
        }
        self.queue().put_back(again);
        trouble.map_or(Ok(()), Err)
    }
}

impl Work for Publishing {
    const NAME: &'static str = "publishing";

    fn status(group: &Group) -> &Status {
        &group.publishing
    }

    async fn work(&mut self, link: &Link, status: &Status) -> Trouble {
        status.up();
        loop {
            let batch = timeout(IDLE, self.core.groups[self.group].queue.take()).await;
            let done = match batch {
                Ok(batch) => self.send(link, batch).await,
                Err(_) => link.is_there().await,
            };
            if let Err(trouble) = done {
                return trouble;
            }
        }
    }

    fn rest(&mut self) {
        self.queue().forget_abandoned();
    }
}

/// What the script says of a publication.
fn published(answer: &Value) -> Result<(Mark, Position), Unexpected> {
    let [generation, number, epoch, seq] = answer::array(answer)?;
    let mark = Mark { generation: answer::number(generation)?, number: answer::number(number)? };
    Ok((mark, Position { epoch: answer::text(epoch)?.into(), seq: answer::number(seq)? }))
}
