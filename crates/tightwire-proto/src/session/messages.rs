//! The `data` of the messages that the session itself sends.
//!
//! The protocol's document describes them too (messages with `x-session`); clients are generated from that description.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use crate::contract::{Contract, Heartbeat, Limits};
use crate::frame::Position;
use crate::inbound::{StreamPosition, Violation};
use crate::log::Gap;

pub use super::timestamp::rfc3339;

/// The first frame: who the connection is and the limits it lives under.
#[derive(Clone, Debug, Serialize)]
pub struct ConnectionEstablished {
    /// Identity of the connection, for logs.
    pub connection_id: Uuid,
    /// The contract version that the server was built from.
    pub contract_version: &'static str,
    /// RFC 3339.
    pub server_time: String,
    /// How often the server pings.
    pub ping_interval_ms: u64,
    /// How long it waits for a pong.
    pub pong_timeout_ms: u64,
    /// What the connection may do.
    pub limits: ConnectionLimits,
}

impl ConnectionEstablished {
    /// The first frame of the connection.
    #[must_use]
    pub fn new(id: Uuid, contract: &Contract, limits: &Limits, heartbeat: &Heartbeat, unix_ms: u64) -> Self {
        Self {
            connection_id: id,
            contract_version: contract.version,
            server_time: rfc3339(unix_ms),
            ping_interval_ms: heartbeat.ping_interval_ms,
            pong_timeout_ms: heartbeat.pong_timeout_ms,
            limits: ConnectionLimits::from(limits),
        }
    }
}

/// The limits that a client should know.
#[derive(Clone, Debug, Serialize)]
pub struct ConnectionLimits {
    /// The largest frame that is looked at, in bytes.
    pub max_message_bytes: u64,
    /// Frames per second, for long.
    pub messages_per_second: u64,
    /// Frames at once.
    pub message_burst: u64,
    /// Topics at a time.
    pub subscriptions_per_connection: u64,
    /// Frames kept while the client is slow.
    pub outbound_queue_frames: u64,
    /// Bytes kept while the client is slow.
    pub outbound_queue_bytes: u64,
    /// Time without an application frame until close 4410.
    pub idle_timeout_ms: u64,
}

impl From<&Limits> for ConnectionLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            max_message_bytes: limits.max_message_bytes,
            messages_per_second: limits.messages_per_second,
            message_burst: limits.message_burst,
            subscriptions_per_connection: limits.subscriptions_per_connection,
            outbound_queue_frames: limits.outbound_queue_frames,
            outbound_queue_bytes: limits.outbound_queue_bytes,
            idle_timeout_ms: limits.idle_timeout_ms,
        }
    }
}

/// All current subscriptions.
#[derive(Clone, Debug, Serialize)]
pub struct SubscriptionUpdated<'a> {
    /// Sorted, unique.
    pub topics: Vec<&'a str>,
    /// Where the topics are that the request has added, where it asks for that. Live frames follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positions: Option<BTreeMap<&'a str, StreamPosition>>,
}

/// Asks for a pong.
#[derive(Clone, Debug, Serialize)]
pub struct Ping {
    /// RFC 3339.
    pub timestamp: String,
}

/// Answers a ping.
#[derive(Clone, Debug, Serialize)]
pub struct Pong<'a> {
    /// The timestamp of the ping, so that the client can measure the round trip; the server's time where it had none.
    pub timestamp: Cow<'a, str>,
}

/// Something was wrong with a frame.
#[derive(Clone, Debug, Serialize)]
pub struct Error<'a> {
    /// From the protocol's closed set.
    pub code: &'a str,
    /// The same in words.
    pub message: &'a str,
    /// RFC 3339.
    pub timestamp: String,
    /// Each place where the frame departs from the contract.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub violations: &'a [Violation],
    /// The topics concerned, as far as their names are well-formed.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub topics: &'a [String],
}

/// What was asked for is no longer kept.
#[derive(Clone, Debug, Serialize)]
pub struct ReplayGap<'a> {
    /// The epoch of the topic's log.
    pub epoch: &'a str,
    /// The oldest position that is still kept; 0 for none.
    pub oldest_seq: u64,
    /// The newest position; 0 for none.
    pub latest_seq: u64,
}

impl<'a> From<&'a Gap> for ReplayGap<'a> {
    fn from(gap: &'a Gap) -> Self {
        Self { epoch: &gap.epoch, oldest_seq: gap.oldest, latest_seq: gap.latest }
    }
}

impl<'a> From<&'a Position> for ReplayGap<'a> {
    fn from(position: &'a Position) -> Self {
        Self { epoch: &position.epoch, oldest_seq: 0, latest_seq: position.seq }
    }
}

/// The credentials were renewed.
#[derive(Clone, Debug, Serialize)]
pub struct Authenticated {
    /// RFC 3339.
    pub expires_at: String,
}

/// The server is about to close.
#[derive(Clone, Debug, Serialize)]
pub struct DisconnectNotice<'a> {
    /// Why.
    pub reason: &'a str,
    /// How long to wait before the next attempt.
    pub reconnect_after_ms: u64,
}
