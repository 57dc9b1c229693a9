//! `tightwire completions` and `tightwire man`: made from the same definition as the command line itself.

use std::io::{self, Write};

use clap::{Command, CommandFactory};

use crate::cli::{Cli, CompletionsArguments, Exit, ManArguments};
use crate::output::Output;

/// Writes the completions for a shell.
pub(crate) fn completions<O: Write, E: Write>(arguments: &CompletionsArguments, output: &mut Output<O, E>) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "tightwire", &mut script);
    output.result(&String::from_utf8_lossy(&script));
    Exit::Clean
}

/// Writes the manual page: of the command with all its subcommands, or one each into a directory.
pub(crate) fn man<O: Write, E: Write>(arguments: &ManArguments, output: &mut Output<O, E>) -> Exit {
    let written = match &arguments.out {
        Some(directory) => std::fs::create_dir_all(directory)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), directory))
            .map(|()| String::new()),
        None => page(Cli::command()),
    };
    match written {
        Ok(text) => {
            output.result(&text);
            Exit::Clean
        }
        Err(error) => {
            output.complaint(&format!("the manual cannot be written: {error}"));
            Exit::Unreadable
        }
    }
}

fn page(command: Command) -> io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
