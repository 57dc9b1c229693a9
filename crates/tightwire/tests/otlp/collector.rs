//! A collector: an HTTP server that keeps the spans that it is sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tightwire::warp::{self, Filter};
use tokio::net::TcpListener;

use crate::protobuf::{Field, fields};

/// A collector.
pub(crate) struct Collector {
    address: SocketAddr,
    spans: Arc<Mutex<Vec<Span>>>,
}

/// A span as it came over the wire; identities in hexadecimal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Span {
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) trace_id: String,
    pub(crate) id: String,
    pub(crate) parent_id: String,
    pub(crate) attributes: Vec<(String, String)>,
    /// Trace and span.
    pub(crate) links: Vec<(String, String)>,
    pub(crate) is_error: bool,
}

impl Collector {
    /// Listens, from now to the end of the process.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let spans = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&spans);
        let traces = warp::path!("v1" / "traces")
            .and(warp::post())
            .and(warp::header::exact("content-type", "application/x-protobuf"))
            .and(warp::body::bytes())
            .map(move |body: bytes::Bytes| {
                kept.lock().expect("not poisoned").extend(read(&body));
                // An empty ExportTraceServiceResponse: everything was accepted.
                Vec::<u8>::new()
            });
        tokio::spawn(warp::serve(traces).incoming(listener).run());
        Self { address, spans }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that has come.
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.spans.lock().expect("not poisoned").clone()
    }
}

impl Span {
    pub(crate) fn attribute(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == key).map(|(_, value)| &**value)
    }
}

/// The spans of an `ExportTraceServiceRequest` (opentelemetry-proto, `trace_service.proto` and `trace.proto`).
fn read(request: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    for resource_spans in messages(request, 1) {
        let resource = messages(resource_spans, 1).flat_map(|resource| messages(resource, 1)).map(attribute);
        let service = resource.into_iter().find(|(key, _)| key == "service.name").map(|(_, value)| value);
        for scope_spans in messages(resource_spans, 2) {
            let of_scope = messages(scope_spans, 2);
            spans.extend(of_scope.map(|it| Span { service: service.clone().unwrap_or_default(), ..span(it) }));
        }
    }
    spans
}

fn span(message: &[u8]) -> Span {
    let first = |number| messages(message, number).next().unwrap_or_default();
    Span {
        service: String::new(),
        name: text(first(5)),
        trace_id: hex(first(1)),
        id: hex(first(2)),
        parent_id: hex(first(4)),
        attributes: messages(message, 9).map(attribute).collect(),
        links: messages(message, 13).map(link).collect(),
        // Status.code: 2 is an error.
        is_error: fields(first(15)).any(|field| field == (3, Field::Number(2))),
    }
}

fn link(message: &[u8]) -> (String, String) {
    let first = |number| messages(message, number).next().unwrap_or_default();
    (hex(first(1)), hex(first(2)))
}

/// A `KeyValue`, its value as text.
fn attribute(message: &[u8]) -> (String, String) {
    let key = messages(message, 1).next().map(text).unwrap_or_default();
    let value = messages(message, 2).next().and_then(|value| fields(value).next()).map(|field| match field {
        (_, Field::Bytes(bytes)) => text(bytes),
        (_, Field::Number(number)) => number.to_string(),
    });
    (key, value.unwrap_or_default())
}

/// The fields of that number that are messages, texts or bytes.
fn messages(message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    fields(message).filter_map(move |field| match field {
        (found, Field::Bytes(bytes)) if found == number => Some(bytes),
        _ => None,
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
