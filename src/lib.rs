//! The reference application of Tightwire: a chat server built from `asyncapi/chat.yml`.
//!
//! [`chat`] is generated from the contract by `build.rs`; [`service`] has a handler per operation. [`run`] serves on a
//! listener until its shutdown future is ready; `main` and the tests call the same function.

pub mod agents;
mod answer;
pub mod dashboard;
mod orphan;
pub mod responder;
pub mod service;
pub mod settings;
mod system;
pub mod threads;
mod web;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tightwire::settings::ConfigError;
use tightwire::{Config, Server};
use tokio::net::TcpListener;

use crate::chat::ChatServer;
use crate::responder::Guide;
use crate::service::{Chat, Handlers};
use crate::settings::Settings;
use crate::system::Voice;

tightwire::include_protocol!("chat");

/// The chat server, ready to serve streams or a listener.
///
/// # Errors
/// If the settings do not say who may connect, or ask for TLS that cannot be had.
pub fn server(settings: &Settings) -> Result<Server<ChatServer<Handlers>>, ConfigError> {
    Ok(assemble(settings)?.0)
}

/// The server, and the application in it: for whoever has to look into it, as the verification of contracts does.
///
/// # Errors
/// As [`server`].
pub fn assemble(settings: &Settings) -> Result<(Server<ChatServer<Handlers>>, Arc<Chat>), ConfigError> {
    let document = Some(include_str!("../asyncapi/chat.yml").into());
    let docs = Some(tightwire::include_docs!("chat"));
    let config = Config { document, docs, ..settings.server.config()? };
    let chat = Arc::new(Chat::new(Guide::new(Duration::from_millis(settings.chat.responder_delay_ms))));
    let server = Server::new(chat::service(Handlers(Arc::clone(&chat))), config)
        .with_routes(web::routes(settings.chat.web_root.clone().into()));
    let server = server.with_presence(Voice(Arc::downgrade(&chat)));
    chat.attach(&server, settings.server.connections);
    Ok((server, chat))
}

/// Serves on `listener` until `shutdown` is ready and the clients have been sent away.
///
/// # Errors
/// The listener's, and the refusal to serve without authentication on an address that others can reach.
pub async fn run(settings: Settings, listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let address = listener.local_addr()?;
    settings.server.may_serve(address)?;
    let (server, chat) = assemble(&settings)?;
    let s = if is_secure(&server) { "s" } else { "" };
    let (page, socket) = (format!("http{s}://{address}/"), format!("ws{s}://{address}/ws"));
    tracing::info!(%address, page, socket, "serving");
    #[cfg(all(feature = "tls", unix))]
    let reloading = server.config().tls.as_ref().map(|tls| tls.reload_on_hangup().map(tokio::spawn)).transpose()?;
    let shutdown = async {
        shutdown.await;
        chat.end_answers().await;
    };
    let heralding = tokio::spawn(system::herald(Arc::clone(&chat), server.config().node_interval));
    let served = server.run(listener, shutdown).await;
    heralding.abort();
    #[cfg(all(feature = "tls", unix))]
    if let Some(reloading) = reloading {
        reloading.abort();
    }
    served
}

/// Whether the server speaks TLS itself.
fn is_secure(server: &Server<ChatServer<Handlers>>) -> bool {
    #[cfg(feature = "tls")]
    return server.config().tls.is_some();
    #[cfg(not(feature = "tls"))]
    {
        let _ = server;
        false
    }
}

/// The samples of docs/strategies.md.
#[cfg(doctest)]
#[doc = include_str!("../docs/strategies.md")]
mod strategies_of_the_documentation {}
