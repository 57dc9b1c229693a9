//! A small protocol without an envelope, written by hand as a generator would write it: an exchange with tickers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use tightwire::proto::contract::{Contract, Delivery, Framing, MessageInfo, RouteInfo};
use tightwire::proto::inbound::{Inbound, Rejection, Violation};
use tightwire::{Context, Failure, FrameInfo, HandshakeRequest, PlainCode, PlainMessage, Service, TypedHandshake};
use uuid::Uuid;

const fn message(id: &'static str, delivery: Delivery) -> MessageInfo {
    MessageInfo { wire_type: id, id, delivery, session: None }
}

const fn route(path: &'static str) -> RouteInfo {
    RouteInfo { path, to_server: &[], to_client: &[] }
}

pub(crate) static CONTRACT: Contract = Contract {
    title: "Exchange",
    version: "2.0.0",
    framing: Framing::Flat,
    routes: &[route("/v2"), route("/v1/marketdata/{symbol}")],
    to_server: &[
        message("subscribe", Delivery::Control),
        message("unsubscribe", Delivery::Control),
        message("order", Delivery::Control),
        message("whoami", Delivery::Control),
    ],
    to_client: &[
        message("status", Delivery::Control),
        message("subscribed", Delivery::Control),
        message("unsubscribed", Delivery::Control),
        message("ticker", Delivery::Latest),
        message("you", Delivery::Control),
    ],
    ..Contract::EMPTY
};

/// What clients send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum ToServer {
    Subscribe { pair: String },
    Unsubscribe { pair: String },
    Order { reqid: u64, outcome: String },
    Whoami,
}

/// What the server sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum ToClient {
    Status { symbol: Option<String> },
    Subscribed { pair: String },
    Unsubscribed { pair: String },
    Ticker { pair: String, bid: u64 },
    Done { reqid: u64 },
    You { token: Option<String>, depth: Option<String> },
}

impl PlainMessage for ToClient {
    const NAME: &'static str = "to_client";
    const DELIVERY: Delivery = Delivery::Latest;
}

/// JSON of the right type, or the violation of something.
pub(crate) fn decode<T: for<'a> Deserialize<'a>>(text: &[u8]) -> Result<Inbound<T>, Rejection> {
    let frame = serde_json::from_slice(text).map_err(|error| {
        let (pointer, keyword) = if error.is_data() { ("/pair", "required") } else { ("", "json") };
        let message = format!("is required{}", ", with an explanation that is long enough to be cut ż".repeat(3));
        let violation =
            Violation { pointer: pointer.to_owned(), keyword: keyword.to_owned().into(), message: message.into() };
        Rejection { frame_id: None, violations: vec![violation] }
    })?;
    Ok(Inbound { id: Uuid::nil(), ts: 0, correlation_id: None, position: None, frame })
}

/// The application.
#[derive(Clone, Default)]
pub(crate) struct Exchange {
    pub(crate) prepared: Arc<AtomicUsize>,
}

impl Service for Exchange {
    type Frame = ToServer;
    type Code = PlainCode;

    fn contract(&self) -> &'static Contract {
        &CONTRACT
    }

    fn prepare(&self) {
        self.prepared.fetch_add(1, Ordering::Relaxed);
    }

    fn handshake(&self, request: &HandshakeRequest) -> Result<TypedHandshake, Vec<Violation>> {
        match request.query("depth").map(str::parse::<u8>) {
            Some(Err(_)) => Err(vec![Violation {
                pointer: "query/depth".to_owned(),
                keyword: "type".into(),
                message: "must be a number".into(),
            }]),
            Some(Ok(_)) | None => Ok(TypedHandshake::NONE),
        }
    }

    fn decode(&self, text: &[u8]) -> Result<Inbound<ToServer>, Rejection> {
        decode(text)
    }

    fn describe(frame: &ToServer) -> FrameInfo {
        let wire_type = match frame {
            ToServer::Subscribe { .. } => "subscribe",
            ToServer::Unsubscribe { .. } => "unsubscribe",
            ToServer::Order { .. } => "order",
            ToServer::Whoami => "whoami",
        };
        FrameInfo { wire_type, topic: String::new(), channel: "", subscribes: false }
    }

    async fn connected(&self, cx: &Context<'_>) -> Result<(), Failure<PlainCode>> {
        let symbol = cx.parameter("symbol").map(str::to_owned);
        if let Some(symbol) = &symbol {
            if symbol == "NOPE" {
                return Err(Failure::new(PlainCode::Forbidden, "there is no such symbol"));
            }
            cx.join(symbol)?;
        }
        cx.send(&ToClient::Status { symbol });
        Ok(())
    }

    async fn call(&self, cx: &Context<'_>, frame: Inbound<ToServer>) -> Result<(), Failure<PlainCode>> {
        match frame.frame {
            ToServer::Subscribe { pair } => {
                cx.join(&pair)?;
                // What is sent to the group now comes after the reply all the same.
                let first = ToClient::Ticker { pair: pair.clone(), bid: 0 };
                cx.publisher().broadcast(&pair, &first).await.expect("the broker is in memory");
                cx.send(&ToClient::Subscribed { pair });
            }
            ToServer::Unsubscribe { pair } => {
                let was_in = cx.leave(&pair);
                if !was_in {
                    return Err(Failure::new(PlainCode::Refused, "not subscribed"));
                }
                cx.send(&ToClient::Unsubscribed { pair });
            }
            ToServer::Order { reqid, outcome } => match &*outcome {
                "done" => cx.send(&ToClient::Done { reqid }),
                "refused" => return Err(Failure::new(PlainCode::Refused, "no")),
                "forbidden" => return Err(Failure::new(PlainCode::Forbidden, "not for you")),
                "internal" => return Err(Failure::new(PlainCode::InternalError, "the book is shut").because("a test")),
                "flash" => {
                    cx.join("flash").and_then(|()| cx.join("other"))?;
                    for group in ["flash", "other"] {
                        let ticker = ToClient::Ticker { pair: group.to_owned(), bid: reqid };
                        cx.publisher().broadcast(group, &ticker).await.expect("the broker is in memory");
                    }
                    cx.leave("flash");
                }
                other => panic!("the handler's own fault: {other}"),
            },
            ToServer::Whoami => cx.send(&ToClient::You {
                token: cx.header("X-Token").map(str::to_owned),
                depth: cx.query("depth").map(str::to_owned),
            }),
        }
        Ok(())
    }
}
