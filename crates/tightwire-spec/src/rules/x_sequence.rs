//! `x-sequence`.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::lower::sequence_step;
use crate::suggest::nearest;

pub(super) const RULE: Rule = Rule {
    id: "x-sequence",
    severity: Severity::Error,
    summary: "`x-sequence` must list messages of the reply, each with `+`, `*`, `?` or nothing after it.",
    explanation: "The frames of the reply arrive in this order: a name alone once, `+` once or more, `*` any number \
        of times, `?` once or not at all. Every message of the reply appears in it, by its key in the channel.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let model = subject.model;
    for operation in &model.operations {
        let Some(reply) = &operation.reply else { continue };
        let Some(sequence) = reply.node.get("x-sequence") else { continue };
        if !sequence.is_array() || sequence.items().next().is_none() {
            report
                .at(sequence.span(), "`x-sequence` must be a list of messages that is not empty")
                .help("for instance `x-sequence: [stream_start, stream_chunk+, stream_end]`");
            continue;
        }
        let Some(channel) = reply.channel else { continue };
        let of_reply = model.channels[channel]
            .messages
            .iter()
            .filter(|message| !reply.messages.listed || reply.messages.iter().any(|known| known == message.message));
        let keys: Vec<_> = of_reply.map(|message| message.key.as_str()).collect();
        for step in sequence.items() {
            let Some(text) = step.as_str() else {
                report.at(step.span(), format!("a step must be text, found {}", step.type_name()));
                continue;
            };
            let (key, _) = sequence_step(text);
            if !keys.contains(&key) {
                let found = report.at(step.span(), format!("`{key}` is not a message of the reply"));
                found.help(match nearest(key, keys.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the reply has {}", keys.join(", ")),
                });
            }
        }
        let named =
            |key: &&str| sequence.items().filter_map(|step| step.as_str()).any(|text| sequence_step(text).0 == *key);
        let left: Vec<_> = keys.iter().filter(|key| !named(key)).map(|key| format!("`{key}`")).collect();
        if reply.messages.listed && !left.is_empty() {
            report
                .at(sequence.name_span(), format!("the sequence does not say where {} stands", left.join(", ")))
                .help("add it, with `?` if it does not always come");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[track_caller]
    fn check_sequence(sequence: &str, expected: &[&str]) {
        let document = format!(
            "channels:\n  a: {{messages: {{m: {{}}, n: {{}}}}}}\noperations:\n  o:\n    action: receive\n    \
             channel: {{$ref: '#/channels/a'}}\n    reply:\n      \
             messages: [{{$ref: '#/channels/a/messages/m'}}, {{$ref: '#/channels/a/messages/n'}}]\n      \
             x-sequence: {sequence}\n"
        );
        check(RULE, &document, expected);
    }

    #[test]
    fn sequences() {
        check_sequence("[m, n+]", &[]);
        check_sequence("[n?, m*, n]", &[]);
        check_sequence("[m, n, o+]", &["9:26 `o` is not a message of the reply"]);
        check_sequence("[m]", &["9:7 the sequence does not say where `n` stands"]);
        check_sequence("[m, 1, n]", &["9:23 a step must be text, found a number"]);
        check_sequence("[]", &["9:19 `x-sequence` must be a list of messages that is not empty"]);
        check_sequence("m", &["9:19 `x-sequence` must be a list of messages that is not empty"]);
    }
}
