//! Points in time in a view.

use chrono::{DateTime, Utc};

use super::scalar::parse_date_time;
use super::{Cursor, Irregular};

/// A point in time, and how it is written in the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp<'a> {
    text: &'a str,
    time: DateTime<Utc>,
}

impl<'a> Timestamp<'a> {
    /// As it is written: RFC 3339.
    #[inline]
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// The point in time.
    #[inline]
    #[must_use]
    pub const fn utc(&self) -> DateTime<Utc> {
        self.time
    }
}

impl<'a> Cursor<'a> {
    /// A point in time, written as [`Cursor::date_time`] wants it.
    ///
    /// # Errors
    /// [`Irregular`] if something else comes.
    #[inline]
    pub fn timestamp(&mut self) -> Result<Timestamp<'a>, Irregular> {
        let text = self.plain_string()?;
        Ok(Timestamp { text, time: parse_date_time(text.as_bytes())? })
    }
}
