//! A frame that its schema accepts, on its way to the typed frame.

use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde_json::{Number, Value};
use uuid::Uuid;

use crate::inbound::{Inbound, Rejection, StreamPosition, Violation};
use crate::json::is_hyphenated_uuid;

/// A frame that its schema accepts.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedFrame {
    frame: Value,
}

impl CheckedFrame {
    pub(super) const fn new(frame: Value) -> Self {
        Self { frame }
    }

    /// The value of `type`.
    #[must_use]
    pub fn wire_type(&self) -> &str {
        self.frame["type"].as_str().unwrap_or_default()
    }

    /// The topic as its type.
    ///
    /// # Errors
    /// A violation at `/topic` where the schema allows what is no topic of the message's channels.
    pub fn topic<T: FromStr>(&self) -> Result<T, Rejection> {
        let topic = self.frame["topic"].as_str().and_then(|topic| topic.parse().ok());
        topic.ok_or_else(|| self.refuse("/topic", "pattern", "is not a topic of this message"))
    }

    /// The payload as its type.
    ///
    /// # Errors
    /// A violation at `/data` where the type cannot hold what the schema allows, such as an integer of 100 digits or a leap second.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Rejection> {
        let data = &self.frame["data"];
        // To JSON Schema, `1.0` is an integer; to serde it is not. Rewriting it only where serde refuses leaves
        // free-form values as they were sent.
        T::deserialize(data)
            .or_else(|_| T::deserialize(&integral(data)))
            .map_err(|_| self.reject(Violation::new("/data", "type", crate::inbound::UNREPRESENTABLE)))
    }

    /// Another violation, found after the schema's validation.
    #[must_use]
    pub fn refuse(&self, pointer: &str, keyword: &'static str, message: &'static str) -> Rejection {
        self.reject(Violation::new(pointer, keyword, message))
    }

    /// The typed frame with its envelope.
    ///
    /// # Errors
    /// A violation where the document's envelope is laxer than the typed one.
    pub fn inbound<F>(&self, frame: F) -> Result<Inbound<F>, Rejection> {
        let missing = |pointer| self.reject(Violation::new(pointer, "type", "must be as the envelope has it"));
        let id = self.id().ok_or_else(|| missing("/id"))?;
        let ts = unsigned(&self.frame["ts"]).ok_or_else(|| missing("/ts"))?;
        let correlation_id = match self.frame.get("correlation_id") {
            None => None,
            Some(value) => Some(uuid(value).ok_or_else(|| missing("/correlation_id"))?),
        };
        let position = match (self.frame.get("seq"), self.frame.get("epoch")) {
            (Some(seq), Some(epoch)) => Some(StreamPosition {
                epoch: epoch.as_str().ok_or_else(|| missing("/epoch"))?.to_owned(),
                seq: unsigned(seq).ok_or_else(|| missing("/seq"))?,
            }),
            _ => None,
        };
        Ok(Inbound { id, ts, correlation_id, position, frame })
    }

    fn reject(&self, violation: Violation) -> Rejection {
        Rejection::of(self.id(), violation)
    }

    fn id(&self) -> Option<Uuid> {
        self.frame.get("id").and_then(uuid)
    }
}

fn uuid(value: &Value) -> Option<Uuid> {
    value.as_str().filter(|text| is_hyphenated_uuid(text))?.parse().ok()
}

fn unsigned(value: &Value) -> Option<u64> {
    integral(value).as_u64()
}

/// The value with its integral floats as integers, where they fit.
pub(crate) fn integral(value: &Value) -> Value {
    match value {
        Value::Number(number) => whole(number).map_or_else(|| value.clone(), Value::from),
        Value::Array(items) => items.iter().map(integral).collect(),
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), integral(value))).collect(),
        _ => value.clone(),
    }
}

/// The integer that a float without a fraction is, where it fits.
pub(super) fn whole(number: &Number) -> Option<i64> {
    let float = number.as_f64().filter(|_| number.is_f64())?;
    (float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0).then_some(float as i64)
}
