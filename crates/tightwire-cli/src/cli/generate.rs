//! What `tightwire generate` is asked for.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::read::ReadArguments;

/// Generate code, schemas, contract cases and documentation from a document.
#[derive(Args, Debug)]
#[command(after_help = GENERATE_EXIT_CODES)]
pub(crate) struct GenerateArguments {
    /// What to generate.
    #[arg(value_enum)]
    pub(crate) what: What,

    /// The document. A `tightwire.toml` beside it holds the options.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Where to put it: below this directory `generated/rust`, `generated/typescript`, `generated/schema`,
    /// `generated/docs` and `contracts/cases`.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,

    /// Write nothing; fail if anything differs from what would be written.
    #[arg(long)]
    pub(crate) check: bool,

    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

/// What can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// Types, decoder, service trait and client.
    Rust,
    /// Types, guards and topics for clients.
    #[value(name = "typescript")]
    TypeScript,
    /// A JSON Schema bundle.
    Schema,
    /// Accepted and rejected frames for every constraint.
    Cases,
    /// A page for people, with a console.
    Docs,
    /// All of these.
    All,
}

const GENERATE_EXIT_CODES: &str = "\
Exit codes:
  0  everything is up to date, or is now
  1  the document has errors, or --check found a difference
  2  the command line is wrong
  3  a file cannot be read or written";
