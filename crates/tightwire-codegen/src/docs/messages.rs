//! The messages: what each is for, what may stand in it, and how it looks.

use maud::{Markup, html};
use tightwire_spec::ir::{Delivery, Direction, Ir, Location, Message, MessagePart, Operation, SessionRole};

use super::anchors::{Anchors, Kind};
use super::{facts, markdown, places, schemas};

/// The messages that travel one way.
pub(super) fn write<'ir>(ir: &'ir Ir, direction: Direction, anchors: &Anchors<'ir>) -> Markup {
    let (id, title) = section(direction);
    let explanation = &ir.dispatch.of(direction).explanation;
    html! {
        @if of(ir, direction).next().is_some() {
            section id=(id) {
                h2 { (title) }
                @if ir.envelope.is_none() && !explanation.is_empty() { p { (explanation) } }
                @for message in of(ir, direction) { (entry(ir, message, direction, anchors)) }
            }
        }
    }
}

/// The `id` and the title of their section.
pub(super) const fn section(direction: Direction) -> (&'static str, &'static str) {
    match direction {
        Direction::ToServer => ("from-clients", "Messages from clients"),
        Direction::ToClient => ("from-the-server", "Messages from the server"),
    }
}

/// The messages that have their entry there: those that travel both ways are described once. What no operation uses
/// stands with those of the server.
pub(super) fn of(ir: &Ir, direction: Direction) -> impl Iterator<Item = &Message> {
    ir.messages.values().filter(move |message| home(message) == direction)
}

fn home(message: &Message) -> Direction {
    message.directions.iter().min().copied().unwrap_or(Direction::ToClient)
}

/// What it is called on the wire, or by people where the wire does not name it.
pub(super) fn name(message: &Message) -> &str {
    message.wire_type.as_deref().unwrap_or(&message.name)
}

fn entry<'ir>(ir: &'ir Ir, message: &'ir Message, direction: Direction, anchors: &Anchors<'ir>) -> Markup {
    let id = anchors.id(Kind::Message, &message.id);
    let content = message.data.as_ref().unwrap_or(&message.payload);
    let what = if message.data.is_some() { "data" } else { "the frame" };
    let both = message.directions.len() > 1;
    html! {
        article.entry.message id=(id) data-message=(message.id) data-direction=(data(direction)) {
            h3 {
                code { (name(message)) }
                @if let Some(title) = &message.docs.title { " " span.title { (title) } }
            }
            (markdown::docs(&message.docs))
            (context(ir, message, anchors))
            @if both { p { "Travels both ways." } }
            @if let Some(format) = &message.unsupported {
                p { "Its payload is in a format that is not checked: " code { (format) } "." }
            }
            @if message.data.is_some() { (schemas::about(content)) }
            (places::write(ir, content, &format!("Properties of {what} of {}", name(message)), anchors))
            @if let Some(headers) = &message.headers {
                p { "Headers, which a WebSocket frame has no place for:" }
                (places::write(ir, headers, &format!("Headers of {}", name(message)), anchors))
            }
            @for (index, example) in message.examples.iter().enumerate() {
                h4 {
                    "Example"
                    @if let Some(name) = &example.name { ": " (name) }
                    @else if message.examples.len() > 1 { " " (index + 1) }
                }
                @if let Some(summary) = &example.summary { p { (summary) } }
                (schemas::pretty(&example.payload))
            }
            (schemas::raw(ir, &message.payload))
        }
    }
}

pub(super) const fn data(direction: Direction) -> &'static str {
    match direction {
        Direction::ToServer => "to_server",
        Direction::ToClient => "to_client",
    }
}

/// Where the message belongs: a list of terms and what they are here.
fn context<'ir>(ir: &'ir Ir, message: &'ir Message, anchors: &Anchors<'ir>) -> Markup {
    let channels = message.channels.iter().filter_map(|id| ir.channels.get(id));
    let channels = commas(channels.map(|channel| anchors.link(Kind::Channel, &channel.id, &channel.address)));
    let sent: Vec<&Operation> = operations(ir, message).collect();
    let answers = ir.operations.values().filter(|operation| answers(operation, message));
    let answers = commas(answers.map(|operation| anchors.link(Kind::Operation, &operation.id, &operation.id)));
    let roles: Vec<&String> = sent.iter().flat_map(|operation| &operation.roles).collect();
    let operations = commas(sent.iter().map(|operation| anchors.link(Kind::Operation, &operation.id, &operation.id)));
    let term = |name: &str, value: Markup| {
        html! { @if !value.0.is_empty() { dt { (name) } dd { (value) } } }
    };
    html! {
        dl {
            (term("Travels on", channels))
            (term("Operation", operations))
            (term("Answers", answers))
            (term("Kept", html! { @if ir.envelope.is_some() { (kept(message.delivery)) } }))
            (term("In the session", html! { @if let Some(role) = message.session { (part(role)) } }))
            (term("Roles", facts::names(&roles)))
            (term("Correlated by", html! { @if let Some(at) = &message.correlation_id { (place(at)) } }))
            (term("Content type", html! {
                @if let Some(kind) = message.content_type.as_deref().filter(|kind| *kind != "application/json") {
                    code { (kind) }
                }
            }))
        }
    }
}

fn operations<'ir>(ir: &'ir Ir, message: &'ir Message) -> impl Iterator<Item = &'ir Operation> {
    ir.operations.values().filter(|operation| operation.messages.contains(&message.id))
}

fn answers(operation: &Operation, message: &Message) -> bool {
    operation.reply.as_ref().is_some_and(|reply| {
        let mut steps = reply.sequence.iter().flatten();
        reply.messages.contains(&message.id) || steps.any(|step| step.message == message.id)
    })
}

pub(super) fn commas(parts: impl Iterator<Item = Markup>) -> Markup {
    html! {
        @for (index, part) in parts.enumerate() {
            @if index > 0 { ", " }
            (part)
        }
    }
}

/// A place in another message, for people.
pub(super) fn place(location: &Location) -> Markup {
    let part = match location.part {
        MessagePart::Header => "headers",
        MessagePart::Payload => "frame",
    };
    html! { code { (location.pointer) } " of the " (part) }
}

const fn kept(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Durable => "in the topic's log, for replay",
        Delivery::Latest => "in the topic's log, for replay; only the newest per key matters",
        Delivery::Ephemeral => "not at all; may be dropped for a client that reads slowly",
        Delivery::Control => "",
    }
}

const fn part(role: SessionRole) -> &'static str {
    match role {
        SessionRole::Subscribe => "adds topics",
        SessionRole::Unsubscribe => "removes topics",
        SessionRole::Ping => "asks for a pong",
        SessionRole::Pong => "answers a ping",
        SessionRole::Authenticate => "renews credentials",
        SessionRole::ConnectionEstablished => "the first frame",
        SessionRole::SubscriptionUpdated => "the current subscriptions",
        SessionRole::Error => "something was wrong",
        SessionRole::Authenticated => "credentials were renewed",
        SessionRole::ReplayGap => "a replay is not possible",
        SessionRole::DisconnectNotice => "the server is about to close the connection",
    }
}
