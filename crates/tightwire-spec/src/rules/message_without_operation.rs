//! Messages that nobody sends.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    id: "message-without-operation",
    severity: Severity::Warning,
    summary: "Every message of a channel should be used by an operation.",
    explanation: "Which way a message travels is what its operations say. A message without one travels no way: it is \
        part of neither the client's nor the server's frames. A document without any operation is not warned about.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    if subject.model.operations.is_empty() {
        return;
    }
    for message in subject.model.messages.iter().filter(|message| message.directions.is_empty()) {
        report
            .at(message.key, format!("no operation sends or receives message `{}`", message.id))
            .help("name it in the `messages` of an operation on its channel, or of a reply");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn messages_are_used() {
        let channels = "channels:\n  a: {messages: {m: {}, n: {}}}\n";
        let operation = "operations:\n  o: {action: send, channel: {$ref: '#/channels/a'}";
        check(RULE, channels, &[]);
        check(RULE, &format!("{channels}{operation}}}\n"), &[]);
        check(
            RULE,
            &format!("{channels}{operation}, messages: [{{$ref: '#/channels/a/messages/n'}}]}}\n"),
            &["2:18 no operation sends or receives message `m`"],
        );
    }
}
