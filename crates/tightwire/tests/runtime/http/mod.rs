//! The HTTP endpoints beside the WebSocket, over real sockets.

mod client_logs;
mod contract;
mod events;
mod pages;
mod publish;
mod replay;

use std::net::SocketAddr;

use serde_json::Value;
use tightwire::proto::inbound::StreamPosition;
use tightwire::{Config, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::protocol::{Posted, Room, Rooms};

/// A server on a real socket.
pub(crate) struct Site {
    pub(crate) server: Server<Rooms>,
    pub(crate) address: SocketAddr,
}

/// What an endpoint answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The head, in lower case.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        assert!(self.head.contains("content-type: application/json\r\n"), "{self:?}");
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The status and what the error says.
    pub(crate) fn problem(&self) -> (u16, String) {
        let body = self.json();
        assert!(body["error"].is_string(), "{self:?}");
        (self.status, body["message"].as_str().expect("a message").to_owned())
    }
}

impl Site {
    pub(crate) async fn open(config: Config) -> Self {
        let server = Server::new(Rooms::default(), config);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(server.clone().run(listener, std::future::pending()));
        Self { server, address }
    }

    /// The same, and waits until it runs: until then it publishes nothing that others are to see.
    pub(crate) async fn running(config: Config) -> Self {
        let site = Self::open(config).await;
        assert_eq!(site.get("/health").await.status, 200);
        site
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    /// Sends a request on a connection of its own. A body has its length among the headers.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.expect("connected");
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        if !body.is_empty() {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        // The server may answer, and close, before it has read all.
        let _ = stream.write_all(format!("{request}\r\n{body}").as_bytes()).await;
        let mut response = Vec::new();
        let reading = stream.read_to_end(&mut response);
        let _ = tokio::time::timeout(std::time::Duration::from_secs(10), reading).await.expect("in time");
        let response = String::from_utf8(response).expect("UTF-8");
        let (head, body) = response.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head: format!("{}\r\n", head.to_lowercase()), body: body.to_owned() }
    }

    pub(crate) async fn post(&self, room: &str, text: &str) -> StreamPosition {
        let message = Posted { text: text.to_owned() };
        self.server.publisher().publish(&Room::named(room), &message).await.expect("published")
    }
}

/// RFC 9110, section 9.3.2.
#[tokio::test]
async fn heads_are_those_of_get_without_the_body() {
    let site = Site::open(Config { document: Some("asyncapi: 3.0.0\n".into()), ..Config::default() }).await;
    let without_date =
        |head: &str| head.lines().filter(|line| !line.starts_with("date:")).collect::<Vec<_>>().join("\n");
    for path in ["/docs/", "/asyncapi.yml", "/nothing"] {
        let (head, get) = (site.ask("HEAD", path, &[], "").await, site.get(path).await);
        assert_eq!(without_date(&head.head), without_date(&get.head), "{path}");
        assert_eq!(head.body, "", "{path}");
        assert_ne!(get.body, "", "{path}");
    }
    let events = site.ask("HEAD", "/sse?topics=room:a", &[], "").await;
    assert!(events.status == 200 && events.head.contains("content-type: text/event-stream"), "{events:?}");
    assert_eq!(events.body, "");
    let upgrade = [("Upgrade", "websocket"), ("Connection", "upgrade")];
    assert_eq!(site.ask("HEAD", "/ws", &upgrade, "").await.status, 405);
}
