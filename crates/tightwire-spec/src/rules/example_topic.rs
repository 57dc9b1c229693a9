//! Examples whose topic no channel of the message has.

use super::{Report, Rule, Subject};
use crate::address;
use crate::diagnostic::Severity;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "example-topic",
    severity: Severity::Error,
    summary: "With `x-envelope`, the `topic` of an example must be the address of a channel that has the message.",
    explanation: "Each parameter of the address stands for 1 to 128 of `A-Z a-z 0-9 - . _ ~`. A frame with another \
        topic is refused at run time, however valid it is otherwise.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    if !subject.model.enveloped {
        return;
    }
    for message in &subject.model.messages {
        let channels = message.channels.iter().map(|&channel| &subject.model.channels[channel]);
        let addresses: Vec<_> = channels.filter_map(|channel| Some(channel.address?.text)).collect();
        let examples = subject.model.field(message.node, "examples").into_iter().flat_map(Node::items);
        for topic in examples.filter_map(|example| example.get("payload")?.get("topic")) {
            let Some(text) = topic.as_str() else { continue };
            let known = addresses.iter().any(|address| address::matches(&address::segments(address), text));
            if !known && !addresses.is_empty() {
                let addresses: Vec<_> = addresses.iter().map(|address| format!("`{address}`")).collect();
                report
                    .at(topic.span(), format!("message `{}` is not sent to the topic `{text}`", message.id))
                    .help(format!("its channels have {}", addresses.join(", ")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn topics_of_examples() {
        let document = |topic: &str| {
            format!(
                "x-envelope: 1\nchannels:\n  a:\n    address: room:{{id}}\n    \
                 messages: {{m: {{examples: [{{payload: {{topic: '{topic}'}}}}]}}}}\n"
            )
        };
        check(RULE, &document("room:attic"), &[]);
        check(RULE, &document("rom:attic"), &["5:49 message `m` is not sent to the topic `rom:attic`"]);
    }
}
