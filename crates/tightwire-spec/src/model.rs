//! The document as AsyncAPI's own objects, each with its node, so that rules can point at what they mean.
//!
//! Built without judging: what is missing, broken or of the wrong type is absent here, and a rule says so.

use std::collections::{HashMap, HashSet};

use crate::dialect::{self, Dialect};
use crate::documents::Documents;
use crate::ir::{Direction, Role};
use crate::sources::Span;
use crate::tree::Node;
use crate::version::Version;

mod v2;

/// The document.
pub(crate) struct Model<'a> {
    pub(crate) documents: &'a Documents,
    pub(crate) root: Node<'a>,
    /// `x-envelope` is there.
    pub(crate) enveloped: bool,
    pub(crate) version: Version,
    /// Which side the document describes.
    pub(crate) role: Role,
    pub(crate) channels: Vec<Channel<'a>>,
    pub(crate) operations: Vec<Operation<'a>>,
    /// Every message that a channel names, in the order in which they are written.
    pub(crate) messages: Vec<Message<'a>>,
    /// The ids of messages that are given away.
    taken: HashSet<String>,
    /// The channels by their entries.
    by_entry: HashMap<Node<'a>, ChannelIndex>,
    /// The channels by what their entries lead to; the first where several lead to one.
    by_node: HashMap<Node<'a>, ChannelIndex>,
}

/// Index into [`Model::channels`].
pub(crate) type ChannelIndex = usize;
/// Index into [`Model::messages`].
pub(crate) type MessageIndex = usize;

pub(crate) struct Channel<'a> {
    pub(crate) id: &'a str,
    pub(crate) key: Span,
    /// The channel itself.
    pub(crate) node: Node<'a>,
    pub(crate) address: Option<Address<'a>>,
    pub(crate) parameters: Vec<Parameter<'a>>,
    pub(crate) messages: Vec<ChannelMessage<'a>>,
}

/// An address and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Address<'a> {
    pub(crate) text: &'a str,
    pub(crate) span: Span,
}

pub(crate) struct Parameter<'a> {
    pub(crate) name: &'a str,
    pub(crate) key: Span,
    pub(crate) node: Node<'a>,
}

pub(crate) struct ChannelMessage<'a> {
    pub(crate) key: String,
    pub(crate) entry: Node<'a>,
    pub(crate) message: MessageIndex,
}

pub(crate) struct Operation<'a> {
    pub(crate) id: String,
    pub(crate) key: Span,
    pub(crate) node: Node<'a>,
    pub(crate) direction: Option<Direction>,
    pub(crate) channel: Option<ChannelIndex>,
    pub(crate) messages: Links<'a>,
    pub(crate) reply: Option<Reply<'a>>,
}

pub(crate) struct Reply<'a> {
    pub(crate) node: Node<'a>,
    /// The reply's channel, or the operation's where the reply names none.
    pub(crate) channel: Option<ChannelIndex>,
    pub(crate) messages: Links<'a>,
}

/// The messages that an operation or a reply names.
#[derive(Default)]
pub(crate) struct Links<'a> {
    /// There is a list, even if it is empty or broken.
    pub(crate) listed: bool,
    /// Each `$ref` and the message of the channel that it means.
    pub(crate) links: Vec<(Node<'a>, Option<MessageIndex>)>,
}

/// What describes a value.
#[derive(Clone, Copy)]
pub(crate) enum Described<'a> {
    Nothing,
    Schema(Node<'a>, Dialect),
    /// A schema in a format that is not read.
    Unread(&'a str),
}

impl<'a> Described<'a> {
    pub(crate) fn schema(self) -> Option<Node<'a>> {
        match self {
            Self::Schema(node, _) => Some(node),
            _ => None,
        }
    }

    /// The format of a schema that is not read.
    pub(crate) fn unread(self) -> Option<&'a str> {
        match self {
            Self::Unread(format) => Some(format),
            _ => None,
        }
    }
}

pub(crate) struct Message<'a> {
    pub(crate) id: String,
    pub(crate) node: Node<'a>,
    /// The key under which it is defined.
    pub(crate) key: Span,
    pub(crate) payload: Option<Node<'a>>,
    /// The payload and the language that describes it.
    pub(crate) described: Described<'a>,
    pub(crate) channels: Vec<ChannelIndex>,
    pub(crate) directions: Vec<Direction>,
}

impl<'a> Model<'a> {
    pub(crate) fn build(documents: &'a Documents, root: Node<'a>, role: Option<Role>) -> Self {
        let role = role.or_else(|| Role::parse(root.text("x-role")?)).unwrap_or_default();
        let mut model = Self {
            documents,
            root,
            enveloped: root.get("x-envelope").is_some(),
            version: Version::of(root),
            role,
            channels: Vec::new(),
            operations: Vec::new(),
            messages: Vec::new(),
            taken: HashSet::new(),
            by_entry: HashMap::new(),
            by_node: HashMap::new(),
        };
        match model.version {
            Version::V2 => {
                model.add_channels_v2();
                model.sort_messages();
            }
            Version::V3 => {
                model.add_channels();
                model.sort_messages();
                model.add_operations();
            }
        }
        model.add_directions();
        model
    }

    /// A member of an object or, where it has none, of one of its traits. A trait never overrides its target; among
    /// traits the last one counts.
    pub(crate) fn field(&self, node: Node<'a>, key: &str) -> Option<Node<'a>> {
        node.get(key).or_else(|| self.layers(node).into_iter().find_map(|layer| layer.get(key)))
    }

    /// An object and its traits, each before those that it wins over.
    pub(crate) fn layers(&self, node: Node<'a>) -> Vec<Node<'a>> {
        let traits: Vec<_> = node.get("traits").into_iter().flat_map(Node::items).collect();
        let traits = traits.into_iter().rev().filter_map(|entry| self.documents.resolve(entry).ok());
        std::iter::once(node).chain(traits).collect()
    }

    /// The schema of a payload or of headers: out of the wrapper that names its format.
    pub(crate) fn described(&self, message: Node<'a>, key: &str) -> Described<'a> {
        let Some(schema) = message.get(key) else { return Described::Nothing };
        if self.version == Version::V2 {
            let format = self.field(message, "schemaFormat").filter(|_| key == "payload");
            return match format.and_then(Node::as_str).map(|format| (format, Dialect::parse(format))) {
                None => Described::Schema(schema, Dialect::AsyncApi),
                Some((_, Some(dialect))) => Described::Schema(schema, dialect),
                Some((format, None)) => Described::Unread(format),
            };
        }
        match self.documents.resolve(schema) {
            Ok(node) if dialect::is_wrapped(node) => match dialect::wrapped(node) {
                Some((schema, dialect)) => Described::Schema(schema, dialect),
                None => Described::Unread(node.text("schemaFormat").unwrap_or_default()),
            },
            _ => Described::Schema(schema, Dialect::AsyncApi),
        }
    }

    /// The key of the server that a channel names first.
    pub(crate) fn server_of(&self, channel: &Channel<'a>) -> Option<String> {
        let first = channel.node.get("servers")?.items().next()?;
        if let Some(name) = first.as_str() {
            return Some(name.to_owned());
        }
        let target = self.documents.target(first, first.text("$ref")?).ok()?;
        let servers = self.root.get("servers")?;
        let target = self.documents.resolve(target).ok()?;
        servers
            .members()
            .find(|(_, _, entry)| self.documents.resolve(*entry) == Ok(target))
            .map(|(key, ..)| key.to_owned())
    }

    /// The schema of a property, looked for through references and `allOf`. What is said last counts.
    pub(crate) fn property(&self, schema: Node<'a>, name: &str) -> Option<Node<'a>> {
        let mut waiting = vec![schema];
        // References may go in circles; no sensible schema is in this many pieces.
        for _ in 0..1000 {
            let node = self.documents.resolve(waiting.pop()?).ok();
            let Some(node) = node else { continue };
            if let Some(property) = node.get("properties").and_then(|properties| properties.get(name)) {
                return Some(property);
            }
            waiting.extend(node.get("allOf").into_iter().flat_map(Node::items));
        }
        None
    }

    fn add_channels(&mut self) {
        let Some(channels) = self.root.get("channels") else { return };
        let mut known = HashMap::new();
        for (id, key, entry) in channels.members() {
            let Ok(node) = self.documents.resolve(entry) else { continue };
            let index = self.channels.len();
            let parameters = self.parameters(node);
            let mut messages = Vec::new();
            for (key, span, entry) in node.get("messages").into_iter().flat_map(Node::members) {
                let Ok(target) = self.documents.resolve(entry) else { continue };
                let message = *known.entry(target).or_insert_with(|| self.add_message(id, key, span, target));
                let on = &mut self.messages[message].channels;
                if on.last() != Some(&index) {
                    on.push(index);
                }
                messages.push(ChannelMessage { key: key.to_owned(), entry, message });
            }
            let address =
                node.get("address").and_then(|node| Some(Address { text: node.as_str()?, span: node.span() }));
            self.by_entry.insert(entry, index);
            self.by_node.entry(node).or_insert(index);
            self.channels.push(Channel { id, key, node, address, parameters, messages });
        }
    }

    fn parameters(&self, channel: Node<'a>) -> Vec<Parameter<'a>> {
        let parameters = channel.get("parameters").into_iter().flat_map(Node::members);
        let parameter =
            |(name, key, entry)| Parameter { name, key, node: self.documents.resolve(entry).unwrap_or(entry) };
        parameters.map(parameter).collect()
    }

    fn add_message(&mut self, channel: &str, key: &str, span: Span, node: Node<'a>) -> MessageIndex {
        let parent = node.parent();
        let shared = parent.filter(|parent| parent.pointer() == "/components/messages").and_then(|_| node.token());
        let span = match (&shared, parent) {
            (Some(token), Some(parent)) => parent.key_span(token).unwrap_or(span),
            _ => span,
        };
        let candidates = shared.into_iter().chain([key.to_owned(), format!("{channel}_{key}")]);
        let numbered = (2..).map(|number| format!("{channel}_{key}_{number}"));
        let id = candidates.chain(numbered).find(|id| !self.taken.contains(id)).unwrap_or_default();
        self.taken.insert(id.clone());
        let payload = self.described(node, "payload");
        let (channels, directions) = (Vec::new(), Vec::new());
        let message =
            Message { id, node, key: span, payload: payload.schema(), described: payload, channels, directions };
        self.messages.push(message);
        self.messages.len() - 1
    }

    /// Puts messages into the order in which they are written.
    fn sort_messages(&mut self) {
        let mut order: Vec<_> = (0..self.messages.len()).collect();
        order.sort_by_key(|&index| self.messages[index].node.span());
        let mut place = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            place[old] = new;
        }
        let mut messages: Vec<_> = std::mem::take(&mut self.messages).into_iter().enumerate().collect();
        messages.sort_by_key(|&(old, _)| place[old]);
        self.messages = messages.into_iter().map(|(_, message)| message).collect();
        for message in self.channels.iter_mut().flat_map(|channel| &mut channel.messages) {
            message.message = place[message.message];
        }
        let links = self.operations.iter_mut().flat_map(|operation| &mut operation.messages.links);
        for message in links.filter_map(|(_, message)| message.as_mut()) {
            *message = place[*message];
        }
    }

    /// Which way the messages travel that the described side receives.
    fn received(&self) -> Direction {
        match self.role {
            Role::Server => Direction::ToServer,
            Role::Client => Direction::ToClient,
        }
    }

    fn add_operations(&mut self) {
        let operations = self.root.get("operations").into_iter().flat_map(Node::members);
        for (id, key, entry) in operations {
            let Ok(node) = self.documents.resolve(entry) else { continue };
            let direction = match node.text("action") {
                Some("receive") => Some(self.received()),
                Some("send") => Some(self.received().opposite()),
                _ => None,
            };
            let channel = node.get("channel").and_then(|channel| self.channel(channel));
            let messages = self.links(node.get("messages"), channel);
            let reply = node.get("reply").and_then(|reply| self.documents.resolve(reply).ok());
            let reply = reply.map(|node| {
                let channel = match node.get("channel") {
                    Some(channel) => self.channel(channel),
                    None => channel,
                };
                Reply { node, channel, messages: self.links(node.get("messages"), channel) }
            });
            self.operations.push(Operation { id: id.to_owned(), key, node, direction, channel, messages, reply });
        }
    }

    /// The channel that a reference means: the entry it names, or else the one that leads to the same place.
    pub(crate) fn channel(&self, reference: Node<'a>) -> Option<ChannelIndex> {
        let step = self.documents.target(reference, reference.text("$ref")?).ok()?;
        let by_entry = self.by_entry.get(&step).copied();
        by_entry.or_else(|| self.by_node.get(&self.documents.resolve(step).ok()?).copied())
    }

    fn links(&self, list: Option<Node<'a>>, channel: Option<ChannelIndex>) -> Links<'a> {
        let Some(list) = list else { return Links::default() };
        let of_channel = channel.map_or(&[][..], |channel| &self.channels[channel].messages);
        let mut known: HashMap<Node<'a>, MessageIndex> = HashMap::new();
        for message in of_channel {
            known.entry(self.messages[message.message].node).or_insert(message.message);
        }
        known.extend(of_channel.iter().map(|message| (message.entry, message.message)));
        let link = |reference: Node<'a>| {
            let step = self.documents.target(reference, reference.text("$ref")?).ok()?;
            known.get(&step).or_else(|| known.get(&self.documents.resolve(step).ok()?)).copied()
        };
        Links { listed: true, links: list.items().map(|reference| (reference, link(reference))).collect() }
    }

    /// Messages travel as the operations say that name them; an operation that names none takes those of its channel
    /// that nobody else has sent the other way.
    fn add_directions(&mut self) {
        let mut found: Vec<(MessageIndex, Direction)> = Vec::new();
        for operation in &self.operations {
            let Some(direction) = operation.direction else { continue };
            found.extend(operation.messages.iter().map(|message| (message, direction)));
            if let Some(reply) = &operation.reply {
                found.extend(reply.messages.iter().map(|message| (message, direction.opposite())));
            }
        }
        self.apply(&found);
        let mut found = Vec::new();
        for operation in &self.operations {
            let Some(direction) = operation.direction else { continue };
            if !operation.messages.listed {
                found.extend(self.travelling(operation.channel, direction).map(|message| (message, direction)));
            }
            if let Some(reply) = operation.reply.as_ref().filter(|reply| !reply.messages.listed) {
                let back = direction.opposite();
                found.extend(self.travelling(reply.channel, back).map(|message| (message, back)));
            }
        }
        self.apply(&found);
    }

    fn apply(&mut self, found: &[(MessageIndex, Direction)]) {
        for &(message, direction) in found {
            let directions = &mut self.messages[message].directions;
            if !directions.contains(&direction) {
                directions.push(direction);
                directions.sort();
            }
        }
    }

    /// The messages of a channel that may travel that way.
    pub(crate) fn travelling(
        &self,
        channel: Option<ChannelIndex>,
        direction: Direction,
    ) -> impl Iterator<Item = MessageIndex> {
        let messages = channel.map_or(&[][..], |channel| &self.channels[channel].messages);
        messages.iter().map(|message| message.message).filter(move |&message| {
            let directions = &self.messages[message].directions;
            directions.is_empty() || directions.contains(&direction)
        })
    }
}

impl Links<'_> {
    /// The messages that the links mean, without those that lead nowhere.
    pub(crate) fn iter(&self) -> impl Iterator<Item = MessageIndex> {
        self.links.iter().filter_map(|(_, message)| *message)
    }
}

impl Direction {
    /// The way back.
    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }
}
