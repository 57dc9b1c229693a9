//! `checks.ts`: what explains a refused frame, by JSON Pointer and keyword.
//!
//! A check follows every keyword of draft-07 that the IR carries; what it cannot follow is an error here, never a silent
//! gap. The [guards](super::guards) give the same verdict sooner. What a check calls stands in `report.ts`.

mod functions;
mod keywords;

use tightwire_spec::ir::{Direction, Ir, Message};

use self::functions::Checks;
use super::frames::messages;
use super::names::{Names, string};
use super::writer::Writer;
use crate::error::Error;

/// `report.ts`, after its preamble.
pub(super) const REPORT: &str = include_str!("../report.ts");

/// Writes `checks.ts`.
pub(super) fn emit(ir: &Ir, names: &Names, preamble: &str) -> Result<String, Error> {
    let mut checks = Checks::new(ir, names);
    let mut exports = Writer::default();
    for (direction, side) in [(Direction::ToServer, "Client"), (Direction::ToClient, "Server")] {
        direction_checks(ir, direction, side, names, &mut checks, &mut exports)?;
    }
    let mut w = Writer::new(preamble);
    w.gap();
    w.import("import type", vec!["ClientFrame".to_owned(), "ServerFrame".to_owned()], "./frames.js");
    w.import("import", vec!["isClientFrame".to_owned(), "isServerFrame".to_owned()], "./guards.js");
    let (report, runtime) = checks.imports();
    w.import("import", report, "./report.js");
    w.import("import", runtime, "./runtime.js");
    w.append(exports);
    w.append(checks.finish());
    Ok(w.finish())
}

/// What is exported for all messages of one direction.
fn direction_checks(
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
    w.docs([
        format!("Parses the text of a frame that {sender}, and checks it."),
        "The one rule that is out of reach: `JSON.parse` keeps the last of two equal keys, the server refuses both."
            .to_owned(),
    ]);
    w.block(format!("export function parse{side}Frame(text: string): Parsed<{side}Frame> {{"), "}", |w| {
        w.line(format!("return parse(text, is{side}Frame, check{side}Frame);"));
    });
    w.gap();
    checks.uses(&["parse", "violations", "fail"]);
    let messages: Vec<&Message> = messages(ir, direction).collect();
    if ir.envelope.is_some() {
        checks.uses(&["isObject", "required"]);
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
        checks.uses(&["passed"]);
        w.block(format!("function any{side}Frame(value: unknown, report: Report): void {{"), "}", |w| {
            w.block(format!("if (passed({list}, value, report) === 0) {{"), "}", |w| {
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
