//! A client that knows what it waits for, in real time.

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::system::PATIENCE;
use crate::client::{Client, brief};
use crate::http::Site;

/// A client on a socket.
pub(crate) struct Reader {
    client: Client<TcpStream>,
}

impl Reader {
    /// Connects to a node.
    pub(crate) async fn on(site: &Site) -> Self {
        let client = Client::over(TcpStream::connect(site.address).await.expect("connected")).await;
        let mut reader = Self { client };
        reader.expect(&["connection_established"]).await;
        reader
    }

    /// Connects to a node and subscribes to a room.
    pub(crate) async fn of(site: &Site, room: &str) -> Self {
        let mut reader = Self::on(site).await;
        reader.subscribe(&[&format!("room:{room}")]).await;
        reader
    }

    /// Connects to a node and subscribes to a room after a position or frame.
    pub(crate) async fn after(site: &Site, room: &str, start: Value) -> Self {
        let mut reader = Self::on(site).await;
        let topic = format!("room:{room}");
        reader.send("subscribe", "system", json!({"topics": [topic], "after": {&topic: start}})).await;
        reader.expect(&[&format!("subscription_updated [{topic}]")]).await;
        reader
    }

    /// Subscribes, until the server has confirmed it: from then on nothing is missed.
    pub(crate) async fn subscribe(&mut self, topics: &[&str]) {
        self.send("subscribe", "system", json!({"topics": topics})).await;
        let frame = self.next().await;
        assert_eq!(frame["type"], "subscription_updated", "{frame}");
    }

    /// Waits until the server has done all that it was told before: frames are handled one after the other. Nothing else
    /// may come.
    pub(crate) async fn settle(&mut self) {
        self.send("whoami", "room:me", json!({})).await;
        self.expect(&["you nobody"]).await;
    }

    pub(crate) async fn send(&mut self, wire_type: &str, topic: &str, data: Value) -> String {
        self.client.send(wire_type, topic, data).await.to_string()
    }

    /// The next frame that is not of the heartbeat.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let frame = timeout(PATIENCE, self.client.frame()).await.expect("a frame in time").expect("a frame");
            if frame["type"] != "ping" {
                return frame;
            }
            self.send("pong", "system", json!({"timestamp": "2026-01-01T00:00:00Z"})).await;
        }
    }

    /// Reads so many frames, which must be these in short.
    pub(crate) async fn expect(&mut self, expected: &[&str]) {
        let mut found = Vec::new();
        for _ in expected {
            found.push(brief(&self.next().await));
        }
        assert_eq!(found, expected);
    }

    /// Reads what was posted up to and with that sequence number: the texts. They must follow `after` densely.
    pub(crate) async fn posted(&mut self, after: u64, until: u64) -> Vec<String> {
        let mut texts = Vec::new();
        for seq in after + 1..=until {
            let frame = self.next().await;
            assert_eq!((frame["type"].as_str(), frame["seq"].as_u64()), (Some("posted"), Some(seq)), "{frame}");
            texts.push(frame["data"]["text"].as_str().expect("a text").to_owned());
        }
        texts
    }
}
