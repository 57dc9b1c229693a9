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
        let text = self.plain_string()?;
        ensure(text.len() == 36)?;
        Uuid::try_parse_ascii(text.as_bytes()).map_err(|_| Irregular)
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
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

fn parse_date_time(text: &[u8]) -> Result<DateTime<Utc>, Irregular> {
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
