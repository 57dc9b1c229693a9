//! How a receiver finds out which message a frame is.

use indexmap::IndexMap;
use serde_json::Value;

use crate::ir::{Direction, MessageId};

/// How the messages of each direction are told apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dispatches {
    /// Of the frames to the server.
    pub to_server: Dispatch,
    /// Of the frames to the client.
    pub to_client: Dispatch,
}

impl Dispatches {
    /// The one of a direction.
    pub fn of(&self, direction: Direction) -> &Dispatch {
        match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        }
    }
}

/// How the messages of one direction are told apart.
///
/// The frame is the first of the [candidates](Dispatch::candidates) for the value at `by` whose schema accepts it. A
/// message whose frames always have the property stands in `values` only; one whose frames may lack it, or that says
/// nothing about it, stands in `structural`, and perhaps in `values` too.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dispatch {
    /// The path of the property that tells messages apart: property names from the frame's root. Empty if there is
    /// none.
    pub by: Vec<String>,
    /// The messages for each value of that property, the most specific first.
    pub values: IndexMap<ValueKey, Vec<MessageId>>,
    /// The messages for frames without the property or with a value that is not listed, the most specific first.
    pub structural: Vec<MessageId>,
    /// Pairs of messages that have frames in common.
    pub ambiguous: Vec<Ambiguity>,
    /// All of this in a sentence, for people.
    pub explanation: String,
}

/// A value that tells messages apart: null, a boolean, a number (whole ones without a fraction) or a string.
pub type ValueKey = Value;

/// Two messages that have frames in common: such a frame is the first one.
#[derive(Clone, Debug, PartialEq)]
pub struct Ambiguity {
    /// The message that such a frame is.
    pub first: MessageId,
    /// The message that it could be too.
    pub second: MessageId,
    /// A frame that both schemas accept.
    pub witness: Option<Value>,
}

impl Dispatch {
    /// The messages that a frame with this value at `by` (`None` where it has none) can be, in the order in which they
    /// are tried.
    pub fn candidates(&self, value: Option<&Value>) -> impl Iterator<Item = &MessageId> {
        let keyed = value.and_then(|value| self.values.get(&key(value))).map_or(&[][..], Vec::as_slice);
        keyed.iter().chain(self.structural.iter().filter(|id| !keyed.contains(id)))
    }

    /// Whether the property alone tells all messages apart.
    pub fn is_complete(&self) -> bool {
        self.structural.is_empty() && self.values.values().all(|messages| messages.len() == 1)
    }
}

/// A value as [`Dispatch::values`] has it: `1.0` is the integer 1.
pub fn key(value: &Value) -> ValueKey {
    match value.as_f64() {
        Some(float) if value.is_f64() && float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 => {
            Value::from(float as i64)
        }
        _ => value.clone(),
    }
}
