//! Logs: structured JSON for machines, plain text for people. The application decides which, once, at its start.
//!
//! Every line about a frame carries `correlation_id`, `type` and `topic`, its own or its span's.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line, for production.
    #[default]
    Json,
    /// Text, for people.
    Pretty,
}

/// Why there are no logs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// The filter cannot be read. Mend it: it is a list such as `info,tightwire=debug`.
    #[error("the log filter `{filter}` cannot be read: {cause}; it is a list such as `info,tightwire=debug`")]
    Filter {
        /// The filter.
        filter: String,
        /// What is wrong with it.
        #[source]
        cause: tracing_subscriber::filter::ParseError,
    },
    /// Someone has set up logs already. Go on with theirs, or call this once only.
    #[error("logs are set up already")]
    AlreadySet,
}

/// Writes logs to the standard error stream from now on.
///
/// # Errors
/// See [`InitError`].
pub fn init(format: Format, filter: &str) -> Result<(), InitError> {
    let parsed = EnvFilter::try_new(filter).map_err(|cause| InitError::Filter { filter: filter.to_owned(), cause })?;
    let builder = tracing_subscriber::fmt().with_env_filter(parsed).with_writer(std::io::stderr);
    let result = match format {
        Format::Json => builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
        Format::Pretty => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
    };
    result.map_err(|_| InitError::AlreadySet)
}
