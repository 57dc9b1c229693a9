//! `accepted-invalid`: `set_target` with a violation of `maximum` at "/celsius" was answered as if it followed the contract.
//!
//! Expected: `error`, or a close with a code that says no. Actual: `target_set`.
//!
//! Found by `tightwire fuzz` with `--seed 7`. It fails for as long as the server does that.
//!
//! It needs the packages `tightwire-testkit`, `serde_json` and `tokio`,
//! the file `contract.json` beside it, and a function beside this module that starts the server and says where it
//! listens: `async fn server() -> (SocketAddr, impl Sized)`. What it gives beside that is kept until the test ends.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tightwire_testkit::Contract;
use tightwire_testkit::contract::Direction;
use tightwire_testkit::raw::{RawClient, RawFrame};

use super::server;

#[tokio::test]
async fn accepted_invalid_set_target() {
    let contract = Contract::from_bundle(include_str!("contract.json")).expect("a schema bundle");
    let (address, _server) = server().await;
    let (mut heard, mut end) = (Vec::new(), None);
    let mut client = connect(address).await;
    let frame = RawFrame::text(r#"{"op":"set_target","req":1,"room":"a","celsius":30.001}"#);
    client.send(&frame.to_bytes()).await.expect("it is taken");
    listen(&mut client, &mut heard, &mut end).await;
    let is_success = |frame: &&Value| {
        let message = contract.message(Direction::ToClient, frame);
        message.is_some_and(|message| ["target_set"].contains(&message)) && frame.pointer("/req") == Some(&json!(1))
    };
    let success = heard.iter().find(is_success);
    assert_eq!(success, None, "it was taken: {heard:?}, {end:?}");
}

async fn connect(address: SocketAddr) -> RawClient {
    let client = RawClient::upgrade(address, "/").await.expect("a WebSocket");
    client.patience(Duration::from_millis(1000))
}

/// Takes everything that comes, until nothing does for as long as a reply may take; and how the connection ends, if it does.
async fn listen(client: &mut RawClient, heard: &mut Vec<Value>, end: &mut Option<u16>) {
    loop {
        match client.frame().await {
            Ok(Some(frame)) => {
                heard.extend(frame.as_text().map(|text| serde_json::from_str(text).expect("JSON")));
                *end = end.or(frame.close_code());
            }
            Err(error) if error.kind() == ErrorKind::TimedOut => return,
            Ok(None) | Err(_) => {
                *end = end.or(Some(1006));
                return;
            }
        }
    }
}
