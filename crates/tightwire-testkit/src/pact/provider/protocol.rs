//! What the provider knows of a protocol: the document, and questions about it.

use std::sync::Arc;

use serde_json::{Value, json};
use tightwire_spec::ir::{Delivery, Direction, Ir, Message, Operation, SessionRole};

use crate::pact::Document;

/// A protocol with an envelope. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Protocol {
    pub(super) document: Arc<Document>,
}

impl Protocol {
    pub(super) fn ir(&self) -> &Ir {
        self.document.ir()
    }

    /// The message of that `type` which travels that way.
    pub(super) fn message(&self, direction: Direction, wire_type: &str) -> Option<&Message> {
        let is_it = |message: &&Message| {
            message.wire_type.as_deref() == Some(wire_type) && message.directions.contains(&direction)
        };
        self.ir().messages.values().find(is_it)
    }

    /// The part that a message plays in the session.
    pub(super) fn role(&self, direction: Direction, wire_type: &str) -> Option<SessionRole> {
        self.message(direction, wire_type)?.session
    }

    /// The message to the client that plays this part in the session.
    pub(super) fn playing(&self, role: SessionRole) -> Option<&Message> {
        let is_it =
            |message: &&Message| message.session == Some(role) && message.directions.contains(&Direction::ToClient);
        self.ir().messages.values().find(is_it)
    }

    /// The operation that is about that message: the one that the client begins with it, or the one that pushes it.
    pub(super) fn operation(&self, direction: Direction, wire_type: &str) -> Option<&Operation> {
        let message = &self.message(direction, wire_type)?.id;
        let is_it = |operation: &&Operation| operation.direction == direction && operation.messages.contains(message);
        self.ir().operations.values().find(is_it)
    }

    /// Whether frames of that `type` have a place in their topic's log.
    pub(super) fn is_kept(&self, wire_type: &str) -> bool {
        let message = self.message(Direction::ToClient, wire_type);
        message.is_some_and(|message| matches!(message.delivery, Delivery::Durable | Delivery::Latest))
    }

    /// The topic of the session itself.
    pub(super) fn session_topic(&self) -> Option<&str> {
        let message = self.playing(SessionRole::ConnectionEstablished)?;
        let channel = self.ir().channels.get(message.channels.first()?)?;
        Some(&channel.address)
    }

    /// The payload of the document's first example of a message.
    pub(super) fn example(message: &Message) -> Value {
        message.examples.first().and_then(|example| example.payload.get("data")).cloned().unwrap_or_else(|| json!({}))
    }
}
