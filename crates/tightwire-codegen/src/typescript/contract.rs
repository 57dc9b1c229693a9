//! `contract.ts`: version, close codes, limits, heartbeat and deliveries as constants.

use indexmap::IndexMap;
use tightwire_spec::ir::{Delivery, Direction, Ir, Message};

use super::names::{key, string};
use super::writer::Writer;

/// Writes `contract.ts`.
pub(super) fn emit(ir: &Ir, preamble: &str) -> String {
    let mut w = Writer::new(preamble);
    w.gap();
    w.docs(["The version of the document that this code was generated from."]);
    w.line(format!("export const CONTRACT_VERSION = {};", string(&ir.info.version)));

    w.gap();
    w.docs(["How the server closes connections, by name. The code alone decides whether to reconnect."]);
    if ir.close_codes.is_empty() {
        w.line("export const CLOSE_CODES = {} as const;");
    } else {
        close_codes(ir, &mut w);
    }
    w.gap();
    w.docs(["The name of a close code."]);
    w.line("export type CloseCodeName = keyof typeof CLOSE_CODES;");
    w.gap();
    w.docs(["An entry of the table of close codes."]);
    w.block("export interface CloseCode {", "}", |w| {
        w.docs(["The code (RFC 6455, section 7.4)."]);
        w.line("readonly code: number;");
        w.docs(["What it says to the client."]);
        w.line("readonly meaning: string;");
        w.docs(["Whether the client should reconnect."]);
        w.line("readonly reconnect: boolean;");
    });
    w.gap();
    w.docs(["The entry for a close code; `undefined` for a code that the contract does not name."]);
    w.block("export function closeCode(code: number): CloseCode | undefined {", "}", |w| {
        w.line("return Object.values<CloseCode>(CLOSE_CODES).find((entry) => entry.code === code);");
    });

    w.gap();
    let own = if ir.envelope.is_some() { " A running server tells its own in `connection_established`." } else { "" };
    w.docs([format!("The server's default limits.{own}")]);
    numbers("LIMITS", ir.limits.iter().map(|(name, value)| (name.as_str(), *value)), &mut w);
    if let Some(heartbeat) = &ir.heartbeat {
        w.gap();
        w.docs(["The server's default heartbeat."]);
        let values = [("ping_interval_ms", heartbeat.ping_interval_ms), ("pong_timeout_ms", heartbeat.pong_timeout_ms)];
        numbers("HEARTBEAT", values.into_iter(), &mut w);
    }

    w.gap();
    w.docs([
        "What the server may do with a frame for a client that cannot take it now.",
        "- `durable`: kept in the topic's log and replayed\n- `latest`: only the newest per key matters\n- `ephemeral`: may \
         be dropped for a slow client\n- `control`: between the server and one client, never logged, never dropped",
    ]);
    w.line("export type Delivery = \"durable\" | \"latest\" | \"ephemeral\" | \"control\";");
    w.gap();
    let by = if ir.envelope.is_some() { "its `type`" } else { "its key in the document" };
    w.docs([format!("The delivery of each message of the server, by {by}.")]);
    let messages = to_client(ir);
    if messages.is_empty() {
        w.line("export const DELIVERY = {} as const;");
        return w.finish();
    }
    w.block("export const DELIVERY = {", "} as const;", |w| {
        for (wire_type, message) in messages {
            w.line(format!("{}: \"{}\",", key(wire_type), delivery(message.delivery)));
        }
    });
    w.finish()
}

fn close_codes(ir: &Ir, w: &mut Writer) {
    w.block("export const CLOSE_CODES = {", "} as const;", |w| {
        for code in &ir.close_codes {
            w.docs([&code.meaning]);
            w.block(format!("{}: {{", key(&code.name)), "},", |w| {
                w.line(format!("code: {},", code.code));
                w.line(format!("meaning: {},", string(&code.meaning)));
                w.line(format!("reconnect: {},", code.reconnect));
            });
        }
    });
}

fn numbers<'a>(name: &str, values: impl Iterator<Item = (&'a str, u64)>, w: &mut Writer) {
    let mut values = values.peekable();
    if values.peek().is_none() {
        w.line(format!("export const {name} = {{}} as const;"));
        return;
    }
    w.block(format!("export const {name} = {{"), "} as const;", |w| {
        for (name, value) in values {
            w.line(format!("{}: {value},", key(name)));
        }
    });
}

fn to_client(ir: &Ir) -> IndexMap<&str, &Message> {
    ir.messages
        .values()
        .filter(|message| message.directions.contains(&Direction::ToClient))
        .map(|message| (message.wire_type.as_deref().unwrap_or(&message.id), message))
        .collect()
}

fn delivery(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Durable => "durable",
        Delivery::Latest => "latest",
        Delivery::Ephemeral => "ephemeral",
        Delivery::Control => "control",
    }
}
