//! Free-form values: the same `serde_json::Value` that the reference path gives.

use serde_json::{Map, Value};

use super::{Cursor, Irregular, JsonKind, ensure};

impl Cursor<'_> {
    /// The next value, whatever it is.
    ///
    /// # Errors
    /// [`Irregular`] if it is not well-formed, or if an object in it repeats a key.
    pub fn value(&mut self) -> Result<Value, Irregular> {
        match self.peek()? {
            JsonKind::Object => self.object().map(Value::Object),
            JsonKind::Array => {
                let mut items = Vec::new();
                let mut more = self.first_item()?;
                while more {
                    items.push(self.value()?);
                    more = self.next_item()?;
                }
                Ok(Value::Array(items))
            }
            JsonKind::String => self.owned_string().map(Value::String),
            JsonKind::Number => serde_json::from_str(self.number_text()?).map_err(|_| Irregular),
            JsonKind::Boolean => self.boolean().map(Value::Bool),
            JsonKind::Null => self.null().map(|()| Value::Null),
        }
    }

    /// The next value, which must be an object.
    ///
    /// # Errors
    /// [`Irregular`] if it is not, or as for [`Cursor::value`].
    pub fn object(&mut self) -> Result<Map<String, Value>, Irregular> {
        let mut members = Map::new();
        let mut key = self.first_key()?;
        while let Some(name) = key {
            let value = self.value()?;
            ensure(members.insert(name.to_owned(), value).is_none())?;
            key = self.next_key()?;
        }
        Ok(members)
    }
}
