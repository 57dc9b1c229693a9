//! Operations on something that is not a channel of the document.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::suggest::nearest;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "operation-channel",
    severity: Severity::Error,
    summary: "An operation's `channel`, and its reply's, must be a channel of the document.",
    explanation: "It is a `$ref` to an entry of `channels`, as in `$ref: '#/channels/thread'`. A channel that stands \
        only under `components` is not part of the protocol.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let model = subject.model;
    for operation in &model.operations {
        let own = operation.node.get("channel").map(|channel| (format!("operation `{}`", operation.id), channel));
        let reply = operation.reply.as_ref().and_then(|reply| reply.node.get("channel"));
        let reply = reply.map(|channel| (format!("the reply of operation `{}`", operation.id), channel));
        for (who, channel) in own.into_iter().chain(reply) {
            let Some(text) = channel.text("$ref") else { continue };
            let exists = model.documents.target(channel, text).is_ok();
            if !exists || model.channel(channel).is_some() {
                continue;
            }
            let found = report.at(
                channel.get("$ref").map_or(channel.span(), Node::span),
                format!("{who} works on `{text}`, which is not a channel of the document"),
            );
            let name = text.rsplit('/').next().unwrap_or_default();
            if let Some(id) = nearest(name, model.channels.iter().map(|channel| channel.id)) {
                found.help(format!("did you mean `#/channels/{id}`?"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn operations_work_on_channels() {
        check(
            RULE,
            "channels:\n  a: {}\noperations:\n  o: {action: send, channel: {$ref: '#/channels/a'}}\n  \
             p: {action: send, channel: {$ref: '#/info'}}\n",
            &["5:37 operation `p` works on `#/info`, which is not a channel of the document"],
        );
    }
}
