//! The texts that were read, and positions in them.
//!
//! A [`Span`] is a file and a range of bytes; only whoever shows one to a person asks for line and column.

use std::path::{Path, PathBuf};

/// A file of a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub(crate) u32);

/// A range of bytes in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// A place as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// Every file that was read, in the order of reading: the document first.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    path: PathBuf,
    text: String,
    /// Where each [block](BLOCK) of the text begins.
    blocks: Vec<Position>,
    built_in: bool,
}

/// Lines are counted in blocks of so many bytes: a table of all lines would take more memory than some texts, and a text
/// may be one line.
const BLOCK: usize = 1024;

impl Position {
    const START: Self = Self { line: 1, column: 1 };

    /// The place behind so many bytes. A character counts where it begins, so that any bytes may be cut.
    fn after(self, bytes: &[u8]) -> Self {
        let characters = |bytes: &[u8]| bytes.iter().filter(|byte| (**byte as i8) >= -0x40).count();
        match bytes.iter().rposition(|byte| *byte == b'\n') {
            None => Self { column: self.column + characters(bytes), ..self },
            Some(last) => {
                let ended = bytes[..=last].iter().filter(|byte| **byte == b'\n').count();
                Self { line: self.line + ended, column: 1 + characters(&bytes[last + 1..]) }
            }
        }
    }
}

impl SourceMap {
    /// The files, the document first; without those that are built in.
    pub fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|file| !file.built_in)
    }

    /// A file.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Where a span starts.
    pub fn position(&self, span: Span) -> Position {
        self.file(span.file).position(span.start)
    }

    /// Adds a file that is not a part of the document, so that diagnostics can point into it.
    pub fn insert(&mut self, path: PathBuf, text: String) -> FileId {
        self.add(path, text, false)
    }

    pub(crate) fn add(&mut self, path: PathBuf, text: String, built_in: bool) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let mut at = Position::START;
        let blocks = text.as_bytes().chunks(BLOCK).map(|block| {
            let next = at.after(block);
            std::mem::replace(&mut at, next)
        });
        let blocks = blocks.collect();
        self.files.push(SourceFile { path, text, blocks, built_in });
        id
    }
}

impl SourceFile {
    /// Whether this is a metaschema, which nobody had to read.
    pub(crate) fn is_built_in(&self) -> bool {
        self.built_in
    }

    /// The path under which it was read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its text. Bytes that were not UTF-8 are replaced.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte; the end of the text where the byte lies behind it.
    pub fn position(&self, byte: usize) -> Position {
        let byte = self.text.floor_char_boundary(byte);
        let block = (byte / BLOCK).min(self.blocks.len().saturating_sub(1));
        let start = self.blocks.get(block).copied().unwrap_or(Position::START);
        start.after(&self.text.as_bytes()[block * BLOCK..byte])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, byte: usize, line: usize, column: usize) {
        let mut sources = SourceMap::default();
        let file = sources.add("t.yml".into(), text.to_owned(), false);
        assert_eq!(sources.position(Span { file, start: byte, end: byte }), Position { line, column });
    }

    #[test]
    fn lines_and_columns() {
        check("", 0, 1, 1);
        check("a\nb", 1, 1, 2);
        check("a\nb", 2, 2, 1);
        check("a\n", 2, 2, 1);
        check("a\n", 9, 2, 1);
        check("ä\nöü", 5, 2, 2);
        let long = "123456789\n".repeat(500);
        for line in 0..500 {
            check(&long, line * 10, line + 1, 1);
            check(&long, line * 10 + 9, line + 1, 10);
        }
        check(&"x".repeat(3 * BLOCK), 3 * BLOCK, 1, 3 * BLOCK + 1);
        // Three bytes each: a character lies across the border of two blocks.
        let wide = "\u{20ac}".repeat(BLOCK);
        for character in [0, 341, 342, 700] {
            check(&wide, character * 3, 1, character + 1);
            check(&format!("a\n{wide}"), 2 + character * 3, 2, character + 1);
        }
    }
}
