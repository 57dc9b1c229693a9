//! Replies that name messages which their channel does not have.

use super::operation_message_not_in_channel::check_links;
use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    id: "reply-message-not-in-channel",
    severity: Severity::Error,
    summary: "A reply's `messages` must be messages of the reply's channel.",
    explanation: "The reply's channel is the one it names, or the operation's where it names none.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for operation in &subject.model.operations {
        if let Some(reply) = &operation.reply {
            let who = format!("the reply of operation `{}`", operation.id);
            check_links(subject.model, &who, reply.channel, &reply.messages, report);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn replies_belong_to_the_channel() {
        let document = |message: &str| {
            format!(
                "channels:\n  a: {{messages: {{m: {{}}}}}}\n  b: {{messages: {{n: {{}}}}}}\noperations:\n  o:\n    \
                 action: send\n    channel: {{$ref: '#/channels/a'}}\n    reply:\n      messages:\n        \
                 - $ref: '{message}'\n"
            )
        };
        check(RULE, &document("#/channels/a/messages/m"), &[]);
        check(
            RULE,
            &document("#/channels/b/messages/n"),
            &[
                "10:17 the reply of operation `o` names `#/channels/b/messages/n`, which is not a message of channel `a`",
            ],
        );
    }
}
