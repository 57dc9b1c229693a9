//! Lines of TypeScript, laid out the way the usual formatters lay them out, so that generated files need no second tool.
//!
//! Not a formatter: an emitter says what it writes (a call, a union, a list), and this module decides whether it fits on
//! one line. Called by every emitter of TypeScript.

use std::fmt::Write as _;

/// The longest line.
const WIDTH: usize = 120;

/// A file that is being written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
    depth: usize,
}

impl Writer {
    /// A file that opens with these lines.
    pub(super) fn new(preamble: &str) -> Self {
        let mut writer = Self::default();
        for line in preamble.lines() {
            writer.line(line);
        }
        writer
    }

    /// The finished file.
    pub(super) fn finish(self) -> String {
        self.text
    }

    /// A line at the current depth.
    pub(super) fn line(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        if line.is_empty() {
            self.text.push('\n');
        } else {
            let _ = writeln!(self.text, "{:width$}{line}", "", width = self.depth * 2);
        }
    }

    /// An empty line, unless something has just been opened.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("{\n") && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// The body of a function: one level deep.
    pub(super) fn nested() -> Self {
        Self { text: String::new(), depth: 1 }
    }

    /// An empty writer, one level deeper than this one.
    pub(super) fn deeper(&self) -> Self {
        Self { text: String::new(), depth: self.depth + 1 }
    }

    /// What has been written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing has been written.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The lines of another writer, as they are.
    pub(super) fn extend(&mut self, other: Self) {
        self.text.push_str(&other.text);
    }

    /// Some lines, one level deeper.
    pub(super) fn indented(&mut self, body: impl FnOnce(&mut Self)) {
        self.depth += 1;
        body(self);
        self.depth -= 1;
    }

    /// The lines of another writer, set apart by an empty line.
    pub(super) fn append(&mut self, other: Self) {
        if !other.text.is_empty() {
            self.gap();
            self.text.push_str(&other.text);
        }
    }

    /// A line that opens a block, the block, and the line that closes it.
    pub(super) fn block(&mut self, open: impl AsRef<str>, close: &str, body: impl FnOnce(&mut Self)) {
        self.line(open);
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.line(close);
    }

    /// A documentation comment of some paragraphs; nothing where there are none.
    pub(super) fn docs<I>(&mut self, paragraphs: I)
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let room = WIDTH - self.depth * 2 - 3;
        let mut lines = Vec::new();
        for paragraph in paragraphs {
            let paragraph = paragraph.as_ref().replace("*/", "*\\/");
            if paragraph.trim().is_empty() {
                continue;
            }
            if !lines.is_empty() {
                lines.push(String::new());
            }
            for line in paragraph.trim_end().lines() {
                wrap(line.trim_end(), room, &mut lines);
            }
        }
        match lines.as_slice() {
            [] => {}
            [line] if line.chars().count() + 4 <= room => self.line(format!("/** {line} */")),
            lines => {
                self.line("/**");
                for line in lines {
                    self.line(if line.is_empty() { " *".to_owned() } else { format!(" * {line}") });
                }
                self.line(" */");
            }
        }
    }

    /// `before`, items between brackets, `after`: on one line where it fits, else one item per line.
    pub(super) fn list(&mut self, before: &str, brackets: Brackets, items: &[String], after: &str) {
        let (open, close) = brackets.pair();
        let space = if matches!(brackets, Brackets::Braces) && !items.is_empty() { " " } else { "" };
        let single = format!("{before}{open}{space}{}{space}{close}{after}", items.join(", "));
        // Several objects stand one per line even where they would fit on one.
        let objects = items.len() > 1 && items.iter().all(|item| item.starts_with("{ "));
        if self.fits(&single) && !objects {
            self.line(single);
            return;
        }
        self.block(format!("{before}{open}"), &format!("{close}{after}"), |writer| {
            for (index, item) in items.iter().enumerate() {
                let last = index + 1 == items.len();
                let comma = if last && matches!(brackets, Brackets::Angles) { "" } else { "," };
                writer.line(format!("{item}{comma}"));
            }
        });
    }

    /// `before`, alternatives, `;`: on one line where it fits, else one alternative per line.
    pub(super) fn union(&mut self, before: &str, alternatives: &[String]) {
        let single = format!("{before} {};", alternatives.join(" | "));
        if self.fits(&single) || alternatives.len() < 2 {
            self.line(single);
            return;
        }
        self.line(before);
        self.depth += 1;
        for (index, alternative) in alternatives.iter().enumerate() {
            let end = if index + 1 == alternatives.len() { ";" } else { "" };
            self.line(format!("| {alternative}{end}"));
        }
        self.depth -= 1;
    }

    /// An `import` of some names, sorted and each once; nothing where there are none.
    pub(super) fn import(&mut self, keyword: &str, mut names: Vec<String>, from: &str) {
        if names.is_empty() {
            return;
        }
        names.sort_by_key(|name| sort_key(name));
        names.dedup();
        self.list(&format!("{keyword} "), Brackets::Braces, &names, &format!(" from \"{from}\";"));
    }

    /// Whether a line fits at the current depth.
    pub(super) fn fits(&self, line: &str) -> bool {
        self.depth * 2 + line.chars().count() <= WIDTH
    }
}

/// What stands around a list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Brackets {
    /// `(…)`: arguments.
    Parentheses,
    /// `[…]`: arrays and tuples.
    Squares,
    /// `{ … }`: imports.
    Braces,
    /// `<…>`: type arguments.
    Angles,
}

impl Brackets {
    fn pair(self) -> (&'static str, &'static str) {
        match self {
            Self::Parentheses => ("(", ")"),
            Self::Squares => ("[", "]"),
            Self::Braces => ("{", "}"),
            Self::Angles => ("<", ">"),
        }
    }
}

/// The order in which formatters keep imports: by letter, the capital one first, whatever is a type.
fn sort_key(name: &str) -> Vec<(char, bool)> {
    name.trim_start_matches("type ").chars().map(|c| (c.to_ascii_lowercase(), c.is_ascii_lowercase())).collect()
}

/// Breaks a line between words.
fn wrap(line: &str, room: usize, lines: &mut Vec<String>) {
    let mut current = String::new();
    let indent = line.len() - line.trim_start().len();
    for word in line.trim_start().split(' ') {
        if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > room {
            lines.push(std::mem::take(&mut current));
        }
        if current.is_empty() {
            current.extend(std::iter::repeat_n(' ', indent));
        } else {
            current.push(' ');
        }
        current.push_str(word);
    }
    lines.push(current);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(write: impl FnOnce(&mut Writer), expected: &str) {
        let mut writer = Writer::default();
        write(&mut writer);
        assert_eq!(writer.finish(), expected);
    }

    #[test]
    fn lists_break_where_they_do_not_fit() {
        let short = ["a".to_owned(), "b".to_owned()];
        check(|w| w.list("f", Brackets::Parentheses, &short, ";"), "f(a, b);\n");
        check(
            |w| w.import("import type", vec!["b".into(), "a".into(), "a".into()], "./x.js"),
            "import type { a, b } from \"./x.js\";\n",
        );
        let long = ["a".repeat(70), "b".repeat(70)];
        check(
            |w| w.list("x = ", Brackets::Squares, &long, ";"),
            &format!("x = [\n  {},\n  {},\n];\n", long[0], long[1]),
        );
        check(|w| w.list("T", Brackets::Angles, &long, ";"), &format!("T<\n  {},\n  {}\n>;\n", long[0], long[1]));
    }

    #[test]
    fn unions_break_before_their_bars() {
        let long = ["A".repeat(70), "B".repeat(70)];
        check(|w| w.union("type X =", &["A".to_owned(), "B".to_owned()]), "type X = A | B;\n");
        check(|w| w.union("type X =", &long), &format!("type X =\n  | {}\n  | {};\n", long[0], long[1]));
    }

    #[test]
    fn comments_wrap_and_cannot_be_closed_from_within() {
        check(|w| w.docs(["One."]), "/** One. */\n");
        check(|w| w.docs(["", " "]), "");
        check(|w| w.docs(["Not */ the end."]), "/** Not *\\/ the end. */\n");
        check(|w| w.docs(["One.", "Two."]), "/**\n * One.\n *\n * Two.\n */\n");
        let words = format!("{} {}", "a".repeat(100), "b".repeat(100));
        check(|w| w.docs([words]), &format!("/**\n * {}\n * {}\n */\n", "a".repeat(100), "b".repeat(100)));
    }
}
