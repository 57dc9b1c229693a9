//! Whether the fuzzer finds what is wrong: servers with defects, each of which it has to find, name and shorten.
//!
//! A defect is a [`Mutant`] on the line between a sound chat server and its clients. `planted` lists them with the kind of
//! finding that each has to become. The budget is the same for all and fixed, by a seed and a number of sequences, so that
//! what is found does not depend on the machine; how long it took is printed.

mod answers;
mod by_hand;
mod planted;
mod streams;
mod topics;
mod values;

use std::sync::Arc;

use serde_json::{Value, json};
use tightwire_testkit::fuzz::{Driver, Endpoint, Options, Protocol};
use uuid::Uuid;

use self::planted::Planted;
use crate::chat::ChatCheck;
use crate::common::bus::{Bus, Kind};
use crate::common::tamper::{Message, Mutant, Tamper};
use crate::common::{chat, client_address};
use crate::stage;

/// How many frames clients may send in what is left of a plan when it was shortened.
const FRAMES: usize = 3;

/// A driver for a chat server of its own with that defect; a sound one without.
async fn on_server(bus: &Bus, protocol: &Arc<Protocol>, planted: Option<&Planted>) -> Driver {
    let server = chat(bus, &["--handshakes-per-second", "0"]).await;
    let endpoint = match planted {
        None => stage::endpoint(server),
        Some(planted) => {
            let tamper = Tamper::new((planted.plant)());
            Endpoint::streams(move || {
                let (near, far) = tokio::io::duplex(64 * 1024);
                tokio::spawn(server.serve_stream(far, client_address()));
                std::future::ready(Ok(tamper.before(near)))
            })
        }
    };
    Driver::new(Arc::clone(protocol), endpoint, Options::default()).checking(ChatCheck::default)
}

/// The message's type, if it is a frame.
fn wire_type(frame: &Value) -> &str {
    frame["type"].as_str().unwrap_or_default()
}

fn is(message: &Message, expected: &str) -> bool {
    message.json().is_some_and(|frame| wire_type(&frame) == expected)
}

/// The frame with something changed, if it is of that type and that changes it.
fn alter(message: &Message, expected: &str, change: impl FnOnce(&mut Value)) -> Option<Message> {
    let frame = message.json().filter(|frame| wire_type(frame) == expected)?;
    let mut changed = frame.clone();
    change(&mut changed);
    (changed != frame).then(|| Message::frame(&changed))
}

/// The topics that a frame of the session names.
fn topics(frame: &Value) -> impl Iterator<Item = &str> {
    frame["data"]["topics"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// Where a published frame is.
fn position(frame: &Value) -> Option<(&str, u64)> {
    Some((frame["epoch"].as_str()?, frame["seq"].as_u64()?))
}

/// Another frame of the server, which answers the same.
fn reply(frame: &Value, wire_type: &str, topic: &str, data: Value) -> Value {
    json!({"v": 1, "id": Uuid::now_v7(), "type": wire_type, "topic": topic, "ts": frame["ts"],
        "correlation_id": frame["correlation_id"], "data": data})
}
