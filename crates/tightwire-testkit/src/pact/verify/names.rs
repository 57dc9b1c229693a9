//! Which message a frame is, and whether frames have an envelope: what the contract says, or the frame itself.

use serde_json::Value;
use uuid::Uuid;

use crate::contract::{Contract, Direction, Violation};

/// Tells frames apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    contract: Option<Contract>,
}

impl Names {
    pub(super) fn new(contract: Option<Contract>) -> Self {
        Self { contract }
    }

    /// The message that a frame is; `None` where nobody can say.
    pub(super) fn of(&self, direction: Direction, frame: &Value) -> Option<String> {
        let name = match &self.contract {
            // A frame in an envelope that breaks the contract is still the message that it says.
            Some(contract) if !contract.is_enveloped() => contract.message(direction, frame),
            _ => self.is_enveloped(frame).then(|| frame["type"].as_str()).flatten(),
        };
        name.map(str::to_owned)
    }

    /// Whether this frame has an envelope.
    pub(super) fn is_enveloped(&self, frame: &Value) -> bool {
        let looks_so = frame["v"] == 1 && frame["type"].is_string() && frame["topic"].is_string();
        looks_so && self.contract.as_ref().is_none_or(Contract::is_enveloped)
    }

    /// Whether the server greets with `connection_established`.
    pub(super) fn has_greeting(&self) -> bool {
        let greets =
            |contract: &Contract| contract.types(Direction::ToClient).any(|name| name == "connection_established");
        self.contract.as_ref().is_none_or(greets)
    }

    /// Where a frame of the server departs from the contract; nowhere without one.
    pub(super) fn violations(&self, frame: &Value) -> Vec<Violation> {
        let check = |contract: &Contract| contract.check(Direction::ToClient, frame).err();
        self.contract.as_ref().and_then(check).unwrap_or_default()
    }
}

/// The `id` of a frame in an envelope.
pub(super) fn id(frame: &Value) -> Option<Uuid> {
    frame["id"].as_str()?.parse().ok()
}
