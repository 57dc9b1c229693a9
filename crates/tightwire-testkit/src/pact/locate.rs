//! Where in the text of a file a JSON Pointer points, so that people are shown the line.

use std::ops::Range;

/// The bytes of the value that the pointer leads to, or of the last one on the way there that exists.
#[must_use]
pub fn locate(text: &str, pointer: &str) -> Range<usize> {
    let mut scanner = Scanner { text: text.as_bytes(), at: 0 };
    let tokens = pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"));
    scanner.space();
    let mut found = scanner.at;
    for token in tokens {
        let entered = match scanner.peek() {
            Some(b'{') => scanner.member(&token),
            Some(b'[') => token.parse().is_ok_and(|index| scanner.item(index)),
            _ => false,
        };
        if !entered {
            break;
        }
        found = scanner.at;
    }
    scanner.at = found;
    scanner.value();
    found..scanner.at.min(text.len())
}

/// Goes over a text that is JSON. In a text that is not, it ends somewhere.
struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        self.space();
        taken
    }

    /// To the value of a member; `false` where the object does not have it.
    fn member(&mut self, name: &str) -> bool {
        self.take(b'{');
        while self.peek() == Some(b'"') {
            let start = self.at;
            self.string();
            let found = std::str::from_utf8(&self.text[start..self.at]).ok();
            let is_it = found.and_then(|text| serde_json::from_str::<String>(text).ok()).as_deref() == Some(name);
            self.take(b':');
            if is_it {
                return true;
            }
            self.value();
            self.take(b',');
        }
        false
    }

    /// To an item; `false` where the array does not have it.
    fn item(&mut self, index: usize) -> bool {
        self.take(b'[');
        for _ in 0..index {
            self.value();
            if !self.take(b',') {
                return false;
            }
        }
        self.peek().is_some_and(|byte| byte != b']')
    }

    /// Behind the value.
    fn value(&mut self) {
        let mut depth = 0_usize;
        loop {
            self.space();
            match self.peek() {
                None => return,
                Some(b'"') => self.string(),
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                Some(b'}' | b']') if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                Some(b',' | b':') if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                Some(b'}' | b']' | b',' | b':') => return,
                Some(_) => {
                    while self.peek().is_some_and(|byte| !byte.is_ascii_whitespace() && !b",:]}\"{[".contains(&byte)) {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                return;
            }
        }
        self.at = self.text.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, pointer: &str, expected: &str) {
        assert_eq!(&text[locate(text, pointer)], expected, "{pointer}");
    }

    #[test]
    fn finds_values() {
        let text = r#" {"a": [1, {"b/c": "x,]\"}", "d": [ ]}, -2.5e3], "é": {"~": null} , "last" : true} "#;
        check(text, "", text.trim());
        check(text, "/a/0", "1");
        check(text, "/a/1/b~1c", r#""x,]\"}""#);
        check(text, "/a/1/d", "[ ]");
        check(text, "/a/2", "-2.5e3");
        check(text, "/é/~0", "null");
        check(text, "/last", "true");
    }

    #[test]
    fn stays_above_what_is_not_there() {
        let text = r#"{"a": {"b": [1]}}"#;
        check(text, "/a/c/d", r#"{"b": [1]}"#);
        check(text, "/a/b/1", "[1]");
        check(text, "/a/b/0/c", "1");
        check(text, "/a/b/x", "[1]");
    }

    #[test]
    fn ends_in_every_text() {
        for text in ["", "{", "{\"a", "{\"a\":", "[1,", "]", "\"\\", "}{", "{\"a\"}"] {
            for pointer in ["", "/a", "/0", "/a/b"] {
                let found = locate(text, pointer);
                assert!(found.start <= found.end && found.end <= text.len(), "{text} {pointer}: {found:?}");
            }
        }
    }
}
