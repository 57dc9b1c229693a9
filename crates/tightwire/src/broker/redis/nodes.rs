//! The nodes that share this Redis: each writes what it says of itself, and reads what the others say.

use std::time::Duration;

use redis::{Cmd, Value};

use super::answer::{self, Refusal};
use super::breaker::Circuit;
use super::core::{Core, LONGEST_MS};
use super::link::Trouble;
use super::queue::unavailable;
use crate::broker::{Met, Neighbour};
use crate::clock;
use crate::publisher::PublishError;

/// The shard that has it: a cluster then needs no connection of its own for it.
const SHARD: usize = 0;

impl Core {
    pub(super) async fn meet(&self, said: &[u8], kept: Duration) -> Result<Met, PublishError> {
        if self.group_of(SHARD).reading.circuit(clock::now()) == Circuit::Open {
            return Err(unavailable("there is no connection to Redis"));
        }
        let met = self.call(SHARD, || self.nodes_call(said, kept), met).await;
        met.map_err(|trouble| unavailable(&trouble.to_string()))
    }

    pub(super) async fn leave(&self) {
        if self.group_of(SHARD).reading.circuit(clock::now()) == Circuit::Open {
            return;
        }
        if let Err(trouble) = self.call(SHARD, || self.nodes_call(&[], Duration::ZERO), met).await {
            tracing::debug!(error = %trouble, "Redis could not be told that this node ends");
        }
    }

    fn nodes_call(&self, said: &[u8], kept: Duration) -> Cmd {
        let mut call = self.scripts.nodes.call(&[self.keys.nodes()]);
        call.arg(&self.node).arg(u64::try_from(kept.as_millis()).unwrap_or(u64::MAX).clamp(1, LONGEST_MS));
        call.arg(said);
        call
    }
}

fn met(answer: &Value) -> Result<Met, Trouble> {
    if let Some(refusal) = Refusal::of(answer) {
        return Err(refusal.into());
    }
    let [there, gone] = answer::array(answer)?;
    Ok(Met { there: neighbours(there)?, gone: neighbours(gone)? })
}

fn neighbours(answer: &Value) -> Result<Vec<Neighbour>, Trouble> {
    let neighbour = |entry| {
        let [node, age, said] = answer::array(entry)?;
        let age = Duration::from_millis(answer::number(age)?);
        Ok(Neighbour { node: answer::text(node)?.to_owned(), age, said: answer::bytes(said)?.to_vec() })
    };
    answer::list(answer)?.iter().map(neighbour).collect()
}
