//! Spans on their whole way: from a client's frames to a collector that shares no code with the exporter.

mod collector;
mod protobuf;
#[path = "../runtime/protocol.rs"]
#[expect(dead_code, reason = "other tests need more of the protocol")]
mod protocol;

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tightwire::telemetry::{self, Format, Options};
use tightwire::{Config, Server};
use tokio::net::{TcpListener, TcpStream};
use tokio_websockets::{ClientBuilder, MaybeTlsStream, Message, WebSocketStream};
use uuid::Uuid;

use crate::collector::{Collector, Span};
use crate::protocol::Rooms;

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn connect(address: SocketAddr, traceparent: Option<&str>) -> Self {
        let mut builder = ClientBuilder::new().uri(&format!("ws://{address}/ws")).expect("a URI");
        if let Some(traceparent) = traceparent {
            let (name, value) = ("traceparent".parse().expect("a name"), traceparent.parse().expect("a value"));
            builder = builder.add_header(name, value).expect("a header");
        }
        let (socket, _) = builder.connect().await.expect("the handshake succeeds");
        let mut client = Self(socket);
        client.read_until("connection_established").await;
        client
    }

    /// Sends a frame, and returns its id once an answer of that type has come.
    async fn ask(&mut self, wire_type: &str, topic: &str, data: Value, answer: &str) -> String {
        let id = Uuid::new_v4().to_string();
        let frame = json!({"v": 1, "id": id, "type": wire_type, "topic": topic, "ts": 0, "data": data});
        self.0.send(Message::text(frame.to_string())).await.expect("sent");
        self.read_until(answer).await;
        id
    }

    async fn read_until(&mut self, wire_type: &str) {
        loop {
            let message = self.0.next().await.expect("open").expect("a message");
            let frame: Value = serde_json::from_slice(message.as_payload()).expect("JSON");
            if frame["type"] == wire_type {
                return;
            }
        }
    }
}

/// The one span of this name with this attribute.
#[track_caller]
fn find<'a>(spans: &'a [Span], name: &str, attribute: (&str, &str)) -> &'a Span {
    let fits = |span: &&Span| span.name == name && span.attribute(attribute.0) == Some(attribute.1);
    let found: Vec<_> = spans.iter().filter(fits).collect();
    let [span] = found[..] else { panic!("{} spans {name} with {attribute:?} in {spans:#?}", found.len()) };
    span
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_reach_their_collector() {
    let collector = Collector::start().await;
    let options = Options {
        format: Format::Json,
        filter: "warn".to_owned(),
        otlp_endpoint: format!("http://{}", collector.address()),
        service: "rooms".to_owned(),
    };
    let telemetry = telemetry::start(&options).expect("the only one in this process");
    let server = Server::new(Rooms::default(), Config::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(server.clone().run(listener, std::future::pending()));

    let mut traced = Client::connect(address, Some(TRACEPARENT)).await;
    traced.ask("subscribe", "system", json!({"topics": ["room:a"]}), "subscription_updated").await;
    let posted = traced.ask("post", "room:a", json!({"text": "hello"}), "posted").await;
    let mut plain = Client::connect(address, None).await;
    let failed = plain.ask("fail", "room:b", json!({}), "error").await;
    telemetry.end().await;
    let spans = collector.spans();

    assert!(spans.iter().all(|span| span.service == "rooms"), "{spans:#?}");
    let handshakes: Vec<_> = spans.iter().filter(|span| span.name == "handshake").collect();
    let [of_traced, of_plain] = handshakes[..] else { panic!("not two handshakes: {spans:#?}") };
    for handshake in [of_traced, of_plain] {
        assert_eq!(handshake.attribute("http.route"), Some("ws"));
        assert_eq!(handshake.attribute("http.response.status_code"), Some("101"));
        assert!(handshake.attribute("client.address").is_some_and(|client| client.starts_with("127.0.0.1:")));
    }

    // The page's trace goes on in the handshake, the frame, what it publishes, and the way to the subscribers.
    assert_eq!(of_traced.trace_id, "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(of_traced.parent_id, "b7ad6b7169203331");
    let frame = find(&spans, "post", ("correlation_id", &posted));
    assert_eq!((&frame.trace_id, &frame.parent_id), (&of_traced.trace_id, &of_traced.id));
    assert_eq!((frame.attribute("type"), frame.attribute("topic")), (Some("post"), Some("room:{name}")));
    let publish = find(&spans, "publish", ("correlation_id", &posted));
    assert_eq!((&publish.trace_id, &publish.parent_id), (&of_traced.trace_id, &frame.id));
    assert_eq!((publish.attribute("type"), publish.attribute("topic")), (Some("posted"), Some("room:{name}")));
    let fan_out = find(&spans, "fan-out", ("frames", "1"));
    assert_eq!((&fan_out.trace_id, &fan_out.parent_id), (&of_traced.trace_id, &publish.id));

    // Without such a page every frame is a trace of its own, from which one finds the handshake.
    let frame = find(&spans, "fail", ("correlation_id", &failed));
    assert_eq!((&*of_plain.parent_id, &*frame.parent_id), ("", ""));
    assert_ne!(frame.trace_id, of_plain.trace_id);
    assert_eq!(frame.links, [(of_plain.trace_id.clone(), of_plain.id.clone())]);
    assert!(frame.is_error, "{frame:#?}");

    // Spans that only log lines stand in are none of the tracer's business: one of them lives as long as its connection.
    assert!(!spans.iter().any(|span| ["connection", "frame"].contains(&&*span.name)), "{spans:#?}");
}
