//! Plain `warp::ws`, as its documentation shows it: a task and a channel per client.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use warp::Filter;
use warp::ws::{Message, WebSocket};

use crate::options::Serve;
use crate::wire;

type Clients = Arc<Mutex<HashMap<u64, mpsc::UnboundedSender<Message>>>>;

static NEXT: AtomicU64 = AtomicU64::new(0);

pub(crate) fn serve(serve: &Serve) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let control = TcpListener::bind(serve.control).await.context("cannot listen for control")?;
        let clients = Clients::default();
        let joining = Arc::clone(&clients);
        let routes = warp::path("ws").and(warp::ws()).map(move |ws: warp::ws::Ws| {
            let clients = Arc::clone(&joining);
            ws.on_upgrade(move |socket| client(socket, clients))
        });
        tokio::spawn(warp::serve(routes).run(serve.address));
        let (mut stream, _) = control.accept().await?;
        let frame = Message::text(wire::text(wire::FRAME_BYTES));
        let mut buffer = [0; 256];
        loop {
            let count = stream.read(&mut buffer).await?;
            if count == 0 {
                return Ok(());
            }
            let clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
            for _ in 0..count {
                for client in clients.values() {
                    // Whoever has left is removed by its own task.
                    let _ = client.send(frame.clone());
                }
            }
        }
    })
}

async fn client(socket: WebSocket, clients: Clients) {
    let (mut writer, mut reader) = socket.split();
    let (sender, mut receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(message) = receiver.recv().await {
            if writer.send(message).await.is_err() {
                break;
            }
        }
    });
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    clients.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sender.clone());
    let pong = Message::text(wire::text(wire::PONG_BYTES));
    while let Some(Ok(message)) = reader.next().await {
        if message.is_text() {
            let _ = sender.send(pong.clone());
        }
    }
    clients.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
}
