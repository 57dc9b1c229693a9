//! What the server counts. Written all over the runtime, read by `/health`, the application and tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::clock;

/// A handle on the server's counters; every clone sees the same, current values.
#[derive(Clone, Debug)]
pub struct Stats(Arc<Counters>);

/// Gauges go up and down, the others only up. Relaxed order suffices: each stands for itself.
#[derive(Debug)]
pub(crate) struct Counters {
    started: Instant,
    pub(crate) connections: Counter,
    pub(crate) connections_total: Counter,
    pub(crate) disconnections_total: Counter,
    pub(crate) subscriptions: Counter,
    pub(crate) messages_received_total: Counter,
    pub(crate) messages_sent_total: Counter,
    pub(crate) sent_bytes_total: Counter,
    pub(crate) send_failures_total: Counter,
    pub(crate) errors_sent_total: Counter,
    pub(crate) unauthorized_total: Counter,
    pub(crate) handshakes_limited_total: Counter,
    pub(crate) rate_limited_total: Counter,
    pub(crate) contract_violations_total: Counter,
    pub(crate) backpressure_disconnects_total: Counter,
    pub(crate) frames_dropped_total: Counter,
    pub(crate) handler_panics_total: Counter,
    pub(crate) published_total: Counter,
}

/// One number.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn increment(&self) {
        self.add(1);
    }

    pub(crate) fn decrement(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            started: clock::now(),
            connections: Counter::default(),
            connections_total: Counter::default(),
            disconnections_total: Counter::default(),
            subscriptions: Counter::default(),
            messages_received_total: Counter::default(),
            messages_sent_total: Counter::default(),
            sent_bytes_total: Counter::default(),
            send_failures_total: Counter::default(),
            errors_sent_total: Counter::default(),
            unauthorized_total: Counter::default(),
            handshakes_limited_total: Counter::default(),
            rate_limited_total: Counter::default(),
            contract_violations_total: Counter::default(),
            backpressure_disconnects_total: Counter::default(),
            frames_dropped_total: Counter::default(),
            handler_panics_total: Counter::default(),
            published_total: Counter::default(),
        }
    }
}

impl Stats {
    pub(crate) fn new(counters: Arc<Counters>) -> Self {
        Self(counters)
    }

    /// How long the server has been there.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        clock::now().duration_since(self.0.started)
    }

    /// WebSocket connections now, those that are just being closed included.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.0.connections.get()
    }

    /// WebSocket connections since the start.
    #[must_use]
    pub fn connections_total(&self) -> u64 {
        self.0.connections_total.get()
    }

    /// WebSocket connections that have ended.
    #[must_use]
    pub fn disconnections_total(&self) -> u64 {
        self.0.disconnections_total.get()
    }

    /// Subscriptions of all connections now.
    #[must_use]
    pub fn subscriptions(&self) -> u64 {
        self.0.subscriptions.get()
    }

    /// Messages that clients have sent, refused ones included.
    #[must_use]
    pub fn messages_received_total(&self) -> u64 {
        self.0.messages_received_total.get()
    }

    /// Messages that were written to clients, to the last byte.
    #[must_use]
    pub fn messages_sent_total(&self) -> u64 {
        self.0.messages_sent_total.get()
    }

    /// Bytes that were written to clients.
    #[must_use]
    pub fn sent_bytes_total(&self) -> u64 {
        self.0.sent_bytes_total.get()
    }

    /// Messages that could not be handed to a client, because its queue was full or it was being closed.
    #[must_use]
    pub fn send_failures_total(&self) -> u64 {
        self.0.send_failures_total.get()
    }

    /// Handshakes, requests and renewals of clients that were not let in.
    #[must_use]
    pub fn unauthorized_total(&self) -> u64 {
        self.0.unauthorized_total.get()
    }

    /// Handshakes that were refused because their address began too many.
    #[must_use]
    pub fn handshakes_limited_total(&self) -> u64 {
        self.0.handshakes_limited_total.get()
    }

    /// Error frames.
    #[must_use]
    pub fn errors_sent_total(&self) -> u64 {
        self.0.errors_sent_total.get()
    }

    /// Frames that were dropped because they came too fast.
    #[must_use]
    pub fn rate_limited_total(&self) -> u64 {
        self.0.rate_limited_total.get()
    }

    /// Frames that violated the contract.
    #[must_use]
    pub fn contract_violations_total(&self) -> u64 {
        self.0.contract_violations_total.get()
    }

    /// Connections that were closed because their client did not read fast enough.
    #[must_use]
    pub fn backpressure_disconnects_total(&self) -> u64 {
        self.0.backpressure_disconnects_total.get()
    }

    /// Frames that were dropped for slow clients instead of closing them.
    #[must_use]
    pub fn frames_dropped_total(&self) -> u64 {
        self.0.frames_dropped_total.get()
    }

    /// Handlers that panicked.
    #[must_use]
    pub fn handler_panics_total(&self) -> u64 {
        self.0.handler_panics_total.get()
    }

    /// Messages that were published, however many subscribers they had.
    #[must_use]
    pub fn published_total(&self) -> u64 {
        self.0.published_total.get()
    }
}
