//! What `tightwire fuzz` is asked for.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::read::ReadArguments;
use crate::fuzz::{Credential, Phase};

/// Send a server what its contract allows, what it forbids and what no WebSocket should ever carry, and judge what comes back.
///
/// It needs the server's document and nothing else: any server of any protocol over WebSocket will do. What is found is made
/// as small as it can be and shown with the frames that show it again.
#[derive(Args, Debug)]
#[command(after_help = FUZZ_HELP)]
pub(crate) struct FuzzArguments {
    /// The server's WebSocket, for instance `ws://127.0.0.1:8080/ws` or `wss://example.com/`.
    #[arg(value_name = "URL")]
    pub(crate) url: String,

    /// The document that says what the server does.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: PathBuf,

    /// For how long, in seconds. All that follows from the document is tried first, then chance has what is left.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "60")]
    pub(crate) time: f64,

    /// What chance begins with: the same frames in the same order. Default: another one each time; the report has it.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,

    /// What to try; several in one argument. Default: all.
    #[arg(long, value_name = "PHASE", num_args = 1.., value_delimiter = ',')]
    pub(crate) phases: Vec<Phase>,

    /// How many clients are there at the same time in the phase `concurrency`.
    #[arg(long, value_name = "COUNT", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) clients: u16,

    /// How many frames to send per second, over all connections; 0 for no bound. Default: what the document's `x-limits` let
    /// a connection send, or 200 where it has none.
    #[arg(long, value_name = "FRAMES", value_parser = rate)]
    pub(crate) rate: Option<f64>,

    /// What the server asks clients for: `bearer:TOKEN`, `header:NAME=VALUE` or `query:NAME=VALUE`. May be given more than
    /// once.
    #[arg(long, value_name = "HOW")]
    pub(crate) auth: Vec<Credential>,

    /// The same as `--auth bearer:TOKEN`.
    #[arg(long, env = "TIGHTWIRE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    /// A certificate of an authority that the server's certificate comes from, in PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// How long a reply may take, in milliseconds. One that takes longer is late, and missing after five times as long.
    #[arg(long, value_name = "MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=600_000))]
    pub(crate) deadline: u64,

    /// Messages of the server that say no, by name: a protocol without an envelope has no other way to tell. Default: those
    /// whose name has `error`, `fail`, `invalid`, `reject`, `refuse`, `denied`, `fault` or `nack` in it.
    #[arg(long, value_name = "MESSAGE", num_args = 1.., value_delimiter = ',')]
    pub(crate) errors: Vec<String>,

    /// Report too what many servers do and few of their users mind: see docs/fuzzing.md.
    #[arg(long)]
    pub(crate) strict: bool,

    /// End after so many different findings.
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) max_findings: u16,

    /// Write the reports, and each finding as JSON lines, as a Rust test and as a Pact interaction, to this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// How to report on standard output.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = FuzzFormat::Text)]
    pub(crate) format: FuzzFormat,

    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

/// How the command reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FuzzFormat {
    /// For people.
    Text,
    /// All there is, for programs.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// `JUnit` XML, for CI.
    Junit,
}

fn seconds(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| (0.1..=1e7).contains(number));
    number.ok_or_else(|| "expected a number of seconds, from 0.1".to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| *number == 0.0 || (0.01..=1e7).contains(number));
    number.ok_or_else(|| "expected a number from 0.01, or 0 for no bound".to_owned())
}

const FUZZ_HELP: &str = "\
Phases, in this order:
  examples     the document's examples, as they stand there
  boundaries   valid frames at the edge of each constraint
  sequences    valid frames in random order on one connection
  negatives    frames that break one constraint each, and text that is not JSON
  wire         RFC 6455: fragments, control frames in between, masks, reserved bits, UTF-8, lengths, close codes
  concurrency  several clients at once

Examples:
  tightwire fuzz ws://127.0.0.1:8080/ws --spec asyncapi/chat.yml --time 30
  tightwire fuzz wss://example.com/v1 --spec api.yml --auth query:key=s3cret --rate 5
  tightwire fuzz ws://127.0.0.1:9000/ --spec api.yml --seed 7 --phases negatives,wire --out findings
  tightwire fuzz ws://127.0.0.1:9000/ --spec api.yml --format sarif > fuzz.sarif

Exit codes (that of the gravest finding, which is the lowest from 10 on):
  0   nothing was found
  1   the document has errors
  2   the command line is wrong
  3   the server cannot be reached or refuses the connection, or a file cannot be written
  10  the server crashed, failed (close code 1011) or does not answer any more
  11  the server broke its contract: a frame, its order, its correlation, a close code
  12  it took what the contract or RFC 6455 forbids
  13  it refused what the contract allows
  14  a reply was late or did not come";
