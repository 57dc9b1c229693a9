//! The table, and everything else that the benchmark says.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use tightwire_bench_kit::cores::Cores;
use tightwire_bench_kit::document;

use crate::options::{Kind, Options};
use crate::wire;

/// What writes the table.
const COMMAND: &str = "make bench-fanout";

/// What was measured of one server.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// By subscribers: times per delivery one frame at a time, and in bursts; one of each run.
    pub(crate) fan_out: BTreeMap<usize, [Vec<Duration>; 2]>,
    /// Times per ping: one at a time, and with many in flight; one of each run.
    pub(crate) round_trips: [Vec<Duration>; 2],
    pub(crate) idle_bytes: Option<u64>,
    pub(crate) stalled: Option<Stalled>,
}

/// What clients that do not read do to the others and to the server.
#[derive(Debug)]
pub(crate) struct Stalled {
    /// The others' 99th percentile without them, and with them.
    pub(crate) without: Duration,
    pub(crate) with: Duration,
    /// Bytes that the server's memory has grown by.
    pub(crate) grown: u64,
    /// How many of them the server has closed.
    pub(crate) ended: usize,
    pub(crate) of: usize,
}

/// What was measured of all servers in one run.
pub(crate) struct Report {
    pub(crate) servers: Vec<(Kind, Figures)>,
    pub(crate) skipped: Vec<(Kind, String)>,
    machine: String,
}

impl Report {
    pub(crate) fn new(cores: &Cores) -> Self {
        Self { servers: Vec::new(), skipped: Vec::new(), machine: document::machine(cores) }
    }

    /// Writes the table between the markers of a file.
    pub(crate) fn write(&self, path: &Path, options: &Options) -> anyhow::Result<()> {
        document::write(path, COMMAND, &self.markdown(options))
    }

    pub(crate) fn markdown(&self, options: &Options) -> String {
        let mut text = format!(
            "{}; release build; frames of {} bytes; medians of {} runs.\n\n\
             CPU time of the server per delivery, in µs, and × the limit of the same run:\n\n",
            self.machine,
            wire::FRAME_BYTES,
            options.runs
        );
        self.fan_out(&mut text);
        text.push_str(
            "\nCPU time of the server per round trip, in µs; memory per idle connection; the 99th percentile of the \
             delivery to 190\nclients that read, without and with 10 that do not, and what became of those:\n\n",
        );
        self.others(&mut text);
        for (kind, reason) in &self.skipped {
            let _ = writeln!(text, "\n{} was left out: {reason}.", kind.name());
        }
        text
    }

    fn limit(&self) -> Option<&Figures> {
        self.servers.iter().find(|(kind, _)| *kind == Kind::Limit).map(|(_, figures)| figures)
    }

    fn fan_out(&self, text: &mut String) {
        let Some(limit) = self.limit() else { return };
        text.push_str("| server |");
        for count in limit.fan_out.keys() {
            let _ = write!(text, " {count}: single | {count}: bursts of 16 |");
        }
        let _ = writeln!(text, "\n|---|{}", "---|---|".repeat(limit.fan_out.len()));
        for (kind, figures) in &self.servers {
            let _ = write!(text, "| {} |", kind.name());
            for (count, least) in &limit.fan_out {
                for (index, least) in least.iter().enumerate() {
                    let samples = figures.fan_out.get(count).map_or(&[][..], |samples| &samples[index]);
                    let _ = write!(text, " {} |", compared(samples, least));
                }
            }
            text.push('\n');
        }
    }

    fn others(&self, text: &mut String) {
        text.push_str(
            "| server | one ping at a time | 32 pings in flight | idle memory | p99 alone | p99 with stalled | \
             server grew by | stalled closed |\n|---|---|---|---|---|---|---|---|\n",
        );
        for (kind, figures) in &self.servers {
            let _ = write!(text, "| {} |", kind.name());
            for (samples, index) in figures.round_trips.iter().zip(0..) {
                let least = self.limit().map_or(&[][..], |limit| &limit.round_trips[index]);
                let _ = write!(text, " {} |", compared(samples, least));
            }
            match figures.idle_bytes {
                Some(bytes) => {
                    let _ = write!(text, " {:.1} KB |", bytes as f64 / 1000.0);
                }
                None => text.push_str(" – |"),
            }
            match &figures.stalled {
                Some(stalled) => {
                    let [without, with] = [stalled.without, stalled.with].map(|time| time.as_secs_f64() * 1e3);
                    let grown = stalled.grown as f64 / 1e6;
                    let (ended, of) = (stalled.ended, stalled.of);
                    let _ = writeln!(text, " {without:.2} ms | {with:.2} ms | {grown:.1} MB | {ended} of {of} |");
                }
                None => text.push_str(" – | – | – | – |\n"),
            }
        }
    }
}

/// The median in µs, and how many times the limit's it is.
fn compared(samples: &[Duration], least: &[Duration]) -> String {
    let (Some(time), Some(least)) = (median(samples), median(least)) else { return "–".to_owned() };
    format!("{time:.2} ({:.2}×)", time / least)
}

fn median(samples: &[Duration]) -> Option<f64> {
    let mut samples = samples.to_vec();
    samples.sort_unstable();
    samples.get(samples.len() / 2).map(|time| time.as_secs_f64() * 1e6)
}

#[expect(clippy::print_stdout, reason = "the one place where the benchmark speaks to its caller")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "the one place where the benchmark speaks to its caller")]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("fanout: {error:#}");
}
