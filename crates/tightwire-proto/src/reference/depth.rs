//! How deep a text nests, told before it is parsed. On its way out of every level, `serde_json` makes an error and computes
//! its place anew, so a text that is wrong far inside would cost several times as much as any other of its length.

/// So many levels are read.
const MAX_DEPTH: usize = 127;
/// So many levels are few.
const FEW: usize = 64;

/// How deep a text nests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// No error inside costs much.
    Few,
    /// It can be read, but an error far inside costs more than looking for it beforehand.
    Many,
    /// Too deep to be read, from the bracket at this index on.
    TooDeep(usize),
}

/// Looks at brackets and strings only. Of JSON, the answer is exact.
pub(super) fn of(text: &str) -> Depth {
    let bytes = text.as_bytes();
    if !has_many_brackets(bytes) {
        return Depth::Few;
    }
    let (mut depth, mut deepest, mut at) = (0_usize, 0, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'[' | b'{' if depth == MAX_DEPTH => return Depth::TooDeep(at),
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => at = closing_quote(bytes, at + 1),
            _ => {}
        }
        at += 1;
    }
    if deepest > FEW { Depth::Many } else { Depth::Few }
}

/// Whether more than a few brackets open, in strings or not. Without that, it does not matter how they stand.
fn has_many_brackets(bytes: &[u8]) -> bool {
    // Counted in bytes, which the compiler does for many at once.
    let count = |part: &[u8]| usize::from(part.iter().map(|byte| u8::from(byte | 0x20 == b'{')).sum::<u8>());
    let mut so_far = 0;
    bytes.chunks(255).any(|part| {
        so_far += count(part);
        so_far > FEW
    })
}

/// Where the string ends that goes on at `at`; the length of the text if it does not.
fn closing_quote(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => break,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

/// The place of a byte as `serde_json` counts: lines from 1, and bytes of the line up to and with this one.
pub(super) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..at];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    (1 + before.iter().filter(|byte| **byte == b'\n').count(), at + 1 - line_start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_brackets_outside_of_strings_count() {
        let texts = r#""[[[\"[[[\\", "#.repeat(20);
        assert_eq!(of(&format!("[{texts}[[0],{{}}]]")), Depth::Few);
        assert_eq!(of(&format!("[{texts}{}]", "[".repeat(63))), Depth::Few);
        assert_eq!(of(&format!("[{texts}{}]", "[".repeat(64))), Depth::Many);
        assert_eq!(of(&"[],".repeat(200)), Depth::Few);
        assert_eq!(of(&format!("\"{}", "[".repeat(200))), Depth::Few);
        assert_eq!(of(&format!("{}{}", "{".repeat(64), "\"a\"")), Depth::Few);
        assert_eq!(of(""), Depth::Few);
    }

    /// Whether the text is too deep, and where, is what `serde_json` says.
    #[track_caller]
    fn check(text: &str, expected: Option<(usize, usize)>) {
        let found = match of(text) {
            Depth::TooDeep(at) => Some(line_and_column(text, at)),
            Depth::Few | Depth::Many => None,
        };
        assert_eq!(found, expected);
        let theirs = serde_json::from_str::<serde_json::Value>(text).err();
        let theirs = theirs.filter(|error| error.to_string().starts_with("recursion limit exceeded"));
        assert_eq!(theirs.map(|error| (error.line(), error.column())), expected);
    }

    #[test]
    fn too_deep_is_what_the_parser_does_not_read() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        check(&nested(127), None);
        check(&nested(128), Some((1, 128)));
        check(&nested(5_000), Some((1, 128)));
        check(&"[".repeat(128), Some((1, 128)));
        check(&format!("[{}]", vec![nested(126); 40].join(",")), None);
        check(&format!("[\n\"\\\"[\",\n{},\n  {}]", nested(126), nested(127)), Some((4, 129)));
        check(&format!("{}1{}", r#"{"a\"}":"#.repeat(128), "}".repeat(128)), Some((1, 127 * 8 + 1)));
        check(&format!("{}1{}", r#"{"a\"}":"#.repeat(127), "}".repeat(127)), None);
    }
}
