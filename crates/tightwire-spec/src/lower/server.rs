//! `servers` and security schemes.

use indexmap::IndexMap;

use crate::ir::{SecurityScheme, Server};
use crate::lower::lower_parameter;
use crate::model::Model;
use crate::tree::Node;

/// `servers`, in document order.
pub(super) fn servers(model: &Model<'_>) -> IndexMap<String, Server> {
    let entries = model.root.get("servers").into_iter().flat_map(Node::members);
    let servers = entries.filter_map(|(key, _, entry)| {
        let node = model.documents.resolve(entry).ok()?;
        Some((key.to_owned(), server(model, node)))
    });
    servers.collect()
}

fn server<'a>(model: &Model<'a>, node: Node<'a>) -> Server {
    let text = |key| node.text(key).map(str::to_owned);
    let (host, pathname) = match node.text("url") {
        Some(url) => host_and_path(url),
        None => (text("host").unwrap_or_default(), text("pathname")),
    };
    let variables = node.get("variables").into_iter().flat_map(Node::members);
    let variables = variables.filter_map(|(name, _, entry)| {
        Some((name.to_owned(), lower_parameter(model, model.documents.resolve(entry).ok()?)))
    });
    Server {
        host,
        protocol: text("protocol").unwrap_or_default(),
        pathname,
        variables: variables.collect(),
        description: text("description"),
        security: security(model, node),
    }
}

/// The two parts of a 2.x `url`, which may have a scheme.
fn host_and_path(url: &str) -> (String, Option<String>) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    match rest.split_once('/') {
        Some((host, path)) => (host.to_owned(), Some(format!("/{path}"))),
        None => (rest.to_owned(), None),
    }
}

/// The names of the schemes that `security` lists: in 3.x references, in 2.x objects with the names as keys.
fn security<'a>(model: &Model<'a>, node: Node<'a>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for entry in node.get("security").into_iter().flat_map(Node::items) {
        let named: Vec<String> = match entry.text("$ref") {
            Some(text) => model.documents.target(entry, text).ok().and_then(Node::token).into_iter().collect(),
            None if entry.text("type").is_some() => entry.text("name").map(str::to_owned).into_iter().collect(),
            None => entry.members().map(|(name, ..)| name.to_owned()).collect(),
        };
        for name in named {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// `components.securitySchemes`, in document order.
pub(super) fn security_schemes(model: &Model<'_>) -> IndexMap<String, SecurityScheme> {
    let entries = model.root.get("components").and_then(|components| components.get("securitySchemes"));
    let entries = entries.into_iter().flat_map(Node::members);
    let schemes = entries.filter_map(|(name, _, entry)| {
        let node = model.documents.resolve(entry).ok()?;
        let text = |key| node.text(key).map(str::to_owned);
        let scheme = SecurityScheme {
            kind: text("type").unwrap_or_default(),
            name: text("name"),
            place: text("in"),
            scheme: text("scheme"),
            bearer_format: text("bearerFormat"),
            description: text("description"),
        };
        Some((name.to_owned(), scheme))
    });
    schemes.collect()
}
