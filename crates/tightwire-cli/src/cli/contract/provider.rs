//! What `tightwire contract provider` is asked for.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::super::read::ReadArguments;

/// Stand in for a server, for the tests of a client, and write down what they rely on.
///
/// It speaks the document's protocol over WebSockets. Tests say over HTTP, on the same port, what they rely on. Its address is
/// the first line that it prints, as JSON. It ends when its standard input does.
#[derive(Args, Debug)]
#[command(after_help = PROVIDER_EXAMPLES)]
pub(crate) struct ProviderArguments {
    /// The document.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: PathBuf,

    /// Who relies on the server: the consumer's name in the contract.
    #[arg(long, value_name = "NAME")]
    pub(crate) consumer: String,

    /// On whom they rely: the provider's name in the contract.
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: String,

    /// The contract.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,

    /// Compare the contract with what the tests rely on, and write nothing.
    #[arg(long)]
    pub(crate) check: bool,

    /// Where to listen. Port 0 is one that is free.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,

    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

const PROVIDER_EXAMPLES: &str = "\
Examples:
  tightwire contract provider --spec asyncapi/chat.yml --consumer frontend --provider chat --out contracts/frontend-v1.json

Exit codes:
  0  its standard input has ended
  1  the document is faulty
  2  the command line is wrong
  3  the document cannot be read, or it cannot listen there";
