//! `guards.ts`: whether a value is a frame, as plain boolean expressions: small, and fast on what is valid.
//!
//! A guard only accepts or refuses; what explains a refusal stands in `checks.ts`, which need not be loaded before
//! something is wrong. Both follow the same keywords, and every contract case runs through both.

mod combinations;
mod enveloped;
mod exclusive;
mod expression;
mod layout;
mod objects;
mod predicates;

use indexmap::IndexMap;
use tightwire_spec::ir::{Direction, Ir, Message};

use self::predicates::Predicates;
use super::dispatch::Plan;
use super::frames::messages;
use super::names::{Names, string};
use super::writer::Writer;
use crate::error::Error;

/// `runtime.ts`, after its preamble.
pub(super) const RUNTIME: &str = include_str!("../runtime.ts");

/// `formats.ts`, after its preamble.
pub(super) const FORMATS: &str = include_str!("../formats.ts");

/// Writes `guards.ts`.
pub(super) fn emit(ir: &Ir, names: &Names, preamble: &str) -> Result<String, Error> {
    let mut predicates = Predicates::new(ir, names);
    let mut exports = Writer::default();
    let mut types = vec!["ClientFrame".to_owned(), "ServerFrame".to_owned()];
    let mut asked = IndexMap::new();
    for message in ir.messages.values() {
        asked.insert(message.id.as_str(), predicates.message(message)?);
    }
    for (direction, side) in [(Direction::ToServer, "Client"), (Direction::ToClient, "Server")] {
        let messages: Vec<&Message> = messages(ir, direction).collect();
        if ir.envelope.is_none() {
            types.push(format!("{side}MessageId"));
            flat(&Plan::new(ir, direction), side, names, &mut predicates, &mut exports);
            continue;
        }
        exports.gap();
        exports.docs([format!("Whether `value` is a {{@link {side}Frame}}.")]);
        let argument = if messages.is_empty() { "_value" } else { "value" };
        exports.block(
            format!("export function is{side}Frame({argument}: unknown): {argument} is {side}Frame {{"),
            "}",
            |w| {
                enveloped::write(&messages, side, &asked, names, &mut predicates, w);
            },
        );
    }
    for message in ir.messages.values() {
        let frame = names.frame(&message.id);
        types.push(frame.to_owned());
        exports.gap();
        exports.docs([format!("Whether `value` is a {{@link {frame}}}.")]);
        let conditions = &asked[message.id.as_str()];
        // What accepts everything does not look at it.
        let argument = if conditions.is_empty() { "_value" } else { "value" };
        exports.block(format!("export function is{frame}({argument}: unknown): {argument} is {frame} {{"), "}", |w| {
            layout::write_return(conditions, w);
        });
    }

    let mut w = Writer::new(preamble);
    w.gap();
    let (formats, runtime) = predicates.imports();
    w.import("import", formats, "./formats.js");
    w.import("import type", types, "./frames.js");
    w.import("import", runtime, "./runtime.js");
    w.append(exports);
    w.append(predicates.finish());
    Ok(w.finish())
}

/// The guard and the classification of one direction without an envelope.
fn flat(plan: &Plan<'_>, side: &str, names: &Names, predicates: &mut Predicates<'_>, w: &mut Writer) {
    let sender = if side == "Client" { "a client sends" } else { "the server sends" };
    let argument = if plan.is_empty() { "_value" } else { "value" };
    w.gap();
    w.docs([format!("Whether `value` is a {{@link {side}Frame}}.")]);
    w.block(format!("export function is{side}Frame(value: unknown): value is {side}Frame {{"), "}", |w| {
        w.line(format!("return {}MessageOf(value) !== undefined;", side.to_lowercase()));
    });
    w.gap();
    w.docs([format!(
        "The message that `value` is, of those that {sender}; `undefined` for none. Where it could be several, the \
         server takes the same one."
    )]);
    let name = format!("{}MessageOf", side.to_lowercase());
    let attempts = |messages: &[&Message], w: &mut Writer| {
        for message in messages {
            w.block(format!("if (is{}(value)) {{", names.frame(&message.id)), "}", |w| {
                w.line(format!("return {};", string(&message.id)));
            });
        }
    };
    w.block(format!("export function {name}({argument}: unknown): {side}MessageId | undefined {{"), "}", |w| {
        let used = plan.switch(w, |case, w| {
            attempts(&case.messages, w);
            w.line("break;");
        });
        if let Some(function) = used {
            predicates.uses(function);
        }
        attempts(&plan.structural, w);
        w.line("return undefined;");
    });
}
