//! What a server does with a frame that arrives: the heartbeat is answered from where it stands, all else is made.

use super::{Cursor, Irregular, Shape, read_frame};
use crate::inbound::{Arrival, Heartbeat};

/// The payload of a frame, either way.
#[derive(Debug)]
pub enum Arrived<'a, F> {
    /// Of a ping or a pong.
    Heartbeat(Heartbeat<'a>),
    /// Of any other frame.
    Frame(F),
}

/// As [`read_frame`], with the heartbeat left where it stands.
///
/// # Errors
/// As for [`read_frame`].
#[inline]
pub fn read_arrival<'a, K: Copy, F>(
    bytes: &'a [u8],
    kind: impl Fn(&str) -> Option<K>,
    shape: impl Fn(K) -> Shape,
    arrived: impl Fn(K, &str, &mut Cursor<'a>) -> Result<Arrived<'a, F>, Irregular>,
) -> Result<Arrival<'a, F>, Irregular> {
    let mut view = read_frame(bytes, kind, shape, |kind, topic, cursor| arrived(kind, topic, cursor).map(Some))?;
    Ok(match view.frame.take().ok_or(Irregular)? {
        Arrived::Heartbeat(heartbeat) => Arrival::Heartbeat(view.map(|_| heartbeat)),
        Arrived::Frame(frame) => Arrival::Frame(view.map(|_| frame).into()),
    })
}
