//! Passing over a value that nobody wants, while making sure that it is JSON without repeated keys.

use super::{Cursor, Irregular, JsonKind, ensure};

/// Objects with more keys than this are left to the reference path, so that looking for repeated ones stays cheap.
pub(super) const MAX_KEYS: usize = 16;

impl<'a> Cursor<'a> {
    /// Passes the next value, whatever it is.
    ///
    /// # Errors
    /// [`Irregular`] if it is not well-formed, or if an object in it repeats a key or has very many.
    pub fn skip_value(&mut self) -> Result<(), Irregular> {
        match self.peek()? {
            JsonKind::String => self.skip_string(),
            JsonKind::Number => self.skip_number(),
            JsonKind::Boolean => self.boolean().map(drop),
            JsonKind::Null => self.null(),
            JsonKind::Array => {
                let mut more = self.first_item()?;
                while more {
                    self.skip_value()?;
                    more = self.next_item()?;
                }
                Ok(())
            }
            JsonKind::Object => {
                let mut keys = Keys::default();
                let mut key = self.first_key()?;
                while let Some(name) = key {
                    keys.add(name)?;
                    self.skip_value()?;
                    key = self.next_key()?;
                }
                Ok(())
            }
        }
    }

    /// Passes a number that `serde_json` would not refuse as too large.
    fn skip_number(&mut self) -> Result<(), Irregular> {
        let text = self.number_text()?;
        ensure(text.len() <= 40 && !text.contains(['e', 'E']))
    }
}

/// The members of an open object that its schema does not know: passed over, but still not twice.
#[derive(Debug, Default)]
pub struct Unknown<'a> {
    // Most objects have none, and making room for sixteen is not free.
    keys: Option<Keys<'a>>,
}

impl<'a> Unknown<'a> {
    /// Passes a member's value.
    ///
    /// # Errors
    /// [`Irregular`] if there was such a member before or there are too many, or as for [`Cursor::skip_value`].
    #[inline(never)]
    pub fn skip(&mut self, key: &'a str, cursor: &mut Cursor<'a>) -> Result<(), Irregular> {
        self.keys.get_or_insert_default().add(key)?;
        cursor.skip_value()
    }

    /// Whether there was none.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_none()
    }
}

/// The keys of an object so far.
#[derive(Debug, Default)]
pub(super) struct Keys<'a> {
    seen: [&'a str; MAX_KEYS],
    count: usize,
}

impl<'a> Keys<'a> {
    /// Notes a key.
    ///
    /// # Errors
    /// [`Irregular`] if it was there before, or if there are too many.
    pub(super) fn add(&mut self, key: &'a str) -> Result<(), Irregular> {
        ensure(self.count < MAX_KEYS && !self.seen[..self.count].contains(&key))?;
        self.seen[self.count] = key;
        self.count += 1;
        Ok(())
    }

    /// Those noted so far.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a str> {
        self.seen[..self.count].iter().copied()
    }
}
