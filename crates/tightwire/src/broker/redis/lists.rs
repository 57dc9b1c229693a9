//! The application's lists.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use redis::{Cmd, Value, cmd};
use tokio::time::timeout;

use super::answer::{self, Refusal};
use super::breaker::Circuit;
use super::core::{Core, LONGEST_MS};
use super::fences;
use super::keys::shard_of;
use super::link::Trouble;
use super::queue::unavailable;
use crate::broker::{Fence, Lists};
use crate::clock;
use crate::cluster::SharedList;
use crate::publisher::PublishError;

impl Core {
    /// Calls something within the time that a publication may take.
    pub(super) async fn call_in_time<T>(
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
    fn append<'a>(
        &'a self,
        list: SharedList<'a>,
        value: &'a [u8],
        fence: Option<&'a Fence>,
    ) -> BoxFuture<'a, Result<(), PublishError>> {
        let shard = shard_of(list.name, self.shards.len());
        let call = move || {
            let mut keys = vec![self.keys.list(shard, list.name)];
            keys.extend(fence.map(|fence| self.keys.fence(shard, list.name, &fence.name)));
            let mut call = self.scripts.append.call(&keys);
            let expires = u64::try_from(list.expires.as_millis()).unwrap_or(u64::MAX);
            call.arg(value).arg(list.longest.max(1)).arg(expires.clamp(1, LONGEST_MS));
            fences::write(&mut call, fence.map(|fence| fence.term));
            call
        };
        let read = move |answer: &Value| match (Refusal::of(answer), fence) {
            (None, _) => Ok(Ok(())),
            (Some(Refusal::Fenced), Some(fence)) => Ok(Err(PublishError::Fenced(Arc::clone(&fence.name)))),
            (Some(refusal), _) => Err(refusal.into()),
        };
        async move { self.call_in_time(shard, call, read).await? }.boxed()
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
        self.call_in_time(shard, call, read).boxed()
    }
}

fn read(answer: &Value) -> Result<Vec<Vec<u8>>, Trouble> {
    if let Some(refusal) = Refusal::of(answer) {
        return Err(refusal.into());
    }
    answer::list(answer)?.iter().map(|value| Ok(answer::bytes(value)?.to_vec())).collect()
}
