//! Serves the example on `ws://127.0.0.1:8081/`.

use std::io;

use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:8081").await?;
    example_kraken::run(listener, async { drop(tokio::signal::ctrl_c().await) }).await
}
