//! What `tightwire contract` is asked for, a file for each of its commands.

mod check;
mod flatten;
mod provider;
mod verify;

use clap::{Args, Subcommand};

pub(crate) use self::check::CheckArguments;
pub(crate) use self::flatten::FlattenArguments;
pub(crate) use self::provider::ProviderArguments;
pub(crate) use self::verify::VerifyArguments;

/// Write down what clients rely on, and hold servers to it.
///
/// Contracts are files in the format Pact V4, which consumers' tests write.
#[derive(Args, Debug)]
pub(crate) struct ContractArguments {
    #[command(subcommand)]
    pub(crate) command: ContractCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContractCommand {
    Check(CheckArguments),
    Flatten(FlattenArguments),
    Provider(ProviderArguments),
    Verify(VerifyArguments),
}
