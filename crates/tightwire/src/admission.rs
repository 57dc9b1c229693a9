//! Messages that are known by name only, from outside the application: each is checked as the whole frame that subscribers
//! would get, before anybody gets it.

use std::sync::Arc;

use tightwire_proto::contract::{Contract, Delivery, MessageInfo};
use tightwire_proto::inbound::Violation;
use tightwire_proto::reference::{Direction, Reference};

use crate::publisher::{PublishError, Unpublished};

/// Checks messages.
pub(crate) struct Admission {
    contract: &'static Contract,
    /// Checks frames of the server.
    frames: Reference,
}

/// Why a message is not published.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It does not follow the contract.
    Violations(Vec<Violation>),
    /// It cannot be written as JSON.
    Encode(PublishError),
}

impl Admission {
    pub(crate) fn new(contract: &'static Contract) -> Self {
        Self { contract, frames: Reference::new(contract.schema_bundle, Direction::ToClient) }
    }

    /// The message of this type, if it is one for subscribers.
    pub(crate) fn message(&self, wire_type: &str) -> Result<&'static MessageInfo, Violation> {
        message(self.contract, wire_type).map_err(|message| Violation {
            pointer: "/type".to_owned(),
            keyword: "enum".into(),
            message: message.into(),
        })
    }

    /// The message with these data, if it follows the contract.
    pub(crate) fn admit(
        &self,
        message: &'static MessageInfo,
        topic: &str,
        data: &serde_json::Value,
    ) -> Result<Unpublished, Refused> {
        let unpublished = Unpublished::new(message, Arc::from(topic), data).map_err(Refused::Encode)?;
        match self.frames.check(unpublished.trial().payload()) {
            Ok(_) => Ok(unpublished),
            Err(rejection) => Err(Refused::Violations(rejection.violations)),
        }
    }
}

/// The message of this type, if it is one for subscribers; else, what is wrong with it.
pub(crate) fn message(contract: &'static Contract, wire_type: &str) -> Result<&'static MessageInfo, &'static str> {
    let known = contract.to_client.iter().find(|message| message.wire_type == wire_type);
    let message = known.ok_or("is not a message that the server sends")?;
    if message.session.is_some() || message.delivery == Delivery::Control {
        return Err("is a message between the server and one client");
    }
    Ok(message)
}
