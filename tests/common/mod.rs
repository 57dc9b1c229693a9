//! The chat server on streams in memory: what the tests of the application connect to.

use std::net::SocketAddr;

use futures_util::future::BoxFuture;
use tightwire_chat::chat::CONTRACT;
use tightwire_chat::settings::Settings;
use tightwire_testkit::{Contract, Served, WsHarness};
use tokio::io::DuplexStream;

/// Starts the chat server with these flags; each client gets a stream of its own.
pub(crate) fn serve(flags: &[&str]) -> Served<impl Fn(DuplexStream) -> BoxFuture<'static, ()> + Clone> {
    let arguments = ["tightwire-chat", "--auth-disabled"].iter().chain(flags).copied();
    let settings = Settings::read(arguments).expect("the flags are right");
    let server = tightwire_chat::server(&settings).expect("the settings say who may connect");
    let contract = Contract::from_bundle(CONTRACT.schema_bundle).expect("the generated bundle is right");
    WsHarness::spawn(contract, move |io| {
        Box::pin(server.serve_stream(io, SocketAddr::from(([127, 0, 0, 1], 1)))) as BoxFuture<'_, _>
    })
}
