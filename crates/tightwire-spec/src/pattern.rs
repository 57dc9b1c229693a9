//! Patterns as any engine reads them alike: `.` spelled out.
//!
//! ECMA-262 has four line terminators that `.` does not match; engines of other languages, the validator's linear one
//! among them, know only the line feed. So schemas that are handed on ([`Schema::to_json`](crate::schema::Schema::to_json))
//! and decoders that are generated say which characters are meant.

use std::borrow::Cow;

/// What `.` matches (ECMA-262, section 22.2): anything but a line terminator.
const ANY: &str = r"[^\n\r\u2028\u2029]";

/// The same pattern without a `.` that stands for a character.
pub fn spelled_out(pattern: &str) -> Cow<'_, str> {
    if !pattern.contains('.') {
        return Cow::Borrowed(pattern);
    }
    let mut out = String::with_capacity(pattern.len());
    let mut in_class = false;
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '.' if !in_class => {
                out.push_str(ANY);
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dot_that_stands_for_a_character_is_spelled_out() {
        #[track_caller]
        fn check(pattern: &str, expected: &str) {
            assert_eq!(spelled_out(pattern), expected, "{pattern}");
        }
        check("^a+$", "^a+$");
        check("^.+$", r"^[^\n\r\u2028\u2029]+$");
        check(r"\.[.][^.]", r"\.[.][^.]");
        check(r"[\].].", r"[\].][^\n\r\u2028\u2029]");
        check(r"\\.", r"\\[^\n\r\u2028\u2029]");
    }
}
