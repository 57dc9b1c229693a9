//! Measures everything, and says what was found.

use std::time::Instant;

use tightwire_bench_kit::cores::{Cores, allow_many_files};
use tightwire_bench_kit::document;

use crate::model::{self, Costs};
use crate::options::Options;
use crate::{away, idle, kept, latency, parts, sharing, topics};

/// What writes the tables.
const COMMAND: &str = "make bench-broker";

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    allow_many_files()?;
    let cores = Cores::available()?;
    let begun = Instant::now();
    let begin = |what: &str| progress(&format!("{:4.0} s: {what}", begun.elapsed().as_secs_f64()));
    begin("latency");
    let latencies = latency::measure(&cores, options)?;
    begin("nodes");
    let sharing = sharing::measure(&cores, options)?;
    begin("topics");
    let throughputs = topics::measure(&cores, options)?;
    begin("parts of a node's work");
    let parts = parts::measure(&cores, options)?;
    begin("what is kept in Redis");
    let kept = kept::measure(&cores, options)?;
    begin("idle nodes");
    let idles = idle::measure(&cores, options)?;
    begin("a node that was away");
    let away = away::measure(&cores, options)?;
    begin("done");
    let costs = Costs::of(&sharing, &parts, &kept, &idles);
    let machine = document::machine(&cores);
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let seconds = options.seconds;
    let text = format!(
        "{machine}; {build} build; {redis}; medians of {rounds} rounds, in brackets the least and the most of them. × is \
         the first row of the\nsame table, or of the same part of it.\n\n\
         ### Latency\n\nFrom the call that publishes to the subscriber's socket, in µs; {seconds} s each.\n\n{latency}\n\
         ### As nodes become more\n\nµs of CPU for each publication. Every node has one subscriber of everything.\n\n{sharing}\n\
         ### As topics become more\n\nOne node that always has 64 publications in flight, and one subscriber of everything; µs of CPU for each publication.\n\n{topics}\n\
         ### The parts of a node's work\n\n{parts}\n\
         ### What is kept\n\n{kept}\n\
         ### Nodes that do nothing\n\n{idle}\n\
         ### A node that was away\n\n{away}\n\
         ### A million connections\n\n{model}",
        redis = redis_version(),
        rounds = options.rounds,
        latency = latency::table(&latencies, options),
        sharing = sharing::table(&sharing, options),
        topics = topics::table(&throughputs),
        parts = parts::table(&parts, options),
        kept = kept::table(&kept),
        idle = idle::table(&idles),
        away = away::table(&away),
        model = model::text(&costs),
    );
    say(&text);
    match &options.write {
        Some(path) => document::write(path, COMMAND, &text),
        None => Ok(()),
    }
}

fn redis_version() -> String {
    let output = std::process::Command::new("redis-server").arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let version = text.split_whitespace().find_map(|word| word.strip_prefix("v=")).unwrap_or("?");
    format!("Redis {version}")
}

#[expect(clippy::print_stdout, reason = "the one place where the benchmark speaks to its caller")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "the one place where the benchmark speaks to its caller")]
fn progress(text: &str) {
    eprintln!("{text}");
}

#[expect(clippy::print_stderr, reason = "the one place where the benchmark speaks to its caller")]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("broker: {error:#}");
}
