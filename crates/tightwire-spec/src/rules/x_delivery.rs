//! `x-delivery`.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::ir::{Delivery, Direction};
use crate::lower::DELIVERIES;
use crate::suggest::did_you_mean;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "x-delivery",
    severity: Severity::Error,
    summary: "`x-delivery` must be `durable`, `latest`, `ephemeral` or `control`.",
    explanation: "It says what the server may do with a frame for a client that cannot take it now, so it is about \
        messages to the client. With `x-envelope`, a frame that can be replayed (`durable`) carries `seq` and `epoch`; \
        its schema must have them.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let model = subject.model;
    for message in &model.messages {
        let Some(node) = model.field(message.node, "x-delivery") else { continue };
        let names = DELIVERIES.map(|(name, _)| name);
        let delivery = node.as_str().and_then(|text| DELIVERIES.iter().find(|(name, _)| *name == text));
        let Some((_, delivery)) = delivery else {
            let shown = node.to_json();
            let help = did_you_mean(node.as_str().unwrap_or_default(), names);
            report
                .at(node.span(), format!("{shown} is not a kind of delivery"))
                .help(help.unwrap_or_else(|| format!("kinds are {}", names.join(", "))));
            continue;
        };
        if message.directions == [Direction::ToServer] {
            report
                .at(node.span(), format!("message `{}` only travels to the server", message.id))
                .help("remove `x-delivery`: it is about frames that the server sends");
            continue;
        }
        let lowered = subject.ir.messages.get(&message.id).filter(|_| model.enveloped);
        let frame = lowered.and_then(|message| subject.ir.merged(&message.payload));
        if let (Delivery::Durable, Some(frame)) = (delivery, frame) {
            let missing: Vec<_> =
                ["seq", "epoch"].into_iter().filter(|key| !frame.properties.contains_key(*key)).collect();
            if !missing.is_empty() {
                let list = missing.join("` and `");
                report
                    .at(node.span(), format!("message `{}` is replayed, but its frame has no `{list}`", message.id))
                    .also(message.payload.map_or(message.key, Node::name_span), "the frame");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[track_caller]
    fn check_message(message: &str, action: &str, expected: &[&str]) {
        let document = format!(
            "channels:\n  a:\n    messages:\n      m: {{{message}}}\noperations:\n  \
             o: {{action: {action}, channel: {{$ref: '#/channels/a'}}}}\nx-envelope: 1\n"
        );
        check(RULE, &document, expected);
    }

    #[test]
    fn kinds_of_delivery() {
        check_message("x-delivery: latest", "send", &[]);
        check_message("x-delivery: lates", "send", &["4:23 \"lates\" is not a kind of delivery"]);
        check_message("x-delivery: 1", "send", &["4:23 1 is not a kind of delivery"]);
        check_message("x-delivery: latest", "receive", &["4:23 message `m` only travels to the server"]);
        check_message(
            "x-delivery: durable, payload: {properties: {seq: {}}}",
            "send",
            &["4:23 message `m` is replayed, but its frame has no `epoch`"],
        );
    }
}
