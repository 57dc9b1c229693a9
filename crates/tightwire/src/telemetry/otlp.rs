//! The way of spans to an OpenTelemetry collector: OTLP over HTTP, in Protobuf.
//!
//! Spans wait in a bounded queue; a thread of its own sends them, in batches. If the collector does not keep up, or is not
//! there, spans are dropped, and nobody waits. OpenTelemetry's own variables are honoured: `OTEL_SERVICE_NAME`,
//! `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER`, `OTEL_BSP_…`, `OTEL_EXPORTER_OTLP_…`.

use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tracing::Metadata;
use warp::http::header::HOST;
use warp::http::{HeaderValue, Uri};

use super::{InitError, Options};
use crate::trace::TARGET;

/// How long a collector may take for one batch.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest answer of a collector that is read.
const MAX_ANSWER: usize = 64 * 1024;

/// Whether spans are to be exported, by the settings and by OpenTelemetry's variables.
pub(super) fn is_wanted(options: &Options, variable: impl Fn(&str) -> Option<String>) -> bool {
    let says = |name: &str, value: &str| variable(name).is_some_and(|found| found.eq_ignore_ascii_case(value));
    let has = |name: &str| variable(name).is_some_and(|found| !found.is_empty());
    if says("OTEL_SDK_DISABLED", "true") || says("OTEL_TRACES_EXPORTER", "none") {
        return false;
    }
    !options.otlp_endpoint.is_empty() || has("OTEL_EXPORTER_OTLP_ENDPOINT") || has("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
}

/// What makes spans, and what sends them.
pub(super) fn start(options: &Options) -> Result<(SdkTracer, SdkTracerProvider), InitError> {
    let wrong = |error: &dyn std::fmt::Display| InitError::Traces(error.to_string());
    let runtime = Handle::try_current().map_err(|error| wrong(&error))?;
    let mut exporter = SpanExporter::builder().with_http().with_http_client(Client { runtime });
    if !options.otlp_endpoint.is_empty() {
        let endpoint = &options.otlp_endpoint;
        let uri: Uri = endpoint.parse().map_err(|error| wrong(&format!("{endpoint} is no address: {error}")))?;
        if uri.scheme_str() != Some("http") {
            return Err(InitError::Traces(format!(
                "{endpoint} does not begin with http://; a collector that is reached otherwise needs one beside the \
                 server that passes spans on"
            )));
        }
        exporter = exporter.with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')));
    }
    let exporter = exporter.build().map_err(|error| wrong(&error))?;
    let mut resource = Resource::builder();
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name(options.service.clone());
    }
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build();
    Ok((provider.tracer("tightwire"), provider))
}

/// What the tracer gets: our own spans for it instead of those that log lines stand in, and what the application says at
/// the level `info` and above.
pub(super) fn is_traced(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    if target == TARGET {
        return true;
    }
    let for_logs = metadata.is_span() && (target == "tightwire" || target.starts_with("tightwire::"));
    // What OpenTelemetry says of itself is for the log.
    !for_logs && *metadata.level() <= tracing::Level::INFO && !target.starts_with("opentelemetry")
}

/// Sends requests from whatever thread, on the runtime's.
#[derive(Debug)]
struct Client {
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        // The limit is set there too: its timer belongs to the runtime.
        self.runtime.spawn(async move { tokio::time::timeout(TIMEOUT, exchange(request)).await }).await??
    }
}

/// One request on a connection of its own: batches are seconds apart.
async fn exchange(mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let uri = request.uri().clone();
    let host = uri.host().ok_or("the collector's address has no host")?;
    let port = uri.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    request.headers_mut().insert(HOST, HeaderValue::try_from(format!("{host}:{port}"))?);
    *request.uri_mut() = uri.path_and_query().map_or("/", |path| path.as_str()).parse()?;
    let (head, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
    let body = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
    drop(sender);
    connection.abort();
    Ok(Response::from_parts(head, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(endpoint: &str, variables: &[(&str, &str)], expected: bool) {
        let options = Options { otlp_endpoint: endpoint.to_owned(), ..Options::default() };
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|it| it.1.to_owned());
        assert_eq!(is_wanted(&options, variable), expected, "{endpoint} {variables:?}");
    }

    #[test]
    fn the_setting_or_a_variable_asks_for_spans() {
        check("", &[], false);
        check("http://127.0.0.1:4318", &[], true);
        check("", &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")], true);
        check("", &[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318/v1/traces")], true);
        check("", &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")], false);
        check("http://127.0.0.1:4318", &[("OTEL_SDK_DISABLED", "TRUE")], false);
        check("http://127.0.0.1:4318", &[("OTEL_TRACES_EXPORTER", "none")], false);
    }

    #[tokio::test]
    async fn an_address_that_cannot_be_is_refused() {
        for endpoint in ["https://collector:4318", "collector:4318", "not an address"] {
            let options = Options { otlp_endpoint: endpoint.to_owned(), ..Options::default() };
            let Err(InitError::Traces(said)) = start(&options) else { panic!("{endpoint} was taken") };
            assert!(said.contains(endpoint), "{said}");
        }
    }
}
