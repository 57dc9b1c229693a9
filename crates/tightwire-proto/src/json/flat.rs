//! Frames without an envelope: the property that tells messages apart is looked for first, then the messages that it
//! leaves are tried on the same bytes.

use uuid::Uuid;

use super::{Cursor, Irregular, JsonKind, Outline, ensure};
use crate::inbound::Inbound;

/// Of so many candidates it is remembered whether they refuse a frame.
const MAX_REFUSED: usize = 256;
/// So many candidates are read in full before the reference path decides.
const MAX_ATTEMPTS: usize = 4;

/// Reads a whole frame as one message.
pub type ReadMessage<F> = fn(&mut Cursor<'_>) -> Result<F, Irregular>;

/// A message that a frame can be.
#[derive(Debug)]
pub struct Candidate<F: 'static> {
    /// Its reader; `None` if it is left to the reference path.
    pub read: Option<ReadMessage<F>>,
    /// Whether its schema surely refuses a frame of this outline.
    pub refuses: fn(&Outline<'_>) -> bool,
    /// The candidates before it that may fit the same frames: it is only read where all of them refuse.
    pub overlaps: &'static [u16],
    /// The routes on which it travels, in the contract's order; empty where that makes no difference.
    pub routes: &'static [usize],
}

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

/// Reads a frame. `candidates` gives the messages that it can be, in the order in which they are tried; it is the first
/// whose schema accepts it. That a reader gives up does not prove that its schema refuses. With `route`, only the
/// messages that travel there count.
///
/// # Errors
/// [`Irregular`] if it cannot be read as any of them, or one before it might accept it too.
#[inline]
pub fn read_flat_frame<F: 'static>(
    bytes: &[u8],
    route: Option<usize>,
    candidates: impl Fn(&Cursor<'_>) -> Result<&'static [Candidate<F>], Irregular>,
) -> Result<Inbound<F>, Irregular> {
    let cursor = Cursor::new(bytes)?;
    let frame = match candidates(&cursor)? {
        [only @ Candidate { read: Some(read), overlaps: [], .. }] => {
            ensure(only.travels_on(route))?;
            read_whole(*read, cursor)?
        }
        candidates => read_first(candidates, route, &cursor)?,
    };
    Ok(Inbound { id: Uuid::nil(), ts: 0, correlation_id: None, position: None, frame })
}

impl<F> Candidate<F> {
    #[inline]
    fn travels_on(&self, route: Option<usize>) -> bool {
        self.routes.is_empty() || route.is_none_or(|route| self.routes.contains(&route))
    }
}

fn read_first<F>(
    candidates: &'static [Candidate<F>],
    route: Option<usize>,
    cursor: &Cursor<'_>,
) -> Result<F, Irregular> {
    let outline = cursor.outline()?;
    let mut refused = [false; MAX_REFUSED];
    let mut attempts = 0;
    for (index, candidate) in candidates.iter().enumerate() {
        // What does not travel here is in nobody's way.
        if !candidate.travels_on(route) || (candidate.refuses)(&outline) {
            if let Some(refused) = refused.get_mut(index) {
                *refused = true;
            }
            continue;
        }
        let Some(read) = candidate.read else { continue };
        if candidate.overlaps.iter().all(|earlier| refused.get(usize::from(*earlier)) == Some(&true)) {
            if let Ok(frame) = read_whole(read, cursor.clone()) {
                return Ok(frame);
            }
            attempts += 1;
            ensure(attempts < MAX_ATTEMPTS)?;
        }
    }
    Err(Irregular)
}

#[inline]
fn read_whole<F>(read: ReadMessage<F>, mut cursor: Cursor<'_>) -> Result<F, Irregular> {
    let frame = read(&mut cursor)?;
    cursor.end()?;
    Ok(frame)
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
