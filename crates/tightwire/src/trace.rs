//! Spans for a tracer: the handshake, a frame at its handler, what it publishes, and the way from there to sockets.
//!
//! They lie on a target and a level of their own: whoever does not trace pays a comparison for each, and no log has them.
//! [`telemetry`](crate::telemetry) exports them.
//!
//! ```text
//! (the page's span) ─► handshake ─► frame ─► publish ─► fan-out
//! ```
//!
//! Frames follow the handshake where that has a `traceparent`: then somebody traces what the client does. Elsewhere each
//! frame begins a trace of its own, with a link to the handshake: a connection may live for days, and no trace should.

use tracing::field::Empty;
use tracing::{Level, Span};
use uuid::Uuid;
use warp::http::HeaderMap;

use crate::service::FrameInfo;

/// Where the spans of this module lie.
pub(crate) const TARGET: &str = "tightwire::trace";

/// How the frames of a connection find their way to its handshake.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    #[cfg(feature = "otlp")]
    handshake: Option<Box<Handshake>>,
}

#[cfg(feature = "otlp")]
#[derive(Clone, Debug)]
struct Handshake {
    context: opentelemetry::trace::SpanContext,
    /// Whether the client traces too.
    continued: bool,
}

/// The span of a handshake, and what its connection's frames need of it.
pub(crate) fn handshake(headers: &HeaderMap, route: &str) -> (Span, Trace) {
    let span = tracing::trace_span!(
        target: TARGET,
        "handshake",
        otel.kind = "server",
        http.route = route,
        http.response.status_code = Empty,
        client.address = Empty,
    );
    let trace = Trace::of(&span, headers);
    (span, trace)
}

impl Trace {
    #[cfg(not(feature = "otlp"))]
    fn of(_: &Span, _: &HeaderMap) -> Self {
        Self {}
    }

    #[cfg(feature = "otlp")]
    fn of(span: &Span, headers: &HeaderMap) -> Self {
        use opentelemetry::propagation::TextMapPropagator;
        use opentelemetry::trace::TraceContextExt;
        use opentelemetry_sdk::propagation::TraceContextPropagator;
        use tracing_opentelemetry::OpenTelemetrySpanExt;

        if span.is_disabled() {
            return Self::default();
        }
        let client = TraceContextPropagator::new().extract(&opentelemetry_http::HeaderExtractor(headers));
        let continued = client.span().span_context().is_valid();
        if continued {
            // It fails only if the span has begun.
            let _ = span.set_parent(client);
        }
        let context = span.context().span().span_context().clone();
        let handshake = context.is_valid().then(|| Box::new(Handshake { context, continued }));
        Self { handshake }
    }

    /// The span of a frame at its handler.
    pub(crate) fn frame(&self, info: &FrameInfo, route: &str, id: Uuid, connection_id: Uuid) -> Span {
        let span = tracing::trace_span!(
            target: TARGET,
            "frame",
            otel.name = info.wire_type,
            otel.kind = "server",
            otel.status_code = Empty,
            r#type = info.wire_type,
            topic = if info.channel.is_empty() { route } else { info.channel },
            correlation_id = %id,
            connection_id = %connection_id,
        );
        self.lead_to(&span);
        span
    }

    #[cfg(not(feature = "otlp"))]
    #[expect(clippy::unused_self, reason = "there is nothing in it without a tracer")]
    fn lead_to(&self, _: &Span) {}

    #[cfg(feature = "otlp")]
    fn lead_to(&self, span: &Span) {
        use opentelemetry::Context;
        use opentelemetry::trace::TraceContextExt;
        use tracing_opentelemetry::OpenTelemetrySpanExt;

        match self.handshake.as_deref() {
            Some(Handshake { context, continued: true }) => {
                let _ = span.set_parent(Context::new().with_remote_span_context(context.clone()));
            }
            Some(Handshake { context, continued: false }) => span.add_link(context.clone()),
            None => {}
        }
    }
}

/// Notes that the handler of the current frame has failed.
pub(crate) fn failed() {
    Span::current().record("otel.status_code", "ERROR");
}

/// The span of a publication.
pub(crate) fn publish<'a>(wire_type: &str, topic: impl FnOnce() -> &'a str, id: Uuid) -> Span {
    tracing::trace_span!(
        target: TARGET,
        "publish",
        otel.kind = "producer",
        r#type = wire_type,
        topic = topic(),
        correlation_id = %id,
    )
}

/// The span of the publication that is going on, for the fan-out that follows. Disabled where nothing is traced.
pub(crate) fn current() -> Span {
    if tracing::enabled!(target: TARGET, Level::TRACE) { Span::current() } else { Span::none() }
}

/// The span of the fan-out of what was published within these spans: a child of the first, with links to the others.
pub(crate) fn fan_out(published: &[Span], frames: usize) -> Span {
    let Some((first, others)) = published.split_first() else { return Span::none() };
    let span = tracing::trace_span!(target: TARGET, parent: first, "fan-out", frames);
    for other in others {
        span.follows_from(other);
    }
    span
}
