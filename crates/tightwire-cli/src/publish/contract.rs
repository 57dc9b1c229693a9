//! Whether a message may be published by the contract, before anybody is asked. The judgement is the server's own: of the
//! whole frame that subscribers would get.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use tightwire_codegen::{input, schema_bundle};
use tightwire_proto::reference::{Direction, Reference};
use tightwire_spec::FileSystem;
use tightwire_spec::ir::{self, Delivery, Ir, Message};

use crate::cli::{Exit, ReadArguments};

/// What is wrong, and where.
#[derive(Debug, Deserialize)]
pub(super) struct Violation {
    pointer: String,
    message: String,
}

impl Violation {
    /// A line below a complaint.
    pub(super) fn line(&self) -> String {
        let Self { pointer, message } = self;
        format!("\n  {}: {message}", if pointer.is_empty() { "the frame" } else { pointer })
    }
}

/// Checks a message against the document.
pub(super) fn check(
    spec: &Path,
    read: &ReadArguments,
    topic: &str,
    kind: &str,
    data: &Value,
) -> Result<(), (Exit, String)> {
    let (ir, _) =
        input::read(spec, &FileSystem, read.config()).protocol.map_err(|error| (Exit::Faulty, error.to_string()))?;
    let faulty = |complaint: String| Err((Exit::Faulty, complaint));
    if ir.envelope.is_none() {
        return faulty("the document describes a protocol without topics: nothing is published to one".to_owned());
    }
    let Some(message) = publishable(&ir).find(|message| message.wire_type.as_deref() == Some(kind)) else {
        let known: Vec<_> = publishable(&ir).filter_map(|message| message.wire_type.as_deref()).collect();
        return faulty(format!("no message `{kind}` is published to topics; there are {}", known.join(", ")));
    };
    let frame = frame(message, topic, kind, data).to_string();
    // One document in the life of the process.
    let bundle: &'static str = schema_bundle::text(&ir).leak();
    let Err(rejection) = Reference::new(bundle, Direction::ToClient).check(frame.as_bytes()) else { return Ok(()) };
    let line = |violation: tightwire_proto::inbound::Violation| {
        Violation { pointer: violation.pointer, message: violation.message.into_owned() }.line()
    };
    let lines: String = rejection.violations.into_iter().map(line).collect();
    faulty(format!("the message does not follow {}, and was not sent{lines}", spec.display()))
}

/// What may be published: what the server sends to whoever is subscribed.
fn publishable(ir: &Ir) -> impl Iterator<Item = &Message> {
    ir.messages.values().filter(|message| {
        let is_sent = message.directions.contains(&ir::Direction::ToClient);
        is_sent && message.session.is_none() && message.delivery != Delivery::Control
    })
}

/// A frame with the message, at a position that any frame could have.
fn frame(message: &Message, topic: &str, kind: &str, data: &Value) -> Value {
    let id = "0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e21";
    let mut frame = json!({ "v": 1, "id": id, "type": kind, "topic": topic, "ts": 0, "correlation_id": id });
    if matches!(message.delivery, Delivery::Durable | Delivery::Latest) {
        frame["seq"] = 1.into();
        frame["epoch"] = "0".repeat(16).into();
    }
    frame["data"] = data.clone();
    frame
}
