//! The operations, by direction: what is sent on which channel, and what answers it.

use maud::{Markup, html};
use tightwire_spec::ir::{Direction, Ir, MessageId, Operation, Reply, Times};

use super::anchors::{Anchors, Kind};
use super::messages::{commas, name, place};
use super::{facts, markdown};

pub(super) fn write<'ir>(ir: &'ir Ir, anchors: &Anchors<'ir>) -> Markup {
    let groups = [(Direction::ToServer, "What clients send"), (Direction::ToClient, "What the server sends unasked")];
    let of = |direction| ir.operations.values().filter(move |operation| operation.direction == direction);
    html! {
        @if !ir.operations.is_empty() {
            section #operations {
                h2 { "Operations" }
                @for (direction, title) in groups {
                    @if of(direction).next().is_some() {
                        h3 { (title) }
                        @for operation in of(direction) { (entry(ir, operation, anchors)) }
                    }
                }
            }
        }
    }
}

fn entry<'ir>(ir: &'ir Ir, operation: &'ir Operation, anchors: &Anchors<'ir>) -> Markup {
    let channel = ir.channels.get(&operation.channel).map_or(&operation.channel, |channel| &channel.address);
    html! {
        article.entry id=(anchors.id(Kind::Operation, &operation.id)) {
            h4 {
                code { (operation.id) }
                @if let Some(title) = &operation.docs.title { " " span.title { (title) } }
            }
            (markdown::docs(&operation.docs))
            dl {
                dt { "Channel" }
                dd { (anchors.link(Kind::Channel, &operation.channel, channel)) }
                dt { "Messages" }
                dd { (links(ir, &operation.messages, anchors)) }
                @if let Some(reply) = &operation.reply {
                    dt { "Answered with" }
                    dd { (answer(ir, operation, reply, anchors)) }
                }
                @if operation.subscribes { dt { "Subscribes" } dd { "the connection to the topic" } }
                @if !operation.roles.is_empty() { dt { "Roles" } dd { (facts::names(&operation.roles)) } }
            }
        }
    }
}

fn answer<'ir>(ir: &'ir Ir, operation: &'ir Operation, reply: &'ir Reply, anchors: &Anchors<'ir>) -> Markup {
    let elsewhere = ir.channels.get(&reply.channel).filter(|channel| channel.id != operation.channel);
    html! {
        @match &reply.sequence {
            Some(steps) => {
                @for (index, step) in steps.iter().enumerate() {
                    @if index > 0 { ", then " }
                    (link(ir, &step.message, anchors))
                    @match step.times {
                        Times::Once => {}
                        Times::OnceOrMore => " once or more",
                        Times::AnyNumber => " any number of times",
                        Times::Optional => " or not",
                    }
                }
            }
            None => (either(ir, &reply.messages, anchors)),
        }
        @if let Some(channel) = elsewhere { ", on " (anchors.link(Kind::Channel, &channel.id, &channel.address)) }
        @if let Some(address) = &reply.address { ", at the address in " (place(address)) }
    }
}

fn either<'ir>(ir: &'ir Ir, messages: &'ir [MessageId], anchors: &Anchors<'ir>) -> Markup {
    html! {
        @for (index, id) in messages.iter().enumerate() {
            @if index > 0 { " or " }
            (link(ir, id, anchors))
        }
    }
}

/// Links to messages.
pub(super) fn links<'ir>(ir: &'ir Ir, messages: &'ir [MessageId], anchors: &Anchors<'ir>) -> Markup {
    commas(messages.iter().map(|id| link(ir, id, anchors)))
}

fn link<'ir>(ir: &'ir Ir, id: &'ir MessageId, anchors: &Anchors<'ir>) -> Markup {
    anchors.link(Kind::Message, id, ir.messages.get(id).map_or(id, |message| name(message)))
}
