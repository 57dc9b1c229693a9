//! `guards.ts`: whether a value is a frame, as plain boolean expressions: small, and fast on what is valid.
//!
//! A guard only accepts or refuses; what explains a refusal stands in `checks.ts`, which need not be loaded before
//! something is wrong. Both follow the same keywords, and every contract case runs through both.

mod combinations;
mod exclusive;
mod expression;
mod layout;
mod objects;
mod predicates;

use tightwire_spec::ir::{Direction, Ir, Message};

use self::predicates::Predicates;
use super::frames::messages;
use super::names::{Names, string};
use super::writer::Writer;
use crate::error::Error;

/// `runtime.ts`, after its preamble.
pub(super) const RUNTIME: &str = include_str!("../runtime.ts");

/// Writes `guards.ts`.
pub(super) fn emit(ir: &Ir, names: &Names, preamble: &str) -> Result<String, Error> {
    let mut predicates = Predicates::new(ir, names);
    let mut exports = Writer::default();
    let mut types = vec!["ClientFrame".to_owned(), "ServerFrame".to_owned()];
    for (direction, side) in [(Direction::ToServer, "Client"), (Direction::ToClient, "Server")] {
        let messages: Vec<&Message> = messages(ir, direction).collect();
        exports.gap();
        exports.docs([format!("Whether `value` is a {{@link {side}Frame}}.")]);
        let argument = if messages.is_empty() { "_value" } else { "value" };
        exports.block(
            format!("export function is{side}Frame({argument}: unknown): {argument} is {side}Frame {{"),
            "}",
            |w| {
                dispatch(ir, &messages, names, &mut predicates, w);
            },
        );
    }
    for message in ir.messages.values() {
        let frame = names.frame(&message.id);
        types.push(frame.to_owned());
        exports.gap();
        exports.docs([format!("Whether `value` is a {{@link {frame}}}.")]);
        let body = predicates.message(message)?;
        exports.line(format!("export function is{frame}(value: unknown): value is {frame} {{"));
        exports.extend(body);
        exports.line("}");
    }

    let mut w = Writer::new(preamble);
    w.gap();
    w.import("import type", types, "./frames.js");
    w.import("import", predicates.imports(), "./runtime.js");
    w.append(exports);
    w.append(predicates.finish());
    Ok(w.finish())
}

/// The body of the guard of all messages of one direction.
fn dispatch(ir: &Ir, messages: &[&Message], names: &Names, predicates: &mut Predicates<'_>, w: &mut Writer) {
    let guard = |message: &Message| format!("is{}(value)", names.frame(&message.id));
    if messages.is_empty() {
        w.line("return false;");
        return;
    }
    if ir.envelope.is_none() {
        w.line(format!("return {};", messages.iter().map(|message| guard(message)).collect::<Vec<_>>().join(" || ")));
        return;
    }
    predicates.uses("isObject");
    w.block("switch (isObject(value) ? value.type : undefined) {", "}", |w| {
        for message in messages {
            let Some(wire_type) = &message.wire_type else { continue };
            w.line(format!("case {}:", string(wire_type)));
            w.indented(|w| w.line(format!("return {};", guard(message))));
        }
        w.line("default:");
        w.indented(|w| w.line("return false;"));
    });
}
