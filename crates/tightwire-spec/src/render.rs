//! Diagnostics as text: for people, for programs, and for GitHub's annotations.
//!
//! Nothing here prints; callers decide where the text goes.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::sources::SourceMap;

/// How many columns a source line may take.
const WIDTH: usize = 140;
/// Of a line with more bytes on one side of a label, only what is near the label is shown: a document may be one line.
const LONG: usize = 2_000;
/// Labels with no more bytes than this between them are shown together.
const NEAR: usize = 8_000;

impl Diagnostic {
    /// The diagnostic with its source lines, as a compiler shows it. Ends with a newline.
    pub fn render(&self, sources: &SourceMap, color: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Info => Level::INFO,
        };
        let mut group = level.primary_title(self.message.as_str()).id(self.rule).elements(self.snippets(sources));
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        renderer.term_width(WIDTH).render(&[group]) + "\n"
    }

    /// Snippets with all labels, the diagnostic's own place first. Labels that stand near each other share one: rendering
    /// reads all the text it is given.
    fn snippets<'a>(&'a self, sources: &'a SourceMap) -> Vec<Element<'a>> {
        let mut excerpts: Vec<Excerpt<'a>> = Vec::new();
        for label in &self.labels {
            let lines = lines(sources.file(label.span.file).text(), label);
            match excerpts.iter_mut().find(|excerpt| excerpt.takes(label, &lines)) {
                Some(excerpt) => {
                    excerpt.lines.start = excerpt.lines.start.min(lines.range.start);
                    excerpt.lines.end = excerpt.lines.end.max(lines.range.end);
                    excerpt.labels.push(label);
                }
                None => excerpts.push(Excerpt { lines: lines.range, cut: lines.cut, labels: vec![label] }),
            }
        }
        excerpts.into_iter().flat_map(|excerpt| self.elements(excerpt, sources)).collect()
    }

    fn elements<'a>(&'a self, excerpt: Excerpt<'a>, sources: &'a SourceMap) -> Vec<Element<'a>> {
        let Some(first) = excerpt.labels.first() else { return Vec::new() };
        let file = sources.file(first.span.file);
        let annotation = |label: &&'a Label| {
            annotation(std::ptr::eq(*label, &raw const self.labels[0]), label, file.text(), &excerpt.lines)
        };
        let snippet = Snippet::source(&file.text()[excerpt.lines.clone()])
            .line_start(file.position(excerpt.lines.start).line)
            .annotations(excerpt.labels.iter().map(annotation));
        let path = file.path().to_string_lossy().into_owned();
        if !excerpt.cut {
            return vec![snippet.path(path).into()];
        }
        // Columns are counted from where the line begins, which a snippet of its middle does not know.
        let at = file.position(first.span.start);
        vec![Origin::path(path).line(at.line).char_column(at.column).into(), snippet.into()]
    }

    /// The diagnostic as an object: `rule`, `severity`, `message`, `labels` (`file`, `line`, `column`, `end_line`,
    /// `end_column`, `message`) and `help`.
    pub fn to_json(&self, sources: &SourceMap) -> Value {
        let label = |label: &Label| {
            let file = sources.file(label.span.file);
            let (start, end) = (file.position(label.span.start), file.position(label.span.end));
            json!({
                "file": file.path().to_string_lossy(),
                "line": start.line,
                "column": start.column,
                "end_line": end.line,
                "end_column": end.column,
                "message": label.message,
            })
        };
        json!({
            "rule": self.rule,
            "severity": self.severity.as_str(),
            "message": self.message,
            "labels": self.labels.iter().map(label).collect::<Vec<_>>(),
            "help": self.help,
        })
    }

    /// The diagnostic as a workflow command of GitHub Actions: `::error file=…,line=…,col=…::…`.
    pub fn to_github(&self, sources: &SourceMap) -> String {
        let command = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let file = sources.file(self.span().file);
        let at = sources.position(self.span());
        let path = property(&file.path().to_string_lossy());
        let (line, column, rule) = (at.line, at.column, self.rule);
        let help = self.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        let message = data(&format!("{}{help}", self.message));
        format!("::{command} file={path},line={line},col={column},title={rule}::{message}")
    }
}

/// Lines of a file that are shown together.
struct Excerpt<'a> {
    lines: Range<usize>,
    /// Whether this is a part of a line that is too long to be shown.
    cut: bool,
    labels: Vec<&'a Label>,
}

impl Excerpt<'_> {
    /// Whether a label of these lines stands near enough.
    fn takes(&self, label: &Label, lines: &Lines) -> bool {
        let near = self.lines.start <= lines.range.end + NEAR && lines.range.start <= self.lines.end + NEAR;
        let same = self.labels.iter().any(|known| known.span.file == label.span.file);
        same && near && !self.cut && !lines.cut
    }
}

/// The line of a label, or what is shown of it.
struct Lines {
    range: Range<usize>,
    cut: bool,
}

/// The range of a label that is shown: as far as its first line goes, since what follows is only the rest of an object.
fn shown(text: &str, label: &Label) -> Range<usize> {
    let start = text.floor_char_boundary(label.span.start.min(text.len()));
    let end = text.floor_char_boundary(label.span.end.min(text.len()).min(start + LONG)).max(start);
    start..text[start..end].find('\n').map_or(end, |line| start + line)
}

/// The line of a label.
fn lines(text: &str, label: &Label) -> Lines {
    let Range { start, end } = shown(text, label);
    let (earliest, latest) = (text.floor_char_boundary(start.saturating_sub(LONG)), (end + LONG).min(text.len()));
    let latest = text.floor_char_boundary(latest);
    let first = text[earliest..start].rfind('\n').map(|line| earliest + line + 1).or((earliest == 0).then_some(0));
    let last = text[end..latest].find('\n').map(|line| end + line).or((latest == text.len()).then_some(latest));
    if let (Some(first), Some(last)) = (first, last) {
        return Lines { range: first..last, cut: false };
    }
    let (least, most) = (first.unwrap_or(earliest), last.unwrap_or(latest));
    let from = text.floor_char_boundary(start.saturating_sub(WIDTH / 2)).max(least);
    let to = text.floor_char_boundary((start + WIDTH / 2).min(text.len())).min(most);
    Lines { range: from..to, cut: true }
}

/// An annotation of a part of a text.
fn annotation<'a>(primary: bool, label: &'a Label, text: &str, part: &Range<usize>) -> Annotation<'a> {
    let Range { start, end } = shown(text, label);
    let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
    let annotation = kind.span(start - part.start..end.min(part.end) - part.start);
    if label.message.is_empty() { annotation } else { annotation.label(label.message.as_str()) }
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Span;

    #[track_caller]
    fn check(text: &str, labels: &[(Range<usize>, &str)], expected: &str) {
        let mut sources = SourceMap::default();
        let file = sources.add("t.yml".into(), text.to_owned(), false);
        let mut labels =
            labels.iter().map(|(range, message)| (Span { file, start: range.start, end: range.end }, *message));
        let (span, message) = labels.next().unwrap();
        let mut diagnostic = Diagnostic::new("rule", Severity::Warning, span, "wrong");
        diagnostic.label(message);
        for (span, message) in labels {
            diagnostic.also(span, message);
        }
        assert_eq!(diagnostic.render(&sources, false), expected);
    }

    #[test]
    fn labels_near_each_other_share_a_snippet() {
        check(
            "one\ntwo\nthree\n",
            &[(4..7, "here"), (8..13, "and here")],
            "warning[rule]: wrong
 --> t.yml:2:1
  |
2 | two
  | ^^^ here
3 | three
  | ----- and here
",
        );
    }

    #[test]
    fn what_lies_between_labels_is_not_read() {
        let text = format!("one\n{}two\n", "x: y\n".repeat(NEAR));
        let end = text.len() - 1;
        let last = NEAR + 2;
        let expected = format!(
            "warning[rule]: wrong
    --> t.yml:{last}:1
     |
{last} | two
     | ^^^ here
     |
    ::: t.yml:1:1
     |
   1 | one
     | --- and here
"
        );
        check(&text, &[(end - 3..end, "here"), (0..3, "and here")], &expected);
    }

    #[test]
    fn a_long_line_is_cut() {
        let text = format!("a: b\n{}here{}\n", "x".repeat(3 * LONG), "y".repeat(3 * LONG));
        let at = 5 + 3 * LONG;
        let (x, y) = ("x".repeat(WIDTH / 2), "y".repeat(WIDTH / 2 - 11));
        let at_column = 3 * LONG + 1;
        let indent = " ".repeat(WIDTH / 2);
        let header = format!("warning[rule]: wrong\n --> t.yml:2:{at_column}\n  |\n ::: \n2 | ");
        check(&text, &[(at..at + 4, "this")], &format!("{header}{x}here{y}...\n  | {indent}^^^^ this\n"));
        // What is far away is shown by itself.
        let (x, y) = (&x[..WIDTH / 2 - 40], "y".repeat(WIDTH / 2 - 4));
        let marks = format!("   {}{}", &indent[..WIDTH / 2 - 40], "^".repeat(WIDTH / 2));
        check(
            &text,
            &[(at..at + 4 + LONG, ""), (0..1, "that")],
            &format!("{header}...{x}here{y}\n  | {marks}\n  |\n ::: t.yml:1:1\n  |\n1 | a: b\n  | - that\n"),
        );
    }
}
