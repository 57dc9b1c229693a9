//! A server for the test that `tightwire fuzz` has written: another one that is running already, or one that says no to
//! whatever it is sent.

use std::net::SocketAddr;

use serde_json::json;
use tightwire_testkit::raw::{RawClient, RawFrame};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Where it listens, and what ends it.
pub(crate) async fn server() -> (SocketAddr, Option<JoinHandle<()>>) {
    if let Ok(address) = std::env::var(crate::SERVER) {
        return (address.parse().expect("an address"), None);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    (address, Some(tokio::spawn(refuse(listener))))
}

async fn refuse(listener: TcpListener) {
    let (mut stream, _) = listener.accept().await.expect("a client");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        use tokio::io::AsyncReadExt;
        head.push(stream.read_u8().await.expect("a request"));
    }
    // The other end of the connection, but frames are frames.
    let mut peer = RawClient::over(stream);
    peer.send(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").await.expect("it is taken");
    while let Ok(Some(_)) = peer.frame().await {
        let no = RawFrame::text(json!({"op": "error", "reason": "no"}).to_string()).unmasked();
        peer.send(&no.to_bytes()).await.expect("it is taken");
    }
}
