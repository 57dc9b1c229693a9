//! Groups of protocols without an envelope.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tightwire::{Config, Server};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_websockets::{ClientBuilder, Message, WebSocketStream};

use super::system::{Kind, PATIENCE};
use crate::exchange::{Exchange, ToClient};

async fn open(config: Config) -> (Server<Exchange>, SocketAddr) {
    let server = Server::new(Exchange::default(), config);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(server.clone().run(listener, std::future::pending()));
    (server, address)
}

async fn next(socket: &mut WebSocketStream<TcpStream>) -> Value {
    let message = timeout(PATIENCE, socket.next()).await.expect("in time").expect("open").expect("a message");
    serde_json::from_str(message.as_text().expect("text")).expect("JSON")
}

fn ticker(pair: &str, bid: u64) -> Value {
    json!({"event": "ticker", "pair": pair, "bid": bid})
}

pub(super) async fn a_group_is_reached_on_every_node(kind: Kind) {
    let (configs, _needs) = kind.configs(Config::default());
    let mut nodes = Vec::new();
    for config in configs {
        nodes.push(open(config).await);
    }
    let node = |number: usize| &nodes[number % nodes.len()];
    // The last one is in a group of its own.
    let mut sockets = Vec::new();
    for (number, pair) in ["XBT", "XBT", "XBT", "XBT", "ETH"].into_iter().enumerate() {
        let stream = TcpStream::connect(node(number).1).await.expect("connected");
        let builder = ClientBuilder::new().uri("ws://localhost/v2").expect("a URI");
        let (mut socket, _) = builder.connect_on(stream).await.expect("the handshake succeeds");
        assert_eq!(next(&mut socket).await["event"], "status");
        let subscribe = json!({"event": "subscribe", "pair": pair}).to_string();
        socket.send(Message::text(subscribe)).await.expect("open");
        assert_eq!(next(&mut socket).await, json!({"event": "subscribed", "pair": pair}));
        // Whoever joins sends a ticker to all, and reads it behind the reply.
        assert_eq!(next(&mut socket).await, ticker(pair, 0));
        sockets.push((pair, socket));
        for (_, other) in sockets.iter_mut().rev().skip(1).filter(|(group, _)| *group == pair) {
            assert_eq!(next(other).await, ticker(pair, 0));
        }
    }
    for bid in 1..=50 {
        let message = |pair: &str| ToClient::Ticker { pair: pair.to_owned(), bid };
        let publisher = node(bid as usize).0.publisher();
        for pair in ["XBT", "nobody", "ETH"] {
            publisher.broadcast(pair, &message(pair)).await.expect("broadcast");
        }
    }
    for (pair, socket) in &mut sockets {
        for bid in 1..=50 {
            assert_eq!(next(socket).await, ticker(pair, bid));
        }
    }
}
