//! An echo server on the accept loop, the reader and the writer of every server, for test suites of WebSocket itself:
//! `scripts/autobahn.sh` runs the Autobahn test suite against it.
//!
//! The address is the only argument; without one a free port of loopback is taken. It is printed once the server listens.

#![expect(clippy::print_stdout, reason = "whoever starts the server reads from it where the server listens")]

#[path = "../tests/websocket/echo.rs"]
mod echo;

use std::io;

use tightwire::Server;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(&address).await?;
    println!("{}", listener.local_addr()?);
    Server::new(echo::Echo, echo::config()).run(listener, std::future::pending()).await
}
