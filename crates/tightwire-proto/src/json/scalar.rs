//! Strings with a format: UUIDs and points in time, in the one way of writing them that nobody disagrees about.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use uuid::Uuid;

use super::{Cursor, Irregular, ensure};

/// `YYYY-MM-DDTHH:MM:SS`
const SECONDS_LENGTH: usize = 19;

impl Cursor<'_> {
    /// A UUID of 36 characters with hyphens.
    ///
    /// # Errors
    /// [`Irregular`] if something else comes.
    #[inline]
    pub fn uuid(&mut self) -> Result<Uuid, Irregular> {
        parse_uuid(self.plain_string()?).ok_or(Irregular)
    }

    /// A point in time: `YYYY-MM-DDTHH:MM:SS`, up to nine digits of a fraction, and `Z` or an offset.
    ///
    /// # Errors
    /// [`Irregular`] if something else comes (leap seconds and lower-case letters too).
    #[inline]
    pub fn date_time(&mut self) -> Result<DateTime<Utc>, Irregular> {
        parse_date_time(self.plain_string()?.as_bytes())
    }
}

/// Whether `text` is a UUID as this protocol writes it: 36 characters, hyphenated, in either case. `format: uuid` on the
/// reference path.
#[must_use]
pub fn is_hyphenated_uuid(text: &str) -> bool {
    parse_uuid(text).is_some()
}

/// Frames have two or three UUIDs each, so they are read in registers, eight digits at a time.
#[inline]
fn parse_uuid(text: &str) -> Option<Uuid> {
    let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let [a, b, c, d, e, f, g, h, b'-', i, j, k, l, b'-', m, n, o, p, b'-', q, r, s, t, b'-', rest @ ..] = *text else {
        return None;
    };
    let [u, v, w, x, last @ ..] = rest;
    let words = [[a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p], [q, r, s, t, u, v, w, x], last];
    let mut value = 0;
    for word in words {
        value = value << 32 | u128::from(hex8(word)?);
    }
    Some(Uuid::from_u128(value))
}

/// The number that eight hexadecimal digits are.
#[inline]
fn hex8(digits: [u8; 8]) -> Option<u32> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES * 0x80;
    let word = u64::from_le_bytes(digits);
    // The high bit of each byte says whether it is at least `low` and less than `end`; all bytes are ASCII, so that
    // nothing is carried from one to the next.
    let within = |word: u64, low: u64, end: u64| (word + ONES * (0x80 - low)) & !(word + ONES * (0x80 - end)) & HIGHS;
    if word & HIGHS != 0 {
        return None;
    }
    let decimal = within(word, 0x30, 0x3a);
    let letters = within(word | (ONES * 0x20), 0x61, 0x67);
    if decimal | letters != HIGHS {
        return None;
    }
    let nibbles = (word & (ONES * 0x0f)) + (letters >> 7) * 9;
    // The first digit stands in the lowest byte: pairs of nibbles, then of bytes, then of words.
    let bytes = (nibbles << 4 | nibbles >> 8) & 0x00ff_00ff_00ff_00ff;
    let pairs = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff;
    let number = (pairs | pairs >> 16) & 0xffff_ffff;
    u32::try_from(number).ok().map(u32::swap_bytes)
}

pub(super) fn parse_date_time(text: &[u8]) -> Result<DateTime<Utc>, Irregular> {
    ensure(text.len() > SECONDS_LENGTH)?;
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    ensure(separators.iter().all(|(at, separator)| text[*at] == *separator))?;
    let year = two_digits(text, 0)? * 100 + two_digits(text, 2)?;
    ensure(year > 0)?;
    let date = NaiveDate::from_ymd_opt(year.cast_signed(), two_digits(text, 5)?, two_digits(text, 8)?);
    let (nanosecond, zone) = parse_fraction(&text[SECONDS_LENGTH..])?;
    let time = date.ok_or(Irregular)?.and_hms_nano_opt(
        two_digits(text, 11)?,
        two_digits(text, 14)?,
        two_digits(text, 17)?,
        nanosecond,
    );
    let time = time.ok_or(Irregular)?;
    if zone == b"Z" {
        return Ok(time.and_utc());
    }
    time.and_local_timezone(parse_offset(zone)?).single().map(|time| time.to_utc()).ok_or(Irregular)
}

/// The nanoseconds of an optional fraction, and what follows it.
fn parse_fraction(text: &[u8]) -> Result<(u32, &[u8]), Irregular> {
    let Some(fraction) = text.strip_prefix(b".") else { return Ok((0, text)) };
    let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    ensure((1..=9).contains(&length))?;
    let (digits, zone) = fraction.split_at(length);
    let value = digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    Ok((value * 10_u32.pow(9 - digits.len() as u32), zone))
}

/// `+HH:MM` or `-HH:MM`.
fn parse_offset(zone: &[u8]) -> Result<FixedOffset, Irregular> {
    ensure(zone.len() == 6 && zone[3] == b':')?;
    let (hours, minutes) = (two_digits(zone, 1)?, two_digits(zone, 4)?);
    ensure(hours < 24 && minutes < 60)?;
    let seconds = (hours * 3600 + minutes * 60).cast_signed();
    match zone[0] {
        b'+' => FixedOffset::east_opt(seconds),
        b'-' => FixedOffset::west_opt(seconds),
        _ => None,
    }
    .ok_or(Irregular)
}

#[inline]
fn two_digits(text: &[u8], at: usize) -> Result<u32, Irregular> {
    let (tens, ones) = (text[at].wrapping_sub(b'0'), text[at + 1].wrapping_sub(b'0'));
    ensure(tens < 10 && ones < 10)?;
    Ok(u32::from(tens) * 10 + u32::from(ones))
}
