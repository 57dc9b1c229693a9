//! The reference application of Tightwire: a chat server built from `asyncapi/chat.yml`.
//!
//! [`chat`] is generated from the contract by `build.rs`; [`service`] has a handler per operation. [`run`] serves on a
//! listener until its shutdown future is ready; `main` and the tests call the same function.

pub mod agents;
mod answer;
pub mod auth;
pub mod dashboard;
pub mod responder;
pub mod service;
pub mod settings;
pub mod threads;
mod web;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tightwire::proto::address_rate::AddressRate;
use tightwire::proto::contract::{Heartbeat, Limits};
use tightwire::proto::session::ContractPolicy;
use tightwire::{Auth, Config, Server};
use tokio::net::TcpListener;

use crate::auth::AuthError;
use crate::chat::ChatServer;
use crate::responder::Guide;
use crate::service::{Chat, Handlers};
use crate::settings::Settings;

tightwire::include_protocol!("chat");

/// The chat server, ready to serve streams or a listener.
///
/// # Errors
/// If the settings do not say who may connect.
pub fn server(settings: &Settings) -> Result<Server<ChatServer<Handlers>>, AuthError> {
    let auth = auth::auth(settings)?;
    let chat = Arc::new(Chat::new(Guide::new(Duration::from_millis(settings.responder_delay_ms))));
    let server =
        Server::new(chat::service(Handlers(Arc::clone(&chat))), config(settings, auth)).with_routes(web::routes());
    chat.attach(server.stats(), settings.connections);
    Ok(server)
}

/// Serves on `listener` until `shutdown` is ready and the clients have been sent away.
///
/// # Errors
/// The listener's, and the refusal to serve without authentication on an address that others can reach.
pub async fn run(settings: Settings, listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let address = listener.local_addr()?;
    auth::may_serve(&settings, address)?;
    let server = server(&settings)?;
    tracing::info!(%address, page = %format!("http://{address}/"), socket = %format!("ws://{address}/ws"), "serving");
    server.run(listener, shutdown).await
}

fn config(settings: &Settings, auth: Auth) -> Config {
    Config {
        auth,
        limits: Some(Limits {
            max_message_bytes: settings.max_message_bytes,
            max_frame_bytes: settings.max_frame_bytes,
            messages_per_second: settings.messages_per_second,
            message_burst: settings.message_burst,
            connections: settings.connections,
            subscriptions_per_connection: settings.subscriptions_per_connection,
            outbound_queue_frames: settings.outbound_queue_frames,
            outbound_queue_bytes: settings.outbound_queue_bytes,
            idle_timeout_ms: settings.idle_timeout_ms,
            replay_frames: settings.replay_frames,
            replay_age_ms: settings.replay_age_ms,
        }),
        heartbeat: Some(Heartbeat {
            ping_interval_ms: settings.ping_interval_ms,
            pong_timeout_ms: settings.pong_timeout_ms,
        }),
        contract_policy: if settings.tolerant { ContractPolicy::Tolerant } else { ContractPolicy::Strict },
        allowed_origins: settings.origins(),
        handshake_rate: (settings.handshakes_per_second > 0)
            .then_some(AddressRate { per_second: settings.handshakes_per_second, burst: settings.handshake_burst }),
        trusted_proxies: settings.trusted_proxies.0.clone(),
        replay_topic_bytes: settings.replay_topic_bytes,
        replay_total_bytes: settings.replay_total_bytes,
        replay_topics: settings.replay_topics,
        drain: Duration::from_millis(settings.drain_ms),
        ..Config::default()
    }
}
