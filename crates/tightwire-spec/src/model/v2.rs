//! AsyncAPI 2.x: operations stand inside of channels, a channel's key is its address, and messages have no key of
//! their own.

use std::collections::{HashMap, HashSet};

use super::{Address, Channel, ChannelMessage, Links, MessageIndex, Model, Operation};
use crate::tree::Node;

/// `oneOf` in `oneOf` deeper than this is not looked at.
const MAX_NESTING: usize = 8;

impl<'a> Model<'a> {
    pub(super) fn add_channels_v2(&mut self) {
        let channels = self.root.get("channels").into_iter().flat_map(Node::members);
        let mut known = HashMap::new();
        let mut operation_ids = HashSet::new();
        for (id, key, entry) in channels {
            let Ok(node) = self.documents.resolve(entry) else { continue };
            let address = Some(Address { text: id, span: key });
            let parameters = self.parameters(node);
            self.channels.push(Channel { id, key, node, address, parameters, messages: Vec::new() });
            for (word, direction) in [("publish", self.received()), ("subscribe", self.received().opposite())] {
                let Some(entry) = node.get(word) else { continue };
                let Ok(operation) = self.documents.resolve(entry) else { continue };
                let span = operation.key_span("operationId").or_else(|| node.key_span(word)).unwrap_or(key);
                let operation_id = self.operation_id(operation, word, id, &mut operation_ids);
                let messages = self.messages_of(operation, &operation_id, &mut known);
                self.operations.push(Operation {
                    id: operation_id,
                    key: span,
                    node: operation,
                    direction: Some(direction),
                    channel: Some(self.channels.len() - 1),
                    messages: Links {
                        listed: true,
                        links: messages.into_iter().map(|(entry, message)| (entry, Some(message))).collect(),
                    },
                    reply: None,
                });
            }
        }
    }

    /// `operationId`, or a name from the channel and the verb; with a number if somebody else has that name.
    fn operation_id(&self, operation: Node<'a>, word: &str, channel: &str, given: &mut HashSet<String>) -> String {
        let own = self.field(operation, "operationId").and_then(Node::as_str).map(str::to_owned);
        let base = own.unwrap_or_else(|| match slug(channel) {
            slug if slug.is_empty() => word.to_owned(),
            slug => format!("{word}_{slug}"),
        });
        let numbered = (2..).map(|number| format!("{base}_{number}"));
        let mut ids = std::iter::once(base.clone()).chain(numbered);
        ids.find(|id| given.insert(id.clone())).unwrap_or_default()
    }

    /// The messages that an operation names, now also messages of the channel that was added last.
    fn messages_of(
        &mut self,
        operation: Node<'a>,
        operation_id: &str,
        known: &mut HashMap<Node<'a>, MessageIndex>,
    ) -> Vec<(Node<'a>, MessageIndex)> {
        let channel = self.channels.len() - 1;
        let mut entries = Vec::new();
        if let Some(message) = self.field(operation, "message") {
            self.alternatives(message, 0, &mut entries);
        }
        let single = entries.len() == 1;
        let mut on_channel: HashSet<_> =
            self.channels[channel].messages.iter().map(|message| message.message).collect();
        let mut messages = Vec::new();
        for (number, entry) in (1..).zip(entries) {
            let Ok(node) = self.documents.resolve(entry) else { continue };
            let fallback = match single {
                true => format!("{operation_id}_message"),
                false => format!("{operation_id}_message_{number}"),
            };
            let message = match known.get(&node) {
                Some(&message) => message,
                None => {
                    let text = |key| self.field(node, key).and_then(Node::as_str);
                    let key = text("messageId").or_else(|| text("name")).unwrap_or(&fallback);
                    let message = self.add_message(self.channels[channel].id, key, node.name_span(), node);
                    known.insert(node, message);
                    message
                }
            };
            let on = &mut self.messages[message].channels;
            if on.last() != Some(&channel) {
                on.push(channel);
            }
            if on_channel.insert(message) {
                let key = self.messages[message].id.clone();
                self.channels[channel].messages.push(ChannelMessage { key, entry, message });
            }
            messages.push((entry, message));
        }
        messages
    }

    /// A message, or each of those in its `oneOf`.
    fn alternatives(&self, entry: Node<'a>, nesting: usize, found: &mut Vec<Node<'a>>) {
        let Ok(node) = self.documents.resolve(entry) else { return };
        match node.get("oneOf").filter(|list| list.is_array() && nesting < MAX_NESTING) {
            Some(list) => list.items().for_each(|item| self.alternatives(item, nesting + 1, found)),
            None => found.push(entry),
        }
    }
}

/// The letters and digits of a channel's address.
fn slug(channel: &str) -> String {
    let words = channel.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}
