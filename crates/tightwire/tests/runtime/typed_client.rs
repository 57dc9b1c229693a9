//! The client that generated code uses: against the servers of the other tests, and against servers that misbehave.

use std::future::Future;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tightwire::client::{Client, ClientConfig, ClientError, ClientProtocol, ConnectError, Match, Replies, Side};
use tightwire::proto::contract::{Contract, Heartbeat, SessionRole};
use tightwire::proto::envelope::Stamp;
use tightwire::proto::inbound::{Inbound, Rejection};
use tightwire::{Config, Server, Service};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_websockets::{CloseCode, Limits, Message, ServerBuilder, WebSocketStream};
use uuid::Uuid;

use crate::client::{REMOTE, with_limits};
use crate::exchange::{self, Exchange, ToClient, ToServer};
use crate::protocol::{self, Rooms};

/// The exchange, seen from the client.
pub(crate) enum Trader {}

impl ClientProtocol for Trader {
    type In = ToClient;
    type Out = ToServer;

    fn contract() -> &'static Contract {
        &exchange::CONTRACT
    }

    fn decode(text: &[u8]) -> Result<Inbound<ToClient>, Rejection> {
        exchange::decode(text)
    }

    fn encode(frame: &ToServer, _: &Stamp) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(frame)
    }
}

/// The rooms, seen from the client. Frames are type, topic and data.
enum Guest {}

impl ClientProtocol for Guest {
    type In = Value;
    type Out = (&'static str, &'static str, Value);

    fn contract() -> &'static Contract {
        &protocol::CONTRACT
    }

    fn decode(text: &[u8]) -> Result<Inbound<Value>, Rejection> {
        let mut inbound = exchange::decode::<Value>(text)?;
        let id = |name: &str| inbound.frame[name].as_str().and_then(|id| id.parse::<Uuid>().ok());
        (inbound.id, inbound.correlation_id) = (id("id").unwrap_or_default(), id("correlation_id"));
        Ok(inbound)
    }

    fn encode((wire_type, topic, data): &Self::Out, stamp: &Stamp) -> Result<Vec<u8>, serde_json::Error> {
        tightwire::client::envelope(stamp, wire_type, topic, data)
    }

    fn pong(timestamp: String, last_id: Option<Uuid>) -> Option<Self::Out> {
        Some(("pong", "system", json!({"timestamp": timestamp, "last_id": last_id})))
    }

    fn session_role(frame: &Value) -> Option<SessionRole> {
        (frame["type"] == "ping").then_some(SessionRole::Ping)
    }
}

async fn connect<P: ClientProtocol, S: Service>(server: &Server<S>, path: &str, config: ClientConfig) -> Client<P> {
    let (near, far) = tokio::io::duplex(16 * 1024);
    tokio::spawn(server.serve_stream(far, REMOTE));
    Client::connect_on(near, &format!("ws://localhost{path}"), config).await.expect("the handshake succeeds")
}

fn subscribe(pair: &str) -> ToServer {
    ToServer::Subscribe { pair: pair.to_owned() }
}

fn order(reqid: u64, outcome: &str) -> ToServer {
    ToServer::Order { reqid, outcome: outcome.to_owned() }
}

fn done(inbound: &Inbound<ToClient>, reqid: u64) -> bool {
    inbound.frame == ToClient::Done { reqid }
}

#[track_caller]
fn closed(end: Option<Result<ToClient, ClientError>>) -> (u16, String, Side) {
    match end {
        Some(Err(ClientError::Closed(closed))) => (closed.code, closed.reason, closed.by),
        other => panic!("not closed: {other:?}"),
    }
}

async fn trade(client: &mut Client<Trader>, server: &Server<Exchange>) {
    let status = ToClient::Status { symbol: Some("ETH".to_owned()) };
    assert_eq!(client.next().await, Some(Ok(status)));
    let reply = client.request(&subscribe("XBT"), |inbound| matches!(inbound.frame, ToClient::Subscribed { .. })).await;
    assert_eq!(reply.expect("a reply").frame, ToClient::Subscribed { pair: "XBT".to_owned() });
    // Replies find their requests, whatever their order; what nobody waits for is for `next`.
    let sender = client.sender();
    let (one, two) = (order(1, "done"), order(2, "done"));
    let replies = tokio::join!(
        client.request(&one, |inbound| done(inbound, 1)),
        sender.request(&two, |inbound| done(inbound, 2)),
    );
    assert!(replies.0.is_ok() && replies.1.is_ok());
    for bid in [0, 5] {
        let ticker = ToClient::Ticker { pair: "XBT".to_owned(), bid };
        if bid > 0 {
            server.publisher().broadcast("XBT", &ticker).await.expect("broadcast");
        }
        assert_eq!(client.next().await, Some(Ok(ticker)));
    }
    client.send(&ToServer::Whoami).await.expect("sent");
    let you = ToClient::You { token: Some("secret".to_owned()), depth: Some("5".to_owned()) };
    assert_eq!(client.next().await, Some(Ok(you)));
}

fn with_token() -> ClientConfig {
    ClientConfig { headers: vec![("X-Token".to_owned(), "secret".to_owned())], ..ClientConfig::default() }
}

const ETH: &str = "/v1/marketdata/ETH?depth=5";

#[tokio::test(start_paused = true)]
async fn a_client_of_a_flat_protocol() {
    let server = Server::new(Exchange::default(), Config::default());
    let mut client = connect::<Trader, _>(&server, ETH, with_token()).await;
    trade(&mut client, &server).await;
    let ClientError::Closed(end) = client.close().await else { panic!("not closed") };
    assert_eq!((end.code, end.by), (1000, Side::Client));
    while server.stats().connections() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_client_on_tcp() {
    let server = Server::new(Exchange::default(), Config::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}{ETH}", listener.local_addr().expect("an address"));
    let running = tokio::spawn(server.clone().run(listener, std::future::pending()));
    let mut client = Client::<Trader>::connect(&url, with_token()).await.expect("connected");
    trade(&mut client, &server).await;
    server.shutdown().await;
    assert_eq!(closed(client.next().await), (1001, "the server shuts down".to_owned(), Side::Server));
    assert_eq!(client.next().await, None);
    assert!(matches!(client.send(&ToServer::Whoami).await, Err(ClientError::Closed(end)) if end.code == 1001));
    assert!(matches!(client.request(&ToServer::Whoami, |_| true).await, Err(ClientError::Closed(_))));
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn a_client_of_an_enveloped_protocol() {
    let server = Server::new(Rooms::default(), Config::default());
    let mut client = connect::<Guest, _>(&server, "/ws", ClientConfig::default()).await;
    let wire_type = |frame: &Value| frame["type"].as_str().unwrap_or_default().to_owned();
    let topics = json!({"topics": ["room:a"]});
    let reply = client.request_correlated(&("subscribe", "system", topics)).await.expect("a reply");
    assert_eq!(wire_type(&reply.frame), "subscription_updated");
    let reply = client.request_correlated(&("fail", "room:a", json!({}))).await.expect("a reply");
    assert_eq!(reply.frame["data"]["code"], "not_found");
    let id = client.send(&("post", "room:a", json!({"text": "x"}))).await.expect("sent");
    assert_eq!(wire_type(&client.next().await.expect("a frame").expect("sound")), "connection_established");
    let posted = client.next_inbound().await.expect("a frame").expect("sound");
    assert_eq!((wire_type(&posted.frame), posted.correlation_id), ("posted".to_owned(), Some(id)));
    // The server's pings are answered by the client itself, or the server would close after 90 s.
    assert!(tokio::time::timeout(Duration::from_secs(500), client.next()).await.is_err());
    let end = client.next().await.expect("an event").expect("a notice");
    assert_eq!(end["data"]["reason"], "idle_timeout");
}

/// Asks for so many frames, and says which of those that arrive is the last.
async fn flood(client: &Client<Guest>, frames: u64, last: u64) -> Replies<Guest> {
    let mut seen = 0;
    let matches = move |frame: &Value| match &frame["type"] {
        wire_type if wire_type == "welcome" => {
            seen += 1;
            if seen == last { Match::Last } else { Match::Reply }
        }
        _ => Match::No,
    };
    let flood = ("flood", "room:a", json!({"frames": frames}));
    client.request_sequence(&flood, matches).await.expect("it can be sent")
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_several_frames() {
    let server = Server::new(Rooms::default(), Config::default());
    let config = ClientConfig { buffered_frames: 2, ..ClientConfig::default() };
    let mut client = connect::<Guest, _>(&server, "/ws", config).await;
    assert_eq!(client.next().await.expect("a frame").expect("sound")["type"], "connection_established");

    // What is beyond the last is for `next`. More of them than are buffered wait at the server.
    let mut answer = flood(&client, 7, 5).await;
    for _ in 0..5 {
        assert_eq!(answer.next().await.expect("a frame").expect("sound").frame["type"], "welcome");
    }
    assert_eq!(answer.next().await, None);
    for _ in 0..2 {
        assert_eq!(client.next().await.expect("a frame").expect("sound")["type"], "welcome");
    }

    // If the last does not come, that is an error after the time that a request waits, and the end.
    let mut answer = flood(&client, 1, 2).await;
    assert!(matches!(answer.next().await, Some(Ok(_))));
    let before = Instant::now();
    assert_eq!(answer.next().await, Some(Err(ClientError::NoReply(Duration::from_secs(30)))));
    assert_eq!(before.elapsed().as_secs(), 30);
    assert_eq!(answer.next().await, None);

    // One that nobody reads holds nothing up once it is dropped.
    drop(flood(&client, 10, 100).await);
    for _ in 0..10 {
        assert_eq!(client.next().await.expect("a frame").expect("sound")["type"], "welcome");
    }

    let mut answer = flood(&client, 1, 2).await;
    assert!(matches!(answer.next().await, Some(Ok(_))));
    let (_, end) = tokio::join!(server.shutdown(), answer.next());
    assert!(matches!(end, Some(Err(ClientError::Closed(closed))) if closed.code == 1001));
    assert_eq!(answer.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn why_the_server_closes_is_known() {
    let server = Server::new(Exchange::default(), Config::default());
    for (frame, code, reason) in
        [(order(1, "forbidden"), 1008, "not for you"), (order(1, "internal"), 1011, "the book is shut")]
    {
        let mut client = connect::<Trader, _>(&server, "/v2", ClientConfig::default()).await;
        client.next().await.expect("a status").expect("a status");
        // A request that can have no reply any more ends too.
        assert!(matches!(client.request(&frame, |_| true).await, Err(ClientError::Closed(end)) if end.code == code));
        assert_eq!(closed(client.next().await), (code, reason.to_owned(), Side::Server));
        assert_eq!(client.next().await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sent_is_not_sent() {
    let server = Server::new(Exchange::default(), Config::default());
    let mut client = connect::<Trader, _>(&server, "/v2", ClientConfig::default()).await;
    let large = subscribe(&"x".repeat(70_000));
    assert!(matches!(client.send(&large).await, Err(ClientError::TooLarge { max: 65_536, .. })));
    let before = Instant::now();
    let unanswered = client.request(&order(1, "refused"), |_| false).await;
    assert_eq!(unanswered, Err(ClientError::NoReply(Duration::from_secs(30))));
    assert_eq!(before.elapsed().as_secs(), 30);
    let reply = client.request(&order(2, "done"), |inbound| done(inbound, 2)).await;
    assert!(reply.is_ok());
    assert!(client.next().await.expect("the status").is_ok());
}

/// A server of nobody's protocol, that does what the test wants once the handshake is done.
pub(crate) async fn against<F: Future<Output = ()> + Send + 'static>(
    config: ClientConfig,
    script: impl FnOnce(WebSocketStream<DuplexStream>) -> F + Send + 'static,
) -> Client<Trader> {
    let (near, far) = tokio::io::duplex(64 * 1024);
    tokio::spawn(async move {
        let builder = ServerBuilder::new().limits(Limits::unlimited());
        let (_, socket) = builder.accept(far).await.expect("a handshake");
        script(socket).await;
    });
    Client::connect_on(near, "ws://localhost/v2", config).await.expect("the handshake succeeds")
}

/// What the client says of a message, and with which code it closes, if it does.
async fn check_message(message: Message, expected: &str) {
    let (tell, told) = tokio::sync::oneshot::channel();
    let mut client = against(ClientConfig::default(), |mut socket| async move {
        socket.send(message).await.expect("sent");
        let answer = socket.next().await.and_then(Result::ok);
        let code = answer.and_then(|answer| answer.as_close().map(|(code, _)| u16::from(code)));
        tell.send(code).expect("the test waits");
    })
    .await;
    let said = match client.next().await.expect("an event") {
        Ok(frame) => format!("{frame:?}"),
        Err(ClientError::Closed(end)) => format!("{} by {}", end.code, end.by),
        Err(error) => error.to_string(),
    };
    drop(client);
    let code = told.await.expect("the server is done").map_or_else(String::new, |code| format!(", closed with {code}"));
    assert_eq!(format!("{said}{code}"), expected);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_breaks_the_rules() {
    let violation = "a frame of the server does not follow the contract at";
    check_message(Message::text(r#"{"event":"nobody knows"}"#), &format!("{violation} `/pair`, closed with 1000"))
        .await;
    check_message(Message::text("{"), &format!("{violation} ``, closed with 1000")).await;
    check_message(Message::binary("x"), "1003 by the client, closed with 1003").await;
    check_message(Message::text("x".repeat(2 << 20)), "1009 by the client, closed with 1009").await;
    check_message(Message::close(None, ""), "1005 by the server, closed with 1005").await;
    let gone = CloseCode::try_from(4000).expect("a code");
    check_message(Message::close(Some(gone), "why"), "4000 by the server, closed with 4000").await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_gone() {
    let mut client = against(ClientConfig::default(), |socket| async { drop(socket) }).await;
    assert!(matches!(client.next().await, Some(Err(ClientError::Lost(_)))));
    assert_eq!(client.next().await, None);
    // One that is there but says nothing.
    let heartbeat = Some(Heartbeat { ping_interval_ms: 1000, pong_timeout_ms: 5000 });
    let config = ClientConfig { heartbeat, ..ClientConfig::default() };
    let mut client = against(config, |socket| async {
        std::future::pending::<()>().await;
        drop(socket)
    })
    .await;
    let before = Instant::now();
    assert!(matches!(client.next().await, Some(Err(ClientError::Lost(_)))));
    assert_eq!(before.elapsed().as_secs(), 6);
}

/// A server that sends pings and takes no pongs fills its pipe and not our memory.
#[tokio::test(start_paused = true)]
async fn pings_without_end_are_not_read_without_end() {
    let (count, counted) = tokio::sync::watch::channel(0);
    let mut client = against(ClientConfig::default(), move |socket| async move {
        let mut stream = socket.into_inner();
        let ping = [[0x89, 125].as_slice(), &[0; 125]].concat();
        while stream.write_all(&ping).await.is_ok() {
            count.send_modify(|count| *count += 1);
        }
    })
    .await;
    let before = Instant::now();
    assert!(matches!(client.next().await, Some(Err(ClientError::Lost(_)))), "no pong comes either");
    assert_eq!(before.elapsed().as_secs(), 90);
    let pings = *counted.borrow();
    assert!((500..5000).contains(&pings), "{pings} pings were taken");
}

/// An application that does not read lets the server wait; nothing is lost.
#[tokio::test(start_paused = true)]
async fn an_application_that_does_not_read() {
    let config = ClientConfig { buffered_frames: 2, ..ClientConfig::default() };
    let mut client = against(config, |mut socket| async move {
        for reqid in 0..10_000 {
            let frame = serde_json::to_string(&ToClient::Done { reqid }).expect("JSON");
            socket.send(Message::text(frame)).await.expect("sent");
        }
        while socket.next().await.is_some() {}
    })
    .await;
    // Longer than the server's silence would be allowed to last.
    tokio::time::sleep(Duration::from_secs(500)).await;
    for reqid in 0..10_000 {
        assert_eq!(client.next().await, Some(Ok(ToClient::Done { reqid })));
    }
}

/// Says `response` to whoever connects.
async fn refused_with(response: String) -> ConnectError {
    let (near, mut far) = tokio::io::duplex(16 * 1024);
    tokio::spawn(async move {
        let _ = far.read(&mut [0; 1024]).await;
        let _ = far.write_all(response.as_bytes()).await;
        std::future::pending::<()>().await;
    });
    Client::<Trader>::connect_on(near, "ws://localhost/v2", ClientConfig::default()).await.expect_err("no WebSocket")
}

#[tokio::test(start_paused = true)]
async fn why_there_is_no_connection() {
    let server = Server::new(Exchange::default(), with_limits(|limits| limits.connections = 0));
    for (path, expected) in [("/nowhere", 404), ("/v2", 503), ("/v2?depth=x", 400)] {
        let (near, far) = tokio::io::duplex(16 * 1024);
        tokio::spawn(server.serve_stream(far, REMOTE));
        let url = format!("ws://localhost{path}");
        let error = Client::<Trader>::connect_on(near, &url, ClientConfig::default()).await.expect_err("refused");
        assert!(matches!(error, ConnectError::Refused { status } if status == expected), "{error}");
    }
    for (url, part) in [
        #[cfg(not(feature = "tls"))]
        ("wss://localhost/", "turn on the feature `tls` of the crate `tightwire`"),
        ("http://localhost/", "ws://"),
        ("ws://", "not the URL"),
        ("localhost", "scheme"),
        ("ws://127.0.0.1:1/", "127.0.0.1:1 cannot be reached"),
    ] {
        let error = Client::<Trader>::connect(url, ClientConfig::default()).await.expect_err("no connection");
        assert!(error.to_string().contains(part), "{error}");
    }
    let headers = vec![("Host".to_owned(), "x".to_owned())];
    let (near, _far) = tokio::io::duplex(1024);
    let config = ClientConfig { headers, ..ClientConfig::default() };
    let error = Client::<Trader>::connect_on(near, "ws://localhost/", config).await.expect_err("a wrong header");
    assert!(matches!(&error, ConnectError::Header(name) if name == "Host"), "{error}");
    assert!(matches!(refused_with("SSH-2.0\r\n\r\n".to_owned()).await, ConnectError::Handshake(_)));
    assert!(matches!(refused_with("HTTP/1.1 101 ".to_owned()).await, ConnectError::Timeout(_)));
    let endless = format!("HTTP/1.1 101 OK\r\nX-Endless: {}", "x".repeat(100_000));
    let error = refused_with(endless).await.to_string();
    assert!(error.contains("too long"), "{error}");
}
