//! The application's lists.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use redis::{Cmd, Value, cmd};
use tokio::time::timeout;

use super::answer::{self, Refusal};
use super::breaker::Circuit;
use super::core::{Core, LONGEST_MS};
use super::keys::shard_of;
use super::link::Trouble;
use super::queue::unavailable;
use crate::broker::Lists;
use crate::clock;
use crate::cluster::SharedList;
use crate::publisher::PublishError;

impl Core {
    /// Calls something that concerns a list, within the time that a publication may take.
    async fn call_for_list<T>(
        &self,
        shard: usize,
        call: impl Fn() -> Cmd,
        read: impl Fn(&Value) -> Result<T, Trouble>,
    ) -> Result<T, PublishError> {
        if self.group_of(shard).reading.circuit(clock::now()) == Circuit::Open {
            return Err(unavailable("there is no connection to Redis"));
        }
        match timeout(self.config.publish_timeout, self.call(shard, call, read)).await {
            Ok(read) => read.map_err(|trouble| unavailable(&trouble.to_string())),
            Err(_) => Err(unavailable("Redis did not answer in time")),
        }
    }
}

impl Lists for Core {
    fn append<'a>(&'a self, list: SharedList<'a>, value: &'a [u8]) -> BoxFuture<'a, Result<(), PublishError>> {
        let shard = shard_of(list.name, self.shards.len());
        let call = move || {
            let mut call = self.scripts.append.call(&[self.keys.list(shard, list.name)]);
            let expires = u64::try_from(list.expires.as_millis()).unwrap_or(u64::MAX);
            call.arg(value).arg(list.longest.max(1)).arg(expires.clamp(1, LONGEST_MS));
            call
        };
        self.call_for_list(shard, call, |answer| Refusal::of(answer).map_or(Ok(()), |refusal| Err(refusal.into())))
            .boxed()
    }

    fn newest<'a>(&'a self, name: &'a str, most: usize) -> BoxFuture<'a, Result<Vec<Vec<u8>>, PublishError>> {
        let shard = shard_of(name, self.shards.len());
        // Zero would be all of it.
        let most = i64::try_from(most.max(1)).unwrap_or(i64::MAX);
        let call = move || {
            let mut call = cmd("LRANGE");
            call.arg(self.keys.list(shard, name)).arg(-most).arg(-1);
            call
        };
        self.call_for_list(shard, call, read).boxed()
    }
}

fn read(answer: &Value) -> Result<Vec<Vec<u8>>, Trouble> {
    if let Some(refusal) = Refusal::of(answer) {
        return Err(refusal.into());
    }
    answer::list(answer)?.iter().map(|value| Ok(answer::bytes(value)?.to_vec())).collect()
}
