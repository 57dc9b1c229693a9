//! Logs, structured JSON for machines or plain text for people, and spans for a tracer (feature `otlp`). The application
//! decides which, once, at its start.
//!
//! Every line about a frame carries `correlation_id`, `type` and `topic`, its own or its span's.

#[cfg(feature = "otlp")]
mod otlp;

use std::io::IsTerminal;

use tracing::Subscriber;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

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
    /// There can be no spans: correct the address of the collector.
    #[error("spans cannot be exported: {0}")]
    Traces(String),
    /// Someone has set up logs already. Go on with theirs, or call this once only.
    #[error("logs are set up already")]
    AlreadySet,
}

/// What to say, and to whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// How log lines look.
    pub format: Format,
    /// Which lines are written, for instance `info,tightwire=debug`.
    pub filter: String,
    /// Where spans go: the address of an OpenTelemetry collector, for instance `http://127.0.0.1:4318`. Empty: where
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` says, or nowhere.
    pub otlp_endpoint: String,
    /// What spans call the server, unless `OTEL_SERVICE_NAME` does.
    pub service: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            format: Format::Json,
            filter: "info".to_owned(),
            otlp_endpoint: String::new(),
            service: "tightwire".to_owned(),
        }
    }
}

/// To be ended when the server has ended, so that no span is lost.
#[derive(Debug)]
#[must_use]
pub struct Telemetry {
    #[cfg(feature = "otlp")]
    provider: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
}

impl Telemetry {
    /// Sends the last spans. May take as long as their collector does, a few seconds at most.
    pub async fn end(self) {
        #[cfg(feature = "otlp")]
        if let Some(provider) = self.provider {
            // It waits for the thread that sends, which needs the runtime.
            let ended = tokio::task::spawn_blocking(move || provider.shutdown()).await;
            if !matches!(ended, Ok(Ok(()))) {
                tracing::warn!("the last spans may not have reached their collector");
            }
        }
    }
}

/// Writes logs to the standard error stream from now on, and sends spans to a collector if the options or the environment
/// name one. To be called within a runtime.
///
/// # Errors
/// See [`InitError`].
pub fn start(options: &Options) -> Result<Telemetry, InitError> {
    #[cfg(feature = "otlp")]
    if otlp::is_wanted(options, |name| std::env::var(name).ok()) {
        let (tracer, provider) = otlp::start(options)?;
        let spans = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(tracing_subscriber::filter::filter_fn(otlp::is_traced));
        let lines = lines(options.format).with_filter(parse(&options.filter)?);
        let both = tracing_subscriber::registry().with(lines).with(spans);
        both.try_init().map_err(|_| InitError::AlreadySet)?;
        return Ok(Telemetry { provider: Some(provider) });
    }
    #[cfg(not(feature = "otlp"))]
    if !options.otlp_endpoint.is_empty() {
        return Err(InitError::Traces("this program was built without the feature `otlp`".to_owned()));
    }
    init(options.format, &options.filter)?;
    Ok(Telemetry {
        #[cfg(feature = "otlp")]
        provider: None,
    })
}

/// Writes logs to the standard error stream from now on, and nothing else.
///
/// # Errors
/// See [`InitError`].
pub fn init(format: Format, filter: &str) -> Result<(), InitError> {
    let registry = tracing_subscriber::registry().with(parse(filter)?).with(lines(format));
    registry.try_init().map_err(|_| InitError::AlreadySet)
}

fn parse(filter: &str) -> Result<EnvFilter, InitError> {
    EnvFilter::try_new(filter).map_err(|cause| InitError::Filter { filter: filter.to_owned(), cause })
}

/// What writes lines.
fn lines<S>(format: Format) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        Format::Json => layer.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
        Format::Pretty => layer.with_ansi(std::io::stderr().is_terminal()).boxed(),
    }
}
