//! Where things stand in the page: every thing has an `id` of its own, which stays the same as long as its name does.

use std::collections::{HashMap, HashSet};

use maud::{Markup, html};
use tightwire_spec::ir::Ir;

/// What can be linked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Server,
    Route,
    Channel,
    Operation,
    Message,
    Schema,
}

impl Kind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Route => "route",
            Self::Channel => "channel",
            Self::Operation => "operation",
            Self::Message => "message",
            Self::Schema => "schema",
        }
    }
}

/// The `id` of each thing.
#[derive(Debug)]
pub(super) struct Anchors<'ir>(HashMap<(Kind, &'ir str), String>);

impl<'ir> Anchors<'ir> {
    pub(super) fn of(ir: &'ir Ir) -> Self {
        let servers = ir.servers.keys().map(|name| (Kind::Server, name));
        let routes = ir.routes.keys().map(|path| (Kind::Route, path));
        let channels = ir.channels.keys().map(|id| (Kind::Channel, id));
        let operations = ir.operations.keys().map(|id| (Kind::Operation, id));
        let messages = ir.messages.keys().map(|id| (Kind::Message, id));
        let schemas = ir.schemas.keys().map(|name| (Kind::Schema, name));
        let mut taken = HashSet::new();
        let mut anchors = HashMap::new();
        for (kind, name) in servers.chain(routes).chain(channels).chain(operations).chain(messages).chain(schemas) {
            let mut id = format!("{}-{}", kind.prefix(), plain(name));
            while !taken.insert(id.clone()) {
                id.push('_');
            }
            anchors.insert((kind, name.as_str()), id);
        }
        Self(anchors)
    }

    /// The `id`; empty for what does not exist.
    pub(super) fn id(&self, kind: Kind, name: &'ir str) -> &str {
        self.0.get(&(kind, name)).map_or("", String::as_str)
    }

    /// A link that shows `text`, or only the text where there is nothing to link to.
    pub(super) fn link(&self, kind: Kind, name: &'ir str, text: &str) -> Markup {
        match self.0.get(&(kind, name)) {
            Some(id) => html! { a href={ "#" (id) } { code { (text) } } },
            None => html! { code { (text) } },
        }
    }
}

/// With what can stand in the fragment of a URL as it is.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '-' }).collect()
}
