//! What `tightwire publish` is asked for.

use std::path::PathBuf;

use clap::Args;

use super::read::ReadArguments;

/// Publish one message to a topic, through a server that is running.
///
/// The server checks the message as the whole frame that subscribers get, and says which position it has.
#[derive(Args, Debug)]
#[command(after_help = PUBLISH_EXIT_CODES)]
pub(crate) struct PublishArguments {
    /// The server, for instance `http://127.0.0.1:8080`.
    #[arg(value_name = "URL")]
    pub(crate) url: String,

    /// The topic, for instance `thread:welcome`.
    #[arg(value_name = "TOPIC")]
    pub(crate) topic: String,

    /// The message, by the `type` of its frames.
    #[arg(value_name = "TYPE")]
    pub(crate) kind: String,

    /// What the message says, `data` of its frame: JSON, `@FILE`, or `-` for standard input.
    #[arg(value_name = "DATA", default_value = "-")]
    pub(crate) data: String,

    /// Check the message against this document first, and send nothing that does not follow it.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,

    /// A key of your own for this message, of at most 200 bytes: whoever says the same again with the same key publishes
    /// nothing, and is told the first position.
    #[arg(long, value_name = "KEY", value_parser = idempotency_key)]
    pub(crate) idempotency_key: Option<String>,

    /// A token that the server accepts (see `tightwire token`), with one of the roles that may publish.
    #[arg(long, env = "TIGHTWIRE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    /// Certificates of authorities to believe beside those that everybody does, as a PEM file.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Write what the server answered, as JSON.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

fn idempotency_key(text: &str) -> Result<String, String> {
    if (1..=200).contains(&text.len()) { Ok(text.to_owned()) } else { Err("a key has 1 to 200 bytes".to_owned()) }
}

const PUBLISH_EXIT_CODES: &str = "\
Exit codes:
  0  it is published
  1  it does not follow the contract, there is no such topic, or the document has errors
  2  the command line is wrong, or the data is not JSON
  3  the server cannot be reached or refuses, or a file cannot be read";
