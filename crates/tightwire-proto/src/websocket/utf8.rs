//! UTF-8 in pieces: a piece may end inside a character, and what cannot become one is noticed with its first wrong byte.

/// The check of one text message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Utf8 {
    /// The beginning of a character whose end is in the next piece.
    begun: [u8; 4],
    length: u8,
}

/// The text is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Invalid;

impl Utf8 {
    /// Checks the next piece. After the last one no character may be incomplete.
    pub(super) fn feed(&mut self, mut piece: &[u8], is_last: bool) -> Result<(), Invalid> {
        while self.length > 0
            && let [next, rest @ ..] = piece
        {
            piece = rest;
            // A character has at most four bytes, and the fourth completes it or makes it invalid.
            let slot = self.begun.get_mut(usize::from(self.length)).ok_or(Invalid)?;
            *slot = *next;
            self.length += 1;
            match std::str::from_utf8(&self.begun[..usize::from(self.length)]) {
                Ok(_) => self.length = 0,
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(Invalid),
            }
        }
        if let Err(error) = simdutf8::compat::from_utf8(piece) {
            let begun = &piece[error.valid_up_to()..];
            if error.error_len().is_some() || begun.len() >= self.begun.len() {
                return Err(Invalid);
            }
            self.begun[..begun.len()].copy_from_slice(begun);
            self.length = begun.len() as u8;
        }
        if is_last && self.length > 0 { Err(Invalid) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cuts the bytes in every way into three pieces; the result must not depend on it, and what is wrong must be
    /// noticed with its first wrong byte.
    #[track_caller]
    fn check(bytes: &[u8]) {
        let reference = std::str::from_utf8(bytes);
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let mut utf8 = Utf8::default();
                let found = utf8
                    .feed(&bytes[..first], false)
                    .and_then(|()| utf8.feed(&bytes[first..second], false))
                    .and_then(|()| utf8.feed(&bytes[second..], true));
                assert_eq!(found.is_ok(), reference.is_ok(), "{bytes:x?} cut at {first} and {second}");
            }
        }
        let mut utf8 = Utf8::default();
        for (index, byte) in bytes.iter().enumerate() {
            let hopeless = std::str::from_utf8(&bytes[..=index]).is_err_and(|error| error.error_len().is_some());
            let found = utf8.feed(&[*byte], false);
            assert_eq!(found.is_err(), hopeless, "{bytes:x?} up to {index}");
            if found.is_err() {
                break;
            }
        }
    }

    #[test]
    fn pieces_make_no_difference() {
        check("κόσμε 😀 \u{10ffff}\u{0}".as_bytes());
        for invalid in [
            b"\x80".as_slice(),
            b"a\xc0\xafb",
            b"\xe0\x80\xaf",
            b"\xed\xa0\x80",
            b"\xf0\x80\x80\xaf",
            b"\xf4\x90\x80\x80",
            b"\xf8\x88\x80\x80\x80",
            b"x\xc3",
            b"\xe1\xbd",
            b"\xf0\x9f\x98",
            b"\xf0\x9f\x98a",
            b"\xc3\xc3\xa9",
        ] {
            check(invalid);
        }
    }
}
