//! What the server counts, for the application. `/metrics` has the same and more.

use std::sync::Arc;
use std::time::Duration;

use crate::clock;
pub(crate) use crate::metrics::Counters;
use crate::metrics::Refusal;

/// A handle on the server's counters; every clone sees the same, current values.
#[derive(Clone, Debug)]
pub struct Stats(Arc<Counters>);

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
        self.0.connected.get()
    }

    /// Clients of Server-Sent Events now; they are among the connections too.
    #[must_use]
    pub fn sse_clients(&self) -> u64 {
        self.0.sse_clients.get()
    }

    /// WebSocket connections since the start.
    #[must_use]
    pub fn connections_total(&self) -> u64 {
        self.0.connections_total.get()
    }

    /// WebSocket connections that have ended.
    #[must_use]
    pub fn disconnections_total(&self) -> u64 {
        self.0.disconnections_total.iter().map(|(_, count)| count.get()).sum()
    }

    /// Subscriptions of all connections now.
    #[must_use]
    pub fn subscriptions(&self) -> u64 {
        self.0.subscriptions.iter().map(|(_, count)| count.get()).sum()
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
        self.0.messages_send_failures_total.get()
    }

    /// Handshakes, requests and renewals of clients that were not let in.
    #[must_use]
    pub fn unauthorized_total(&self) -> u64 {
        self.0.unauthorized_total.get()
    }

    /// Handshakes that were refused because their address began too many.
    #[must_use]
    pub fn handshakes_limited_total(&self) -> u64 {
        self.0.handshakes_refused_total.of(Refusal::RATE).get()
    }

    /// Error frames.
    #[must_use]
    pub fn errors_sent_total(&self) -> u64 {
        self.0.errors_sent_total.get()
    }

    /// Frames that were dropped because they came too fast.
    #[must_use]
    pub fn rate_limited_total(&self) -> u64 {
        self.0.messages_dropped_rate_limit_total.get()
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
        self.0.published_total.iter().map(|(_, count)| count.get()).sum()
    }

    /// Topics whose position is known, those included whose frames are no longer kept for replay.
    #[must_use]
    pub fn replay_topics(&self) -> u64 {
        self.0.replay_topics.get()
    }

    /// Frames that are kept for replay.
    #[must_use]
    pub fn replay_frames(&self) -> u64 {
        self.0.replay_frames.get()
    }

    /// The memory that everything takes that is kept for replay, in bytes.
    #[must_use]
    pub fn replay_bytes(&self) -> u64 {
        self.0.replay_bytes.get()
    }

    /// Gaps that clients were told of, because what they had missed was no longer kept for replay.
    #[must_use]
    pub fn replay_gaps_total(&self) -> u64 {
        self.0.replay_gaps_total.get()
    }
}
