//! What is wrong with a document, as data. [`render`](crate::render) turns it into text.

use crate::sources::{SourceMap, Span};

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The document cannot be used.
    Error,
    /// It can be used, and is probably not what was meant.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// `error`, `warning` or `info`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A place that a diagnostic points at, and what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What there is to say about it; may be empty.
    pub message: String,
}

/// One thing that is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule that found it.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where: the first label is the place itself, the others explain it. Never empty.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(rule: &'static str, severity: Severity, span: Span, message: impl Into<String>) -> Self {
        let labels = vec![Label { span, message: String::new() }];
        Self { rule, severity, message: message.into(), labels, help: None }
    }

    /// Says something about the place itself.
    pub(crate) fn label(&mut self, message: impl Into<String>) -> &mut Self {
        self.labels[0].message = message.into();
        self
    }

    /// Points at one more place.
    pub(crate) fn also(&mut self, span: Span, message: impl Into<String>) -> &mut Self {
        self.labels.push(Label { span, message: message.into() });
        self
    }

    /// Says what to do about it.
    pub(crate) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// The place itself.
    pub fn span(&self) -> Span {
        self.labels[0].span
    }

    /// `path:line:column: severity[rule]: message`, for logs and for build scripts.
    pub fn one_line(&self, sources: &SourceMap) -> String {
        let at = sources.position(self.span());
        let path = sources.file(self.span().file).path().display();
        format!("{path}:{}:{}: {}[{}]: {}", at.line, at.column, self.severity.as_str(), self.rule, self.message)
    }
}
