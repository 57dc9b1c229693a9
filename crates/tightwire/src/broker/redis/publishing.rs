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
use uuid::Uuid;

use super::answer::{self, Refusal, Unexpected};
use super::breaker::Status;
use super::core::{Core, Group};
use super::keep::Work;
use super::link::{Link, Trouble};
use super::mark::Mark;
use super::queue::{Item, Number, Queue, Said, unavailable, unconfirmed};

/// After so long without a publication Redis is asked whether it is there.
const IDLE: Duration = Duration::from_secs(5);

/// What a writer begins with.
const FIRST: Number = Number { incarnation: 0, number: 1 };

/// Publishes what waits in the queue of a group.
pub(super) struct Publishing {
    core: Arc<Core>,
    group: usize,
    /// The number of the next publication, by shard.
    next: Vec<Number>,
}

impl Publishing {
    pub(super) fn new(core: Arc<Core>, group: usize) -> Self {
        let next = vec![FIRST; core.shards.len()];
        Self { core, group, next }
    }

    fn queue(&self) -> &Queue {
        &self.core.groups[self.group].queue
    }

    async fn send(&mut self, link: &Link, mut batch: Vec<Item>) -> Result<(), Trouble> {
        let mut commands = Pipeline::with_capacity(batch.len());
        for item in &mut batch {
            let next = &mut self.next[item.shard];
            let number = *item.number.get_or_insert(*next);
            if number == *next {
                next.number += 1;
            }
            commands.add_command(self.core.publish_call(item, number));
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
    fn settle(&mut self, batch: Vec<Item>, answers: Vec<Value>) -> Result<(), Trouble> {
        let (mut again, mut trouble) = (Vec::new(), None);
        for (mut item, answer) in batch.into_iter().zip(answers) {
            let Some(refusal) = Refusal::of(&answer) else {
                match published(&answer) {
                    Ok((mark, said, is_new)) => {
                        let shard = &self.core.shards[item.shard];
                        if is_new {
                            shard.acknowledges(mark, said.id);
                        } else {
                            shard.saw(mark);
                        }
                        item.answer(Ok((mark, said)));
                    }
                    Err(Unexpected) => item.answer(Err(unconfirmed())),
                }
                continue;
            };
            // Its number stays unused, so that what follows has to be numbered anew.
            let next = &mut self.next[item.shard];
            if item.number.is_some_and(|number| number.incarnation == next.incarnation) {
                *next = Number { incarnation: next.incarnation + 1, ..FIRST };
            }
            match refusal {
                Refusal::Hole => {
                    item.number = None;
                    again.push(item);
                }
                // So is an earlier attempt, should it be on its way yet. One that was done would have been recognised.
                Refusal::Fenced => item.fenced(),
                // An earlier attempt may be on its way yet.
                _ if item.is_unanswered => item.answer(Err(unconfirmed())),
                Refusal::Denied(text) => {
                    tracing::error!(error = text, "Redis refuses to publish");
                    item.answer(Err(unavailable(&text)));
                }
                Refusal::Elsewhere(text) => {
                    trouble.get_or_insert(Trouble::Lost(text));
                    item.was_refused();
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

/// What the script says of a publication, and whether it was published now: then the mark is its own.
fn published(answer: &Value) -> Result<(Mark, Said, bool), Unexpected> {
    let [generation, number, epoch, seq, id, said, is_new] = answer::array(answer)?;
    let mark = Mark { generation: answer::number(generation)?, number: answer::number(number)? };
    let position = Position { epoch: answer::text(epoch)?.into(), seq: answer::number(seq)? };
    let id = Uuid::try_parse(answer::text(id)?).map_err(|_| Unexpected)?;
    Ok((mark, Said { position, id, said: answer::number(said)? }, answer::number(is_new)? == 1))
}
