//! Byte-level reading of JSON, for generated decoders: the fast path of validation.
//!
//! A [`Cursor`] walks a frame once and gives the decoder typed values on the way. It may only ever *accept*: whatever
//! is wrong, rare or ambiguous (an escaped key, `1.0` for an integer, a repeated key) is [`Irregular`], and the frame
//! goes to the [reference path](crate::reference), which decides and explains. So everything here may be stricter than
//! JSON, never laxer, and where it accepts it gives the very value that `serde_json` would.
//!
//! Called by generated code only; not a general JSON parser.

mod arrival;
mod cursor;
mod envelope;
mod flat;
mod format;
mod list;
mod members;
mod number;
mod outline;
mod part;
mod pattern;
mod raw;
mod scalar;
mod skip;
mod string;
#[cfg(test)]
mod tests;
mod timestamp;
mod value;

pub use arrival::{Arrived, read_arrival};
pub use cursor::{Cursor, JsonKind};
pub use envelope::{Presence, Shape, read_frame};
pub use flat::{Candidate, ReadMessage, Scalar, read_flat_frame};
pub use format::{is_date, is_date_time, is_email, is_ipv4, is_uri};
pub use list::{Items, List};
pub use members::{Entries, Members};
pub use outline::Outline;
pub use part::Part;
pub use pattern::{Matching, Pattern};
pub use raw::Raw;
pub use scalar::is_hyphenated_uuid;
pub use skip::Unknown;
pub use string::{all_distinct, at_least_chars, at_most_chars};
pub use timestamp::Timestamp;

/// The frame is not one that the fast path can accept; the reference path decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Irregular;

/// Goes to the reference path unless `holds`.
///
/// # Errors
/// [`Irregular`] where `holds` is false.
#[inline]
pub const fn ensure(holds: bool) -> Result<(), Irregular> {
    if holds { Ok(()) } else { Err(Irregular) }
}

/// Reads a topic, or whatever else is made from text.
///
/// # Errors
/// [`Irregular`] where the text is not one.
#[inline]
pub fn parse<T: std::str::FromStr>(text: &str) -> Result<T, Irregular> {
    text.parse().map_err(|_| Irregular)
}

/// The parameter of a topic that has one, at its end: 1 to 128 unreserved characters (RFC 3986, section 2.3) after
/// `prefix`.
///
/// # Errors
/// [`Irregular`] where the text is no such topic.
#[inline]
pub fn topic_parameter<'a>(text: &'a str, prefix: &str) -> Result<&'a str, Irregular> {
    let parameter = text.strip_prefix(prefix).ok_or(Irregular)?;
    ensure((1..=128).contains(&parameter.len()) && parameter.bytes().all(|byte| UNRESERVED[byte as usize]))?;
    Ok(parameter)
}

/// Which bytes are unreserved characters.
const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let character = byte as u8;
        table[byte] = character.is_ascii_alphanumeric() || matches!(character, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    table
};
