//! A small protocol, written by hand as a generator would write it: rooms in which everyone reads what is posted.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use tightwire::proto::contract::{ChannelInfo, CloseCodeInfo, Contract, Delivery, MessageInfo, SessionRole};
use tightwire::proto::inbound::{Inbound, Rejection, ReplayStart, SessionRequest, Violation};
use tightwire::{Context, ErrorCode, Failure, FrameInfo, ServerMessage, Service, TopicName};
use tokio::sync::Notify;
use uuid::Uuid;

const fn message(wire_type: &'static str, delivery: Delivery, session: Option<SessionRole>) -> MessageInfo {
    MessageInfo { wire_type, id: wire_type, delivery, session }
}

const fn session(wire_type: &'static str, role: SessionRole) -> MessageInfo {
    message(wire_type, Delivery::Control, Some(role))
}

pub(crate) static CONTRACT: Contract = Contract {
    title: "Rooms",
    version: "1.2.3",
    to_server: &[
        session("subscribe", SessionRole::Subscribe),
        session("unsubscribe", SessionRole::Unsubscribe),
        session("ping", SessionRole::Ping),
        session("pong", SessionRole::Pong),
        session("authenticate", SessionRole::Authenticate),
        message("post", Delivery::Control, None),
        message("join", Delivery::Control, None),
        message("wait", Delivery::Control, None),
        message("panic", Delivery::Control, None),
        message("fail", Delivery::Control, None),
        message("flood", Delivery::Control, None),
        message("whoami", Delivery::Control, None),
        message("whereami", Delivery::Control, None),
        message("restart", Delivery::Control, None),
        message("announce", Delivery::Control, None),
    ],
    to_client: &[
        session("connection_established", SessionRole::ConnectionEstablished),
        session("subscription_updated", SessionRole::SubscriptionUpdated),
        session("ping", SessionRole::Ping),
        session("pong", SessionRole::Pong),
        session("authenticated", SessionRole::Authenticated),
        session("error", SessionRole::Error),
        session("replay_gap", SessionRole::ReplayGap),
        session("disconnect_notice", SessionRole::DisconnectNotice),
        message("posted", Delivery::Durable, None),
        message("typing", Delivery::Ephemeral, None),
        message("joined", Delivery::Control, None),
        message("welcome", Delivery::Control, None),
        message("you", Delivery::Control, None),
    ],
    channels: &[ChannelInfo { id: "system", address: "system" }, ChannelInfo { id: "room", address: "room:{name}" }],
    close_codes: &[CloseCodeInfo {
        code: 1002,
        name: "contract_violation",
        meaning: "The error says why.",
        reconnect: false,
    }],
    schema_bundle: include_str!("protocol_bundle.json"),
    ..Contract::EMPTY
};

/// A topic.
#[derive(Clone, Debug)]
pub(crate) struct Room(pub(crate) String);

impl Room {
    pub(crate) fn named(name: &str) -> Self {
        Self(format!("room:{name}"))
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TopicName for Room {}

macro_rules! server_message {
    ($name:ident { $field:ident: $type:ty } $wire_type:literal $delivery:ident) => {
        #[derive(Serialize)]
        pub(crate) struct $name {
            pub(crate) $field: $type,
        }

        impl ServerMessage for $name {
            const TYPE: &'static str = $wire_type;
            const DELIVERY: Delivery = Delivery::$delivery;
            type Topic = Room;
        }
    };
}

server_message!(Posted { text: String } "posted" Durable);
server_message!(Typing { text: String } "typing" Ephemeral);
server_message!(Joined { seq: u64 } "joined" Control);
server_message!(You { text: String } "you" Control);
server_message!(Welcome { seq: u64 } "welcome" Control);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Forbidden,
    NotFound,
}

impl ErrorCode for Code {
    fn as_str(self) -> &'static str {
        match self {
            Self::Forbidden => "topic_forbidden",
            Self::NotFound => "not_found",
        }
    }
}

pub(crate) struct Frame {
    wire_type: &'static str,
    topic: String,
    data: Value,
}

/// The application: rooms named `secret…` are forbidden; `wait`, entering `guarded` and being in `hall` wait for the gate.
#[derive(Default)]
pub(crate) struct Rooms {
    pub(crate) gate: Arc<Notify>,
}

impl Service for Rooms {
    type Frame = Frame;
    type Code = Code;

    fn contract(&self) -> &'static Contract {
        &CONTRACT
    }

    fn decode(&self, text: &[u8]) -> Result<Inbound<Frame>, Rejection> {
        let reject = |frame_id, pointer: &str, keyword: &str| Rejection {
            frame_id,
            violations: vec![Violation {
                pointer: pointer.to_owned(),
                keyword: keyword.to_owned().into(),
                message: "is wrong".into(),
            }],
        };
        let mut frame: Value = serde_json::from_slice(text).map_err(|_| reject(None, "", "json"))?;
        let id = frame["id"].as_str().and_then(|id| id.parse::<Uuid>().ok());
        let id = id.ok_or_else(|| reject(None, "/id", "format"))?;
        let wire_type = CONTRACT
            .to_server
            .iter()
            .find(|message| frame["type"] == message.wire_type)
            .ok_or_else(|| reject(Some(id), "/type", "enum"))?
            .wire_type;
        if !frame["data"].is_object() {
            return Err(reject(Some(id), "/data", "required"));
        }
        let topic = frame["topic"].as_str().unwrap_or_default().to_owned();
        let data = frame["data"].take();
        Ok(Inbound { id, ts: 0, correlation_id: None, position: None, frame: Frame { wire_type, topic, data } })
    }

    fn session_request(frame: &Frame) -> Option<SessionRequest> {
        let topics = || serde_json::from_value(frame.data["topics"].clone()).unwrap_or_default();
        match frame.wire_type {
            "subscribe" => {
                let after = frame.data["after"].as_object().into_iter().flatten();
                let after = after.filter_map(|(topic, start)| {
                    Some((topic.clone(), serde_json::from_value::<ReplayStart>(start.clone()).ok()?))
                });
                let positions = frame.data["positions"] == true;
                Some(SessionRequest::Subscribe { topics: topics(), after: after.collect(), positions })
            }
            "unsubscribe" => Some(SessionRequest::Unsubscribe { topics: topics() }),
            "ping" => Some(SessionRequest::Ping { timestamp: frame.data["timestamp"].as_str().map(str::to_owned) }),
            "pong" => {
                let last_id = frame.data["last_id"].as_str().and_then(|id| id.parse().ok());
                Some(SessionRequest::Pong { last_id })
            }
            "authenticate" => {
                let token = frame.data["token"].as_str().unwrap_or_default().to_owned();
                Some(SessionRequest::Authenticate { token })
            }
            _ => None,
        }
    }

    fn describe(frame: &Frame) -> FrameInfo {
        let channel = if frame.topic == "system" { "system" } else { "room:{name}" };
        let subscribes = frame.wire_type == "join";
        FrameInfo { wire_type: frame.wire_type, topic: frame.topic.clone(), channel, subscribes }
    }

    fn roles(frame: &Frame) -> &'static [&'static str] {
        if frame.wire_type == "restart" { &["operator", "admin"] } else { &[] }
    }

    fn channel_of(&self, topic: &str) -> Option<&'static str> {
        match topic.split_once(':') {
            None if topic == "system" => Some("system"),
            Some(("room", name)) if !name.is_empty() => Some("room:{name}"),
            _ => None,
        }
    }

    async fn call(&self, cx: &Context<'_>, frame: Inbound<Frame>) -> Result<(), Failure<Code>> {
        let Frame { wire_type, topic, data } = frame.frame;
        let topic = Room(topic);
        match wire_type {
            "post" => {
                let text = data["text"].as_str().unwrap_or_default().to_owned();
                cx.publish(&topic, &Posted { text }).await.expect("published");
            }
            "join" => {
                let seq = cx.subscribed_at().expect("an operation that subscribes").seq;
                // What is published now is live: it must arrive after the reply all the same.
                cx.publish(&topic, &Posted { text: "joining".to_owned() }).await.expect("published");
                if data["fail"] == true {
                    return Err(Failure::new(Code::NotFound, "there is no such room"));
                }
                cx.reply(&topic, &Joined { seq });
            }
            "announce" => {
                let at = cx.publish(&topic, &Posted { text: "announced".to_owned() }).await;
                match data["then"].as_str() {
                    Some("fail") => return Err(Failure::new(Code::NotFound, "there is nothing")),
                    Some(other) => panic!("the handler's own fault: {other}"),
                    None => {}
                }
                cx.reply(&topic, &Welcome { seq: at.expect("published").seq });
            }
            "wait" => self.gate.notified().await,
            "panic" => panic!("the handler's own fault"),
            "fail" => return Err(Failure::new(Code::NotFound, "there is nothing").because("a test")),
            "flood" => {
                for _ in 0..data["frames"].as_u64().unwrap_or_default() {
                    cx.reply(&topic, &Welcome { seq: 0 });
                }
            }
            "restart" => cx.reply(&topic, &You { text: "restarted".to_owned() }),
            "whoami" => {
                let text = cx.identity().map_or("nobody", |identity| identity.subject()).to_owned();
                cx.reply(&topic, &You { text });
            }
            "whereami" => {
                let text = cx.client_address().map_or_else(|| "nowhere".to_owned(), |address| address.to_string());
                cx.reply(&topic, &You { text });
            }
            other => unreachable!("{other} is the session's"),
        }
        Ok(())
    }

    async fn authorize(&self, _: &Context<'_>, topic: &str) -> Result<(), Failure<Code>> {
        if topic == "room:guarded" {
            self.gate.notified().await;
        }
        if topic.starts_with("room:secret") {
            return Err(Failure::new(Code::Forbidden, "this room is secret"));
        }
        Ok(())
    }

    async fn subscribed(&self, cx: &Context<'_>, topic: &str) -> Result<(), Failure<Code>> {
        if topic == "room:hall" {
            self.gate.notified().await;
        }
        if topic == "room:lobby" {
            let seq = cx.subscribed_at().expect("just subscribed").seq;
            cx.reply(&Room(topic.to_owned()), &Welcome { seq });
        }
        Ok(())
    }
}
