//! What of a value has been evaluated: `unevaluatedProperties` and `unevaluatedItems` are about the rest.

use serde_json::Value;

/// The members or items that were evaluated, by their place.
#[derive(Debug)]
pub(super) struct Seen {
    places: Vec<bool>,
}

impl Seen {
    /// Nothing of this value yet.
    pub(super) fn of(value: &Value) -> Self {
        let count = match value {
            Value::Array(items) => items.len(),
            Value::Object(members) => members.len(),
            _ => 0,
        };
        Self { places: vec![false; count] }
    }

    /// All that the other has of the same value.
    pub(super) fn add(&mut self, other: &Self) {
        for (place, other) in self.places.iter_mut().zip(&other.places) {
            *place |= other;
        }
    }

    /// This place too.
    pub(super) fn mark(&mut self, index: usize) {
        self.places[index] = true;
    }

    pub(super) fn has(&self, index: usize) -> bool {
        self.places[index]
    }
}
