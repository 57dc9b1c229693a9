//! A client that shares nothing with the server but the wire, and the one check that most tests go through.

use std::net::{Ipv4Addr, SocketAddr};
use std::panic::Location;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tightwire::{Config, Server};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_websockets::{ClientBuilder, Message, WebSocketStream};
use uuid::Uuid;

use crate::protocol::{Posted, Room, Rooms, Typing};

/// Where a client of an in-memory pipe claims to be.
pub(crate) const REMOTE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 50_000);

/// A client.
pub(crate) struct Client<IO> {
    pub(crate) socket: WebSocketStream<IO>,
    started: Instant,
}

impl Client<DuplexStream> {
    /// Connects through a pipe in memory that holds `buffer` bytes.
    pub(crate) async fn connect(server: &Server<Rooms>, buffer: usize) -> Self {
        let (near, far) = tokio::io::duplex(buffer);
        tokio::spawn(server.serve_stream(far, REMOTE));
        Self::over(near).await
    }
}

impl Client<TcpStream> {
    /// Connects through a socket: there the hub writes itself.
    pub(crate) async fn connect_tcp(server: &Server<Rooms>) -> Self {
        Self::over(tcp(server).await).await
    }
}

/// The client's end of a socket that is served.
pub(crate) async fn tcp(server: &Server<Rooms>) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let near = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("connected");
    let (far, remote) = listener.accept().await.expect("connected");
    far.set_nodelay(true).expect("it is open");
    tokio::spawn(server.serve_stream(far, remote));
    near
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Client<IO> {
    /// Connects over a stream that is served already.
    pub(crate) async fn over(stream: IO) -> Self {
        Self::over_with(stream, "/ws", &[]).await
    }

    /// The same at a path with its query, and with headers.
    pub(crate) async fn over_with(stream: IO, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut builder = ClientBuilder::new().uri(&format!("ws://localhost{path}")).expect("a URI");
        for (name, value) in headers {
            let name = name.parse().expect("a header name");
            builder = builder.add_header(name, value.parse().expect("a header value")).expect("a header");
        }
        let (socket, _) = builder.connect_on(stream).await.expect("the handshake succeeds");
        Self { socket, started: Instant::now() }
    }

    /// Sends a frame, and returns its id.
    pub(crate) async fn send(&mut self, wire_type: &str, topic: &str, data: Value) -> Uuid {
        let id = Uuid::new_v4();
        let frame = json!({"v": 1, "id": id, "type": wire_type, "topic": topic, "ts": 0, "data": data});
        self.raw(Message::text(frame.to_string())).await;
        id
    }

    pub(crate) async fn raw(&mut self, message: Message) {
        // The server may have closed already; what it said before is still to be read.
        let _ = self.socket.send(message).await;
    }

    /// The next frame, if there is one.
    pub(crate) async fn frame(&mut self) -> Option<Value> {
        loop {
            let message = self.socket.next().await?.ok()?;
            if let Some(text) = message.as_text() {
                return Some(serde_json::from_str(text).expect("JSON"));
            } else if message.is_close() {
                return None;
            }
        }
    }

    /// The next event in short: a frame's type and what matters of it, `close` with its code, or `end`.
    pub(crate) async fn event(&mut self) -> String {
        let event = loop {
            match self.socket.next().await {
                Some(Ok(message)) if message.is_text() => {
                    break brief(&serde_json::from_slice(message.as_payload()).expect("JSON"));
                }
                Some(Ok(message)) => match message.as_close() {
                    Some((code, _)) => break format!("close {}", u16::from(code)),
                    None => continue,
                },
                Some(Err(_)) | None => break "end".to_owned(),
            }
        };
        match self.started.elapsed().as_secs() {
            0 => event,
            seconds => format!("{event} @{seconds}"),
        }
    }
}

/// A frame in short. Checks on the way what holds for every frame.
pub(crate) fn brief(frame: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().into_iter().flatten().map(text).collect::<Vec<_>>().join(" ");
    let id: Uuid = frame["id"].as_str().expect("an id").parse().expect("a UUID");
    assert_eq!(id.get_version_num(), 7, "ids of the server are UUIDv7");
    assert!(frame["correlation_id"].as_str().expect("a correlation").parse::<Uuid>().is_ok());
    assert!(frame["v"] == 1 && frame["ts"].is_u64() && frame["topic"].is_string() && frame["data"].is_object());
    assert_eq!(frame["seq"].is_u64(), frame["epoch"].is_string(), "seq and epoch come together");
    let data = &frame["data"];
    let detail = match frame["type"].as_str().expect("a type") {
        "error" => {
            let violations = data["violations"].as_array().into_iter().flatten();
            let violations: String = violations
                .map(|violation| format!(" {}:{}", text(&violation["pointer"]), text(&violation["keyword"])))
                .collect();
            let topics = list(&data["topics"]);
            let topics = if topics.is_empty() { topics } else { format!(": {topics}") };
            format!(" {}{violations}{topics}", text(&data["code"]))
        }
        "subscription_updated" => format!(" [{}]", list(&data["topics"])),
        "disconnect_notice" => format!(" {}", text(&data["reason"])),
        "replay_gap" => format!(" {}..{}", data["oldest_seq"], data["latest_seq"]),
        "joined" | "welcome" => format!(" {}", data["seq"]),
        "posted" => format!("#{} {}", frame["seq"], text(&data["text"])),
        "you" => format!(" {}", text(&data["text"])),
        _ => String::new(),
    };
    format!("{}{detail}", text(&frame["type"]))
}

/// What a client, or the application, does.
pub(crate) enum Step<'a> {
    /// The client sends a frame: type, topic, data.
    Send(&'a str, &'a str, Value),
    /// The client sends any text.
    Text(&'a str),
    /// The client sends something that is not text.
    Raw(Message),
    /// The application publishes a text to a room.
    Post(&'a str, &'a str),
    /// The application publishes something that is not kept.
    Typing(&'a str),
    /// The application lets the handler that waits go on.
    OpenGate,
    /// The client reads so many events.
    Read(usize),
    /// The client reads until the connection is closed.
    ReadAll,
    /// As before, but answers every ping.
    ReadAllAlive,
    /// Time passes.
    Pass(Duration),
    /// The server shuts down.
    Shutdown,
}

/// Runs the steps against a server and compares what the client read. The clock is paused, so time passes only where
/// everyone waits for it. In the end nothing of the connection may be left in the server.
#[track_caller]
pub(crate) fn check(config: Config, steps: Vec<Step<'_>>, expected: &[&str]) {
    let caller = Location::caller();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let found = runtime.expect("a runtime").block_on(async {
        let rooms = Rooms::default();
        let gate = rooms.gate.clone();
        let server = Server::new(rooms, config);
        let mut client = Client::connect(&server, 16 * 1024).await;
        let mut found = Vec::new();
        for step in steps {
            match step {
                Step::Send(wire_type, topic, data) => {
                    client.send(wire_type, topic, data).await;
                }
                Step::Text(text) => client.raw(Message::text(text.to_owned())).await,
                Step::Raw(message) => client.raw(message).await,
                Step::Post(room, text) => {
                    let message = Posted { text: text.to_owned() };
                    server.publisher().publish(&Room::named(room), &message).await.expect("published");
                }
                Step::Typing(room) => {
                    let message = Typing { text: String::new() };
                    server.publisher().publish(&Room::named(room), &message).await.expect("published");
                }
                Step::OpenGate => gate.notify_one(),
                Step::Read(count) => {
                    for _ in 0..count {
                        found.push(client.event().await);
                    }
                }
                Step::ReadAll => read_all(&mut client, &mut found, false).await,
                Step::ReadAllAlive => read_all(&mut client, &mut found, true).await,
                Step::Pass(time) => tokio::time::sleep(time).await,
                Step::Shutdown => {
                    let server = server.clone();
                    tokio::spawn(async move { server.shutdown().await });
                }
            }
        }
        drop(client);
        settle(&server).await;
        found
    });
    assert_eq!(found, expected, "at {caller}");
}

async fn read_all(client: &mut Client<DuplexStream>, found: &mut Vec<String>, alive: bool) {
    loop {
        let event = client.event().await;
        if alive && event.starts_with("ping") {
            client.send("pong", "system", json!({"timestamp": "2026-01-01T00:00:00Z"})).await;
        }
        let last = event.starts_with("close") || event.starts_with("end");
        found.push(event);
        if last {
            return;
        }
    }
}

/// Waits until the server has noticed that its client is gone; fails if something of it is left.
pub(crate) async fn settle(server: &Server<Rooms>) {
    let stats = server.stats();
    let gone = async {
        while stats.connections() > 0 || stats.subscriptions() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let within = Duration::from_secs(20);
    assert!(tokio::time::timeout(within, gone).await.is_ok(), "a connection or subscription is left");
    assert_eq!(stats.connections_total(), stats.disconnections_total());
}

/// A configuration with other limits.
pub(crate) fn with_limits(change: impl FnOnce(&mut tightwire::proto::contract::Limits)) -> Config {
    let mut limits = tightwire::proto::contract::Limits::DEFAULT;
    change(&mut limits);
    Config { limits: Some(limits), ..Config::default() }
}
