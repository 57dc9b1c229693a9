//! `contract.json`: the contract as the page's console reads it. Schemas are those of the bundle, which servers enforce.

use serde_json::{Map, Value, json};
use tightwire_spec::ir::{Channel, Direction, Ir, Message, Parameter, Segment, SessionRole};

use super::messages;
use crate::config::Config;
use crate::schema_bundle;

pub(super) fn write(ir: &Ir, config: &Config) -> String {
    let contract = json!({
        "$comment": config.preamble("").trim(),
        "envelope": ir.envelope.is_some(),
        "path": ir.servers.values().find_map(|server| server.pathname.as_deref()),
        "routes": routes(ir),
        "channels": ir.channels.values().map(|channel| (channel.id.clone(), self::channel(channel))).collect::<Map<_, _>>(),
        "messages": {
            "to_server": of(ir, Direction::ToServer),
            "to_client": of(ir, Direction::ToClient),
        },
        "close_codes": ir.close_codes.iter().map(|code| json!({
            "code": code.code, "name": code.name, "meaning": code.meaning, "reconnect": code.reconnect,
        })).collect::<Vec<_>>(),
        "bundle": schema_bundle::value(ir),
    });
    contract.to_string() + "\n"
}

fn of(ir: &Ir, direction: Direction) -> Vec<Value> {
    let travels = ir.messages.values().filter(|message| message.directions.contains(&direction));
    travels.map(|message| self::message(ir, message)).collect()
}

fn message(ir: &Ir, message: &Message) -> Value {
    json!({
        "id": message.id,
        // How the bundle calls it.
        "key": schema_bundle::key(ir, message),
        "name": messages::name(message),
        "title": message.docs.title,
        "channels": message.channels,
        "session": message.session.and_then(session),
        "examples": message.examples.iter().map(|example| &example.payload).collect::<Vec<_>>(),
    })
}

/// The parts that the console plays itself.
const fn session(role: SessionRole) -> Option<&'static str> {
    match role {
        SessionRole::Ping => Some("ping"),
        SessionRole::Pong => Some("pong"),
        _ => None,
    }
}

fn channel(channel: &Channel) -> Value {
    json!({ "address": segments(&channel.segments), "parameters": parameters(channel.parameters.iter()) })
}

fn routes(ir: &Ir) -> Vec<Value> {
    let ids = |direction| ir.messages_by_route(direction);
    let (to_server, to_client) = (ids(Direction::ToServer), ids(Direction::ToClient));
    let travelling = to_server.iter().zip(&to_client);
    ir.routes
        .values()
        .zip(travelling)
        .map(|(route, (to_server, to_client))| {
            json!({
                "path": route.path,
                "address": segments(&route.segments),
                "parameters": parameters(route.parameters.iter()),
                "to_server": to_server,
                "to_client": to_client,
            })
        })
        .collect()
}

/// Texts as they are, parameters as objects.
fn segments(segments: &[Segment]) -> Vec<Value> {
    segments
        .iter()
        .map(|segment| match segment {
            Segment::Literal(text) => json!(text),
            Segment::Parameter(name) => json!({ "parameter": name }),
        })
        .collect()
}

fn parameters<'a>(parameters: impl Iterator<Item = (&'a String, &'a Parameter)>) -> Map<String, Value> {
    let told = |parameter: &Parameter| {
        json!({
            "description": parameter.description,
            "values": parameter.values,
            "default": parameter.default.as_ref().or(parameter.examples.first()),
        })
    };
    parameters.map(|(name, parameter)| (name.clone(), told(parameter))).collect()
}
