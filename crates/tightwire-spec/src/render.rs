//! Diagnostics as text: for people, for programs, and for GitHub's annotations.
//!
//! Nothing here prints; callers decide where the text goes.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Level, Renderer, Snippet};
use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::sources::{FileId, SourceMap};

/// How many columns a source line may take.
const WIDTH: usize = 140;

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

    /// One snippet for each file that labels point into, the diagnostic's own file first.
    fn snippets<'a>(&'a self, sources: &'a SourceMap) -> Vec<Snippet<'a, Annotation<'a>>> {
        let mut files: Vec<FileId> = Vec::new();
        for label in &self.labels {
            if !files.contains(&label.span.file) {
                files.push(label.span.file);
            }
        }
        let snippet = |file: FileId| {
            let text = sources.file(file).text();
            let labels = || self.labels.iter().enumerate().filter(move |(_, label)| label.span.file == file);
            // Only the lines that labels stand on: rendering reads all the text it is given.
            let first = labels().map(|(_, label)| line_range(text, label).start).min().unwrap_or(0);
            let last = labels().map(|(_, label)| line_range(text, label).end).max().unwrap_or(0);
            let annotations = labels().map(|(index, label)| annotation(index == 0, label, text, first));
            let path = sources.file(file).path().to_string_lossy().into_owned();
            let line = sources.file(file).position(first).line;
            Snippet::source(&text[first..last]).line_start(line).path(path).annotations(annotations)
        };
        files.into_iter().map(snippet).collect()
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

/// The range of a label that is shown: as far as its first line goes, since what follows is only the rest of an object.
fn shown(text: &str, label: &Label) -> Range<usize> {
    let start = text.floor_char_boundary(label.span.start.min(text.len()));
    let end = text.floor_char_boundary(label.span.end.min(text.len())).max(start);
    start..text[start..end].find('\n').map_or(end, |line| start + line)
}

/// The line of a label.
fn line_range(text: &str, label: &Label) -> Range<usize> {
    let Range { start, end } = shown(text, label);
    let first = text[..start].rfind('\n').map_or(0, |line| line + 1);
    first..text[end..].find('\n').map_or(text.len(), |line| end + line)
}

/// An annotation of a text that begins at `offset`.
fn annotation<'a>(primary: bool, label: &'a Label, text: &str, offset: usize) -> Annotation<'a> {
    let Range { start, end } = shown(text, label);
    let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
    let annotation = kind.span(start - offset..end - offset);
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
