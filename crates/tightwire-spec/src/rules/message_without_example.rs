//! Messages without an example.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "message-without-example",
    severity: Severity::Warning,
    summary: "Every message should have an example.",
    explanation: "Examples are what readers look at first, and each is checked against the message's schema: one \
        that is valid shows that the schema says what was meant. Contract cases begin with them too.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for message in &subject.model.messages {
        let examples = subject.model.field(message.node, "examples").into_iter().flat_map(Node::items);
        if message.payload.is_some() && !examples.into_iter().any(|example| example.get("payload").is_some()) {
            report
                .at(message.key, format!("message `{}` has no example", message.id))
                .help("add `examples:` with a `payload` that is valid");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn messages_have_examples() {
        check(RULE, "channels:\n  a:\n    messages:\n      m: {payload: true}\n", &["4:7 message `m` has no example"]);
        check(RULE, "channels:\n  a:\n    messages:\n      m: {payload: true, examples: [{payload: 1}]}\n", &[]);
        check(RULE, "channels:\n  a:\n    messages:\n      m: {}\n", &[]);
    }
}
