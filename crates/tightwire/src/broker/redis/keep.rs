//! Keeps a connection: makes it again and again, whenever it is lost.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::backoff::Backoff;
use super::breaker::Status;
use super::core::{Core, Group, seed};
use super::link::{Link, Trouble};
use crate::clock;

/// A connection that has held for so long was a good one: what follows begins with short waits again.
const STABLE: Duration = Duration::from_secs(10);

/// What is done with a connection.
pub(super) trait Work: Send {
    /// What it is called in the log.
    const NAME: &'static str;

    /// What is known of its connection.
    fn status(group: &Group) -> &Status;

    /// Works until the connection is lost. Says when it is of use.
    fn work(&mut self, link: &Link, status: &Status) -> impl Future<Output = Trouble> + Send;

    /// There is no connection for the moment.
    fn rest(&mut self) {}
}

/// Works for ever.
pub(super) async fn keep<W: Work>(core: Arc<Core>, group: usize, mut work: W) {
    let mut backoff = Backoff::new(seed());
    let status = W::status(&core.groups[group]);
    loop {
        let trouble = match Link::open(&core.config, &core.scripts, &core.groups[group].key).await {
            Err(trouble) => trouble,
            Ok(link) => {
                let since = clock::now();
                let trouble = work.work(&link, status).await;
                if clock::now().saturating_duration_since(since) >= STABLE {
                    backoff.reset();
                }
                trouble
            }
        };
        if status.is_up() {
            core.counters.bus_lost_total.increment();
        }
        let wait = backoff.next();
        tracing::warn!(server = %core.config.url, purpose = W::NAME, error = %trouble, ?wait, "no connection to Redis");
        status.down(trouble, clock::now());
        work.rest();
        tokio::time::sleep(wait).await;
    }
}
