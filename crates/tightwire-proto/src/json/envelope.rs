//! The Tightwire envelope, version 1, read in one pass with the payload decoded on the way.
//!
//! The reader holds every frame to the envelope's own rules; what a message adds to them (which of the optional fields
//! it has, whether unknown ones may stand beside them) is its [`Shape`]. A document whose envelope is laxer than this
//! only sends more frames to the reference path.

use std::borrow::Cow;

use super::{Cursor, Irregular, Unknown, at_most_chars, ensure};
use crate::inbound::{InboundView, PositionView};

/// The largest integer that every JSON implementation reads exactly.
const MAX_SAFE_INTEGER: u64 = 9_007_199_254_740_991;
/// How long an `epoch` may be, in code points.
const MAX_EPOCH: usize = 64;

/// What a message asks of its envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// `correlation_id`.
    pub correlation_id: Presence,
    /// `seq` and `epoch`, which only ever come together.
    pub position: Presence,
    /// Whether unknown fields are allowed.
    pub open: bool,
}

/// Whether a field is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It must not be.
    Forbidden,
    /// It may be.
    Optional,
    /// It must be.
    Required,
}

impl Presence {
    #[inline]
    const fn allows(self, there: bool) -> bool {
        match self {
            Self::Forbidden => !there,
            Self::Optional => true,
            Self::Required => there,
        }
    }
}

/// Reads a frame. `kind` tells messages apart by `type` and `shape` says what each asks of the envelope; `frame` makes
/// the typed frame from the topic and the payload, which is next at the cursor.
///
/// # Errors
/// [`Irregular`] if the frame does not follow the envelope, `kind` knows no such type or `frame` refuses.
#[inline]
pub fn read_frame<'a, K: Copy, F>(
    bytes: &'a [u8],
    kind: impl Fn(&str) -> Option<K>,
    shape: impl Fn(K) -> Shape,
    frame: impl Fn(K, &str, &mut Cursor<'a>) -> Result<F, Irregular>,
) -> Result<InboundView<'a, F>, Irregular> {
    let mut cursor = Cursor::new(bytes)?;
    let mut version = false;
    let mut id = None;
    let mut wire_type = None;
    let mut topic: Option<Cow<'a, str>> = None;
    let mut ts = None;
    let mut correlation_id = None;
    let mut seq = None;
    let mut epoch = None;
    let mut payload = None;
    // Where `data` stands, if it came before `type` or `topic`.
    let mut postponed = None;
    let mut unknown = Unknown::default();

    let mut key = cursor.first_key()?;
    while let Some(name) = key {
        match name {
            "v" if !version => {
                ensure(cursor.unsigned()? == 1)?;
                version = true;
            }
            "id" if id.is_none() => id = Some(cursor.uuid()?),
            "type" if wire_type.is_none() => wire_type = Some(kind(cursor.plain_string()?).ok_or(Irregular)?),
            "topic" if topic.is_none() => topic = Some(cursor.string()?),
            "ts" if ts.is_none() => {
                let value = cursor.unsigned()?;
                ensure(value <= MAX_SAFE_INTEGER)?;
                ts = Some(value);
            }
            "correlation_id" if correlation_id.is_none() => correlation_id = Some(cursor.uuid()?),
            "seq" if seq.is_none() => {
                let value = cursor.unsigned()?;
                ensure((1..=MAX_SAFE_INTEGER).contains(&value))?;
                seq = Some(value);
            }
            "epoch" if epoch.is_none() => {
                let value = cursor.string()?;
                ensure(!value.is_empty() && at_most_chars(&value, MAX_EPOCH))?;
                epoch = Some(value);
            }
            "data" if payload.is_none() && postponed.is_none() => match (wire_type, &topic) {
                (Some(kind), Some(topic)) => payload = Some(frame(kind, topic, &mut cursor)?),
                _ => {
                    postponed = Some(cursor.clone());
                    cursor.skip_value()?;
                }
            },
            "v" | "id" | "type" | "topic" | "ts" | "correlation_id" | "seq" | "epoch" | "data" => {
                return Err(Irregular);
            }
            _ => unknown.skip(name, &mut cursor)?,
        }
        key = cursor.next_key()?;
    }
    cursor.end()?;

    let kind = wire_type.ok_or(Irregular)?;
    let shape = shape(kind);
    ensure(
        version
            && seq.is_some() == epoch.is_some()
            && shape.correlation_id.allows(correlation_id.is_some())
            && shape.position.allows(seq.is_some())
            && (shape.open || unknown.is_empty()),
    )?;
    let topic = topic.ok_or(Irregular)?;
    let frame = match (payload, postponed) {
        (Some(payload), _) => payload,
        (None, Some(mut cursor)) => frame(kind, &topic, &mut cursor)?,
        (None, None) => return Err(Irregular),
    };
    Ok(InboundView {
        id: id.ok_or(Irregular)?,
        ts: ts.ok_or(Irregular)?,
        correlation_id,
        topic,
        position: seq.zip(epoch).map(|(seq, epoch)| PositionView { epoch, seq }),
        frame,
    })
}
