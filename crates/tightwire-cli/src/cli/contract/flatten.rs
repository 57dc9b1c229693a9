//! What `tightwire contract flatten` is asked for.

use std::path::PathBuf;

use clap::Args;

/// Write a contract for tools that know one reply per request.
///
/// A request with several answers becomes several interactions, one for each answer.
#[derive(Args, Debug)]
pub(crate) struct FlattenArguments {
    /// The contract: a file in the format Pact V4.
    #[arg(value_name = "PACT")]
    pub(crate) pact: PathBuf,
}
