//! What `tightwire tail` is asked for.

use std::path::PathBuf;

use clap::Args;

/// Show what is published to topics as each of several servers delivers it, side by side.
///
/// For servers that are one system: a row for each frame, with the milliseconds after which each server delivered it. What
/// a server lost, doubled or delivered out of order is shown when it happens and counted at the end.
#[derive(Args, Debug)]
#[command(after_help = TAIL_EXIT_CODES)]
pub(crate) struct TailArguments {
    /// The servers, for instance `http://127.0.0.1:8081`.
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,

    /// The topics to subscribe to, separated by commas.
    #[arg(long, value_name = "TOPIC", value_delimiter = ',', required = true)]
    pub(crate) topics: Vec<String>,

    /// How long a frame is waited for on the other servers before its row is shown without them, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub(crate) wait: u64,

    /// End after so many frames with a position, each counted once. Default: go on until Ctrl-C.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// A token that the servers accept (see `tightwire token`).
    #[arg(long, env = "TIGHTWIRE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    /// Certificates of authorities to believe beside those that everybody does, as a PEM file.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Write a JSON object in a line for each frame that each server delivers, instead of rows.
    #[arg(long)]
    pub(crate) json: bool,
}

const TAIL_EXIT_CODES: &str = "\
Exit codes:
  0  every server delivered every frame once and in order
  1  frames were lost, doubled or out of order
  2  the command line is wrong
  3  a server refuses, or could never be reached";
