//! `guards.ts`: a guard per message and a check per direction, from the same schemas that the server validates with.
//!
//! Every keyword of draft-07 that the IR carries is checked; what cannot be is an error here, never a silent gap. What
//! a check calls stands in `runtime.ts`, which is the same for every protocol.

mod checks;
mod keywords;
mod pattern;

use tightwire_spec::ir::{Direction, Ir, Message};

use self::checks::Checks;
use super::frames::messages;
use super::names::{Names, string};
use super::writer::Writer;
use crate::error::Error;

/// `runtime.ts`, after its preamble.
pub(super) const RUNTIME: &str = include_str!("runtime.ts");

/// Writes `guards.ts`.
pub(super) fn emit(ir: &Ir, names: &Names, preamble: &str) -> Result<String, Error> {
    let mut checks = Checks::new(ir, names);
    let mut guards = Writer::default();
    let mut types = vec!["ClientFrame".to_owned(), "ServerFrame".to_owned()];
    for (direction, side) in [(Direction::ToServer, "Client"), (Direction::ToClient, "Server")] {
        direction_guards(ir, direction, side, names, &mut checks, &mut guards)?;
    }
    for message in ir.messages.values() {
        let frame = names.frame(&message.id);
        let check = checks.message(message)?;
        types.push(frame.to_owned());
        guards.gap();
        guards.docs([format!("Whether `value` is a {{@link {frame}}}.")]);
        guards.block(format!("export function is{frame}(value: unknown): value is {frame} {{"), "}", |w| {
            w.line(format!("return accepts({check}, value);"));
        });
    }
    checks.uses(&["accepts", "parse", "violations", "fail"]);
    if ir.envelope.is_some() {
        checks.uses(&["isObject", "required"]);
    }

    let mut w = Writer::new(preamble);
    w.gap();
    w.import("import type", types, "./frames.js");
    w.import("import", checks.imports(), "./runtime.js");
    w.append(guards);
    w.append(checks.finish());
    Ok(w.finish())
}

/// What is exported for all messages of one direction.
fn direction_guards(
    ir: &Ir,
    direction: Direction,
    side: &str,
    names: &Names,
    checks: &mut Checks<'_>,
    w: &mut Writer,
) -> Result<(), Error> {
    let sender = if direction == Direction::ToServer { "a client sends" } else { "the server sends" };
    w.gap();
    w.docs([
        format!("Everything in which `value` departs from what {sender}; empty for a valid {{@link {side}Frame}}."),
        "The rules are the server's own. The text is not seen here: a key that appeared twice in it is gone."
            .to_owned(),
    ]);
    w.block(format!("export function check{side}Frame(value: unknown): readonly Violation[] {{"), "}", |w| {
        w.line(format!("return violations(any{side}Frame, value);"));
    });
    w.gap();
    w.docs([format!("Whether `value` is a {{@link {side}Frame}}.")]);
    w.block(format!("export function is{side}Frame(value: unknown): value is {side}Frame {{"), "}", |w| {
        w.line(format!("return accepts(any{side}Frame, value);"));
    });
    w.gap();
    w.docs([
        format!("Parses the text of a frame that {sender}, and checks it."),
        "The one rule that is out of reach: `JSON.parse` keeps the last of two equal keys, the server refuses both."
            .to_owned(),
    ]);
    w.block(format!("export function parse{side}Frame(text: string): Parsed<{side}Frame> {{"), "}", |w| {
        w.line(format!("return parse(text, check{side}Frame);"));
    });
    w.gap();
    let messages: Vec<&Message> = messages(ir, direction).collect();
    if ir.envelope.is_some() {
        dispatch(side, &messages, names, w);
        for message in messages {
            checks.message(message)?;
        }
    } else {
        let mut alternatives = Vec::new();
        for message in &messages {
            alternatives.push(checks.message(message)?);
        }
        let list = checks.list(&format!("ANY_{}_FRAME_ALTERNATIVES", side.to_uppercase()), "Check", &alternatives);
        checks.uses(&["matching"]);
        w.block(format!("function any{side}Frame(value: unknown, report: Report): void {{"), "}", |w| {
            w.block(format!("if (matching({list}, value, report) === 0) {{"), "}", |w| {
                w.line("fail(report, \"anyOf\");");
            });
        });
    }
    Ok(())
}

/// The check of a frame by its `type`.
fn dispatch(side: &str, messages: &[&Message], names: &Names, w: &mut Writer) {
    w.block(format!("function any{side}Frame(value: unknown, report: Report): void {{"), "}", |w| {
        w.block("if (!isObject(value)) {", "}", |w| {
            w.line("fail(report, \"type\");");
            w.line("return;");
        });
        w.block("switch (value.type) {", "}", |w| {
            for message in messages {
                let Some(wire_type) = &message.wire_type else { continue };
                w.line(format!("case {}:", string(wire_type)));
                w.indented(|w| {
                    w.line(format!("check{}(value, report);", names.frame(&message.id)));
                    w.line("break;");
                });
            }
            w.line("default:");
            w.indented(|w| w.line("required(value, \"type\", unknownType, report);"));
        });
    });
    if side == "Server" {
        w.gap();
        w.docs(["No message of this direction has this `type`."]);
        w.block("function unknownType(value: unknown, report: Report): void {", "}", |w| {
            w.line("fail(report, typeof value === \"string\" ? \"enum\" : \"type\");");
        });
    }
}
