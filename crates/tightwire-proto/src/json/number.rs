//! Numbers. Integers must be written as such; other numbers are parsed by `serde_json` itself, so that they are equal
//! to those of the reference path to the last bit.

use super::{Cursor, Irregular, ensure};

/// So many digits are less than 2^64, whichever they are.
const SAFE_DIGITS: usize = 19;

/// Beyond so many digits, the reference path compares numbers exactly and `f64` does not.
const MAX_EXACT_DIGITS: usize = 15;

impl<'a> Cursor<'a> {
    /// An integer from 0 to 2^64-1, without fraction or exponent.
    ///
    /// # Errors
    /// [`Irregular`] if something else comes.
    #[inline]
    pub fn unsigned(&mut self) -> Result<u64, Irregular> {
        self.skip_whitespace();
        self.digits()
    }

    /// An integer from -2^63 to 2^63-1, without fraction or exponent.
    ///
    /// # Errors
    /// [`Irregular`] if something else comes (`-0` too, which `serde_json` reads as a float).
    #[inline]
    pub fn signed(&mut self) -> Result<i64, Irregular> {
        self.skip_whitespace();
        if self.current() != Some(b'-') {
            return i64::try_from(self.digits()?).map_err(|_| Irregular);
        }
        self.position += 1;
        let magnitude = self.digits()?;
        ensure(magnitude != 0)?;
        0_i64.checked_sub_unsigned(magnitude).ok_or(Irregular)
    }

    /// Any number of up to 15 digits.
    ///
    /// # Errors
    /// [`Irregular`] if something else comes.
    #[inline]
    pub fn number(&mut self) -> Result<f64, Irregular> {
        let text = self.number_text()?;
        ensure(text.bytes().filter(u8::is_ascii_digit).count() <= MAX_EXACT_DIGITS)?;
        serde_json::from_str(text).map_err(|_| Irregular)
    }

    /// The text of a number that follows JSON's grammar.
    #[inline]
    pub(super) fn number_text(&mut self) -> Result<&'a str, Irregular> {
        self.skip_whitespace();
        let bytes = self.text.as_bytes();
        let start = self.position;
        let mut at = start + usize::from(self.current() == Some(b'-'));
        at = match bytes.get(at) {
            Some(b'0') => at + 1,
            Some(b'1'..=b'9') => after_digits(bytes, at)?,
            _ => return Err(Irregular),
        };
        if bytes.get(at) == Some(&b'.') {
            at = after_digits(bytes, at + 1)?;
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            at = after_digits(bytes, at + 1 + sign)?;
        }
        self.position = at;
        self.text.get(start..at).ok_or(Irregular)
    }

    /// The digits of an integer.
    #[inline]
    fn digits(&mut self) -> Result<u64, Irregular> {
        let start = self.position;
        let mut value: u64 = 0;
        let digit = |byte: &u8| Some(byte.wrapping_sub(b'0')).filter(|digit| *digit < 10).map(u64::from);
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        for digit in rest.iter().take(SAFE_DIGITS).map_while(digit) {
            value = value * 10 + digit;
            self.position += 1;
        }
        // What follows fewer digits is none.
        let more = if self.position == start + SAFE_DIGITS { &rest[SAFE_DIGITS..] } else { &[] };
        for digit in more.iter().map_while(digit) {
            value = value.checked_mul(10).and_then(|tens| tens.checked_add(digit)).ok_or(Irregular)?;
            self.position += 1;
        }
        let length = self.position - start;
        let leading_zero = length > 1 && self.text.as_bytes().get(start) == Some(&b'0');
        ensure(length > 0 && !leading_zero && !matches!(self.current(), Some(b'.' | b'e' | b'E')))?;
        Ok(value)
    }
}

/// The position after one or more digits.
#[inline]
fn after_digits(bytes: &[u8], start: usize) -> Result<usize, Irregular> {
    let length = bytes.get(start..).ok_or(Irregular)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    ensure(length > 0)?;
    Ok(start + length)
}
