//! The golden files of the Rust output, compiled and used.

#![deny(warnings)]

mod golden {
    include!("rust/exchange.rs");
    include!("rust/names.rs");
    include!("rust/operations.rs");
    include!("rust/push.rs");
    include!("rust/quoter.rs");
    include!("rust/quotes.rs");
    include!("rust/shapes.rs");
    include!("rust/trader.rs");
}

use std::sync::Arc;

use serde_json::{Value, json};
use tightwire::client::{Client, ClientConfig, ClientError, ClientProtocol, ConnectError, RequestError};
use tightwire::{Config, Context, Server, Service};

use golden::{exchange, operations, quoter, quotes, shapes, trader};

/// The smallest application: the compiler says whether the trait asks for what the document says.
struct Rooms;

impl operations::OperationsService for Rooms {
    async fn ask(
        &self,
        _cx: &Context<'_>,
        _topic: operations::LobbyTopic,
        data: operations::Ask,
    ) -> Result<operations::AskReply, operations::Failure> {
        Ok(match data.text.as_str() {
            "why?" => operations::Refusal { text: data.text }.into(),
            _ => operations::Answer { text: data.text }.into(),
        })
    }

    async fn enter(
        &self,
        cx: &Context<'_>,
        topic: operations::RoomTopic,
        _data: operations::Enter,
    ) -> Result<(), operations::Failure> {
        if topic.room() == "hall" {
            return Err(operations::Failure::new(operations::ErrorCode::TooBusy, "The room is full."));
        }
        for guests in 1..=2 {
            let state = operations::State([("guests".to_owned(), guests)].into());
            cx.publish(&topic, &state).await.expect("the broker is in memory");
        }
        Ok(())
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

/// A connection, with the server, which ends it when it is dropped.
async fn connect<P: ClientProtocol, S: Service>(service: S, path: &str) -> (Server<S>, Client<P>) {
    let (near, far) = tokio::io::duplex(4096);
    let server = Server::new(service, Config::default());
    tokio::spawn(server.serve_stream(far, ([127, 0, 0, 1], 1).into()));
    let client = Client::connect_on(near, &format!("ws://localhost{path}"), Default::default()).await;
    (server, client.expect("the handshake succeeds"))
}

#[tokio::test]
async fn a_client_is_generated_beside_the_service() {
    use operations::{Answer, Ask, AskReply, Enter, EnterReply, Leave, LobbyTopic, RoomTopic, State};

    let (_server, client) = connect(operations::service::<Rooms>(Rooms), "/ws").await;
    let mut client = operations::OperationsClient::from(client);
    let ask = |text: &str| Ask { text: text.to_owned() };
    let (first, second) = tokio::join!(client.ask(LobbyTopic, ask("how?")), client.ask(LobbyTopic, ask("why?")));
    assert_eq!(first, Ok(AskReply::Answer(Answer { text: "how?".to_owned() })));
    assert!(matches!(second, Ok(AskReply::Refusal(refusal)) if refusal.text == "why?"));

    // The document does not say how often the state comes: the application knows when it has enough.
    let room = |name: &str| RoomTopic::new("o", name).expect("there is such a room");
    let mut states = client.enter(room("kitchen"), Enter(Default::default())).await.expect("it can be sent");
    for guests in 1..=2 {
        let state = State([("guests".to_owned(), guests)].into());
        assert_eq!(states.next().await, Some(Ok(EnterReply::State(state))));
    }
    drop(states);
    client.leave(room("kitchen"), Leave {}).await.expect("it can be sent");

    // What others cause is an event.
    let sender = client.sender();
    let other = tokio::spawn(async move { sender.enter(room("kitchen"), Enter(Default::default())).await.map(drop) });
    other.await.expect("the task ends").expect("it can be sent");
    let event = client.next().await.expect("an event").expect("sound");
    assert!(matches!(event, operations::ServerFrame::State { data: State(_), .. }), "{event:?}");

    let room = |name: &str| RoomTopic::new("o", name).expect("there is such a room");
    let mut refused = client.enter(room("hall"), Enter(Default::default())).await.expect("it can be sent");
    let error = refused.next().await.expect("a frame").expect_err("refused");
    assert!(
        matches!(&error, RequestError::Refused(problem) if problem.code == operations::ErrorCode::TooBusy),
        "{error}"
    );
    assert_eq!(refused.next().await, None);
}

#[test]
fn a_frame_is_described_by_its_operation() {
    #[track_caller]
    fn check(wire_type: &str, topic: &str, data: Value, channel: &str, subscribes: bool, roles: &[&str]) {
        let id = "0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11";
        let frame = json!({ "v": 1, "id": id, "type": wire_type, "topic": topic, "ts": 1, "data": data });
        let service = operations::service::<Rooms>(Arc::new(Rooms));
        let inbound = service.decode(frame.to_string().as_bytes()).expect("the frame is valid");
        let info = operations::OperationsServer::<Rooms>::describe(&inbound.frame);
        assert_eq!((info.wire_type, info.topic.as_str()), (wire_type, topic));
        assert_eq!((info.channel, info.subscribes), (channel, subscribes));
        assert_eq!(service.channel_of(topic), Some(channel));
        assert_eq!(operations::OperationsServer::<Rooms>::roles(&inbound.frame), roles);
    }
    check("ask", "lobby", json!({ "text": "?" }), "lobby", false, &[]);
    check("enter", "org/o/room/hall", json!({}), "org/{org}/room/{room}", true, &[]);
    check("leave", "org/o/room/kitchen", json!({}), "org/{org}/room/{room}", false, &["guest", "host"]);
}

#[test]
fn roles_stand_in_flat_protocols_too() {
    #[track_caller]
    fn check(frame: Value, roles: &[&str]) {
        let inbound = exchange::ClientFrame::decode(frame.to_string().as_bytes()).expect("the frame is valid");
        assert_eq!(exchange::ExchangeServer::<Exchange>::roles(&inbound.frame), roles, "{frame}");
    }
    check(json!({ "event": "subscribe", "request": 1, "pairs": ["a"] }), &[]);
    check(json!({ "event": "send" }), &["trader"]);
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
    let (_server, client) = connect(exchange::service::<Exchange>(Exchange), "/v1/market/paris").await;
    let mut client = trader::TraderClient::from(client);

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

/// Says what it was told in the handshake.
struct Quotes;

impl quotes::QuotesService for Quotes {
    async fn watch(&self, cx: &Context<'_>, data: quotes::Watch) -> Result<quotes::Quote, quotes::Failure> {
        let handshake = cx.handshake::<quotes::MarketDataHandshake>().expect("it came in on this route");
        assert_eq!(cx.handshake::<quotes::OrdersHandshake>(), None);
        let text = format!("{}: {} deep, {:?}", data.id, handshake.depth_or_default(), handshake.side);
        Ok(quotes::Quote { text })
    }

    async fn place(&self, cx: &Context<'_>, data: quotes::Place) -> Result<quotes::Placed, quotes::Failure> {
        let account = cx.handshake::<quotes::OrdersHandshake>().map(|handshake| handshake.account);
        Ok(quotes::Placed { text: format!("{} for {account:?}", data.id) })
    }

    async fn probe(&self, _cx: &Context<'_>, _data: quotes::Probe) -> Result<quotes::Placed, quotes::Failure> {
        Ok(quotes::Placed { text: "well".to_owned() })
    }

    async fn connected(&self, cx: &Context<'_>, handshake: &quotes::Handshake) -> Result<(), quotes::Failure> {
        match handshake {
            quotes::Handshake::MarketData(market) => {
                let text = format!("{} {} {:?}", market.symbol, market.x_api_key, market.query_symbol);
                cx.send(&quotes::Quote { text });
            }
            quotes::Handshake::Orders(_) | quotes::Handshake::Status => {}
        }
        Ok(())
    }
}

/// A server of the protocol `quotes` on a port of its own.
async fn serve_quotes() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("the socket is bound");
    let server = Server::new(quotes::service::<Quotes>(Quotes), Config::default());
    tokio::spawn(async move { server.run(listener, std::future::pending()).await });
    format!("ws://{address}")
}

#[tokio::test]
async fn the_parameters_of_a_handshake_arrive_as_they_were_given() {
    let url = serve_quotes().await;
    let market = quoter::MarketDataHandshake {
        depth: Some(5),
        side: Some(vec![quoter::MarketDataSideItem::Bid, quoter::MarketDataSideItem::Ask]),
        query_symbol: Some("Ether & Ż=100%".to_owned()),
        symbol: quoter::MarketDataSymbol::EthBtc,
        ..quoter::MarketDataHandshake::new("secret-key".to_owned())
    };
    let mut client = quoter::QuoterClient::connect(&url, market).await.expect("the handshake succeeds");
    let greeting = client.next().await.expect("a frame").expect("a proper one");
    assert_eq!(greeting, quoter::Quote { text: r#"eth/btc secret-key Some("Ether & Ż=100%")"#.to_owned() }.into());
    let quote = client.watch(quoter::Watch { id: 1 }).await.expect("a reply");
    assert_eq!(quote.text, "1: 5 deep, Some([Bid, Ask])");

    let plain = quoter::MarketDataHandshake::new("secret-key".to_owned());
    assert_eq!(plain.symbol, quoter::MarketDataSymbol::Btcusd, "the document's default");
    let mut client = quoter::QuoterClient::connect(&url, plain).await.expect("the handshake succeeds");
    client.next().await.expect("the greeting").expect("a proper one");
    assert_eq!(client.watch(quoter::Watch { id: 2 }).await.expect("a reply").text, "2: 10 deep, None");
}

#[tokio::test]
async fn a_frame_is_what_travels_on_its_route() {
    let url = serve_quotes().await;
    // The same frame as `watch`; and a server's frame that could be a `quote` elsewhere.
    let orders = quoter::QuoterClient::connect(&url, quoter::OrdersHandshake::new(7)).await.expect("a connection");
    assert_eq!(orders.place(quoter::Place { id: 3 }).await.expect("a reply").text, "3 for Some(7)");
    let mut status = quoter::QuoterClient::connect(&url, quoter::Handshake::Status).await.expect("a connection");
    assert_eq!(status.probe(quoter::Probe { probe: true }).await.expect("a reply").text, "well");
    // An order has no business at this address.
    let refused = status.place(quoter::Place { id: 4 }).await;
    assert!(matches!(refused, Err(ClientError::Closed(_))), "{refused:?}");
    assert!(status.next().await.is_none_or(|frame| frame.is_err()));
}

#[tokio::test]
async fn a_client_does_not_ask_for_what_the_server_would_refuse() {
    let refused = quoter::QuoterClient::connect("ws://127.0.0.1:1", quoter::OrdersHandshake::new(0)).await;
    let Err(error @ ConnectError::Parameters(_)) = refused else { panic!("{refused:?}") };
    let message = "the parameters of the handshake do not follow the contract: query/account: must be at least 1";
    assert_eq!(error.to_string(), message);
}

/// Parameters, and what a client makes of them: `frontend/chat/test/routes.test.ts` holds the TypeScript to the same cases.
#[test]
fn parameters_become_a_url_and_headers() {
    fn request(case: &Value) -> Result<(String, ClientConfig), ConnectError> {
        let parameters = case["parameters"].clone();
        let handshake: quoter::Handshake = match case["route"].as_str() {
            Some("orders") => {
                serde_json::from_value::<quoter::OrdersHandshake>(parameters).expect("of the type").into()
            }
            _ => serde_json::from_value::<quoter::MarketDataHandshake>(parameters).expect("of the type").into(),
        };
        handshake.request(case["base"].as_str().expect("a text"), ClientConfig::default())
    }
    let cases: Vec<Value> = serde_json::from_str(include_str!("handshakes.json")).expect("JSON");
    for case in &cases {
        match request(case) {
            Ok((url, config)) => {
                let headers: serde_json::Map<String, Value> =
                    config.headers.into_iter().map(|(name, text)| (name, text.into())).collect();
                assert_eq!((&json!(url), &json!(headers)), (&case["url"], &case["headers"]), "{case}");
            }
            Err(ConnectError::Parameters(violations)) => {
                let refused = violations.iter().map(|found| format!("{} {}", found.pointer, found.keyword));
                assert_eq!(refused.collect::<Value>(), case["refused"], "{case}");
            }
            Err(error) => panic!("{case}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_handshake_that_breaks_the_contract_is_a_400_that_says_why() {
    async fn check(path: &str, header: &str, expected: &str) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut near, far) = tokio::io::duplex(16 * 1024);
        let server = Server::new(quotes::service::<Quotes>(Quotes), Config::default());
        tokio::spawn(server.serve_stream(far, ([127, 0, 0, 1], 1).into()));
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{header}\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        near.write_all(request.as_bytes()).await.expect("the pipe is open");
        let mut buffer = vec![0; 16 * 1024];
        let count = near.read(&mut buffer).await.expect("a response");
        let response = String::from_utf8_lossy(&buffer[..count]);
        let body = response.split_once("\r\n\r\n").expect("a whole head").1;
        if expected.is_empty() {
            assert!(response.starts_with("HTTP/1.1 101 "), "{path}: {response}");
            return;
        }
        assert!(response.starts_with("HTTP/1.1 400 "), "{path}: {response}");
        let body: Value = serde_json::from_str(body).expect("the body is JSON");
        let message = format!("the handshake does not follow the contract: {expected}; correct this and connect again");
        assert_eq!(body["message"], message, "{path}");
        assert!(!body["violations"].as_array().expect("a list").is_empty());
    }
    let key = "x-api-key: 12345678";
    check("/v1/marketdata/btcusd", key, "").await;
    check("/v1/marketdata/eth%2Fbtc?heartbeat=true&scale=-1e3&unknown=1", key, "").await;
    check("/v1/marketdata/btcusd", "X-Other: 1", "`header/X-Api-Key` is required").await;
    check("/v1/marketdata/btcusd", "X-Api-Key: short", "`header/X-Api-Key` must be at least 8 characters long").await;
    let symbols = r#"`path/symbol` must be one of "btcusd", "ethusd", "eth/btc""#;
    check("/v1/marketdata/doge", key, symbols).await;
    check("/v1/marketdata/btcusd?depth=51", key, "`query/depth` must be at most 50").await;
    check("/v1/marketdata/btcusd?depth=1.5", key, "`query/depth` must be an integer").await;
    check("/v1/marketdata/btcusd?heartbeat=1", key, "`query/heartbeat` must be a boolean: `true` or `false`").await;
    check("/v1/marketdata/btcusd?depth=1&depth=2", key, "`query/depth` must be given only once").await;
    check("/v1/marketdata/btcusd?side=bid&side=left", key, r#"`query/side/1` must be one of "bid", "ask""#).await;
    check("/v1/orders", key, "`query/account` is required").await;
    check("/v1/orders?account=1&other=2", key, "`query/other` is not a known property").await;
    let both = "`path/symbol` must be one of \"btcusd\", \"ethusd\", \"eth/btc\", `header/X-Api-Key` is required";
    check("/v1/marketdata/doge", "X-Other: 1", both).await;
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
