//! Where things happen: servers, the paths at which clients connect, and channels.

use indexmap::IndexMap;
use maud::{Markup, html};
use tightwire_spec::ir::{Direction, Ir, Parameter, Route, SecurityScheme, Server};

use super::anchors::{Anchors, Kind};
use super::{facts, markdown, operations, places};

pub(super) fn servers<'ir>(ir: &'ir Ir, anchors: &Anchors<'ir>) -> Markup {
    html! {
        @if !ir.servers.is_empty() || ir.handshake.is_some() {
            section #servers {
                h2 { "Servers" }
                @for (name, server) in &ir.servers { (self::server(ir, name, server, anchors)) }
                @if let Some(handshake) = &ir.handshake { (parameters(ir, handshake, anchors)) }
            }
        }
    }
}

fn server<'ir>(ir: &'ir Ir, name: &'ir str, server: &'ir Server, anchors: &Anchors<'ir>) -> Markup {
    let path = server.pathname.as_deref().unwrap_or_default();
    html! {
        article.entry id=(anchors.id(Kind::Server, name)) {
            h3 { code { (name) } }
            p { code { (server.protocol) "://" (server.host) (path) } }
            @if let Some(description) = &server.description { (markdown::blocks(description)) }
            (values(&server.variables, &format!("Variables of {name}")))
            @if !server.security.is_empty() {
                p { "Who connects needs" @if server.security.len() > 1 { " one of" } ":" }
                ul {
                    @for scheme in &server.security {
                        li { code { (scheme) } (ir.security_schemes.get(scheme).map(security).unwrap_or_default()) }
                    }
                }
            }
        }
    }
}

fn security(scheme: &SecurityScheme) -> Markup {
    html! {
        ": " (scheme.kind)
        @if let Some(name) = &scheme.scheme { " " code { (name) } }
        @if let Some(format) = &scheme.bearer_format { " (" (format) ")" }
        @if let Some(name) = &scheme.name { ", called " code { (name) } }
        @if let Some(place) = &scheme.place { ", in the " (place) }
        @if let Some(description) = &scheme.description { (markdown::blocks(description)) }
    }
}

/// The paths of a protocol without an envelope.
pub(super) fn routes<'ir>(ir: &'ir Ir, anchors: &Anchors<'ir>) -> Markup {
    let to_server = ir.messages_by_route(Direction::ToServer);
    let to_client = ir.messages_by_route(Direction::ToClient);
    html! {
        @if !ir.routes.is_empty() {
            section #routes {
                h2 { "Where clients connect" }
                @for (index, (path, route)) in ir.routes.iter().enumerate() {
                    article.entry id=(anchors.id(Kind::Route, path)) {
                        h3 { code { (path) } }
                        (parameters(ir, route, anchors))
                        dl {
                            @for (term, messages) in [("From clients", &to_server), ("From the server", &to_client)] {
                                @if !messages[index].is_empty() {
                                    dt { (term) }
                                    dd {
                                        @for (index, id) in messages[index].iter().enumerate() {
                                            @if index > 0 { ", " }
                                            (operations::links(ir, std::slice::from_ref(*id), anchors))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What the handshake may say.
fn parameters<'ir>(ir: &'ir Ir, route: &'ir Route, anchors: &Anchors<'ir>) -> Markup {
    html! {
        (values(&route.parameters, &format!("Parameters in the path {}", route.path)))
        @for (place, schema) in [("query", &route.query), ("headers", &route.headers)] {
            @if let Some(schema) = schema {
                (places::write(ir, schema, &format!("Parameters in the {place} of the handshake"), anchors))
            }
        }
    }
}

pub(super) fn channels<'ir>(ir: &'ir Ir, anchors: &Anchors<'ir>) -> Markup {
    html! {
        @if !ir.channels.is_empty() {
            section #channels {
                h2 { "Channels" }
                @if ir.envelope.is_some() { p { "The address of a channel is the " code { "topic" } " of its frames." } }
                @for channel in ir.channels.values() {
                    article.entry id=(anchors.id(Kind::Channel, &channel.id)) {
                        h3 {
                            code { (channel.address) }
                            " " span.title { (channel.docs.title.as_deref().unwrap_or(&channel.id)) }
                        }
                        (markdown::docs(&channel.docs))
                        (values(&channel.parameters, &format!("Parameters of {}", channel.address)))
                        @if !channel.messages.is_empty() {
                            dl { dt { "Messages" } dd { (operations::links(ir, &channel.messages, anchors)) } }
                        }
                    }
                }
            }
        }
    }
}

/// A table of parameters; nothing, if there are none.
fn values(parameters: &IndexMap<String, Parameter>, caption: &str) -> Markup {
    html! {
        @if !parameters.is_empty() {
            table {
                caption { (caption) }
                thead { tr { th scope="col" { "Parameter" } th scope="col" { "Meaning" } } }
                tbody {
                    @for (name, parameter) in parameters {
                        tr {
                            th scope="row" { code { (name) } }
                            td {
                                @if let Some(description) = &parameter.description { (markdown::blocks(description)) }
                                (parameter_facts(parameter))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn parameter_facts(parameter: &Parameter) -> Markup {
    html! {
        @if !parameter.values.is_empty() || parameter.default.is_some() || !parameter.examples.is_empty() {
            ul.facts {
                @if !parameter.values.is_empty() { li { "one of " (facts::names(&parameter.values)) } }
                @if let Some(default) = &parameter.default { li { "default " code { (default) } } }
                @if !parameter.examples.is_empty() { li { "for example " (facts::names(&parameter.examples)) } }
            }
        }
    }
}
