//! The golden files of the Rust output, compiled and used.

#![deny(warnings)]

mod golden {
    include!("rust/exchange.rs");
    include!("rust/names.rs");
    include!("rust/operations.rs");
    include!("rust/push.rs");
    include!("rust/shapes.rs");
    include!("rust/trader.rs");
}

use std::sync::Arc;

use serde_json::{Value, json};
use tightwire::client::Client;
use tightwire::{Config, Context, Server, Service};

use golden::{exchange, operations, shapes, trader};

/// The smallest application: the compiler says whether the trait asks for what the document says.
struct Rooms;

impl operations::OperationsService for Rooms {
    async fn ask(
        &self,
        _cx: &Context<'_>,
        _topic: operations::LobbyTopic,
        data: operations::Ask,
    ) -> Result<operations::AskReply, operations::Failure> {
        Ok(operations::Answer { text: data.text }.into())
    }

    async fn enter(
        &self,
        _cx: &Context<'_>,
        _topic: operations::RoomTopic,
        _data: operations::Enter,
    ) -> Result<(), operations::Failure> {
        Err(operations::Failure::new(operations::ErrorCode::TooBusy, "The room is full."))
    }

    async fn leave(
        &self,
        _cx: &Context<'_>,
        _topic: operations::RoomTopic,
        _data: operations::Leave,
    ) -> Result<(), operations::Failure> {
        Ok(())
    }
}

#[test]
fn a_frame_is_described_by_its_operation() {
    #[track_caller]
    fn check(wire_type: &str, topic: &str, data: Value, channel: &str, subscribes: bool) {
        let id = "0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11";
        let frame = json!({ "v": 1, "id": id, "type": wire_type, "topic": topic, "ts": 1, "data": data });
        let service = operations::service::<Rooms>(Arc::new(Rooms));
        let inbound = service.decode(frame.to_string().as_bytes()).expect("the frame is valid");
        let info = operations::OperationsServer::<Rooms>::describe(&inbound.frame);
        assert_eq!((info.wire_type, info.topic.as_str()), (wire_type, topic));
        assert_eq!((info.channel, info.subscribes), (channel, subscribes));
        assert_eq!(service.channel_of(topic), Some(channel));
    }
    check("ask", "lobby", json!({ "text": "?" }), "lobby", false);
    check("enter", "org/o/room/hall", json!({}), "org/{org}/room/{room}", true);
    check("leave", "org/o/room/kitchen", json!({}), "org/{org}/room/{room}", false);
}

#[test]
fn topics_are_read_and_written() {
    #[track_caller]
    fn check(text: &str, expected: Option<operations::Topic>) {
        let topic = text.parse::<operations::Topic>().ok();
        assert_eq!(topic, expected);
        if let Some(topic) = topic {
            assert_eq!(topic.to_string(), text);
        }
    }
    check("lobby", Some(operations::LobbyTopic.into()));
    check("org/o-1/room/hall", operations::RoomTopic::new("o-1", "hall").ok().map(Into::into));
    check("org/o-1/room/attic", None);
    check("org/o 1/room/hall", None);
    check("lobby/", None);
    assert!(operations::RoomTopic::new("o", "attic").is_err());
}

#[test]
fn values_survive_the_types() {
    #[track_caller]
    fn check(value: Value) {
        let base = json!({
            "text": "a", "id": "0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11", "at": "2026-01-01T00:00:00Z",
            "level": "low", "limit": 50, "greeting": "hello", "verbose": true, "nothing_or_text": null,
            "tree": { "name": "root" },
        });
        let (Value::Object(mut whole), Value::Object(extra)) = (base, value) else { panic!("not an object") };
        whole.extend(extra);
        let whole = Value::Object(whole);
        let typed: shapes::Put = serde_json::from_value(whole.clone()).expect("the value has the shape");
        assert_eq!(serde_json::to_value(&typed).expect("it can be written"), whole);
    }
    check(json!({}));
    check(json!({ "nothing_or_text": "text", "maybe_level": "high", "level": "high" }));
    check(json!({ "tree": { "name": "a", "parent": { "name": "b" }, "children": [{ "name": "c" }] } }));
    check(json!({ "forest": [[], [[]]] }));
    check(json!({ "shape": { "kind": "rectangle", "width": 1.0, "height": 2.0, "unit": "mm" } }));
    check(json!({ "payment": { "method": "card", "details": { "name": "a" } } }));
    check(json!({ "payment": { "method": "cash", "details": 3 } }));
    check(json!({ "key": { "epoch": "e", "seq": 1 } }));
    check(json!({ "key": "0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11" }));
    check(json!({ "scalar": "a" }));
    check(json!({ "scalar": -1 }));
    check(json!({ "labelled": { "name": "a", "other": "b" } }));
    check(json!({ "child": { "inherited": "a", "level": "low", "own": "b" } }));
    check(json!({ "points": [{ "x": 0.5 }], "pair": ["a", 1], "free": { "a": [1] }, "scores": { "a": 1 } }));
}

/// Subscribes everybody to everything but `XAU`.
struct Exchange;

impl exchange::ExchangeService for Exchange {
    async fn subscribe(
        &self,
        cx: &Context<'_>,
        data: exchange::Subscribe,
    ) -> Result<exchange::SubscribeReply, exchange::Failure> {
        cx.send(&exchange::Tick(vec![cx.parameter("venue").into(), json!([1.5]), json!(1)]));
        let request = data.request;
        if data.pairs.iter().any(|pair| pair == "XAU") {
            let reason = "There is no gold here.".to_owned();
            return Ok(exchange::Refused { event: exchange::RefusedEvent::Refused, request, reason }.into());
        }
        Ok(exchange::Subscribed { event: exchange::SubscribedEvent::Subscribed, request, since: None }.into())
    }

    async fn default(&self, cx: &Context<'_>, _data: exchange::SendData) -> Result<(), exchange::Failure> {
        cx.send(&exchange::Beat::Beat);
        Ok(())
    }
}

#[tokio::test]
async fn a_generated_client_talks_to_a_generated_server() {
    let (near, far) = tokio::io::duplex(4096);
    let server = Server::new(exchange::service::<Exchange>(Exchange), Config::default());
    tokio::spawn(server.serve_stream(far, ([127, 0, 0, 1], 1).into()));
    let client = Client::connect_on(near, "ws://localhost/v1/market/paris", Default::default()).await;
    let mut client = trader::TraderClient::from(client.expect("the handshake succeeds"));

    let ask = |request, pair: &str| trader::Subscribe {
        event: trader::SubscribeEvent::Subscribe,
        request,
        pairs: vec![pair.to_owned()],
    };
    let (gold, silver) = tokio::join!(client.subscribe(ask(1, "XAU")), client.resubscribe(ask(2, "XAG")));
    assert!(matches!(gold, Ok(trader::SubscribeReply::Refused(refused)) if refused.request == 1));
    assert!(matches!(silver, Ok(trader::ResubscribeReply::Subscribed(subscribed)) if subscribed.request == 2));
    let tick = client.next().await.expect("a frame").expect("a proper one");
    assert_eq!(tick, trader::Tick(vec![json!("paris"), json!([1.5]), json!(1)]).into());

    let send: trader::SendData = serde_json::from_value(json!({ "event": "send" })).expect("it has the shape");
    client.default(send).await.expect("it can be sent");
    client.next().await.expect("the second tick").expect("a proper one");
    assert_eq!(client.next().await.expect("a frame").expect("a proper one"), trader::Beat::Beat.into());
}

#[test]
fn a_frame_is_written_as_it_was_read() {
    #[track_caller]
    fn check(extra: Value) {
        let (mut frame, Value::Object(extra)) = (json!({ "event": "send" }), extra) else { panic!("not an object") };
        frame.as_object_mut().expect("an object").extend(extra);
        let inbound = exchange::ClientFrame::decode(frame.to_string().as_bytes()).expect("the frame is valid");
        assert_eq!(serde_json::to_value(&inbound.frame).expect("it can be written"), frame);
    }
    check(json!({}));
    for side in ["a-b", "a_b", "<", "<=", "+", ""] {
        check(json!({ "side": side }));
    }
    check(json!({ "amount": 1 }));
    check(json!({ "amount": "1" }));
    check(json!({ "amount": null, "note": null, "crate": null }));
    check(json!({ "limit": 1e25, "loose": 5, "condition": 1 }));
    check(json!({ "loose": { "x": 1, "y": 2 }, "constant": { "a": [1] } }));
    check(json!({ "either": { "price": 1.5 } }));
    check(json!({ "tree": ["a", ["b", []]] }));
    check(json!({ "": true, "Größe": 1.5, "crate": "two", "extra": "property", "unknown": { "a": null } }));
}

#[test]
fn a_default_is_what_the_document_says() {
    let put = |value: Value| shapes::Put { limit: value.as_u64(), ..whole() };
    fn whole() -> shapes::Put {
        serde_json::from_value(json!({
            "text": "a", "id": "0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11", "at": "2026-01-01T00:00:00Z",
            "nothing_or_text": null, "tree": { "name": "root" },
        }))
        .expect("the value has the shape")
    }
    assert_eq!(put(json!(null)).limit_or_default(), 50);
    assert_eq!(put(json!(3)).limit_or_default(), 3);
    assert_eq!(whole().greeting_or_default(), "hello");
    assert_eq!(whole().level_or_default(), shapes::PutLevel::Low);
    assert!(whole().verbose_or_default());
}
