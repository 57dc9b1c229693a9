//! What `tightwire validate` is asked for.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::read::ReadArguments;

/// Check documents and show everything that is wrong with them.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct ValidateArguments {
    /// The documents. Files that their `$ref`s name are read too.
    #[arg(value_name = "FILE", required_unless_present = "explain")]
    pub(crate) files: Vec<PathBuf>,

    /// How to show what was found.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Fail for warnings too.
    #[arg(long)]
    pub(crate) deny_warnings: bool,

    #[command(flatten)]
    pub(crate) read: ReadArguments,

    /// Explain a rule, for instance `unknown-ref`; `all` lists every rule.
    #[arg(long, value_name = "RULE", conflicts_with = "files")]
    pub(crate) explain: Option<String>,
}

/// How diagnostics are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// With the source lines, for people.
    Text,
    /// One JSON object with every diagnostic.
    Json,
    /// Workflow commands that GitHub turns into annotations.
    Github,
}

pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0  nothing is wrong (or only warnings, without --deny-warnings)
  1  at least one error (or warning, with --deny-warnings)
  2  the command line is wrong
  3  a file cannot be read";
