//! JSON into the tree.
//!
//! Most JSON is YAML too, but not all of it (surrogate pairs in escapes, tabs for indentation, long keys), so a file
//! that calls itself JSON is read as JSON.

use indexmap::IndexMap;
use serde_json::Number;

use super::fault::{self, Fault};
use super::{Arena, Kind, MAX_DEPTH};
use crate::sources::{FileId, Span};

/// Parses a JSON text.
pub(crate) fn parse(text: &str, file: FileId, arena: &mut Arena) -> (Option<u32>, Vec<Fault>) {
    let mut reader = Reader { text, at: 0, file, arena, faults: Vec::new() };
    let root = reader.value(0).and_then(|root| {
        reader.blank();
        if reader.at < text.len() { Err(reader.unexpected("the end of the text")) } else { Ok(root) }
    });
    let mut faults = reader.faults;
    match root {
        Ok(root) => (Some(root), faults),
        Err(fault) => {
            faults.push(fault);
            (None, faults)
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    file: FileId,
    arena: &'a mut Arena,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn span(&self, start: usize) -> Span {
        Span { file: self.file, start, end: self.at }
    }

    fn unexpected(&self, wanted: &str) -> Fault {
        let found = match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            Some(found) => format!("`{}`", found.escape_debug()),
            None => "the end of the text".to_owned(),
        };
        let span = Span { file: self.file, start: self.at, end: (self.at + 1).min(self.text.len()) };
        fault::syntax(span, format!("this is not JSON: expected {wanted}, found {found}"))
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Takes the byte if it is next, after blanks.
    fn take(&mut self, byte: u8) -> bool {
        self.blank();
        let next = self.peek() == Some(byte);
        self.at += usize::from(next);
        next
    }

    fn value(&mut self, depth: usize) -> Result<u32, Fault> {
        self.blank();
        let start = self.at;
        if depth > MAX_DEPTH {
            return Err(fault::too_deep(self.span(start)));
        }
        if self.arena.is_full() {
            return Err(fault::too_many(self.span(start)));
        }
        let kind = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Kind::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Kind::Number(self.number()?),
            _ => self.word()?,
        };
        let span = self.span(start);
        Ok(self.arena.add(kind, span))
    }

    fn word(&mut self) -> Result<Kind, Fault> {
        for (word, kind) in [("true", Kind::Bool(true)), ("false", Kind::Bool(false)), ("null", Kind::Null)] {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.unexpected("a value"))
    }

    fn object(&mut self, depth: usize) -> Result<Kind, Fault> {
        self.at += 1;
        let mut members = IndexMap::new();
        if self.take(b'}') {
            return Ok(Kind::Object(members));
        }
        loop {
            self.blank();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a key in double quotes"));
            }
            let key = self.string()?;
            let span = self.span(start);
            if !self.take(b':') {
                return Err(self.unexpected("`:`"));
            }
            let value = self.value(depth + 1)?;
            if let Some(first) = members.get(&key).map(super::Member::key) {
                self.faults.push(fault::duplicate_key(&key, span, first));
            }
            members.insert(key, Arena::member(span, value));
            if self.take(b'}') {
                return Ok(Kind::Object(members));
            }
            if !self.take(b',') {
                return Err(self.unexpected("`,` or `}`"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Kind, Fault> {
        self.at += 1;
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Kind::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.take(b']') {
                return Ok(Kind::Array(items));
            }
            if !self.take(b',') {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
    }

    /// A string; serde_json unescapes it, once its end is known.
    fn string(&mut self) -> Result<String, Fault> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(self.unexpected("the end of a string")),
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        let raw = self.text.get(start..self.at).unwrap_or_default();
        serde_json::from_str(raw)
            .map_err(|_| fault::syntax(self.span(start), "this is not a string of JSON: check its escapes"))
    }

    fn number(&mut self) -> Result<Number, Fault> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        serde_json::from_str(&self.text[start..self.at])
            .map_err(|_| fault::syntax(self.span(start), "this is not a number of JSON"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::SourceMap;

    #[track_caller]
    fn check(input: &str, expected: &str) {
        let mut arena = Arena::default();
        let file = SourceMap::default().add("t.json".into(), input.into(), false);
        let (root, faults) = parse(input, file, &mut arena);
        let shown = match (root, faults.first()) {
            (_, Some(fault)) => format!("{}..{}: {}", fault.span().start, fault.span().end, fault.message),
            (Some(root), None) => arena.node(root).to_json().to_string(),
            (None, None) => "nothing".to_owned(),
        };
        assert_eq!(shown, expected, "{input}");
    }

    #[test]
    fn json_is_read_as_json() {
        for (input, expected) in [
            ("\t{\"a\": [1, -2.5, true, null]}", r#"{"a":[1,-2.5,true,null]}"#),
            (r#""\ud83d\ude00""#, r#""😀""#),
            ("{}", "{}"),
            ("[]", "[]"),
            (r#"{"a": 1, "a": 2}"#, "9..12: the key `a` appears twice in one object"),
            ("[1,]", "3..4: this is not JSON: expected a value, found `]`"),
            ("[1", "2..2: this is not JSON: expected `,` or `]`, found the end of the text"),
            ("{a: 1}", "1..2: this is not JSON: expected a key in double quotes, found `a`"),
            ("\"a", "2..2: this is not JSON: expected the end of a string, found the end of the text"),
            ("\"a\\", "4..3: this is not JSON: expected the end of a string, found the end of the text"),
            ("01", "0..2: this is not a number of JSON"),
            ("1 2", "2..3: this is not JSON: expected the end of the text, found `2`"),
        ] {
            check(input, expected);
        }
    }
}
