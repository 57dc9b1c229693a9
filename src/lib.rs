//! The reference application of Tightwire: a chat server built from `asyncapi/chat.yml`.
//!
//! [`chat`] is generated from the contract by `build.rs`; [`service`] has a handler per operation. [`run`] serves on a
//! listener until its shutdown future is ready; `main` and the tests call the same function.

pub mod agents;
mod answer;
pub mod dashboard;
pub mod responder;
pub mod service;
pub mod settings;
pub mod threads;
mod web;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tightwire::proto::contract::{Heartbeat, Limits};
use tightwire::proto::session::ContractPolicy;
use tightwire::{Auth, Config, Server};
use tokio::net::TcpListener;

use crate::chat::ChatServer;
use crate::responder::Guide;
use crate::service::{Chat, Handlers};
use crate::settings::Settings;

tightwire::include_protocol!("chat");

/// The chat server, ready to serve streams or a listener.
pub fn server(settings: &Settings) -> Server<ChatServer<Handlers>> {
    let chat = Arc::new(Chat::new(Guide::new(Duration::from_millis(settings.responder_delay_ms))));
    let server = Server::new(chat::service(Handlers(Arc::clone(&chat))), config(settings)).with_routes(web::routes());
    chat.attach(server.stats(), settings.connections);
    server
}

/// Serves on `listener` until `shutdown` is ready and the clients have been sent away.
///
/// # Errors
/// The listener's, and the refusal to serve without authentication on an address that others can reach.
pub async fn run(settings: Settings, listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let address = listener.local_addr()?;
    may_serve_everyone(&settings, address)?;
    tracing::info!(%address, page = %format!("http://{address}/"), socket = %format!("ws://{address}/ws"), "serving");
    server(&settings).run(listener, shutdown).await
}

fn config(settings: &Settings) -> Config {
    Config {
        auth: Auth::Disabled { force: settings.auth_disabled_anywhere },
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
        drain: Duration::from_millis(settings.drain_ms),
        ..Config::default()
    }
}

/// Refuses to let strangers in by mistake. The runtime would too, but it does not know the names of our flags.
fn may_serve_everyone(settings: &Settings, address: SocketAddr) -> io::Result<()> {
    let refusal = if settings.auth_disabled_anywhere || (settings.auth_disabled && address.ip().is_loopback()) {
        return Ok(());
    } else if settings.auth_disabled {
        format!(
            "--auth-disabled is for loopback addresses, and {address} can be reached from other machines: everyone there \
             could read and write every thread. Listen on 127.0.0.1, or start with --auth-disabled-anywhere if something \
             in front of the server keeps strangers out"
        )
    } else {
        "clients cannot be authenticated yet: start with --auth-disabled (loopback addresses only), \
         or with --auth-disabled-anywhere behind something that authenticates"
            .to_owned()
    };
    Err(io::Error::new(io::ErrorKind::PermissionDenied, refusal))
}
