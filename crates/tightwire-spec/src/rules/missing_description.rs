//! Operations and messages that nobody describes.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::model::Model;
use crate::sources::Span;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "missing-description",
    severity: Severity::Warning,
    summary: "Operations and messages should have a `description` or a `summary`.",
    explanation: "It becomes the documentation of the generated method or type, in every language.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let model = subject.model;
    for operation in &model.operations {
        check_one(model, operation.node, operation.key, &format!("operation `{}`", operation.id), report);
    }
    for message in &model.messages {
        check_one(model, message.node, message.key, &format!("message `{}`", message.id), report);
    }
}

fn check_one<'a>(model: &Model<'a>, node: Node<'a>, span: Span, who: &str, report: &mut Report<'_>) {
    if ["description", "summary"].into_iter().all(|key| model.field(node, key).is_none()) {
        report.at(span, format!("{who} has no description")).help("say in a sentence what it is for");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn things_are_described() {
        check(
            RULE,
            "channels:\n  a: {messages: {m: {}, n: {summary: N.}}}\n",
            &["2:18 message `m` has no description"],
        );
    }
}
