//! Messages that a receiver cannot tell apart.

use std::collections::HashMap;

use serde_json::Value;

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::ir::Direction;
use crate::model::MessageIndex;
use crate::sources::Span;

pub(super) const RULE: Rule = Rule {
    id: "duplicate-discriminator",
    severity: Severity::Error,
    summary: "Messages that travel the same way must differ in their discriminator.",
    explanation: "With `x-envelope` the discriminator is the frame's `type`: its `const` must be unique among the \
        messages to the server, and among those to the client. Without an envelope it is whichever property all \
        messages of a direction fix by `const` (or an `enum` of one value); two messages that fix all of them alike \
        cannot be told apart.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for direction in [Direction::ToServer, Direction::ToClient] {
        let messages = subject.model.messages.iter().enumerate();
        let messages: Vec<_> =
            messages.filter(|(_, message)| message.directions.contains(&direction)).map(|(index, _)| index).collect();
        let discriminators = match subject.model.enveloped {
            true => by_type(subject, &messages),
            false => by_constants(subject, &messages),
        };
        let way = match direction {
            Direction::ToServer => "server",
            Direction::ToClient => "client",
        };
        let mut first: HashMap<&[(String, Value)], MessageIndex> = HashMap::new();
        for (message, values) in &discriminators {
            let Some(&other) = first.get(values.as_slice()) else {
                first.insert(values, *message);
                continue;
            };
            let (id, other_id) = (&subject.model.messages[*message].id, &subject.model.messages[other].id);
            let values: Vec<_> = values.iter().map(|(key, value)| format!("`{key}` {value}")).collect();
            let key = &discriminators[0].1[0].0;
            report
                .at(
                    place(subject, *message, key),
                    format!(
                        "messages `{other_id}` and `{id}` to the {way} have the same discriminator: {}",
                        values.join(", ")
                    ),
                )
                .also(place(subject, other, key), "first used here")
                .help("give one of them a value of its own");
        }
    }
}

type Discriminators = Vec<(MessageIndex, Vec<(String, Value)>)>;

fn by_type(subject: &Subject<'_, '_>, messages: &[MessageIndex]) -> Discriminators {
    let wire_type = |&index: &MessageIndex| {
        let message = subject.ir.messages.get(&subject.model.messages[index].id)?;
        Some((index, vec![("type".to_owned(), Value::from(message.wire_type.clone()?))]))
    };
    messages.iter().filter_map(wire_type).collect()
}

/// The properties that every message fixes. If they are the same in all messages they are no discriminator but a
/// version or the like, and order decides.
fn by_constants(subject: &Subject<'_, '_>, messages: &[MessageIndex]) -> Discriminators {
    let mut constants: Discriminators = Vec::new();
    for &index in messages {
        let message = subject.ir.messages.get(&subject.model.messages[index].id);
        let merged = message.and_then(|message| subject.ir.merged(&message.payload));
        let Some(merged) = merged else { return Vec::new() };
        let required = merged.properties.iter().filter(|(key, _)| merged.required.contains(*key));
        let fixed = required.filter_map(|(key, schema)| {
            let schema = subject.ir.merged(schema)?;
            let value = schema.const_value.or_else(|| match schema.enum_values?.as_slice() {
                [single] => Some(single.clone()),
                _ => None,
            })?;
            Some((key.clone(), value))
        });
        constants.push((index, fixed.collect()));
    }
    let Some((_, common)) = constants.first() else { return Vec::new() };
    let mut common: Vec<String> = common.iter().map(|(key, _)| key.clone()).collect();
    common.retain(|key| constants.iter().all(|(_, fixed)| fixed.iter().any(|(known, _)| known == key)));
    common.sort();
    for (_, fixed) in &mut constants {
        fixed.retain(|(key, _)| common.contains(key));
        fixed.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
    let differ = constants.iter().any(|(_, fixed)| *fixed != constants[0].1);
    if differ { constants } else { Vec::new() }
}

fn place(subject: &Subject<'_, '_>, message: MessageIndex, key: &str) -> Span {
    let message = &subject.model.messages[message];
    let property = message.payload.and_then(|payload| subject.model.property(payload, key));
    let value = property.and_then(|property| property.get("const").or(property.get("enum")));
    value.or(property).map_or(message.key, |node| node.span())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[track_caller]
    fn check_constants(messages: [&str; 2], expected: &[&str]) {
        let message =
            |properties: &str| format!("{{payload: {{type: object, required: [k, v], properties: {{{properties}}}}}}}");
        let document = format!(
            "channels:\n  a:\n    messages:\n      m: {}\n      n: {}\noperations:\n  \
             o: {{action: send, channel: {{$ref: '#/channels/a'}}}}\n",
            message(messages[0]),
            message(messages[1]),
        );
        check(RULE, &document, expected);
    }

    #[test]
    fn constants_tell_messages_apart() {
        check_constants(["v: {const: 1}, k: {const: a}", "v: {const: 1}, k: {const: b}"], &[]);
        check_constants(["v: {const: 1}", "v: {const: 1}"], &[]);
        check_constants(["k: {const: a}", "k: {enum: [a, b]}"], &[]);
    }

    #[test]
    fn two_of_three_alike() {
        let message = |value: &str| format!("{{payload: {{required: [k], properties: {{k: {{const: {value}}}}}}}}}");
        let document = format!(
            "channels:\n  a:\n    messages:\n      m: {}\n      n: {}\n      o: {}\noperations:\n  \
             o: {{action: send, channel: {{$ref: '#/channels/a'}}}}\n",
            message("x"),
            message("y"),
            message("x"),
        );
        check(RULE, &document, &["6:60 messages `m` and `o` to the client have the same discriminator: `k` \"x\""]);
    }

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
