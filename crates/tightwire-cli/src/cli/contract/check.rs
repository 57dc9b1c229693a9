//! What `tightwire contract check` is asked for.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Format;
use crate::cli::read::ReadArguments;

/// Hold contracts against the document, without a server.
///
/// Says what no server could fulfil that follows the document, what does not fit together in a contract, and what of the
/// document no contract is about.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct CheckArguments {
    /// The contracts: files in the format Pact V4.
    #[arg(value_name = "PACT", required = true)]
    pub(crate) pacts: Vec<PathBuf>,

    /// The AsyncAPI document.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: PathBuf,

    /// How to show what was found.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Fail for warnings too.
    #[arg(long)]
    pub(crate) deny_warnings: bool,

    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing is wrong (or only warnings, without --deny-warnings)
  1  at least one error (or warning, with --deny-warnings), or the document has errors
  2  the command line is wrong
  3  a file cannot be read";
