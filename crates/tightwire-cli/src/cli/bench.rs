//! What `tightwire bench` is asked for.

use std::path::PathBuf;

use clap::Args;

use super::read::ReadArguments;

/// Send valid frames of a contract to a server at a steady rate, and measure what comes back.
///
/// Frames are made from the document's examples and schemas, with fresh identities and times. The rate does not depend on
/// how fast the server answers, and latency counts from the time at which a frame was due.
#[derive(Args, Debug)]
#[command(after_help = BENCH_EXIT_CODES)]
pub(crate) struct BenchArguments {
    /// The server's WebSocket, for instance `ws://127.0.0.1:8080/ws`.
    #[arg(value_name = "URL")]
    pub(crate) url: String,

    /// The document that the server was made from.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: PathBuf,

    /// How many connections to open.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) connections: u32,

    /// How many frames to send per second, over all connections.
    #[arg(long, value_name = "FRAMES", value_parser = positive, conflicts_with = "rate_per_connection")]
    pub(crate) rate: Option<f64>,

    /// How many frames each connection sends per second.
    #[arg(long, value_name = "FRAMES", value_parser = positive, default_value = "10")]
    pub(crate) rate_per_connection: f64,

    /// For how long, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = positive, default_value = "10")]
    pub(crate) duration: f64,

    /// What to send, by the name on the wire or in the document; several in turn. Default: the ping of the session, or
    /// else every message that the contract answers.
    #[arg(long, value_name = "MESSAGE", num_args = 1.., value_delimiter = ',')]
    pub(crate) message: Vec<String>,

    /// Topics to subscribe to and to send on, one for each connection, in turn: a topic, or many with a range of numbers in
    /// braces, for instance `thread:{1..100}`.
    #[arg(long, value_name = "PATTERN")]
    pub(crate) topics: Option<String>,

    /// A token that the server accepts (see `tightwire token`), for the WebSocket and for `/metrics`.
    #[arg(long, env = "TIGHTWIRE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    /// Write the report as JSON to this file too; `-` writes it to standard output instead of the text.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// What chance begins with: the same frames in the same order.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,

    /// Fail if the 99th percentile of the latency is above this, in milliseconds.
    #[arg(long, value_name = "MS", value_parser = positive)]
    pub(crate) max_p99: Option<f64>,

    /// Fail if there are more failures than this: errors, closes, missing replies, frames that are not in the contract or
    /// could not be sent.
    #[arg(long, value_name = "COUNT")]
    pub(crate) max_errors: Option<u64>,

    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && (1e-3..=1e9).contains(number));
    number.ok_or_else(|| "expected a number from 0.001 to 1000000000".to_owned())
}

const BENCH_EXIT_CODES: &str = "\
Exit codes:
  0  it was measured, and is within the bounds
  1  it is not within the bounds, or the document has errors
  2  the command line is wrong
  3  the server cannot be reached or refuses the connections, or a file cannot be read or written";
