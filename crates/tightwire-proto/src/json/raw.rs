//! Values of any kind in a view: checked to be JSON without repeated keys, and made where somebody asks for them.

use serde_json::Value;

use super::{Cursor, Irregular};

/// A piece of JSON as it stands in a frame, well-formed and without repeated keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a> {
    text: &'a str,
}

impl<'a> Raw<'a> {
    /// As it is written.
    #[inline]
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// Whether it is `null`.
    #[inline]
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.text == "null"
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> Value {
        // What was passed over can be read.
        Cursor::of(self.text).value().unwrap_or_default()
    }
}

impl<'a> Cursor<'a> {
    /// The next value, whatever it is, without making it.
    ///
    /// # Errors
    /// As for [`Cursor::skip_value`].
    #[inline]
    pub fn raw(&mut self) -> Result<Raw<'a>, Irregular> {
        self.skip_whitespace();
        let start = self.position;
        self.skip_value()?;
        self.text.get(start..self.position).map(|text| Raw { text }).ok_or(Irregular)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, raw: &str, value: &Value) {
        let mut cursor = Cursor::of(text);
        let found = cursor.raw().expect("a value");
        assert_eq!((found.text(), found.value(), found.is_null()), (raw, value.clone(), value.is_null()));
        assert_eq!(cursor.end(), Ok(()));
    }

    #[test]
    fn a_piece_is_what_stands_there() {
        check(" null ", "null", &Value::Null);
        check("[1, {\"a\": \"\\n\"}]\n", "[1, {\"a\": \"\\n\"}]", &json!([1, { "a": "\n" }]));
        check("-0.5", "-0.5", &json!(-0.5));
        assert_eq!(Cursor::of("{\"a\":1,\"a\":1}").raw(), Err(Irregular));
        assert_eq!(Cursor::of("nul").raw(), Err(Irregular));
    }
}
