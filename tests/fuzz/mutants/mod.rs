//! Whether the fuzzer finds what is wrong: servers with defects, each of which it has to find, name and shorten.
//!
//! A defect is a [`Mutant`] on the line between a sound chat server and its clients. `planted` lists them with the kind of
//! finding that each has to become. The budget is the same for all and fixed, by a seed and a number of sequences, so that
//! what is found does not depend on the machine; how long it took is printed.

mod answers;
mod by_hand;
mod found;
mod planted;
mod streams;
mod topics;
mod values;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use tightwire_chat::settings::Settings;
use tightwire_testkit::fuzz::model::Bounds;
use tightwire_testkit::fuzz::{Driver, Endpoint, Options, Protocol};
use uuid::Uuid;

use self::planted::Planted;
use crate::chat::ChatCheck;
use crate::common::bus::{Bus, Kind};
use crate::common::tamper::{Message, Mutant, Tamper};
use crate::common::{chat, client_address, settings};
use crate::stage::{self, FLAGS};

/// How many frames clients may send in what is left of a plan when it was shortened.
const FRAMES: usize = 3;

/// A driver for a chat server of its own with that defect; a sound one without.
async fn on_server(bus: &Bus, protocol: &Arc<Protocol>, planted: Option<&Planted>) -> Driver {
    // What stands for itself is the same each time, and is read once.
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    let server = match bus.kind() {
        Kind::Memory => tightwire_chat::server(SETTINGS.get_or_init(|| settings(bus, &FLAGS))).expect("sound settings"),
        Kind::Redis => chat(bus, &FLAGS).await,
    };
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
    // By a clock that runs, how soon answers come is the machine's affair; `real_sockets` looks at that.
    let patience = Duration::from_secs(10);
    let bounds = Bounds { reply_within: patience, give_up: patience, ..Bounds::default() };
    let options = Options { bounds: bus.paused_or(Bounds::default(), bounds), ..Options::default() };
    Driver::new(Arc::clone(protocol), endpoint, options).checking(ChatCheck::default)
}

/// The message's type, if it is a frame.
fn wire_type(frame: &Value) -> &str {
    frame["type"].as_str().unwrap_or_default()
}

/// An id in a frame. Clients may write the letters of theirs as they like.
fn id(frame: &Value, name: &str) -> Option<String> {
    Some(frame[name].as_str()?.to_ascii_lowercase())
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
