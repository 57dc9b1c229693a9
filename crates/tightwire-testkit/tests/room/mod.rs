//! A small protocol of its own for the harness's tests, and a server for it that does exactly what a test tells it to.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{FutureExt, SinkExt, StreamExt};
use serde_json::{Value, json};
use tightwire_testkit::{Contract, Served, WsHarness};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio_websockets::{Message, ServerBuilder, WebSocketStream};
use uuid::Uuid;

/// The contract of the protocol.
pub(crate) fn contract() -> Contract {
    Contract::from_bundle(include_str!("room.schema.json")).unwrap()
}

/// A server that runs `script` for every client, and then ends the connection without a close frame.
pub(crate) fn server<S, R>(script: S) -> Served<impl Fn(DuplexStream) -> Serving + Clone>
where
    S: Fn(Peer<DuplexStream>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = ()> + Send,
{
    WsHarness::spawn(contract(), move |io| {
        let script = script.clone();
        Box::pin(async move { script(Peer::accept(io).await).await }) as Serving
    })
}

/// One connection being served.
type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The server's end of one connection.
pub(crate) struct Peer<T> {
    socket: WebSocketStream<T>,
    /// What the client's handshake asked for.
    pub(crate) path: String,
    /// The client's `authorization` header.
    pub(crate) authorization: Option<String>,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Peer<T> {
    pub(crate) async fn accept(io: T) -> Self {
        let (request, socket) = ServerBuilder::new()
            .add_header("sec-websocket-protocol".parse().unwrap(), "room.v1".parse().unwrap())
            .unwrap()
            .accept(io)
            .await
            .unwrap();
        let authorization = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
        Self { socket, path: request.uri().to_string(), authorization }
    }

    /// The client's next message, whatever its kind.
    pub(crate) async fn message(&mut self) -> Option<Message> {
        self.socket.next().await?.ok()
    }

    /// The client's next frame.
    pub(crate) async fn receive(&mut self) -> Value {
        let message = self.message().await.expect("a frame of the client");
        serde_json::from_str(message.as_text().expect("a text frame")).expect("JSON")
    }

    pub(crate) async fn text(&mut self, text: impl Into<String>) {
        self.send(Message::text(text.into())).await;
    }

    pub(crate) async fn frame(&mut self, frame: Value) {
        self.text(frame.to_string()).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        // The client of a failing test may be gone already.
        let _ = self.socket.send(message).await;
    }

    /// Writes bytes past the WebSocket layer.
    pub(crate) async fn bytes(&mut self, bytes: &[u8]) {
        self.socket.get_mut().write_all(bytes).await.unwrap();
    }

    pub(crate) async fn close(&mut self, code: u16, reason: &str) {
        self.send(Message::close(Some(code.try_into().unwrap()), reason)).await;
        while self.socket.next().await.is_some() {}
    }

    /// Reads past the WebSocket layer until there is nothing more to come.
    pub(crate) async fn until_gone(&mut self) {
        while self.socket.get_mut().read(&mut [0; 64]).await.is_ok_and(|count| count > 0) {}
    }

    /// Keeps the connection open until the client goes.
    pub(crate) async fn stay(mut self) {
        while self.message().await.is_some() {}
    }
}

/// A frame of the server with an id of its own.
pub(crate) fn frame(wire_type: &str, data: Value) -> Value {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let id = Uuid::from_u128(COUNT.fetch_add(1, Ordering::Relaxed).into());
    json!({"v": 1, "id": id, "type": wire_type, "topic": "room:a", "ts": 0, "correlation_id": Uuid::nil(), "data": data})
}

/// A `said` frame at a position in the log of `room:a`.
pub(crate) fn said_at(epoch: &str, seq: u64) -> Value {
    let mut said = said(seq);
    said["epoch"] = json!(epoch);
    said["seq"] = json!(seq);
    said
}

/// A `said` frame without a position.
pub(crate) fn said(number: u64) -> Value {
    frame("said", json!({"number": number}))
}

/// `frame` as the answer to `request`.
pub(crate) fn answering(request: &Value, mut frame: Value) -> Value {
    frame["correlation_id"] = request["id"].clone();
    frame
}

/// Runs a test that must fail; its message must contain the fragments in that order.
pub(crate) async fn check_failure(test: impl Future<Output = ()>, fragments: &[&str]) {
    let panic = AssertUnwindSafe(test).catch_unwind().await.expect_err("the harness found nothing to complain about");
    let message = panic.downcast::<String>().expect("a message");
    let mut rest = message.as_str();
    for fragment in fragments {
        match rest.split_once(fragment) {
            Some((_, behind)) => rest = behind,
            None => panic!("no `{fragment}` (in this order) in:\n{message}"),
        }
    }
}
