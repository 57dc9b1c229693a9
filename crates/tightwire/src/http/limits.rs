//! `GET /api/dashboard/websocket/limits`: every limit in force, under the name of its setting.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tightwire_proto::outbound::SlowConsumer;
use tightwire_proto::session::ContractPolicy;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::StatusCode;
use warp::reply::Response;

use super::answer::{self, unauthorized};
use super::asking::caller;
use crate::auth::Caller;
use crate::config::Config;
use crate::service::Service;
use crate::shared::Shared;

pub(super) fn route<S: Service>(shared: Arc<Shared<S>>) -> BoxedFilter<(Response,)> {
    let path = warp::path!("api" / "dashboard" / "websocket" / "limits");
    path.and(warp::get())
        .and(caller(&shared))
        .map(move |caller: Caller| {
            if let Err(why) = caller {
                return unauthorized(why);
            }
            let (limits, heartbeat, config) = (shared.limits(), shared.heartbeat(), &shared.config);
            let mut body = json!({
                "contract_version": shared.contract.version,
                "limits": {
                    "max_message_bytes": limits.max_message_bytes,
                    "max_frame_bytes": limits.max_frame_bytes,
                    "messages_per_second": limits.messages_per_second,
                    "message_burst": limits.message_burst,
                    "connections": limits.connections,
                    "connections_per_address": config.connections_per_address.unwrap_or_default(),
                    "http_connections": config.http_connections,
                    "subscriptions_per_connection": limits.subscriptions_per_connection,
                    "outbound_queue_frames": limits.outbound_queue_frames,
                    "outbound_queue_bytes": limits.outbound_queue_bytes,
                    "idle_timeout_ms": limits.idle_timeout_ms,
                    "socket_unsent_bytes": config.socket_unsent_bytes,
                    "replay_frames": limits.replay_frames,
                    "replay_age_ms": limits.replay_age_ms,
                    "replay_topic_bytes": config.replay_topic_bytes,
                    "replay_total_bytes": config.replay_total_bytes,
                    "replay_topics": config.replay_topics,
                    "handshakes_per_second": config.handshake_rate.map_or(0, |rate| rate.per_second),
                    "handshake_burst": config.handshake_rate.map(|rate| rate.burst),
                    "client_logs_per_second": config.client_log_rate.map_or(0, |rate| rate.per_second),
                    "client_log_burst": config.client_log_rate.map(|rate| rate.burst),
                    "publications_per_second": config.publish_rate.map_or(0, |rate| rate.per_second),
                    "publication_burst": config.publish_rate.map(|rate| rate.burst),
                    "replays_per_second": config.replay_rate.map_or(0, |rate| rate.per_second),
                    "replay_burst": config.replay_rate.map(|rate| rate.burst),
                    "handshake_timeout_ms": millis(config.handshake_timeout),
                    "max_headers": config.max_headers,
                    "max_head_bytes": config.max_head_bytes,
                    "max_body_bytes": config.max_body_bytes,
                    "request_timeout_ms": millis(config.request_timeout),
                    "close_timeout_ms": millis(config.close_timeout),
                    "drain_ms": millis(config.drain),
                    "reconnect_spread_ms": millis(config.reconnect_spread),
                    "rate_limit_cooldown_ms": millis(config.rate_limit_cooldown),
                },
                "heartbeat": {
                    "ping_interval_ms": heartbeat.ping_interval_ms,
                    "pong_timeout_ms": heartbeat.pong_timeout_ms,
                },
                "policies": {
                    "tolerant": config.contract_policy == ContractPolicy::Tolerant,
                    "slow_consumer": match config.slow_consumer {
                        SlowConsumer::Disconnect => "disconnect",
                        SlowConsumer::DropOldest => "drop_oldest",
                    },
                },
            });
            add_redis(config, &mut body["limits"]);
            answer::json(StatusCode::OK, &body)
        })
        .boxed()
}

/// The limits that there are with Redis only.
#[cfg(feature = "redis")]
fn add_redis(config: &Config, limits: &mut Value) {
    let Some(redis) = &config.redis else { return };
    limits["redis_stream_frames"] = json!(redis.stream_frames);
    limits["redis_publish_queue_frames"] = json!(redis.publish_queue_frames);
    limits["redis_publish_queue_bytes"] = json!(redis.publish_queue_bytes);
    limits["redis_publish_timeout_ms"] = json!(millis(redis.publish_timeout));
    limits["redis_connect_timeout_ms"] = json!(millis(redis.connect_timeout));
}

#[cfg(not(feature = "redis"))]
fn add_redis(_: &Config, _: &mut Value) {}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
