//! `tightwire bench`: sends valid frames of a contract to a server and measures what comes back.
//!
//! The load is open: frames are due at fixed times, and a server that is slow does not make them come later. Latency counts
//! from the time at which a frame was due, so that waiting behind others counts too.

mod connection;
mod figures;
mod flight;
mod incoming;
mod load;
mod opening;
mod progress;
mod receiving;
mod report;
mod server_metrics;
mod target;
mod template;
mod traffic;

use std::fs;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tightwire_codegen::input;
use tightwire_spec::FileSystem;

use self::load::{Load, Plan};
use self::progress::Progress;
use self::report::{Bounds, Report};
use self::server_metrics::{deltas, samples};
use self::target::Target;
use self::traffic::Traffic;
use crate::cli::{BenchArguments, Exit};
use crate::output::Output;

/// Where a server says what it has counted.
const METRICS: &str = "/metrics";

/// Runs the command.
pub(crate) fn run<O: Write, E: Write>(arguments: &BenchArguments, output: &mut Output<O, E>) -> Exit {
    match attempt(arguments, output) {
        Ok(exit) => exit,
        Err((exit, complaint)) => {
            output.complaint(&complaint);
            exit
        }
    }
}

fn attempt<O: Write, E: Write>(arguments: &BenchArguments, output: &mut Output<O, E>) -> Result<Exit, (Exit, String)> {
    let usage = |complaint: String| (Exit::Usage, complaint);
    let unreachable = |complaint: String| (Exit::Unreadable, complaint);
    let target = Target::find(&arguments.url, arguments.token.as_deref()).map_err(usage)?;
    let (ir, _) = input::read(&arguments.spec, &FileSystem, arguments.read.config())
        .protocol
        .map_err(|error| (Exit::Faulty, error.to_string()))?;
    let topics = arguments.topics.as_deref().map(traffic::topics).transpose().map_err(usage)?.unwrap_or_default();
    let traffic = Traffic::of(ir, &arguments.message, &topics).map_err(usage)?;
    let plan = Plan {
        connections: arguments.connections as usize,
        rate: arguments.rate.unwrap_or(arguments.rate_per_connection * f64::from(arguments.connections)),
        duration: Duration::from_secs_f64(arguments.duration),
        seed: arguments.seed.unwrap_or_else(|| fastrand::u64(..)),
    };

    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    // The first Ctrl-C ends the measurement with its summary, the second one everything.
    let handler = move || {
        if stopped.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(handler).map_err(|error| unreachable(format!("cannot listen for Ctrl-C: {error}")))?;

    let progress = Progress::new(plan.connections, plan.duration, std::io::stderr().is_terminal());
    let before = target.get(METRICS);
    let load = Load::new(plan, &target, &traffic, &progress, &stop).map_err(|error| unreachable(error.to_string()))?;
    let figures = load.run();
    progress.end();
    let figures = figures.map_err(unreachable)?;
    let after = before.is_some().then(|| target.get(METRICS)).flatten();
    let server = before.zip(after).map(|(before, after)| deltas(&samples(&before), &samples(&after)));
    let bounds = Bounds { p99_ms: arguments.max_p99, errors: arguments.max_errors };
    let interrupted = stop.load(Ordering::Relaxed);
    let report = Report::new(&arguments.url, (&plan, &traffic), &figures, server, (bounds, interrupted));
    match &arguments.json {
        Some(path) if path.as_os_str() == "-" => output.result(&report.json()),
        Some(path) => {
            fs::write(path, report.json()).map_err(|error| unreachable(format!("{}: {error}", path.display())))?;
            output.result(&report.text());
        }
        None => output.result(&report.text()),
    }
    Ok(if report.is_within_bounds() { Exit::Clean } else { Exit::Faulty })
}
