//! Several servers as one system: each in a process of its own, clients and publishers on all of them, Redis between them,
//! and one checker of what everyone saw.
//!
//! `run` is how a run goes, `faults` what goes wrong in it, `checker` what must hold nevertheless. Runs are small in
//! `make test`; `make chaos` runs them at full size, and `scale` reads other sizes from the environment. What goes wrong
//! follows from a seed, which is printed; how all the processes interleave does not.

mod checker;
#[path = "../common/dice.rs"]
mod dice;
mod doings;
mod faults;
mod publisher;
mod reader;
mod record;
mod run;
mod scale;
mod stage;

use tightwire_testbed::RedisServer;
use tokio::time::sleep;

use crate::checker::Loss;
use crate::run::{Clients, run};
use crate::scale::Scale;
use crate::stage::Stage;

fn block_on(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(test);
}

/// The default broker under the same checker: one process is the whole system.
#[test]
fn one_node_without_redis() {
    block_on(async {
        let scale = Scale { nodes: 1, ..Scale::from_environment() };
        let stage = Stage::alone(scale).await;
        run(stage, Clients::Restless, Loss::None, async |stage| sleep(stage.scale.duration).await).await;
    });
}

/// Nothing goes wrong.
#[test]
fn calm() {
    block_on(async {
        let Some(stage) = Stage::on_redis(Scale::from_environment(), &[]).await else { return };
        let figures = run(stage, Clients::Steady, Loss::None, async |_| {}).await;
        assert_eq!(figures.reconnects, 0, "nobody had a reason to come back");
    });
}

/// The streams keep so little that a node which was away finds there no more what it has missed, and clients that stall are
/// soon too slow.
const NARROW: [&str; 6] = ["--redis-shards", "4", "--redis-stream-frames", "100", "--outbound-queue-frames", "200"];

/// Nodes, Redis and what is between them fail at random, and nothing is lost or doubled.
#[test]
fn chaos() {
    block_on(async {
        let Some(stage) = Stage::on_redis(Scale::from_environment(), &NARROW).await else { return };
        let figures = run(stage, Clients::Restless, Loss::None, faults::all).await;
        assert!(figures.reconnects > 0 && figures.stalls > 0, "not everything was tried: {figures:?}");
    });
}

/// Redis comes back without any data: every client is told, also of topics that nobody publishes to any more.
#[test]
fn redis_is_restarted_empty() {
    all_data_is_lost(|redis| redis.start_empty());
}

#[test]
fn redis_is_flushed() {
    all_data_is_lost(|redis| drop(redis.ask(&["FLUSHALL"])));
}

fn all_data_is_lost(lose: impl FnOnce(&mut RedisServer)) {
    block_on(async {
        let Some(stage) = Stage::on_redis(Scale::from_environment(), &[]).await else { return };
        let topics = u64::from(stage.scale.topics);
        let half = stage.scale.duration / 2;
        let trouble = async |stage: &Stage| {
            sleep(half).await;
            stage.quieten();
            // What is under way to a topic that is quiet from now on arrives.
            sleep(stage.scale.outage / 2).await;
            stage.redis(lose);
            sleep(half).await;
        };
        let figures = run(stage, Clients::Restless, Loss::EarlierEpochs, trouble).await;
        assert_eq!(figures.topics_begun_anew, topics);
        assert!(figures.gaps >= figures.subscriptions, "not everybody was told: {figures:?}");
    });
}
