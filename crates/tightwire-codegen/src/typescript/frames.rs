//! `frames.ts`: what goes over the wire, as unions that `type` tells apart.

use tightwire_spec::ir::{Delivery, Direction, Envelope, Ir, Message};

use super::names::{Names, property, string};
use super::writer::{Brackets, Writer};

/// The envelope, version 1, as types. Everything but `type`, `topic` and `data` is the same in every frame.
const ENVELOPE: &str = include_str!("envelope.ts");

/// Writes `frames.ts`.
pub(super) fn emit(ir: &Ir, names: &Names, preamble: &str) -> String {
    let mut body = Writer::default();
    let mut imports = Imports::default();
    if ir.envelope == Some(Envelope::V1) {
        body.gap();
        for line in ENVELOPE.trim_end().lines() {
            body.line(line);
        }
    }
    for message in ir.messages.values() {
        body.gap();
        body.docs(docs(message, ir));
        declare(message, ir, names, &mut imports, &mut body);
    }
    for (direction, side, sender) in
        [(Direction::ToServer, "Client", "a client sends"), (Direction::ToClient, "Server", "the server sends")]
    {
        let frames: Vec<String> = messages(ir, direction).map(|message| names.frame(&message.id).to_owned()).collect();
        let nothing = frames.is_empty();
        body.gap();
        let apart = if ir.envelope.is_some() { " `type` tells them apart." } else { "" };
        body.docs([format!("Any frame that {sender}.{apart}")]);
        body.union(&format!("export type {side}Frame ="), &if nothing { vec!["never".to_owned()] } else { frames });
        if ir.envelope.is_none() {
            by_message(ir, direction, side, sender, names, &mut body);
        } else {
            body.gap();
            body.docs([format!("The `type` of a frame that {sender}.")]);
            body.line(format!("export type {side}MessageType = {side}Frame[\"type\"];"));
            body.gap();
            body.docs([format!("The frame that {sender}, by its `type`.")]);
            body.line(format!(
                "export type {side}FrameOf<Type extends {side}MessageType> = Extract<{side}Frame, {{ readonly type: \
                 Type }}>;"
            ));
        }
    }
    let mut w = Writer::new(preamble);
    w.gap();
    w.import("import type", imports.models, "./models.js");
    w.import("import type", imports.topics, "./topics.js");
    w.gap();
    w.append(body);
    w.finish()
}

/// The frames of one direction by message, where there is no `type` to name them by.
fn by_message(ir: &Ir, direction: Direction, side: &str, sender: &str, names: &Names, w: &mut Writer) {
    w.gap();
    w.docs([format!("The frames that {sender}, by the message's key in the document.")]);
    if messages(ir, direction).next().is_none() {
        w.line(format!("export type {side}Messages = Readonly<Record<never, never>>;"));
    } else {
        w.block(format!("export interface {side}Messages {{"), "}", |w| {
            for message in messages(ir, direction) {
                w.line(format!("readonly {}: {};", property(&message.id), names.frame(&message.id)));
            }
        });
    }
    w.gap();
    w.docs([format!("The key of a message that {sender}.")]);
    w.line(format!("export type {side}MessageId = keyof {side}Messages;"));
}

/// The messages that travel one way, in document order.
pub(super) fn messages(ir: &Ir, direction: Direction) -> impl Iterator<Item = &Message> {
    ir.messages.values().filter(move |message| message.directions.contains(&direction))
}

#[derive(Default)]
struct Imports {
    models: Vec<String>,
    topics: Vec<String>,
}

fn declare(message: &Message, ir: &Ir, names: &Names, imports: &mut Imports, w: &mut Writer) {
    let frame = names.frame(&message.id);
    let data = names.data(&message.id);
    imports.models.push(data.to_owned());
    let Some(wire_type) = message.wire_type.as_ref().filter(|_| message.data.is_some()) else {
        w.line(format!("export type {frame} = {data};"));
        return;
    };
    imports.topics.extend(message.channels.iter().map(|channel| names.topic(channel).to_owned()));
    let merged = ir.merged(&message.payload);
    let requires = |key: &str| merged.as_ref().is_some_and(|payload| payload.required.iter().any(|name| name == key));
    let base = if requires("seq") && requires("epoch") {
        "PublishedFrameBase"
    } else if requires("correlation_id") {
        "ServerFrameBase"
    } else {
        "ClientFrameBase"
    };
    let arguments = [string(wire_type), names.topics_of(message), data.to_owned()];
    w.list(&format!("export type {frame} = {base}"), Brackets::Angles, &arguments, ";");
}

fn docs(message: &Message, ir: &Ir) -> Vec<String> {
    let mut docs = Vec::new();
    docs.extend(message.docs.description.clone().or_else(|| message.docs.summary.clone()));
    let addresses: Vec<String> = message
        .channels
        .iter()
        .filter_map(|channel| Some(format!("`{}`", ir.channels.get(channel)?.address)))
        .collect();
    let way = match message.directions.as_slice() {
        [Direction::ToServer] => "Client to server",
        [Direction::ToClient] => "Server to client",
        [] => "In no operation",
        _ => "Both ways",
    };
    let delivery = match (message.delivery, message.directions.contains(&Direction::ToClient)) {
        (Delivery::Durable, true) => "; kept and replayed",
        (Delivery::Latest, true) => "; only the newest matters",
        (Delivery::Ephemeral, true) => "; may be dropped for a slow client",
        _ => "",
    };
    docs.push(if addresses.is_empty() {
        format!("{way}{delivery}.")
    } else {
        format!("{way}, on {}{delivery}.", addresses.join(", "))
    });
    docs
}
