//! `protocol.ts`: all that a client has to know of an enveloped protocol, as one value.
//!
//! `@tightwire/client` takes it as its `Protocol`. Generated code needs no package, so the value's type stands beside it,
//! and fits by its shape.

use std::collections::HashMap;

use tightwire_spec::ir::{Direction, Heartbeat, Ir, SessionRole};

use super::names::{Names, key, pascal, property_of, string};
use super::writer::{Brackets, Writer};
use crate::config::Config;

/// The topic of everything that is about the connection: the runtime's, and the rule `session-topic` has the document say so.
const SESSION_TOPIC: &str = "system";

/// What holds where the document says nothing.
const HEARTBEAT: Heartbeat = Heartbeat { ping_interval_ms: 30_000, pong_timeout_ms: 60_000 };

/// The parts of the session that a client plays, as the document calls them.
const TO_SERVER: [(&str, SessionRole); 5] = [
    ("subscribe", SessionRole::Subscribe),
    ("unsubscribe", SessionRole::Unsubscribe),
    ("ping", SessionRole::Ping),
    ("pong", SessionRole::Pong),
    ("authenticate", SessionRole::Authenticate),
];

/// The parts that the server plays.
const TO_CLIENT: [(&str, SessionRole); 8] = [
    ("connection_established", SessionRole::ConnectionEstablished),
    ("subscription_updated", SessionRole::SubscriptionUpdated),
    ("ping", SessionRole::Ping),
    ("pong", SessionRole::Pong),
    ("error", SessionRole::Error),
    ("authenticated", SessionRole::Authenticated),
    ("replay_gap", SessionRole::ReplayGap),
    ("disconnect_notice", SessionRole::DisconnectNotice),
];

/// The names of the two types that `protocol.ts` declares.
pub(super) struct Protocol {
    types: String,
    value: String,
}

impl Protocol {
    /// Both are called for the document's file.
    pub(super) fn new(config: &Config, names: &mut Names) -> Self {
        let name = pascal(&config.module);
        Self {
            types: names.claim(&format!("{name}Types"), "Protocol"),
            value: names.claim(&format!("{name}Protocol"), "Value"),
        }
    }

    /// Writes `protocol.ts`.
    pub(super) fn emit(&self, ir: &Ir, preamble: &str) -> String {
        let mut w = Writer::new(preamble);
        w.gap();
        let checks = ["checkClientFrame", "parseServerFrame"].map(str::to_owned).to_vec();
        w.import("import", checks, "./checks.js");
        let mut constants = vec!["CLOSE_CODES", "type CloseCode", "CONTRACT_VERSION", "DELIVERY", "type Delivery"];
        constants.extend(ir.heartbeat.map(|_| "HEARTBEAT"));
        w.import("import", constants.into_iter().map(str::to_owned).collect(), "./contract.js");
        w.import("import type", vec!["ClientFrame".to_owned(), "ServerFrame".to_owned()], "./frames.js");
        w.import("import type", vec!["Parsed".to_owned(), "Violation".to_owned()], "./report.js");
        let requests =
            ["REPLIES", "type Replies", "type ReplySequences", "type ReplyShape"].map(str::to_owned).to_vec();
        w.import("import", requests, "./requests.js");
        w.import("import", vec!["parseTopic".to_owned(), "type Topic".to_owned()], "./topics.js");
        self.types(&mut w);
        self.value_type(&mut w);
        self.value(ir, &mut w);
        w.finish()
    }

    fn types(&self, w: &mut Writer) {
        w.gap();
        w.docs(["The types of this protocol, for clients that are generic over it."]);
        w.block(format!("export interface {} {{", self.types), "}", |w| {
            member(w, "Any frame that a client sends.", "client: ClientFrame");
            member(w, "Any frame that the server sends.", "server: ServerFrame");
            member(w, "The frame that answers each request which is answered with one.", "replies: Replies");
            member(
                w,
                "The frames that answer each request which is answered with several.",
                "sequences: ReplySequences",
            );
            member(w, "Any topic.", "topic: Topic");
        });
    }

    fn value_type(&self, w: &mut Writer) {
        w.gap();
        w.docs(["What the value {@link protocol} is: the `Protocol` of `@tightwire/client`, with these types."]);
        w.block(format!("export interface {} {{", self.value), "}", |w| {
            member(w, "Never there: it carries the types.", &format!("types?: {} | undefined", self.types));
            member(w, "The version of the document.", "version: string");
            member(
                w,
                "Parses the text of a frame of the server, and checks it.",
                "parseServerFrame: (text: string) => Parsed<ServerFrame>",
            );
            member(
                w,
                "What is wrong with a frame that is about to be sent; empty for nothing.",
                "checkClientFrame: (value: unknown) => readonly Violation[]",
            );
            member(w, "Whether there is such a topic.", "isTopic: (text: string) => boolean");
            member(
                w,
                "How the reply of each request is made up, by the request's `type`.",
                "replies: { readonly [type: string]: ReplyShape }",
            );
            member(
                w,
                "The requests whose sender the server subscribes to their topic (`x-subscribes`).",
                "subscribing: readonly string[]",
            );
            w.docs(["The messages of the session, by the part that each plays (`x-session`)."]);
            w.block("readonly session: {", "};", |w| {
                member(w, "The topic of all of them.", "topic: string");
                member(
                    w,
                    "Whether `subscribe` may ask for `positions`, and `subscription_updated` tells them.",
                    "positions: boolean",
                );
                w.docs(["Those that the client sends. A part that nobody plays is not there."]);
                parts_type("toServer", &TO_SERVER, w);
                w.docs(["Those that the server sends."]);
                parts_type("toClient", &TO_CLIENT, w);
            });
            member(
                w,
                "How the server closes connections, by name.",
                "closeCodes: { readonly [name: string]: CloseCode }",
            );
            member(
                w,
                "The server's default heartbeat; a running server tells its own.",
                "heartbeat: { readonly ping_interval_ms: number; readonly pong_timeout_ms: number }",
            );
            member(
                w,
                "What the server may do with each of its messages, by `type`.",
                "delivery: { readonly [type: string]: Delivery }",
            );
        });
    }

    fn value(&self, ir: &Ir, w: &mut Writer) {
        w.gap();
        w.docs(["All that a client needs to know of this protocol."]);
        w.block(format!("export const protocol: {} = {{", self.value), "};", |w| {
            w.line("version: CONTRACT_VERSION,");
            w.line("parseServerFrame,");
            w.line("checkClientFrame,");
            w.line("isTopic: (text: string): boolean => parseTopic(text) !== undefined,");
            w.line("replies: REPLIES,");
            w.list("subscribing: ", Brackets::Squares, &subscribing(ir), ",");
            w.block("session: {", "},", |w| {
                w.line(format!("topic: {},", string(SESSION_TOPIC)));
                w.line(format!("positions: {},", tells_positions(ir)));
                parts("toServer", &TO_SERVER, &session(ir, Direction::ToServer), w);
                parts("toClient", &TO_CLIENT, &session(ir, Direction::ToClient), w);
            });
            w.line("closeCodes: CLOSE_CODES,");
            match ir.heartbeat {
                Some(_) => w.line("heartbeat: HEARTBEAT,"),
                None => w.line(format!(
                    "heartbeat: {{ ping_interval_ms: {}, pong_timeout_ms: {} }},",
                    HEARTBEAT.ping_interval_ms, HEARTBEAT.pong_timeout_ms
                )),
            }
            w.line("delivery: DELIVERY,");
        });
    }
}

fn member(w: &mut Writer, docs: &str, declaration: &str) {
    w.docs([docs]);
    w.line(format!("readonly {declaration};"));
}

fn parts_type(name: &str, parts: &[(&str, SessionRole)], w: &mut Writer) {
    w.block(format!("readonly {name}: {{"), "};", |w| {
        for (part, _) in parts {
            w.line(format!("readonly {part}?: string;"));
        }
    });
}

fn parts(name: &str, parts: &[(&str, SessionRole)], played: &HashMap<SessionRole, &str>, w: &mut Writer) {
    let played: Vec<(&str, &str)> = parts.iter().filter_map(|(part, role)| Some((*part, *played.get(role)?))).collect();
    if played.is_empty() {
        w.line(format!("{name}: {{}},"));
        return;
    }
    w.block(format!("{name}: {{"), "},", |w| {
        for (part, wire_type) in played {
            w.line(format!("{}: {},", key(part), string(wire_type)));
        }
    });
}

/// The `type` of the message that plays each part, of those that travel this way.
fn session(ir: &Ir, direction: Direction) -> HashMap<SessionRole, &str> {
    ir.messages
        .values()
        .filter(|message| message.directions.contains(&direction))
        .filter_map(|message| Some((message.session?, message.wire_type.as_deref()?)))
        .collect()
}

/// Whether `subscribe` may ask where topics are. The rule `session-shape` sees to it that the answer may say so.
fn tells_positions(ir: &Ir) -> bool {
    let subscribe = ir.messages.values().find(|message| message.session == Some(SessionRole::Subscribe));
    let data = subscribe.and_then(|message| message.data.as_ref());
    data.is_some_and(|data| property_of(ir, data, "positions").is_some())
}

/// The requests that subscribe their sender, as string literals.
fn subscribing(ir: &Ir) -> Vec<String> {
    let mut found = Vec::new();
    for operation in ir.operations.values().filter(|operation| operation.subscribes) {
        let messages = operation.messages.iter().filter_map(|message| ir.messages.get(message));
        for wire_type in messages.filter_map(|message| message.wire_type.as_deref()).map(string) {
            if !found.contains(&wire_type) {
                found.push(wire_type);
            }
        }
    }
    found
}
