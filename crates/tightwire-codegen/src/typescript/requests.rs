//! `requests.ts`: what each request is answered with, as types and as a table.

use tightwire_spec::ir::{Direction, Ir, Message, Operation, Reply, SequenceStep, Times};

use super::names::{Names, key, property, string};
use super::writer::{Brackets, Writer};

/// Writes `requests.ts`.
pub(super) fn emit(ir: &Ir, names: &Names, preamble: &str) -> String {
    let answered = requests(ir);
    let frames: Vec<String> = answered
        .iter()
        .flat_map(|request| &request.reply.messages)
        .map(|message| names.frame(message).to_owned())
        .collect();

    let mut w = Writer::new(preamble);
    w.gap();
    w.import("import type", frames, "./frames.js");
    w.gap();
    let enveloped = ir.envelope.is_some();
    let (correlated, by) = if enveloped {
        (", with the request's `id` as its `correlation_id`", "`type`")
    } else {
        ("", "the message's key in the document")
    };
    w.docs([format!("What each request is answered with: one frame of these{correlated}.")]);
    interface(
        "Replies",
        &answered,
        |request| request.reply.sequence.is_none(),
        &mut w,
        |request, before, w| {
            w.line(format!("{before}{};", request.frames(names).join(" | ")));
        },
    );
    w.gap();
    w.docs(["What each request is answered with that brings several frames, in this order."]);
    interface(
        "ReplySequences",
        &answered,
        |request| request.reply.sequence.is_some(),
        &mut w,
        |request, before, w| match request.reply.sequence.as_ref().and_then(|steps| sequence(steps, names)) {
            Some(items) => w.list(&format!("{before}readonly "), Brackets::Squares, &items, ";"),
            None => w.line(format!("{before}readonly ({})[];", request.frames(names).join(" | "))),
        },
    );
    w.gap();
    let what = if enveloped { "`type`" } else { "key in the document" };
    w.docs([format!("The {what} of a request that is answered.")]);
    w.line("export type RequestType = keyof Replies | keyof ReplySequences;");
    w.gap();
    w.docs(["How a reply is made up, for code that waits for one."]);
    w.block("export interface ReplyShape {", "}", |w| {
        w.docs([format!("The frames that it may consist of, by {by}: one of them, or a sequence of them.")]);
        w.line("readonly kind: \"one\" | \"sequence\";");
        w.docs([
            "The alternatives, or the steps of the sequence in order; `times` as in regular expressions, empty for \
             exactly once.",
        ]);
        w.line("readonly steps: readonly { readonly type: string; readonly times: \"\" | \"+\" | \"*\" | \"?\" }[];");
    });
    w.gap();
    w.docs(["How the reply of each request is made up."]);
    let declaration = "export const REPLIES: { readonly [Type in RequestType]: ReplyShape } = {";
    if answered.is_empty() {
        w.line(format!("{declaration}}};"));
    } else {
        w.block(declaration, "};", |w| answered.iter().for_each(|request| table_entry(request, ir, w)));
    }
    w.finish()
}

/// An interface with a member for each request that is wanted; an empty object type where there is none.
fn interface(
    name: &str,
    answered: &[Request<'_>],
    wanted: impl Fn(&Request<'_>) -> bool,
    w: &mut Writer,
    member: impl Fn(&Request<'_>, &str, &mut Writer),
) {
    let requests: Vec<&Request<'_>> = answered.iter().filter(|request| wanted(request)).collect();
    if requests.is_empty() {
        w.line(format!("export type {name} = Readonly<Record<never, never>>;"));
        return;
    }
    w.block(format!("export interface {name} {{"), "}", |w| {
        for request in requests {
            w.docs(request.docs());
            member(request, &format!("readonly {}: ", property(request.wire_type)), w);
        }
    });
}

/// A message to the server that is answered.
struct Request<'a> {
    wire_type: &'a str,
    operation: &'a Operation,
    reply: &'a Reply,
}

impl Request<'_> {
    fn docs(&self) -> Vec<String> {
        let docs = &self.operation.docs;
        docs.description.clone().or_else(|| docs.summary.clone()).or_else(|| docs.title.clone()).into_iter().collect()
    }

    fn frames(&self, names: &Names) -> Vec<String> {
        self.reply.messages.iter().map(|message| names.frame(message).to_owned()).collect()
    }
}

fn requests(ir: &Ir) -> Vec<Request<'_>> {
    let mut found: Vec<Request<'_>> = Vec::new();
    for operation in ir.operations.values().filter(|operation| operation.direction == Direction::ToServer) {
        let Some(reply) = operation.reply.as_ref().filter(|reply| !reply.messages.is_empty()) else { continue };
        for message in operation.messages.iter().filter_map(|message| ir.messages.get(message)) {
            let wire_type = wire_type(message);
            // The same message on two operations: the first one's reply, as the server dispatches it.
            if found.iter().all(|request| request.wire_type != wire_type) {
                found.push(Request { wire_type, operation, reply });
            }
        }
    }
    found
}

fn wire_type(message: &Message) -> &str {
    message.wire_type.as_deref().unwrap_or(&message.id)
}

/// A sequence as the items of a tuple; `None` where a tuple cannot say it (it may repeat in one place only).
fn sequence(steps: &[SequenceStep], names: &Names) -> Option<Vec<String>> {
    let repeats = steps.iter().filter(|step| matches!(step.times, Times::OnceOrMore | Times::AnyNumber)).count();
    if repeats > 1 {
        return None;
    }
    let mut items = Vec::new();
    for step in steps {
        let frame = names.frame(&step.message);
        match step.times {
            Times::Once => items.push(frame.to_owned()),
            Times::OnceOrMore => items.extend([frame.to_owned(), format!("...{frame}[]")]),
            Times::AnyNumber => items.push(format!("...{frame}[]")),
            Times::Optional => items.push(format!("...([{frame}] | [])")),
        }
    }
    Some(items)
}

fn table_entry(request: &Request<'_>, ir: &Ir, w: &mut Writer) {
    let step = |message: &str, times: &str| {
        let wire_type = ir.messages.get(message).map_or(message, wire_type);
        format!("{{ type: {}, times: \"{times}\" }}", string(wire_type))
    };
    let (kind, steps): (_, Vec<String>) = match &request.reply.sequence {
        None => ("one", request.reply.messages.iter().map(|message| step(message, "")).collect()),
        Some(steps) => ("sequence", steps.iter().map(|s| step(&s.message, times(s.times))).collect()),
    };
    w.block(format!("{}: {{", key(request.wire_type)), "},", |w| {
        w.line(format!("kind: \"{kind}\","));
        w.list("steps: ", Brackets::Squares, &steps, ",");
    });
}

fn times(times: Times) -> &'static str {
    match times {
        Times::Once => "",
        Times::OnceOrMore => "+",
        Times::AnyNumber => "*",
        Times::Optional => "?",
    }
}
