//! `tightwire inspect`: what a document says, as the generators understand it.

use std::fmt::Write as _;
use std::io::Write;

use serde_json::{Value, json};
use tightwire_codegen::rust::decoder::SlowMessage;
use tightwire_codegen::{Config, rust};
use tightwire_spec::Severity;
use tightwire_spec::ir::{Direction, Dispatch, Envelope, Ir, Message, Operation};
use tightwire_spec::schema::Schema;

use crate::cli::{Exit, InspectArguments, InspectFormat};
use crate::output::Output;

/// Which messages are not read in a single pass, and why; the error says that there is no Rust for the document.
type Slow = Result<Vec<SlowMessage>, tightwire_codegen::Error>;

/// So many ambiguous pairs are shown to people; programs get them all.
const MAX_AMBIGUITIES: usize = 20;

/// Runs the command.
pub(crate) fn run<O: Write, E: Write>(arguments: &InspectArguments, output: &mut Output<O, E>) -> Exit {
    let loaded = match arguments.read.load(&arguments.file) {
        Ok(loaded) => loaded,
        Err(error) => {
            output.complaint(&error);
            return Exit::Unreadable;
        }
    };
    let errors = loaded.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    for error in errors {
        output.complaint(&error.one_line(&loaded.sources));
    }
    let Some(ir) = &loaded.ir else { return Exit::Faulty };
    let config = Config { module: "protocol".to_owned(), ..Config::default() };
    let slow = rust::module(ir, &config).map(|module| module.slow_messages);
    match arguments.format {
        InspectFormat::Text => output.result(&text(ir, &slow)),
        InspectFormat::Json => output.result(&format!("{:#}\n", json_of(ir, &slow))),
    }
    if loaded.has_errors() { Exit::Faulty } else { Exit::Clean }
}

fn text(ir: &Ir, slow: &Slow) -> String {
    let mut text = String::new();
    let envelope = match ir.envelope {
        Some(Envelope::V1) => "frames in the envelope",
        None => "flat frames",
    };
    let _ = writeln!(text, "{} {} (AsyncAPI {})", ir.info.title, ir.info.version, ir.asyncapi);
    let _ = writeln!(text, "describes the {}; {envelope}", ir.role.as_str());
    section(
        &mut text,
        "Servers",
        ir.servers.iter().map(|(name, server)| {
            format!("{name}: {}://{}{}", server.protocol, server.host, server.pathname.as_deref().unwrap_or_default())
        }),
    );
    section(
        &mut text,
        "Routes",
        ir.routes.values().map(|route| {
            let mut line = route.path.clone();
            for (what, schema) in [("query", &route.query), ("headers", &route.headers)] {
                let names = schema.as_ref().map(|schema| properties(ir, schema)).unwrap_or_default();
                if !names.is_empty() {
                    let _ = write!(line, "  {what}: {}", names.join(", "));
                }
            }
            line
        }),
    );
    section(
        &mut text,
        "Security",
        ir.security_schemes.iter().map(|(name, scheme)| {
            let details = [&scheme.scheme, &scheme.place, &scheme.name];
            let details: Vec<_> = details.into_iter().flatten().map(String::as_str).collect();
            format!("{name}: {} {}", scheme.kind, details.join(" ")).trim_end().to_owned()
        }),
    );
    section(&mut text, "Operations", ir.operations.values().map(operation));
    for (direction, title) in [(Direction::ToServer, "To the server"), (Direction::ToClient, "To the client")] {
        let dispatch = ir.dispatch.of(direction);
        let messages: Vec<_> = ir.messages.values().filter(|message| message.directions.contains(&direction)).collect();
        let _ = writeln!(text, "\n{title}: {} ({})", counted(messages.len(), "message"), dispatch.explanation);
        for message in messages {
            let _ = writeln!(text, "  {}", described(message, dispatch));
        }
        for ambiguity in dispatch.ambiguous.iter().take(MAX_AMBIGUITIES) {
            let witness = ambiguity.witness.as_ref().map(|witness| format!(": {witness}")).unwrap_or_default();
            let (first, second) = (&ambiguity.first, &ambiguity.second);
            let _ = writeln!(text, "  ambiguous: a frame of `{second}` may be taken for `{first}`{witness}");
        }
        if dispatch.ambiguous.len() > MAX_AMBIGUITIES {
            let _ = writeln!(text, "  … and {} more such pairs", dispatch.ambiguous.len() - MAX_AMBIGUITIES);
        }
    }
    let unused: Vec<_> = ir.messages.values().filter(|message| message.directions.is_empty()).collect();
    section(&mut text, "In no operation", unused.into_iter().map(|message| message.id.clone()));
    match slow {
        Ok(slow) => section(&mut text, "Slow path (validated as JSON values)", slow.iter().map(slow_message)),
        Err(error) => {
            let _ = writeln!(text, "\nThere is no Rust for this document: {error}");
        }
    }
    text
}

fn slow_message(slow: &SlowMessage) -> String {
    let SlowMessage { message, whole, place, reason, help } = slow;
    let what = match (whole, place.as_str()) {
        (true, "") => "the whole frame".to_owned(),
        (true, place) => format!("the whole frame, for `{place}`"),
        (false, place) => format!("`{place}` of it"),
    };
    let help = help.map(|help| format!("; to make it fast, {help}")).unwrap_or_default();
    format!("{message}, {what}: {reason}{help}")
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<_> = lines.collect();
    if !lines.is_empty() {
        let _ = writeln!(text, "\n{title}:");
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    }
}

fn counted(count: usize, name: &str) -> String {
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

/// The names of an object's properties; `?` marks those that may be absent.
fn properties(ir: &Ir, schema: &Schema) -> Vec<String> {
    let Some(object) = ir.merged(schema) else { return Vec::new() };
    let mark = |name: &String| if object.required.contains(name) { "" } else { "?" };
    object.properties.keys().map(|name| format!("{name}{}", mark(name))).collect()
}

fn operation(operation: &Operation) -> String {
    let way = match operation.direction {
        Direction::ToServer => "to the server",
        Direction::ToClient => "to the client",
    };
    let mut line = format!("{} ({way}): {}", operation.id, operation.messages.join(", "));
    if let Some(reply) = &operation.reply {
        let _ = write!(line, " -> {}", reply.messages.join(", "));
    }
    line
}

fn described(message: &Message, dispatch: &Dispatch) -> String {
    let values = dispatch.values.iter().filter(|(_, ids)| ids.contains(&message.id));
    let values: Vec<_> = values.map(|(value, _)| value.to_string()).collect();
    let mut line = message.id.clone();
    if !values.is_empty() {
        let _ = write!(line, ": {} = {}", dispatch.by.join("."), values.join(" or "));
    }
    if !dispatch.by.is_empty() && dispatch.structural.contains(&message.id) {
        line.push_str(if values.is_empty() { ": by structure" } else { ", or by structure" });
    }
    if let Some(format) = &message.unsupported {
        let _ = write!(line, " (its payload is not read: {format})");
    }
    line
}

fn json_of(ir: &Ir, slow: &Slow) -> Value {
    let slow = slow.as_ref().ok().map(|slow| {
        let slow = slow.iter().map(|slow| {
            json!({
                "message": slow.message, "whole": slow.whole, "place": slow.place, "reason": slow.reason,
                "help": slow.help,
            })
        });
        slow.collect::<Vec<_>>()
    });
    let names = |schema: &Option<Schema>| schema.as_ref().map(|schema| schema.to_json("#/definitions/"));
    let routes = ir.routes.values().map(|route| {
        json!({
            "path": route.path, "channels": route.channels, "parameters": route.parameters.keys().collect::<Vec<_>>(),
            "query": names(&route.query), "headers": names(&route.headers),
        })
    });
    let operations = ir.operations.values().map(|operation| {
        json!({
            "id": operation.id, "direction": direction(operation.direction), "channel": operation.channel,
            "messages": operation.messages, "reply": operation.reply.as_ref().map(|reply| &reply.messages),
        })
    });
    let messages = ir.messages.values().map(|message| {
        json!({
            "id": message.id, "directions": message.directions.iter().copied().map(direction).collect::<Vec<_>>(),
            "channels": message.channels, "unsupported": message.unsupported,
        })
    });
    json!({
        "title": ir.info.title,
        "version": ir.info.version,
        "asyncapi": ir.asyncapi,
        "role": ir.role.as_str(),
        "envelope": ir.envelope.map(|Envelope::V1| 1),
        "servers": ir.servers.keys().collect::<Vec<_>>(),
        "security_schemes": ir.security_schemes.iter().map(|(name, scheme)| (name.clone(), scheme.kind.clone().into()))
            .collect::<serde_json::Map<_, _>>(),
        "routes": routes.collect::<Vec<_>>(),
        "operations": operations.collect::<Vec<_>>(),
        "messages": messages.collect::<Vec<_>>(),
        "slow_path": slow,
        "dispatch": { "to_server": dispatch(&ir.dispatch.to_server), "to_client": dispatch(&ir.dispatch.to_client) },
    })
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::ToServer => "to_server",
        Direction::ToClient => "to_client",
    }
}

fn dispatch(dispatch: &Dispatch) -> Value {
    let values = dispatch.values.iter().map(|(value, messages)| json!({ "value": value, "messages": messages }));
    let ambiguous = dispatch
        .ambiguous
        .iter()
        .map(|ambiguity| json!({ "first": ambiguity.first, "second": ambiguity.second, "witness": ambiguity.witness }));
    json!({
        "by": dispatch.by,
        "values": values.collect::<Vec<_>>(),
        "structural": dispatch.structural,
        "ambiguous": ambiguous.collect::<Vec<_>>(),
        "explanation": dispatch.explanation,
    })
}
