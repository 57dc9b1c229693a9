//! What `tightwire inspect` is asked for.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::read::ReadArguments;
use super::validate::EXIT_CODES;

/// Show what a document says: routes, operations, messages, and which property tells them apart.
#[derive(Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct InspectArguments {
    /// The document.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// How to show it.
    #[arg(long, value_enum, default_value_t = InspectFormat::Text)]
    pub(crate) format: InspectFormat,

    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

/// How `inspect` shows a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum InspectFormat {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}
