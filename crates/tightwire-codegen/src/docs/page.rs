//! The page as a whole: head, contents, sections.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use tightwire_spec::ir::{Direction, Ir};

use super::anchors::{Anchors, Kind};
use super::{channels, markdown, messages, operations, schemas, tables};
use crate::config::Config;

pub(super) fn write(ir: &Ir, config: &Config) -> String {
    let anchors = &Anchors::of(ir);
    let title = format!("{} {}", ir.info.title, ir.info.version);
    // A comment ends at the first `--`.
    let preamble = config.preamble("").trim().replace("--", "- -").replace('>', "");
    let page = html! {
        (DOCTYPE)
        (PreEscaped(format!("<!-- {preamble} -->\n")))
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="icon" href="data:,";
                link rel="stylesheet" href="docs.css";
                script src="docs.js" defer {}
            }
            body {
                a.skip href="#main" { "Skip to the contract" }
                header {
                    p.brand { a href="#main" { (ir.info.title) } " " span.version { (ir.info.version) } }
                    div #search role="search" hidden {
                        label for="query" { "Search" }
                        input #query type="search" autocomplete="off" spellcheck="false" aria-describedby="found"
                            aria-keyshortcuts="/" placeholder="Search (press /)";
                        p #found role="status" {}
                    }
                }
                div.columns {
                    nav aria-label="Contents" { details #contents open { summary { "Contents" } (contents(ir, anchors)) } }
                    main #main tabindex="-1" { (body(ir, config, anchors)) }
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn body<'ir>(ir: &'ir Ir, config: &Config, anchors: &Anchors<'ir>) -> Markup {
    html! {
        h1 { (ir.info.title) " " small { (ir.info.version) } }
        @if let Some(description) = &ir.info.description { (markdown::blocks(description)) }
        p.source {
            "Made from " code { (config.document) } "."
            span #document hidden { " " a href="../asyncapi.yml" { "The document itself" } }
        }
        section #console {
            h2 { "Console" }
            noscript { p { "Sending messages from here needs JavaScript. Everything else on this page works without it." } }
        }
        (channels::servers(ir, anchors))
        (channels::routes(ir, anchors))
        (channels::channels(ir, anchors))
        (operations::write(ir, anchors))
        (tables::envelope(ir))
        (messages::write(ir, Direction::ToServer, anchors))
        (messages::write(ir, Direction::ToClient, anchors))
        (schemas::write(ir, anchors))
        (tables::errors(ir, anchors))
        (tables::limits(ir))
    }
}

fn contents<'ir>(ir: &'ir Ir, anchors: &Anchors<'ir>) -> Markup {
    let list = |id: &str, title: &str, entries: Vec<Markup>| {
        html! {
            @if !entries.is_empty() {
                li { a href={ "#" (id) } { (title) } ul { @for entry in entries { li { (entry) } } } }
            }
        }
    };
    let link = |kind, name, text: &str| anchors.link(kind, name, text);
    let of = |direction| {
        let (id, title) = messages::section(direction);
        let entries = messages::of(ir, direction);
        let entries = entries.map(|message| link(Kind::Message, &message.id, messages::name(message))).collect();
        list(id, title, entries)
    };
    let routes = ir.routes.keys().map(|path| link(Kind::Route, path, path)).collect();
    let channels = ir.channels.values();
    let channels = channels.map(|channel| link(Kind::Channel, &channel.id, &channel.address)).collect();
    html! {
        ul {
            li { a href="#console" { "Console" } }
            @if !ir.servers.is_empty() || ir.handshake.is_some() { li { a href="#servers" { "Servers" } } }
            (list("routes", "Where clients connect", routes))
            (list("channels", "Channels", channels))
            (list("operations", "Operations", ir.operations.keys().map(|id| link(Kind::Operation, id, id)).collect()))
            @if ir.envelope.is_some() { li { a href="#envelope" { "The envelope" } } }
            (of(Direction::ToServer))
            (of(Direction::ToClient))
            (list("schemas", "Schemas", ir.schemas.keys().map(|name| link(Kind::Schema, name, name)).collect()))
            li { a href="#errors" { "Errors and close codes" } }
            li { a href="#limits" { "Limits and heartbeat" } }
        }
    }
}
