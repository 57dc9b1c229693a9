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

    /// Whether it is so many times the other, as both are written in decimals. A float is written as briefly as it can be.
    pub(crate) fn is_multiple_of(self, other: Self) -> bool {
        let (Some((mut one, one_scale)), Some((mut another, another_scale))) = (self.decimal(), other.decimal()) else {
            return false;
        };
        let align = |digits: &mut i128, scale: u32| {
            10_i128.checked_pow(scale).and_then(|factor| digits.checked_mul(factor)).map(|scaled| *digits = scaled)
        };
        let aligned = match one_scale.cmp(&another_scale) {
            Ordering::Less => align(&mut one, another_scale - one_scale),
            _ => align(&mut another, one_scale - another_scale),
        };
        aligned.is_some() && another != 0 && one % another == 0
    }

    /// Its digits, and how many of them stand behind the point.
    pub(crate) fn decimal(self) -> Option<(i128, u32)> {
        match self {
            Self::Whole(whole) => Some((whole, 0)),
            Self::Float(float) => {
                let written = format!("{float}");
                let (before, after) = written.split_once('.').unwrap_or((&written, ""));
                Some((format!("{before}{after}").parse().ok()?, u32::try_from(after.len()).ok()?))
            }
        }
    }
}

/// Whether two values are the same to JSON Schema: to it, `1` is `1.0`.
pub(crate) fn same(one: &Value, another: &Value) -> bool {
    match (one, another) {
        (Value::Number(one), Value::Number(another)) => Num::of(one).cmp(Num::of(another)).is_eq(),
        (Value::Array(one), Value::Array(another)) => {
            one.len() == another.len() && one.iter().zip(another).all(|(one, another)| same(one, another))
        }
        (Value::Object(one), Value::Object(another)) => {
            let has = |(name, one): (&String, &Value)| another.get(name).is_some_and(|another| same(one, another));
            one.len() == another.len() && one.iter().all(has)
        }
        _ => one == another,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check_multiple(one: &Value, another: &Value, expected: bool) {
        let num = |value: &Value| Num::of_value(value).expect("a number");
        assert_eq!(num(one).is_multiple_of(num(another)), expected, "{one} of {another}");
    }

    #[test]
    fn multiples_are_told_by_decimals() {
        check_multiple(&json!(0.07), &json!(0.01), true);
        check_multiple(&json!(0.075), &json!(0.01), false);
        check_multiple(&json!(4.5), &json!(1.5), true);
        check_multiple(&json!(35), &json!(1.5), false);
        check_multiple(&json!(0), &json!(7), true);
        check_multiple(&json!(i64::MIN), &json!(2), true);
        check_multiple(&json!(1e20), &json!(0.5), true);
        check_multiple(&json!(12_391_239_123_i64), &json!(1e-8), true);
    }

    #[test]
    fn values_are_the_same_whatever_way_they_are_written() {
        assert!(same(&json!({"a": 1, "b": [2.0]}), &json!({"b": [2], "a": 1.0})));
        assert!(!same(&json!(9_007_199_254_740_993_i64), &json!(9_007_199_254_740_992_i64)));
        assert!(!same(&json!(true), &json!(1)));
        assert!(!same(&json!({"a": 1}), &json!({"b": 1})));
    }
}
