//! Numbers of JSON, compared exactly.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// A number: a whole one, or one that is not, or too large to be told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Num {
    /// A whole number.
    Whole(i128),
    /// Any other.
    Float(f64),
}

/// Whole numbers beyond this one are kept as floats.
const LARGEST: f64 = 1e36;

impl Num {
    pub(crate) fn of(number: &Number) -> Self {
        if let Some(whole) = number.as_i128() {
            return Self::Whole(whole);
        }
        Self::from_f64(number.as_f64().unwrap_or_default())
    }

    pub(crate) fn of_value(value: &Value) -> Option<Self> {
        value.as_number().map(Self::of)
    }

    #[allow(clippy::cast_possible_truncation, reason = "it is whole and not too large")]
    pub(crate) fn from_f64(float: f64) -> Self {
        if float.fract() == 0.0 && float.abs() < LARGEST { Self::Whole(float as i128) } else { Self::Float(float) }
    }

    #[allow(clippy::cast_precision_loss, reason = "what a float cannot say is compared as whole numbers")]
    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Float(float) => float,
        }
    }

    pub(crate) fn cmp(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(one), Self::Whole(another)) => one.cmp(&another),
            _ => self.to_f64().total_cmp(&other.to_f64()),
        }
    }

    /// As a value of JSON; `None` for a whole number that JSON libraries would make a float of.
    pub(crate) fn to_value(self) -> Option<Value> {
        match self {
            Self::Whole(whole) => {
                i64::try_from(whole).map(Value::from).or_else(|_| u64::try_from(whole).map(Value::from)).ok()
            }
            Self::Float(float) => Number::from_f64(float).map(Value::Number),
        }
    }
}
