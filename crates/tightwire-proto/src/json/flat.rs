//! Frames without an envelope: the property that tells messages apart is looked for first, then the messages that it
//! leaves are tried on the same bytes.

use uuid::Uuid;

use super::{Cursor, Irregular, JsonKind};
use crate::inbound::Inbound;

/// Reads a whole frame as one message.
pub type ReadMessage<F> = fn(&mut Cursor<'_>) -> Result<F, Irregular>;

/// A scalar that tells messages apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar<'a> {
    /// A string, written without escapes.
    Text(&'a str),
    /// An integer, written without fraction and exponent.
    Integer(i64),
    /// A Boolean.
    Boolean(bool),
    /// `null`.
    Null,
}

/// Reads a frame. `candidates` gives the messages that it can be; it is the first that can be read. The generator makes
/// sure that no message before that one accepts the frame.
///
/// # Errors
/// [`Irregular`] if it can be read as none of them.
#[inline]
pub fn read_flat_frame<F: 'static>(
    bytes: &[u8],
    candidates: impl Fn(&Cursor<'_>) -> Result<&'static [ReadMessage<F>], Irregular>,
) -> Result<Inbound<F>, Irregular> {
    let cursor = Cursor::new(bytes)?;
    for read in candidates(&cursor)? {
        let mut cursor = cursor.clone();
        if let Ok(frame) = read(&mut cursor).and_then(|frame| cursor.end().map(|()| frame)) {
            return Ok(Inbound { id: Uuid::nil(), ts: 0, correlation_id: None, position: None, frame });
        }
    }
    Err(Irregular)
}

impl<'a> Cursor<'a> {
    /// The scalar at a path of property names, looked up without moving; `None` if there is no such property.
    ///
    /// # Errors
    /// [`Irregular`] if something else than a scalar stands there, or it is written in an unusual way.
    #[inline]
    pub fn find_scalar(&self, path: &[&str]) -> Result<Option<Scalar<'a>>, Irregular> {
        let mut ahead = self.clone();
        for name in path {
            if !ahead.go_to(name)? {
                return Ok(None);
            }
        }
        Ok(Some(match ahead.peek()? {
            JsonKind::String => Scalar::Text(ahead.plain_string()?),
            JsonKind::Number => Scalar::Integer(ahead.signed()?),
            JsonKind::Boolean => Scalar::Boolean(ahead.boolean()?),
            JsonKind::Null => {
                ahead.null()?;
                Scalar::Null
            }
            JsonKind::Object | JsonKind::Array => return Err(Irregular),
        }))
    }

    /// Goes to the value of a property, if an object with that property begins here.
    #[inline]
    fn go_to(&mut self, name: &str) -> Result<bool, Irregular> {
        if self.peek()? != JsonKind::Object {
            return Ok(false);
        }
        let mut key = self.first_key()?;
        while let Some(found) = key {
            if found == name {
                return Ok(true);
            }
            self.skip_value()?;
            key = self.next_key()?;
        }
        Ok(false)
    }
}
