//! References to URLs.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::reference::Broken;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "remote-ref",
    severity: Severity::Error,
    summary: "A `$ref` must not name a URL.",
    explanation: "Documents are read without a network: a build must not depend on one, nor change when somebody \
        else's file does. Save the file next to the document and refer to it there.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for &reference in &subject.walk.references {
        let Some(text) = reference.text("$ref") else { continue };
        if subject.model.documents.target(reference, text) == Err(Broken::Remote) {
            let span = reference.get("$ref").map_or(reference.span(), Node::span);
            report
                .at(span, format!("`{text}` is on the network"))
                .help("save the file next to this one and refer to it by its relative path");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn urls_are_not_read() {
        check(
            RULE,
            "components:\n  schemas:\n    A: {$ref: 'https://example.com/a.yml#/A'}\n",
            &["3:15 `https://example.com/a.yml#/A` is on the network"],
        );
    }
}
