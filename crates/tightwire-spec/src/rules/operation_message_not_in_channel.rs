//! Operations that name messages which their channel does not have.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::model::{ChannelIndex, Links, Model};
use crate::suggest::nearest;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "operation-message-not-in-channel",
    severity: Severity::Error,
    summary: "An operation's `messages` must be messages of its channel.",
    explanation: "Each is a `$ref` to an entry of the channel's `messages`, as in \
        `$ref: '#/channels/thread/messages/send_message'`.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for operation in &subject.model.operations {
        let who = format!("operation `{}`", operation.id);
        check_links(subject.model, &who, operation.channel, &operation.messages, report);
    }
}

/// Reports each link that leads to something which is not a message of the channel.
pub(super) fn check_links(
    model: &Model<'_>,
    who: &str,
    channel: Option<ChannelIndex>,
    links: &Links<'_>,
    report: &mut Report<'_>,
) {
    let Some(channel) = channel.map(|channel| &model.channels[channel]) else { return };
    for (reference, _) in links.links.iter().filter(|(_, message)| message.is_none()) {
        let Some(text) = reference.text("$ref") else { continue };
        // What does not exist at all is reported as an unknown reference.
        if model.documents.resolve(*reference).is_err() {
            continue;
        }
        let found = report.at(
            reference.get("$ref").map_or(reference.span(), Node::span),
            format!("{who} names `{text}`, which is not a message of channel `{}`", channel.id),
        );
        let name = text.rsplit('/').next().unwrap_or_default();
        match nearest(name, channel.messages.iter().map(|message| message.key.as_str())) {
            Some(key) => found.help(format!("did you mean `#/channels/{}/messages/{key}`?", channel.id)),
            None => found.help(format!("add it under `messages` of channel `{}`", channel.id)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn messages_belong_to_the_channel() {
        let document = |message: &str| {
            format!(
                "channels:\n  a: {{messages: {{m: {{}}}}}}\n  b: {{messages: {{n: {{}}}}}}\noperations:\n  o:\n    \
                 action: send\n    channel: {{$ref: '#/channels/a'}}\n    messages:\n      - $ref: '{message}'\n"
            )
        };
        check(RULE, &document("#/channels/a/messages/m"), &[]);
        check(
            RULE,
            &document("#/channels/b/messages/n"),
            &["9:15 operation `o` names `#/channels/b/messages/n`, which is not a message of channel `a`"],
        );
    }
}
