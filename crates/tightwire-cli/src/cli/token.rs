//! What `tightwire token` is asked for.

use std::path::PathBuf;

use clap::Args;

/// Make a JSON Web Token (HS256) to try a server with, and write it to standard output.
#[derive(Args, Debug)]
#[command(after_help = TOKEN_EXIT_CODES)]
pub(crate) struct TokenArguments {
    /// A file with the secret of the server, at least 32 bytes.
    #[arg(long, value_name = "FILE", required_unless_present = "secret")]
    pub(crate) secret_file: Option<PathBuf>,

    /// The secret itself. Others on the machine can read command lines: better give the variable, or a file.
    #[arg(long, env = "AUTH_JWT_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub(crate) secret: Option<String>,

    /// Whose token it is (`sub`).
    #[arg(long, value_name = "NAME")]
    pub(crate) sub: String,

    /// What the server expects as audience (`aud`).
    #[arg(long, value_name = "NAME")]
    pub(crate) aud: Option<String>,

    /// What the server expects as issuer (`iss`).
    #[arg(long, value_name = "NAME")]
    pub(crate) iss: Option<String>,

    /// The topics that its bearer may read and send to, separated by commas; `*` is any text. Default: all.
    #[arg(long, value_name = "PATTERNS", value_delimiter = ',', conflicts_with_all = ["read", "write"])]
    pub(crate) topics: Vec<String>,

    /// The topics that its bearer may read, if they differ from those for writing.
    #[arg(long, value_name = "PATTERNS", value_delimiter = ',')]
    pub(crate) read: Vec<String>,

    /// The topics that its bearer may send to, if they differ from those for reading.
    #[arg(long, value_name = "PATTERNS", value_delimiter = ',')]
    pub(crate) write: Vec<String>,

    /// The roles of its bearer, separated by commas.
    #[arg(long, value_name = "ROLES", value_delimiter = ',')]
    pub(crate) roles: Vec<String>,

    /// For how long it is good, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(crate) expires_in: u64,
}

const TOKEN_EXIT_CODES: &str = "\
Exit codes:
  0  the token is on standard output
  2  the command line is wrong, or the secret too short
  3  the file cannot be read";
