//! What the server measures: one table, from which the counters themselves, `/metrics`, its JSON twin and the
//! documentation come.
//!
//! Written all over the runtime, with one atomic addition each and without a lock. Whoever needs another number adds a
//! line to the table. Labels take their values from the contract or from a fixed list, never from what a client says:
//! so there are as many series as on the first day, whatever happens.

mod label;
mod snapshot;
#[cfg(test)]
mod tests;
mod value;

use std::time::Instant;

use tightwire_proto::contract::Contract;

pub(crate) use self::label::{CloseCode, MessageType, OTHER, Operation, Per, Refusal, Topic};
pub(crate) use self::snapshot::Snapshot;
use self::snapshot::{Family, Measure};
pub(crate) use self::value::{Counter, Gauge, Histogram};
use crate::clock;

/// What every name begins with, in Prometheus.
pub(crate) const PREFIX: &str = "ws_";

/// What a row of the table says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// The name, without [`PREFIX`].
    pub(crate) name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub(crate) kind: &'static str,
    /// The name of its label, if it has one.
    pub(crate) label: Option<&'static str>,
    /// What it counts.
    pub(crate) help: &'static str,
}

/// Declares the table and the struct that holds the values, so that neither can forget a row of the other.
macro_rules! metrics {
    ($($(#[doc = $help:literal])+ $name:ident: $type:ty;)+) => {
        /// The server's counters.
        #[derive(Debug)]
        pub(crate) struct Counters {
            /// When the server was made.
            pub(crate) started: Instant,
            $($(#[doc = $help])+ pub(crate) $name: $type,)+
        }

        /// What there is to measure.
        pub(crate) const TABLE: &[Row] = &[$(Row {
            name: stringify!($name),
            kind: <$type as Measure>::KIND,
            label: <$type as Measure>::LABEL,
            help: concat!($($help),+).trim_ascii(),
        },)+];

        impl Counters {
            /// Nothing has happened yet.
            pub(crate) fn new(contract: &'static Contract) -> Self {
                Self { started: clock::now(), $($name: <$type as Measure>::new(contract),)+ }
            }

            /// All values, in the order of [`TABLE`].
            pub(crate) fn snapshot(&self) -> Snapshot {
                let values = [$(self.$name.samples(),)+];
                Snapshot(TABLE.iter().zip(values).map(|(row, samples)| Family { row: *row, samples }).collect())
            }
        }
    };
}

metrics! {
    /// Messages that were written to clients, to the last byte.
    messages_sent_total: Counter;
    /// Messages that clients have sent, refused ones included.
    messages_received_total: Counter;
    /// Messages that could not be handed to a client, because its queue was full or it was being closed.
    messages_send_failures_total: Counter;
    /// Frames of clients that were dropped because they came too fast.
    messages_dropped_rate_limit_total: Counter;
    /// Error frames that were sent.
    errors_sent_total: Counter;
    /// Frames of clients that violated the contract.
    contract_violations_total: Counter;
    /// Clients that were subscribed to something when their connection ended.
    updates_disconnections_total: Counter;
    /// Clients that are subscribed to something now.
    updates_clients: Gauge;
    /// WebSocket connections now, those that are just being opened or closed included.
    connected: Gauge;
    /// Clients of Server-Sent Events now; they are among the connections too.
    sse_clients: Gauge;
    /// WebSocket connections since the start.
    connections_total: Counter;
    /// WebSocket connections that have ended, by close code; 1006 is an end without a close.
    disconnections_total: Per<CloseCode, Counter>;
    /// Handshakes that were refused, by reason.
    handshakes_refused_total: Per<Refusal, Counter>;
    /// Requests and clients without valid credentials.
    unauthorized_total: Counter;
    /// Connections that were closed because their client did not read fast enough.
    backpressure_disconnects_total: Counter;
    /// Frames that were dropped for slow clients instead of closing them.
    frames_dropped_total: Counter;
    /// Bytes that were written to clients.
    sent_bytes_total: Counter;
    /// Subscriptions of all clients now, by the topic's template.
    subscriptions: Per<Topic, Gauge>;
    /// Frames that wait in the queues of all clients now.
    outbound_queue_frames: Gauge;
    /// Bytes that wait in the queues of all clients now.
    outbound_queue_bytes: Gauge;
    /// Messages that were published, by type, however many subscribers they had.
    published_total: Per<MessageType, Counter>;
    /// Topics whose position is known, those included whose frames are no longer kept for replay.
    replay_topics: Gauge;
    /// Frames that are kept for replay.
    replay_frames: Gauge;
    /// The memory that everything takes that is kept for replay.
    replay_bytes: Gauge;
    /// Gaps that clients were told of, because what they had missed was no longer kept for replay.
    replay_gaps_total: Counter;
    /// Servers of the system that are known to this one, itself included.
    nodes: Gauge;
    /// Servers of the system that were found gone by this one, without a goodbye.
    nodes_lost_total: Counter;
    /// 1 if the event bus works, else 0.
    bus_up: Gauge;
    /// How long the event bus took for a message, where it is another process; failures included.
    bus_publish_seconds: Histogram;
    /// Messages that wait for the event bus now.
    bus_queue_frames: Gauge;
    /// Messages that were refused because the event bus could not be reached, or too many waited for it.
    bus_refused_total: Counter;
    /// Messages that the event bus was sent again, because the connection was lost before it had answered.
    bus_retried_total: Counter;
    /// Connections to the event bus that were lost.
    bus_lost_total: Counter;
    /// Messages that came on channels of other programs, where this server is the one that listens for all.
    channel_messages_total: Counter;
    /// Those of them that were dropped because they do not follow the contract.
    channel_messages_refused_total: Counter;
    /// Those of them that were dropped because they could not be published.
    channel_messages_failed_total: Counter;
    /// How often a part of the event bus had lost what was published there, so that its topics began anew.
    bus_resets_total: Counter;
    /// How often a part of the event bus had no longer all that this server had missed.
    bus_holes_total: Counter;
    /// Frames that were then found in what is kept of their topics.
    bus_recovered_frames_total: Counter;
    /// What was found in the event bus that cannot be read, or that no server of the system has written.
    bus_unreadable_total: Counter;
    /// Handlers that panicked.
    handler_panics_total: Counter;
    /// How long handlers took, by operation.
    handler_seconds: Per<Operation, Histogram>;
    /// How long it took to walk the subscribers of a topic with what was published there.
    fanout_seconds: Histogram;
    /// How long it took from publishing a message until every subscriber's socket, or its queue if it was slow, had it.
    delivery_lag_seconds: Histogram;
    /// How long it took until a client had everything, when a message could not be written to its socket at once.
    catch_up_seconds: Histogram;
    /// How old the last frame was that a client has seen, as it said in a pong; a quiet topic makes it old too.
    acknowledged_age_seconds: Histogram;
}
