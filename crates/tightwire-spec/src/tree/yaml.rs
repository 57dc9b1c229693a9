//! YAML into the tree, by way of the parser's events.

use std::collections::HashMap;

use indexmap::IndexMap;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::fault::{self, Fault};
use super::{Arena, Kind, MAX_DEPTH, Member, scalar};
use crate::sources::{FileId, Span};

/// A collection that is not complete yet.
struct Open {
    start: usize,
    anchor: usize,
    content: Content,
}

enum Content {
    Array(Vec<u32>),
    Object { members: IndexMap<String, Member>, key: Option<(String, Span)> },
}

/// The parser counts characters; their bytes are found from the nearest of these.
const STRIDE: usize = 64;

struct Builder<'a> {
    arena: &'a mut Arena,
    file: FileId,
    /// The byte at which every [`STRIDE`]th character stands; empty where every character is one byte.
    bytes: Vec<u32>,
    text: &'a str,
    open: Vec<Open>,
    /// Anchored nodes, and how deep each of them goes.
    anchors: HashMap<usize, (u32, usize)>,
    root: Option<u32>,
    faults: Vec<Fault>,
}

/// Parses a YAML text. The tree is as complete as the text allows; `None` where nothing could be read.
pub(crate) fn parse(text: &str, file: FileId, arena: &mut Arena) -> (Option<u32>, Vec<Fault>) {
    let bytes = match text.is_ascii() {
        true => Vec::new(),
        false => text.char_indices().step_by(STRIDE).map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect(),
    };
    let mut builder =
        Builder { arena, file, bytes, text, open: Vec::new(), anchors: HashMap::new(), root: None, faults: Vec::new() };
    let mut parser = Parser::new_from_str(text);
    let mut documents = 0;
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => {
                let span = builder.span(span.start.index(), span.end.index());
                if matches!(event, Event::DocumentStart(_)) {
                    documents += 1;
                    if documents > 1 {
                        let mut fault = fault::syntax(span, "a second YAML document starts here");
                        fault.help("keep one document per file");
                        builder.faults.push(fault);
                        break;
                    }
                }
                if let Err(fault) = builder.event(event, span) {
                    builder.faults.push(fault);
                    return (None, builder.faults);
                }
            }
            Err(error) => {
                let at = error.marker().index();
                let span = builder.span(at, at + 1);
                if error.info().contains("recursion limit") {
                    builder.faults.push(fault::too_deep(span));
                    return (None, builder.faults);
                }
                builder.faults.push(fault::syntax(span, format!("this is not YAML: {}", error.info())));
                return (None, builder.faults);
            }
        }
    }
    (builder.root, builder.faults)
}

impl Builder<'_> {
    fn byte(&self, index: usize) -> usize {
        if self.bytes.is_empty() {
            index.min(self.text.len())
        } else {
            let Some(&start) = self.bytes.get(index / STRIDE) else { return self.text.len() };
            let rest = self.text.get(start as usize..).unwrap_or_default();
            rest.char_indices().nth(index % STRIDE).map_or(self.text.len(), |(at, _)| start as usize + at)
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { file: self.file, start: self.byte(start), end: self.byte(end) }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(Open { content: Content::Object { members, key: key @ None }, .. }) = self.open.last_mut() {
                    if let Some(first) = members.get(text.as_ref()) {
                        self.faults.push(fault::duplicate_key(&text, span, first.key()));
                    }
                    *key = Some((text.into_owned(), span));
                    return Ok(());
                }
                let kind = self.scalar(&text, style, tag.as_deref(), span);
                self.value(kind, span, anchor)
            }
            Event::SequenceStart(anchor, _) => self.start(span, anchor, Content::Array(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.start(span, anchor, Content::Object { members: IndexMap::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let kind = match open.content {
                    Content::Array(items) => Kind::Array(items),
                    Content::Object { members, .. } => Kind::Object(members),
                };
                // A block ends where the next thing starts; the blank before that is not part of it.
                let end = self.text.get(open.start..span.end).map_or(0, |block| block.trim_end().len());
                let span = Span { file: self.file, start: open.start, end: open.start + end };
                self.value(kind, span, open.anchor)
            }
            Event::Alias(anchor) => {
                if self.expects_key() {
                    return Err(fault::syntax(span, "an alias cannot be a key here"));
                }
                let Some(&(target, depth)) = self.anchors.get(&anchor) else {
                    return Err(fault::syntax(span, "this alias names an anchor that is not complete yet"));
                };
                if self.open.len() + depth > MAX_DEPTH {
                    return Err(fault::too_deep(span));
                }
                let copy = self.arena.copy(target).ok_or_else(|| fault::too_many(span))?;
                self.place(copy);
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Kind {
        match tag {
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix != "str" => {
                let kind = scalar::plain(text);
                let fits = match tag.suffix.as_str() {
                    "null" => matches!(kind, Kind::Null),
                    "bool" => matches!(kind, Kind::Bool(_)),
                    "int" | "float" => matches!(kind, Kind::Number(_)),
                    _ => true,
                };
                if !fits {
                    let message = format!("`{text}` is not what its tag `!!{}` says", tag.suffix);
                    self.faults.push(fault::syntax(span, message));
                }
                kind
            }
            None if style == ScalarStyle::Plain => scalar::plain(text),
            _ => Kind::String(text.to_owned()),
        }
    }

    fn expects_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Object { key: None, .. }, .. }))
    }

    fn start(&mut self, span: Span, anchor: usize, content: Content) -> Result<(), Fault> {
        if self.expects_key() {
            return Err(fault::syntax(span, "a key must be text"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(fault::too_deep(span));
        }
        self.open.push(Open { start: span.start, anchor, content });
        Ok(())
    }

    fn value(&mut self, kind: Kind, span: Span, anchor: usize) -> Result<(), Fault> {
        if self.arena.is_full() {
            return Err(fault::too_many(span));
        }
        let id = self.arena.add(kind, span);
        if anchor != 0 {
            let depth = self.arena.depth(id);
            self.anchors.insert(anchor, (id, depth));
        }
        self.place(id);
        Ok(())
    }

    fn place(&mut self, id: u32) {
        match self.open.last_mut().map(|open| &mut open.content) {
            Some(Content::Array(items)) => items.push(id),
            Some(Content::Object { members, key }) => {
                if let Some((key, span)) = key.take() {
                    members.insert(key, Arena::member(span, id));
                }
            }
            None => self.root = Some(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::SourceMap;

    /// Checks what a text becomes: JSON, and the place of the node `x` if there is one; or the first fault.
    #[track_caller]
    fn check(input: &str, expected: &str) {
        let mut arena = Arena::default();
        let mut sources = SourceMap::default();
        let file = sources.add("t.yml".into(), input.into(), false);
        let (root, faults) = parse(input, file, &mut arena);
        let place = |span| {
            let at = sources.position(span);
            format!("{}:{}", at.line, at.column)
        };
        let shown = match (root, faults.first()) {
            (_, Some(fault)) => format!("{} {}", place(fault.span()), fault.message),
            (Some(root), None) => {
                let root = arena.node(root);
                let x = root.get("x").map(|node| format!(" x at {}", place(node.span())));
                root.to_json().to_string() + &x.unwrap_or_default()
            }
            (None, None) => "nothing".to_owned(),
        };
        assert_eq!(shown, expected, "{input:?}");
    }

    #[test]
    fn texts_become_trees() {
        for (input, expected) in [
            ("a: 1\nx:\n  - b\n  - 'c'\n", r#"{"a":1,"x":["b","c"]} x at 3:3"#),
            ("x: {a: [1, 2.5, ~, yes]}", r#"{"x":{"a":[1,2.5,null,"yes"]}} x at 1:4"#),
            ("a: |\n  one\n  two\nx: >-\n  three\n  four\n", r#"{"a":"one\ntwo\n","x":"three four"} x at 5:3"#),
            ("200: ok\ntrue: 1\n", r#"{"200":"ok","true":1}"#),
            ("a: !!str 1\nb: !!int '2'\nc: !mine d\n", r#"{"a":"1","b":2,"c":"d"}"#),
            ("\"a\\tb\": \"\\u00e9\"", r#"{"a\tb":"é"}"#),
            ("---\na: 1\n...\n", r#"{"a":1}"#),
            ("a:\n", r#"{"a":null}"#),
            ("<<: 1", r#"{"<<":1}"#),
        ] {
            check(input, expected);
        }
    }

    #[test]
    fn places_count_characters_not_bytes() {
        check("é: ü\nß: {ä: 1, x: 2}\n", r#"{"é":"ü","ß":{"ä":1,"x":2}}"#);
        check("é: {ü: 1}\nx: ä\n", r#"{"é":{"ü":1},"x":"ä"} x at 2:4"#);
        check("{é: ü, x: ä}", r#"{"é":"ü","x":"ä"} x at 1:11"#);
        check("a: 1\r\nx: 2\r\n", r#"{"a":1,"x":2} x at 2:4"#);
        check("\u{feff}a: 1\nx: 2\n", r#"{"a":1,"x":2} x at 2:4"#);
    }

    #[test]
    fn aliases_are_copies() {
        check("a: &a {b: 1}\nx: *a\n", r#"{"a":{"b":1},"x":{"b":1}} x at 1:4"#);
        check("a: &a [*a]\n", "1:8 this alias names an anchor that is not complete yet");
        check("a: *b\n", "1:4 this is not YAML: while parsing node, found unknown anchor");
        check("a: &a b\n*a : c\n", "2:1 an alias cannot be a key here");
    }

    #[test]
    fn faults() {
        check("a: 1\na: 2\n", "2:1 the key `a` appears twice in one object");
        check("a:\n\t- b\n", "2:2 this is not YAML: tabs disallowed within this context (block indentation)");
        check("a: [1\n", "2:1 this is not YAML: while parsing a flow sequence, expected ',' or ']'");
        check("a: 'b\n", "1:4 this is not YAML: while scanning a quoted scalar, found unexpected end of stream");
        check("a: !!bool maybe\n", "1:4 `maybe` is not what its tag `!!bool` says");
    }
}
