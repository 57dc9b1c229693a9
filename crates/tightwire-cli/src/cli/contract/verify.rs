//! What `tightwire contract verify` is asked for.

use std::path::PathBuf;

use clap::Args;

use super::super::read::ReadArguments;

/// Hold a server that is running to what its clients rely on.
///
/// Has every conversation of the contracts with the server, over WebSockets, and says what it did otherwise.
#[derive(Args, Debug)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(crate) struct VerifyArguments {
    /// The contracts.
    #[arg(value_name = "CONTRACT", required = true)]
    pub(crate) contracts: Vec<PathBuf>,

    /// The server, for instance `ws://127.0.0.1:8080/ws`.
    #[arg(long, value_name = "URL", value_parser = websocket)]
    pub(crate) url: String,

    /// Hold everything that the server sends against this document, too. Needed where frames have no envelope and contracts name
    /// messages.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,

    /// Where the server is put into the states that contracts name: `POST {"state", "params", "action"}`, the action is `setup` or
    /// `teardown`. Without it states are taken for granted.
    #[arg(long, value_name = "URL")]
    pub(crate) provider_states_url: Option<String>,

    /// Only interactions whose description or key contains this.
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,

    /// A header of the handshake, for instance `x-tenant: a`. May be given more than once.
    #[arg(long, value_name = "NAME: VALUE", value_parser = header)]
    pub(crate) header: Vec<(String, String)>,

    /// A subprotocol to offer. May be given more than once.
    #[arg(long, value_name = "NAME")]
    pub(crate) subprotocol: Vec<String>,

    /// A token that the server accepts, sent as `Authorization: Bearer` (see `tightwire token`).
    #[arg(long, env = "TIGHTWIRE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<String>,

    /// Certificates of authorities to believe beside those that everybody does, as a PEM file; for `wss://`.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// How long to wait for frames where a contract does not say, for the handshake and for subscriptions, in milliseconds.
    #[arg(long, value_name = "MS", default_value = "5000", value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    pub(crate) patience_ms: u64,

    /// How long nothing must follow the last frame of an answer, in milliseconds.
    #[arg(long, value_name = "MS", default_value = "100", value_parser = clap::value_parser!(u64).range(0..=60_000))]
    pub(crate) quiet_ms: u64,

    /// Write the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,

    /// Write the report as JUnit XML to this file, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

fn websocket(text: &str) -> Result<String, String> {
    if text.starts_with("ws://") || text.starts_with("wss://") {
        return Ok(text.to_owned());
    }
    Err("expected `ws://` or `wss://`, a host, a port and a path".to_owned())
}

fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.trim().to_owned())),
        _ => Err("expected a name, `:` and a value".to_owned()),
    }
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  tightwire contract verify --url ws://127.0.0.1:8080/ws contracts/*.json
  tightwire contract verify --url ws://127.0.0.1:8080/ws --spec asyncapi/chat.yml \\
    --provider-states-url http://127.0.0.1:9000/states --junit report.xml contracts/*.json

Exit codes:
  0  the server does what its clients rely on (what is pending does not count)
  1  it does not; or the document is faulty
  2  the command line is wrong, or no interaction has what --filter says
  3  the server cannot be reached or refuses, or a file cannot be read, is no contract, or cannot be written";
