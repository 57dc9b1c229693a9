//! `checks.ts`: what explains a refused frame, by JSON Pointer and keyword.
//!
//! A check follows every keyword that the IR carries; what it cannot follow is an error here, never a silent
//! gap. The [guards](super::guards) give the same verdict sooner. What a check calls stands in `report.ts`.

mod functions;
mod keywords;

use tightwire_spec::ir::{Direction, Ir, Message};

pub(super) use self::functions::Checks;
use super::dispatch::Plan;
use super::frames::messages;
use super::names::{Names, key, string};
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
    if ir.envelope.is_none() {
        message_checks(ir, &mut checks, &mut exports)?;
    }
    let mut w = Writer::new(preamble);
    w.gap();
    let types: &[&str] = match ir.envelope {
        Some(_) => &["ClientFrame", "ServerFrame"],
        None => &["ClientFrame", "ClientMessageId", "ServerFrame", "ServerMessageId"],
    };
    let mut imports = checks.imports();
    imports.report.extend(["type Parsed", "type Report", "type Violation"].map(str::to_owned));
    w.import("import", imports.formats, "./formats.js");
    w.import("import type", types.iter().map(|name| (*name).to_owned()).collect(), "./frames.js");
    w.import("import", vec!["isClientFrame".to_owned(), "isServerFrame".to_owned()], "./guards.js");
    w.import("import", imports.report, "./report.js");
    w.import("import", imports.runtime, "./runtime.js");
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
    checks.uses(&["parse", "violations"]);
    let messages: Vec<&Message> = messages(ir, direction).collect();
    if ir.envelope.is_some() {
        checks.uses(&["fail", "isObject", "required"]);
        dispatch(side, &messages, names, w);
        for message in messages {
            checks.message(message)?;
        }
    } else {
        flat(&Plan::new(ir, direction), side, checks, w)?;
    }
    Ok(())
}

/// The check of any message of one direction without an envelope.
fn flat(plan: &Plan<'_>, side: &str, checks: &mut Checks<'_>, w: &mut Writer) -> Result<(), Error> {
    let argument = if plan.is_empty() { "_value" } else { "value" };
    let hint = format!("ANY_{}_FRAME", side.to_uppercase());
    let mut outcome = Ok(());
    w.block(format!("function any{side}Frame({argument}: unknown, report: Report): void {{"), "}", |w| {
        let used = plan.switch(w, |case, w| {
            let (own, rest) = (&case.messages, plan.rest(case));
            if outcome.is_ok() {
                outcome = alternatives(checks, &hint, own, &rest, w);
            }
            w.line("return;");
        });
        checks.uses(used.as_slice());
        if plan.structural.is_empty() && !plan.cases.is_empty() {
            checks.uses(&["unknownMessage"]);
            w.line(format!("unknownMessage(value, [{}], report);", plan.path().join(", ")));
        } else if outcome.is_ok() {
            outcome = alternatives(checks, &hint, &[], &plan.structural, w);
        }
    });
    outcome
}

/// The statement that checks some alternatives: what the property names, then those of every other frame.
fn alternatives(
    checks: &mut Checks<'_>,
    hint: &str,
    named: &[&Message],
    others: &[&Message],
    w: &mut Writer,
) -> Result<(), Error> {
    let mut functions = Vec::new();
    for message in named.iter().chain(others) {
        functions.push(checks.message(message)?);
    }
    match functions.as_slice() {
        [] => {
            checks.uses(&["fail"]);
            w.line("fail(report, \"enum\");");
        }
        [only] => w.line(format!("{only}(value, report);")),
        functions => {
            checks.uses(&["anyMessage"]);
            let list = checks.list(&format!("{hint}_ALTERNATIVES"), "Check", functions);
            w.line(format!("anyMessage(value, {list}, report);"));
        }
    }
    Ok(())
}

/// The check of each message, for callers that know which one a value should be.
fn message_checks(ir: &Ir, checks: &mut Checks<'_>, w: &mut Writer) -> Result<(), Error> {
    let mut members = Vec::new();
    for message in ir.messages.values().filter(|message| !message.directions.is_empty()) {
        members.push(format!("{}: {},", key(&message.id), checks.message(message)?));
    }
    checks.needs_type("Check");
    w.gap();
    w.docs(["Everything in which `value` departs from one message; empty for a valid frame of it."]);
    let id = "ClientMessageId | ServerMessageId";
    w.block(
        format!("export function checkMessage(message: {id}, value: unknown): readonly Violation[] {{"),
        "}",
        |w| {
            w.line("return violations(MESSAGE_CHECKS[message], value);");
        },
    );
    w.gap();
    let declaration = format!("const MESSAGE_CHECKS: {{ readonly [Message in {id}]: Check }} = {{");
    if members.is_empty() {
        w.line(format!("{declaration}}};"));
    } else {
        w.block(declaration, "};", |w| members.iter().for_each(|member| w.line(member)));
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
