//! Where clients connect, and how they prove who they are.

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;

use crate::ir::{ChannelId, Direction, Ir, MessageId, Parameter, Segment};
use crate::schema::Schema;

/// Which side of the protocol the document describes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// The server: what its operations receive, clients send.
    #[default]
    Server,
    /// The client.
    Client,
}

impl Role {
    /// Every role and its name.
    pub const ALL: [(&'static str, Self); 2] = [("server", Self::Server), ("client", Self::Client)];

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, role)| role)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// A path at which clients connect, in a protocol without an envelope. Channels with the same address are one route.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// The path, for instance `/v1/marketdata/{symbol}`. Begins with `/`.
    pub path: String,
    /// The path in pieces.
    pub segments: Vec<Segment>,
    /// The channels whose messages travel on its connections.
    pub channels: Vec<ChannelId>,
    /// What the path's `{…}` stand for, in the order of the path.
    pub parameters: IndexMap<String, Parameter>,
    /// The schema of the query: an object whose properties are the query's parameters.
    pub query: Option<Schema>,
    /// The schema of the handshake's headers: an object whose properties are the headers.
    pub headers: Option<Schema>,
}

impl Ir {
    /// The messages that travel that way on the connections of each route, in the order of [`Ir::routes`] and of the
    /// document: those of the operations on its channels, and the replies that arrive there.
    pub fn messages_by_route(&self, direction: Direction) -> Vec<Vec<&MessageId>> {
        let channels = self.routes.values().enumerate();
        let channels = channels.flat_map(|(index, route)| route.channels.iter().map(move |channel| (channel, index)));
        let route_of: HashMap<&ChannelId, usize> = channels.collect();
        let mut travelling = vec![BTreeSet::new(); self.routes.len()];
        let mut add = |channel: &ChannelId, messages: &mut dyn Iterator<Item = &MessageId>| {
            if let Some(route) = route_of.get(channel) {
                travelling[*route].extend(messages.filter_map(|id| self.messages.get_index_of(id)));
            }
        };
        for operation in self.operations.values() {
            if operation.direction == direction {
                add(&operation.channel, &mut operation.messages.iter());
            } else if let Some(reply) = &operation.reply {
                let steps = reply.sequence.iter().flatten().map(|step| &step.message);
                add(&reply.channel, &mut reply.messages.iter().chain(steps));
            }
        }
        let known = |index| self.messages.get_index(index).map(|(id, _)| id);
        travelling.into_iter().map(|messages| messages.into_iter().filter_map(known).collect()).collect()
    }
}

/// An entry of `servers`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Server {
    /// `host`, with the port if one is given. May contain `{variables}`.
    pub host: String,
    /// `protocol`, for instance `wss`.
    pub protocol: String,
    /// `pathname`: before every channel's address.
    pub pathname: Option<String>,
    /// `variables`.
    pub variables: IndexMap<String, Parameter>,
    /// `description`.
    pub description: Option<String>,
    /// The names of the security schemes that it asks for: one of them is enough.
    pub security: Vec<String>,
}

/// An entry of `components.securitySchemes`, or a scheme that stands where it is used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecurityScheme {
    /// `type`, for instance `httpApiKey`.
    pub kind: String,
    /// `name`: of the header, query parameter or cookie of an `httpApiKey`.
    pub name: Option<String>,
    /// `in`.
    pub place: Option<String>,
    /// `scheme`, for instance `bearer`.
    pub scheme: Option<String>,
    /// `bearerFormat`.
    pub bearer_format: Option<String>,
    /// `description`.
    pub description: Option<String>,
}

/// A runtime expression: where in a message something stands, for instance `$message.payload#/req_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The part of the message.
    pub part: MessagePart,
    /// The JSON Pointer in that part.
    pub pointer: String,
}

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessagePart {
    /// Its headers, which a WebSocket frame does not have.
    Header,
    /// Its payload: the frame.
    Payload,
}

impl Location {
    /// Reads a runtime expression.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("$message.")?;
        let (part, pointer) = rest.split_once('#').unwrap_or((rest, ""));
        let part = match part {
            "header" => MessagePart::Header,
            "payload" => MessagePart::Payload,
            _ => return None,
        };
        (pointer.is_empty() || pointer.starts_with('/')).then(|| Self { part, pointer: pointer.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(MessagePart, &str)>) {
        let expected = expected.map(|(part, pointer)| Location { part, pointer: pointer.to_owned() });
        assert_eq!(Location::parse(text), expected, "{text}");
    }

    #[test]
    fn runtime_expressions() {
        check("$message.header#/correlationId", Some((MessagePart::Header, "/correlationId")));
        check("$message.payload#/meta/req~1id", Some((MessagePart::Payload, "/meta/req~1id")));
        check("$message.payload", Some((MessagePart::Payload, "")));
        check("$message.body#/id", None);
        check("$message.payload#id", None);
        check("id", None);
    }
}
