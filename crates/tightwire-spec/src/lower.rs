//! From the document's model to the IR. Called only for documents without errors, yet it never relies on that.

use indexmap::IndexMap;

use crate::address;
use crate::dispatch;
use crate::formats::Formats;
use crate::ir::{
    Channel, CloseCode, Delivery, Direction, Dispatches, Docs, Envelope, Example, Heartbeat, Info, Ir, Location,
    Message, Operation, Parameter, Reply, Segment, SequenceStep, SessionRole, Times,
};
use crate::merge::Schemas;
use crate::model::{self, Model};
use crate::route::{self, Handshake};
use crate::schema::Schema;
use crate::tree::Node;

mod headers;
mod schema;
mod scope;
mod server;
mod unevaluated;

pub(crate) use schema::{Lowered, Lowering};

/// The IR of a document, and the schema that is not lowered as it should be because it means too much, if there is one.
pub(crate) fn lower<'a>(model: &Model<'a>, formats: Formats) -> (Ir, Option<Node<'a>>) {
    let mut lowering = Lowering::new(model.documents, model.root, formats);
    let mut payloads = Vec::new();
    for message in &model.messages {
        let payload = lowering.described(message.described).unwrap_or(Schema::Bool(true));
        let headers = model.layers(message.node).into_iter().map(|layer| model.described(layer, "headers"));
        payloads.push((payload, headers.filter_map(|headers| lowering.described(headers)).collect()));
    }
    let handshakes = model.channels.iter().map(|channel| handshake(model, channel, &mut lowering)).collect();
    let Lowered { mut schemas, scattered } = lowering.finish();
    let described =
        payloads.iter_mut().flat_map(|(payload, headers): &mut (_, Vec<_>)| headers.iter_mut().chain([payload]));
    unevaluated::simplify(&mut schemas, described);
    let messages = model.messages.iter().zip(payloads).map(|(message, (payload, headers))| {
        let message = lower_message(model, message, payload, headers, &schemas);
        (message.id.clone(), message)
    });
    let messages = messages.collect();
    let channels: IndexMap<_, _> =
        model.channels.iter().map(|channel| (channel.id.to_owned(), lower_channel(model, channel))).collect();
    let servers = server::servers(model);
    let (routes, handshake) = match model.enveloped {
        true => (IndexMap::new(), route::shared(handshakes)),
        false => (route::routes(channels.values(), handshakes, &servers), None),
    };
    let mut ir = Ir {
        asyncapi: model.root.text("asyncapi").unwrap_or_default().to_owned(),
        info: info(model.root),
        role: model.role,
        servers,
        security_schemes: server::security_schemes(model),
        envelope: model.enveloped.then_some(Envelope::V1),
        channels,
        operations: model.operations.iter().filter_map(|operation| lower_operation(model, operation)).collect(),
        messages,
        routes,
        handshake,
        dispatch: Dispatches::default(),
        schemas,
        close_codes: close_codes(model.root),
        limits: limits(model.root),
        heartbeat: heartbeat(model.root),
    };
    ir.dispatch = dispatch::infer(&ir);
    (ir, scattered)
}

/// What the channel's WebSocket binding says about the handshake.
fn handshake<'a>(model: &Model<'a>, channel: &model::Channel<'a>, lowering: &mut Lowering<'a>) -> Handshake {
    let member = |node: Option<Node<'a>>, key| model.documents.resolve(node?.get(key)?).ok();
    let bindings = member(Some(channel.node), "bindings");
    let binding = member(bindings, "ws");
    let mut schema = |key| binding.and_then(|binding| binding.get(key)).map(|node| lowering.schema(node));
    Handshake { query: schema("query"), headers: schema("headers"), server: model.server_of(channel) }
}

fn info(root: Node<'_>) -> Info {
    let info = root.get("info");
    let text = |key| info.and_then(|info| info.text(key)).map(str::to_owned);
    Info {
        title: text("title").unwrap_or_default(),
        version: text("version").unwrap_or_default(),
        description: text("description"),
    }
}

fn docs<'a>(model: &Model<'a>, node: Node<'a>) -> Docs {
    let text = |key| model.field(node, key).and_then(Node::as_str).map(str::to_owned);
    Docs { title: text("title"), summary: text("summary"), description: text("description") }
}

fn strings(node: Option<Node<'_>>) -> Vec<String> {
    node.into_iter().flat_map(Node::items).filter_map(Node::as_str).map(str::to_owned).collect()
}

fn lower_channel<'a>(model: &Model<'a>, channel: &model::Channel<'a>) -> Channel {
    let address = channel.address.map_or("", |address| address.text);
    let segments = address::segments(address);
    let mut parameters = IndexMap::new();
    for segment in &segments {
        if let Segment::Parameter(name) = segment {
            let declared = channel.parameters.iter().find(|parameter| parameter.name == name);
            parameters.insert(
                name.clone(),
                declared.map(|declared| lower_parameter(model, declared.node)).unwrap_or_default(),
            );
        }
    }
    let mut messages: Vec<_> =
        channel.messages.iter().map(|message| model.messages[message.message].id.clone()).collect();
    let mut seen = std::collections::HashSet::new();
    messages.retain(|message| seen.insert(message.clone()));
    Channel {
        id: channel.id.to_owned(),
        address: address.to_owned(),
        segments,
        parameters,
        messages,
        docs: docs(model, channel.node),
    }
}

/// A parameter of an address or a variable of a server. In 2.x what it may be stands in a schema.
fn lower_parameter<'a>(model: &Model<'a>, node: Node<'a>) -> Parameter {
    let schema = node.get("schema").and_then(|schema| model.documents.resolve(schema).ok());
    let member = |key| node.get(key).or_else(|| schema?.get(key));
    let texts = |key| member(key).into_iter().flat_map(Node::items).filter_map(scalar_text).collect();
    Parameter {
        description: member("description").and_then(Node::as_str).map(str::to_owned),
        values: texts("enum"),
        default: member("default").and_then(scalar_text),
        examples: texts("examples"),
    }
}

/// A scalar as it stands in an address.
fn scalar_text(node: Node<'_>) -> Option<String> {
    match node.as_str() {
        Some(text) => Some(text.to_owned()),
        None => (node.as_number().is_some() || node.as_bool().is_some()).then(|| node.to_json().to_string()),
    }
}

fn lower_operation<'a>(model: &Model<'a>, operation: &model::Operation<'a>) -> Option<(String, Operation)> {
    let direction = operation.direction?;
    let channel = operation.channel?;
    let lowered = Operation {
        id: operation.id.clone(),
        direction,
        channel: model.channels[channel].id.to_owned(),
        messages: message_ids(model, &operation.messages, channel, direction),
        reply: operation.reply.as_ref().map(|reply| {
            let channel = reply.channel.unwrap_or(channel);
            let messages = message_ids(model, &reply.messages, channel, direction.opposite());
            Reply {
                channel: model.channels[channel].id.to_owned(),
                address: location(model, reply.node.get("address")),
                sequence: sequence(model, reply, channel),
                messages,
            }
        }),
        subscribes: model.field(operation.node, "x-subscribes").and_then(Node::as_bool).unwrap_or_default(),
        roles: strings(model.field(operation.node, "x-roles")),
        docs: docs(model, operation.node),
    };
    Some((operation.id.clone(), lowered))
}

/// The runtime expression of a correlation id or of a reply's address.
fn location<'a>(model: &Model<'a>, node: Option<Node<'a>>) -> Option<Location> {
    Location::parse(model.documents.resolve(node?).ok()?.text("location")?)
}

fn message_ids(
    model: &Model<'_>,
    links: &model::Links<'_>,
    channel: model::ChannelIndex,
    direction: Direction,
) -> Vec<String> {
    let id = |message: usize| model.messages[message].id.clone();
    match links.listed {
        true => links.iter().map(id).collect(),
        false => model.travelling(Some(channel), direction).map(id).collect(),
    }
}

/// A step of `x-sequence` as written: the key of a message and how often it comes.
pub(crate) fn sequence_step(text: &str) -> (&str, Times) {
    match text.char_indices().next_back() {
        Some((at, '+')) => (&text[..at], Times::OnceOrMore),
        Some((at, '*')) => (&text[..at], Times::AnyNumber),
        Some((at, '?')) => (&text[..at], Times::Optional),
        _ => (text, Times::Once),
    }
}

fn sequence(model: &Model<'_>, reply: &model::Reply<'_>, channel: model::ChannelIndex) -> Option<Vec<SequenceStep>> {
    let steps = reply.node.get("x-sequence")?.items().filter_map(Node::as_str).filter_map(|text| {
        let (key, times) = sequence_step(text);
        let message = model.channels[channel].messages.iter().find(|message| message.key == key)?;
        Some(SequenceStep { message: model.messages[message.message].id.clone(), times })
    });
    Some(steps.collect())
}

fn lower_message<'a>(
    model: &Model<'a>,
    message: &model::Message<'a>,
    payload: Schema,
    headers: Vec<Schema>,
    schemas: &IndexMap<String, Schema>,
) -> Message {
    let node = message.node;
    let text = |key| model.field(node, key).and_then(Node::as_str);
    let merged = model.enveloped.then(|| Schemas::new(schemas).merged(&payload)).flatten();
    let property = |name| merged.as_ref().and_then(|merged| merged.properties.get(name)).cloned();
    let content_type = text("contentType").or_else(|| model.root.text("defaultContentType"));
    Message {
        id: message.id.clone(),
        name: text("name").unwrap_or(&message.id).to_owned(),
        wire_type: property("type").and_then(|schema| Schemas::new(schemas).only_string(&schema)),
        data: property("data"),
        payload,
        headers: headers::merged(schemas, headers),
        correlation_id: location(model, model.field(node, "correlationId")),
        unsupported: message.described.unread().map(str::to_owned),
        directions: message.directions.clone(),
        channels: message.channels.iter().map(|&channel| model.channels[channel].id.to_owned()).collect(),
        delivery: text("x-delivery").and_then(delivery).unwrap_or_default(),
        session: text("x-session").and_then(session_role),
        examples: examples(model, node),
        content_type: content_type.map(str::to_owned),
        docs: docs(model, node),
        pointer: node.pointer(),
        span: node.name_span(),
    }
}

fn examples<'a>(model: &Model<'a>, message: Node<'a>) -> Vec<Example> {
    let examples = model.field(message, "examples").into_iter().flat_map(Node::items);
    examples
        .filter_map(|example| {
            Some(Example {
                name: example.text("name").map(str::to_owned),
                summary: example.text("summary").map(str::to_owned),
                payload: example.get("payload")?.to_json(),
            })
        })
        .collect()
}

/// The values of `x-delivery`.
pub(crate) const DELIVERIES: [(&str, Delivery); 4] = [
    ("durable", Delivery::Durable),
    ("latest", Delivery::Latest),
    ("ephemeral", Delivery::Ephemeral),
    ("control", Delivery::Control),
];

fn delivery(text: &str) -> Option<Delivery> {
    DELIVERIES.iter().find(|(name, _)| *name == text).map(|&(_, delivery)| delivery)
}

/// The values of `x-session`.
pub(crate) const SESSION_ROLES: [(&str, SessionRole); 11] = [
    ("subscribe", SessionRole::Subscribe),
    ("unsubscribe", SessionRole::Unsubscribe),
    ("ping", SessionRole::Ping),
    ("pong", SessionRole::Pong),
    ("authenticate", SessionRole::Authenticate),
    ("connection_established", SessionRole::ConnectionEstablished),
    ("subscription_updated", SessionRole::SubscriptionUpdated),
    ("error", SessionRole::Error),
    ("authenticated", SessionRole::Authenticated),
    ("replay_gap", SessionRole::ReplayGap),
    ("disconnect_notice", SessionRole::DisconnectNotice),
];

fn session_role(text: &str) -> Option<SessionRole> {
    SESSION_ROLES.iter().find(|(name, _)| *name == text).map(|&(_, role)| role)
}

fn close_codes(root: Node<'_>) -> Vec<CloseCode> {
    let codes = root.get("x-close-codes").into_iter().flat_map(Node::items);
    codes
        .filter_map(|entry| {
            Some(CloseCode {
                code: u16::try_from(entry.get("code")?.as_u64()?).ok()?,
                name: entry.text("name")?.to_owned(),
                meaning: entry.text("meaning").unwrap_or_default().to_owned(),
                reconnect: entry.get("reconnect")?.as_bool()?,
            })
        })
        .collect()
}

fn limits(root: Node<'_>) -> IndexMap<String, u64> {
    let limits = root.get("x-limits").into_iter().flat_map(Node::members);
    limits.filter_map(|(key, _, value)| Some((key.to_owned(), value.as_u64()?))).collect()
}

fn heartbeat(root: Node<'_>) -> Option<Heartbeat> {
    let heartbeat = root.get("x-heartbeat")?;
    Some(Heartbeat {
        ping_interval_ms: heartbeat.get("ping_interval_ms")?.as_u64()?,
        pong_timeout_ms: heartbeat.get("pong_timeout_ms")?.as_u64()?,
    })
}
