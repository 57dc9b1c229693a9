//! What `tightwire completions` and `tightwire man` are asked for.

use std::path::PathBuf;

use clap::Args;

/// Write completions for a shell to standard output.
#[derive(Args, Debug)]
pub(crate) struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Write the manual page to standard output.
#[derive(Args, Debug)]
pub(crate) struct ManArguments {
    /// Write a page for each command into this directory instead.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
