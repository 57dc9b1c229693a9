//! What can be wrong with a text before anything is known about its meaning.

use super::{MAX_DEPTH, MAX_NODES};
use crate::diagnostic::{Diagnostic, Severity};
use crate::sources::Span;

/// A fault in the text itself.
pub(crate) type Fault = Box<Diagnostic>;

fn fault(rule: &'static str, span: Span, message: impl Into<String>) -> Fault {
    Box::new(Diagnostic::new(rule, Severity::Error, span, message))
}

pub(crate) fn syntax(span: Span, message: impl Into<String>) -> Fault {
    fault("syntax", span, message)
}

pub(crate) fn too_large(span: Span, message: impl Into<String>) -> Fault {
    fault("too-large", span, message)
}

pub(crate) fn too_deep(span: Span) -> Fault {
    too_large(span, format!("nested more than {MAX_DEPTH} levels deep"))
}

pub(crate) fn too_many(span: Span) -> Fault {
    let mut fault = too_large(span, format!("the document has more than {MAX_NODES} nodes"));
    fault.help("aliases count as often as they are used");
    fault
}

pub(crate) fn duplicate_key(key: &str, span: Span, first: Span) -> Fault {
    let mut fault = fault("duplicate-key", span, format!("the key `{key}` appears twice in one object"));
    fault.also(first, "first here").help("remove or rename one of them; readers disagree about which one counts");
    fault
}
