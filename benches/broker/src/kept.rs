//! What is kept in Redis: by topic, by frame of a history, and by frame of the streams that all nodes read.

use anyhow::Context as _;
use tightwire_bench_kit::cores::Cores;
use tightwire_testbed::RedisServer;

use crate::figures::{Table, short};
use crate::options::Options;
use crate::order::{Order, Pace};
use crate::system::System;

const IN_FLIGHT: usize = 64;
/// How many frames of a topic are kept, in two measurements beside that of the first frame.
const FRAMES: [usize; 2] = [10, 50];

/// Bytes of Redis' memory.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kept {
    /// A topic with one frame.
    pub(crate) topic: f64,
    /// A further frame of a topic.
    pub(crate) frame: [f64; 2],
    /// A frame in the streams that all nodes read.
    pub(crate) entry: f64,
}

pub(crate) fn measure(cores: &Cores, options: &Options) -> anyhow::Result<Kept> {
    // Nothing leaves the streams before it is told to.
    let frames = (options.kept_topics * (FRAMES[1] + 1) * 2).to_string();
    let mut system = System::on_redis(cores, 1, &["--redis-stream-frames", &frames])?;
    let topics = options.kept_topics;
    let mut fill = |frames: usize| -> anyhow::Result<(f64, f64)> {
        let count = topics * frames;
        system.nodes[0].run(Order { first: 0, topics, count, pace: Pace::InFlight(IN_FLIGHT) })?;
        let redis = system.redis.as_ref().context("there is a Redis")?;
        let with = memory(redis)?;
        for shard in 0..16 {
            redis.ask(&["XTRIM", &format!("tightwire:{{{shard}}}:stream"), "MAXLEN", "0"]);
        }
        Ok((with, memory(redis)?))
    };
    // A first topic makes the node's own keys.
    let (_, empty) = fill(0)?;
    let (with, first) = fill(1)?;
    let (_, few) = fill(FRAMES[0] - 1)?;
    let (_, many) = fill(FRAMES[1] - FRAMES[0])?;
    let each = |more: f64, less: f64, frames: usize| (more - less).max(0.0) / (topics * frames) as f64;
    Ok(Kept {
        topic: each(first, empty, 1),
        frame: [each(few, first, FRAMES[0] - 1), each(many, few, FRAMES[1] - FRAMES[0])],
        entry: each(with, first, 1),
    })
}

fn memory(redis: &RedisServer) -> anyhow::Result<f64> {
    Ok(redis.info("used_memory").trim().parse()?)
}

pub(crate) fn table(kept: &Kept) -> String {
    let mut table = Table::new(&["kept in Redis", "bytes"]);
    let mut row = |what: String, bytes: f64| table.row(&[what, short(bytes)]);
    row("a topic with its first frame".to_owned(), kept.topic);
    row(format!("a further frame of a topic, up to {} frames", FRAMES[0]), kept.frame[0]);
    row(format!("a further frame of a topic, up to {} frames", FRAMES[1]), kept.frame[1]);
    row("a frame in the streams that all nodes read".to_owned(), kept.entry);
    table.into_text()
}
