//! `tightwire contract`: what clients rely on, written down and verified.

mod check;
mod flatten;
mod provider;
#[cfg(feature = "tls")]
mod secure;
mod verify;

use std::io::Write;

use crate::cli::{ContractArguments, ContractCommand, Exit};
use crate::output::Output;

/// Runs the command.
pub(crate) fn run<O: Write, E: Write>(arguments: &ContractArguments, output: &mut Output<O, E>) -> Exit {
    match &arguments.command {
        ContractCommand::Check(arguments) => check::run(arguments, output),
        ContractCommand::Flatten(arguments) => flatten::run(arguments, output),
        ContractCommand::Provider(arguments) => provider::run(arguments, output),
        ContractCommand::Verify(arguments) => verify::run(arguments, output),
    }
}
