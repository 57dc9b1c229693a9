//! Messages that a receiver cannot tell apart.

use std::collections::HashMap;

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::ir::Direction;
use crate::model::MessageIndex;
use crate::sources::Span;

pub(super) const RULE: Rule = Rule {
    id: "duplicate-discriminator",
    severity: Severity::Error,
    summary: "With `x-envelope`, messages that travel the same way must differ in their `type`.",
    explanation: "With `x-envelope` the discriminator is the frame's `type`: its `const` must be unique among the \
        messages to the server, and among those to the client. Without an envelope see \
        the rule `ambiguous-messages`.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    if !subject.model.enveloped {
        return;
    }
    for direction in [Direction::ToServer, Direction::ToClient] {
        let messages = subject.model.messages.iter().enumerate();
        let messages: Vec<_> =
            messages.filter(|(_, message)| message.directions.contains(&direction)).map(|(index, _)| index).collect();
        let way = match direction {
            Direction::ToServer => "server",
            Direction::ToClient => "client",
        };
        let mut first: HashMap<&str, MessageIndex> = HashMap::new();
        for &message in &messages {
            let (id, place) = (&subject.model.messages[message].id, |message| place(subject, message));
            let wire_type = subject.ir.messages.get(id).and_then(|message| message.wire_type.as_deref());
            let Some(wire_type) = wire_type else { continue };
            let Some(&other) = first.get(wire_type) else {
                first.insert(wire_type, message);
                continue;
            };
            let other_id = &subject.model.messages[other].id;
            let said = format!(
                "messages `{other_id}` and `{id}` to the {way} have the same discriminator: `type` {wire_type:?}"
            );
            report
                .at(place(message), said)
                .also(place(other), "first used here")
                .help("give one of them a value of its own");
        }
    }
}

fn place(subject: &Subject<'_, '_>, message: MessageIndex) -> Span {
    let message = &subject.model.messages[message];
    let property = message.payload.and_then(|payload| subject.model.property(payload, "type"));
    let value = property.and_then(|property| property.get("const").or(property.get("enum")));
    value.or(property).map_or(message.key, |node| node.span())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn types_of_enveloped_messages() {
        let document = |actions: [&str; 2]| {
            let message = "{payload: {properties: {type: {const: x}}}}";
            let operation = |action, key| {
                format!(
                    "{{action: {action}, channel: {{$ref: '#/channels/a'}}, \
                     messages: [{{$ref: '#/channels/a/messages/{key}'}}]}}"
                )
            };
            format!(
                "x-envelope: 1\nchannels:\n  a:\n    address: a\n    messages:\n      m: {message}\n      \
                 n: {message}\noperations:\n  o: {}\n  p: {}\n",
                operation(actions[0], "m"),
                operation(actions[1], "n"),
            )
        };
        check(
            RULE,
            &document(["send", "send"]),
            &["7:48 messages `m` and `n` to the client have the same discriminator: `type` \"x\""],
        );
        check(RULE, &document(["send", "receive"]), &[]);
    }
}
