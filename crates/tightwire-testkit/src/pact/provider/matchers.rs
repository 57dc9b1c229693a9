//! Matchers for consumer tests in Rust: values that say what matters of a value, with an example of it.
//!
//! ```
//! use serde_json::json;
//! use tightwire_testkit::pact::provider::matchers::{each_like, integer, uuid};
//!
//! let data = json!({
//!     "messages": each_like(1, json!({"message_id": uuid("0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e99")})),
//!     "seq": integer(1),
//! });
//! assert_eq!(data["seq"]["value"], 1);
//! ```

use serde_json::{Value, json};

/// A UUID in its hyphenated form.
pub const UUID: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

/// A point in time (RFC 3339) in UTC. The formats of [`datetime`] cannot leave open how many decimal places there are.
pub const INSTANT: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$";

/// Something of the same type.
#[must_use]
pub fn like(example: impl Into<Value>) -> Value {
    matcher("type", example)
}

/// A whole number.
#[must_use]
pub fn integer(example: impl Into<Value>) -> Value {
    matcher("integer", example)
}

/// A number.
#[must_use]
pub fn number(example: impl Into<Value>) -> Value {
    matcher("number", example)
}

/// A text that matches a regular expression.
#[must_use]
pub fn regex(pattern: &str, example: &str) -> Value {
    json!({"pact:matcher:type": "regex", "regex": pattern, "value": example})
}

/// A UUID.
#[must_use]
pub fn uuid(example: &str) -> Value {
    regex(UUID, example)
}

/// A date with a time in a format, for instance `yyyy-MM-dd'T'HH:mm:ss.SSSX`.
#[must_use]
pub fn datetime(format: &str, example: &str) -> Value {
    json!({"pact:matcher:type": "datetime", "format": format, "value": example})
}

/// A point in time (RFC 3339) in UTC, with any number of decimal places.
#[must_use]
pub fn instant(example: &str) -> Value {
    regex(INSTANT, example)
}

/// An array of at least so many items, each like this one.
#[must_use]
pub fn each_like(min: usize, example: Value) -> Value {
    json!({"pact:matcher:type": "type", "min": min, "value": [example]})
}

fn matcher(kind: &str, example: impl Into<Value>) -> Value {
    json!({"pact:matcher:type": kind, "value": example.into()})
}
