//! Strings: found eight bytes at a time, borrowed where they have no escapes.

use std::borrow::Cow;

use super::{Cursor, Irregular, ensure};

impl<'a> Cursor<'a> {
    /// A string; owned only if it has escapes.
    ///
    /// # Errors
    /// [`Irregular`] if none comes, or an escape is not a Unicode scalar value.
    #[inline]
    pub fn string(&mut self) -> Result<Cow<'a, str>, Irregular> {
        let start = self.open_quote()?;
        let end = find_special(self.text.as_bytes(), start);
        match self.text.as_bytes().get(end) {
            Some(b'"') => {
                self.position = end + 1;
                self.text.get(start..end).map(Cow::Borrowed).ok_or(Irregular)
            }
            Some(b'\\') => self.escaped_string(start, end).map(Cow::Owned),
            _ => Err(Irregular),
        }
    }

    /// A string in its own allocation.
    ///
    /// # Errors
    /// As [`Cursor::string`].
    #[inline]
    pub fn owned_string(&mut self) -> Result<String, Irregular> {
        self.string().map(Cow::into_owned)
    }

    /// A string that is written without escapes.
    ///
    /// # Errors
    /// [`Irregular`] if something else comes.
    #[inline]
    pub fn plain_string(&mut self) -> Result<&'a str, Irregular> {
        self.skip_whitespace();
        self.plain_string_here()
    }

    /// [`Cursor::plain_string`] without white space before it.
    #[inline]
    pub(super) fn plain_string_here(&mut self) -> Result<&'a str, Irregular> {
        ensure(self.current() == Some(b'"'))?;
        let start = self.position + 1;
        let end = find_special(self.text.as_bytes(), start);
        ensure(self.text.as_bytes().get(end) == Some(&b'"'))?;
        self.position = end + 1;
        self.text.get(start..end).ok_or(Irregular)
    }

    /// Passes a string without making it.
    #[inline]
    pub(super) fn skip_string(&mut self) -> Result<(), Irregular> {
        self.string().map(drop)
    }

    #[inline]
    fn open_quote(&mut self) -> Result<usize, Irregular> {
        self.skip_whitespace();
        ensure(self.current() == Some(b'"'))?;
        Ok(self.position + 1)
    }

    /// The rest of a string whose first backslash is at `escape`.
    #[cold]
    fn escaped_string(&mut self, start: usize, mut escape: usize) -> Result<String, Irregular> {
        let bytes = self.text.as_bytes();
        let mut plain_from = start;
        let mut out = String::with_capacity((escape - start) * 2);
        loop {
            out.push_str(self.text.get(plain_from..escape).ok_or(Irregular)?);
            match bytes.get(escape) {
                Some(b'"') => {
                    self.position = escape + 1;
                    return Ok(out);
                }
                Some(b'\\') => {}
                _ => return Err(Irregular),
            }
            let (character, length) = unescape(bytes.get(escape + 1..).ok_or(Irregular)?)?;
            out.push(character);
            plain_from = escape + 1 + length;
            escape = find_special(bytes, plain_from);
        }
    }
}

/// Whether `text` has at least `min` code points.
#[inline]
#[must_use]
pub fn at_least_chars(text: &str, min: usize) -> bool {
    // A code point is one to four bytes long.
    text.len() >= min && (text.len() / 4 >= min || text.chars().count() >= min)
}

/// Whether `text` has at most `max` code points.
#[inline]
#[must_use]
pub fn at_most_chars(text: &str, max: usize) -> bool {
    text.len() <= max || (text.len() / 4 <= max && text.chars().count() <= max)
}

/// Whether no item occurs twice. Long lists are left to the reference path.
#[inline]
#[must_use]
pub fn all_distinct<T: PartialEq>(items: &[T]) -> bool {
    items.len() <= 64 && items.iter().enumerate().all(|(index, item)| !items[..index].contains(item))
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The first byte from `at` on that ends or interrupts plain text: a quote, a backslash or a control character. The
/// length of `bytes` if there is none.
#[inline]
fn find_special(bytes: &[u8], mut at: usize) -> usize {
    // Most strings end within a few bytes, so the first eight come alone.
    loop {
        match find_in_word(bytes, at) {
            Ok(found) => return found,
            Err(next) => at = next,
        }
        while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<32>) {
            let (words, _) = chunk.as_chunks::<8>();
            if words.iter().fold(0, |found, word| found | special_bytes(u64::from_le_bytes(*word))) != 0 {
                break;
            }
            at += 32;
        }
    }
}

/// [`find_special`] in the next eight bytes, or where to go on.
#[inline]
fn find_in_word(bytes: &[u8], at: usize) -> Result<usize, usize> {
    let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) else {
        let rest = bytes.get(at..).unwrap_or_default();
        let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len());
        return Ok(at + length);
    };
    match special_bytes(u64::from_le_bytes(*chunk)) {
        0 => Err(at + 8),
        found => Ok(at + (found.trailing_zeros() / 8) as usize),
    }
}

/// The high bit of the first special byte, counted from the lowest. Bits above it may lie, so only the first counts.
#[inline]
const fn special_bytes(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let found = (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash)
        | (word.wrapping_sub(ONES * 0x20) & !word);
    found & HIGHS
}

/// The character that an escape stands for, and the length of the escape without its backslash.
fn unescape(escape: &[u8]) -> Result<(char, usize), Irregular> {
    let character = match escape.first() {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unescape_unicode(escape),
        _ => return Err(Irregular),
    };
    Ok((character, 1))
}

fn unescape_unicode(escape: &[u8]) -> Result<(char, usize), Irregular> {
    let unit = hex4(escape.get(1..5))?;
    if let Some(character) = char::from_u32(unit) {
        return Ok((character, 5));
    }
    // A surrogate: only the pair of a high and a low one is a character.
    ensure((0xd800..0xdc00).contains(&unit) && escape.get(5..7) == Some(b"\\u"))?;
    let low = hex4(escape.get(7..11))?;
    ensure((0xdc00..0xe000).contains(&low))?;
    let scalar = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    Ok((char::from_u32(scalar).ok_or(Irregular)?, 11))
}

fn hex4(digits: Option<&[u8]>) -> Result<u32, Irregular> {
    digits.ok_or(Irregular)?.iter().try_fold(0, |unit, digit| {
        let value = char::from(*digit).to_digit(16).ok_or(Irregular)?;
        Ok(unit * 16 + value)
    })
}
