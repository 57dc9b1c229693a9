//! `x-subscribes`.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::ir::Direction;

pub(super) const RULE: Rule = Rule {
    id: "x-subscribes",
    severity: Severity::Error,
    summary: "`x-subscribes` must be `true` or `false`, on an operation that the server receives.",
    explanation: "Before the operation's handler runs, the server subscribes the connection to the topic of the frame.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for operation in &subject.model.operations {
        let Some(node) = subject.model.field(operation.node, "x-subscribes") else { continue };
        match node.as_bool() {
            None => {
                let found = node.type_name();
                report.at(node.span(), format!("`x-subscribes` must be `true` or `false`, found {found}"));
            }
            Some(true) if operation.direction == Some(Direction::ToClient) => {
                report
                    .at(node.span(), format!("the server does not receive operation `{}`", operation.id))
                    .help("only a frame of the client can subscribe its connection");
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn operations_that_subscribe() {
        let document = |action: &str, value: &str| {
            format!(
                "channels: {{a: {{}}}}\noperations:\n  o:\n    action: {action}\n    channel: {{$ref: '#/channels/a'}}\n    \
                 x-subscribes: {value}\n"
            )
        };
        check(RULE, &document("receive", "true"), &[]);
        check(RULE, &document("receive", "yes"), &["6:19 `x-subscribes` must be `true` or `false`, found a string"]);
        check(RULE, &document("send", "true"), &["6:19 the server does not receive operation `o`"]);
    }
}
