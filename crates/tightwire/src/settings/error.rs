//! Why there are no settings.

use std::io;
use std::path::PathBuf;

use super::{AuthError, RedisError, TlsError};

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The command line is wrong, or help was asked for: print it and leave.
    #[error(transparent)]
    Arguments(#[from] clap::Error),
    /// The file cannot be read: check the path given with `--config`.
    #[error("cannot read the settings file {path}: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// An environment variable has a value that it cannot have: the text says which, and why not.
    #[error("the environment variable {0}")]
    Variable(String),
    /// The file is not TOML, has a key that does not exist, or a value that the key cannot have: the text says which, and
    /// what to write instead.
    #[error("{path}: {message}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

/// Why there is no server, although the settings could be read. Each says which of them to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// They do not say who may connect.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// They ask for TLS, and it cannot be had.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// They ask for Redis, and it cannot be had.
    #[error(transparent)]
    Redis(#[from] RedisError),
}

impl From<ConfigError> for io::Error {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Auth(error) => error.into(),
            ConfigError::Tls(error) => Self::new(io::ErrorKind::InvalidInput, error),
            ConfigError::Redis(error) => Self::new(io::ErrorKind::InvalidInput, error),
        }
    }
}

impl SettingsError {
    /// Shows the error, or the help that was asked for, and ends the process: 0 after help, 2 after an error.
    #[expect(clippy::print_stderr, reason = "this is how a command speaks to its caller before it has a log")]
    pub fn exit(&self) -> ! {
        match self {
            // clap prints help to stdout and mistakes to stderr, and knows the exit code of each.
            Self::Arguments(error) => error.exit(),
            error => {
                eprintln!("error: {error}");
                std::process::exit(2)
            }
        }
    }
}
