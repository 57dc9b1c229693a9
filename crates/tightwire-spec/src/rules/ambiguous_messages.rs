//! Messages that have frames in common.

use std::collections::{HashMap, HashSet};

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::ir::{Ambiguity, Direction};

/// The longest frame that a message shows.
const LONGEST: usize = 200;

pub(super) const RULE: Rule = Rule {
    id: "ambiguous-messages",
    severity: Severity::Warning,
    summary: "No frame should be valid as two messages that travel the same way.",
    explanation: "Without an envelope, a frame is the first message whose schema accepts it; `tightwire inspect` shows \
        the order. A frame that two schemas accept is always taken for the first of them, whatever its sender meant. \
        Only messages that travel on the same path compete on a connection; TypeScript decodes without knowing the path. \
        Give each message a required property with a `const` of its own, or close the objects \
        (`additionalProperties: false`) whose properties differ.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let keys: HashMap<_, _> = subject.model.messages.iter().map(|message| (&message.id, message.key)).collect();
    for direction in [Direction::ToServer, Direction::ToClient] {
        let by_route = subject.ir.messages_by_route(direction);
        let by_route: Vec<HashSet<_>> = by_route.into_iter().map(|messages| messages.into_iter().collect()).collect();
        // One diagnostic for each message that others take frames from: there may be a great many pairs.
        let mut taken: indexmap::IndexMap<_, Vec<_>> = indexmap::IndexMap::new();
        for ambiguity in &subject.ir.dispatch.of(direction).ambiguous {
            taken.entry(&ambiguity.second).or_default().push(ambiguity);
        }
        for (second, ambiguities) in taken {
            let Some(&key) = keys.get(second) else { continue };
            let first = &ambiguities[0].first;
            let others = match ambiguities.len() {
                1 => String::new(),
                2 => " (and one more message has frames in common with it)".to_owned(),
                count => format!(" (and {} more messages have frames in common with it)", count - 1),
            };
            let found =
                report.at(key, format!("a frame of message `{second}` may be taken for message `{first}`{others}"));
            if let Some(&first) = keys.get(first) {
                found.also(first, "this one is tried first");
            }
            if let Some(witness) = &ambiguities[0].witness {
                let mut frame = witness.to_string();
                if frame.len() > LONGEST {
                    frame.truncate(frame.floor_char_boundary(LONGEST));
                    frame.push('…');
                }
                let meet = |ambiguity: &&Ambiguity| {
                    by_route.iter().any(|ids| ids.contains(&ambiguity.first) && ids.contains(&ambiguity.second))
                };
                // The generated decoder is told of the route. What TypeScript has is not.
                let apart = match ambiguities.iter().any(meet) {
                    true => "",
                    false => "; they travel on different paths: Rust tells them apart by that, TypeScript does not",
                };
                found.help(format!("both accept {frame}{apart}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::rules::testing::check;
    use crate::{InMemory, load};

    #[track_caller]
    fn check_pair(first: &str, second: &str, expected: &[&str]) {
        let document = format!(
            "channels:\n  a:\n    messages:\n      m: {{payload: {{{first}}}}}\n      n: {{payload: {{{second}}}}}\n\
             operations:\n  o: {{action: send, channel: {{$ref: '#/channels/a'}}}}\n"
        );
        check(RULE, &document, expected);
    }

    #[test]
    fn what_tells_messages_apart() {
        check_pair("type: object", "type: array", &[]);
        check_pair("const: 1", "const: 2", &[]);
        check_pair("type: object, required: [a], properties: {a: {const: 1}}", "properties: {a: {const: 2}}", &[]);
        check_pair(
            "type: object, required: [a], properties: {a: {type: string}}",
            "properties: {a: {type: integer}}",
            &[],
        );
        check_pair(
            "type: object, required: [a]",
            "type: object, properties: {b: {}}, additionalProperties: false",
            &[],
        );
        check_pair(
            "type: object, required: [a], properties: {a: {type: object, required: [k], properties: {k: {const: x}}}}",
            "type: object, required: [a], properties: {a: {type: object, properties: {k: {const: y}}}}",
            &[],
        );
        // Undecided: a number below and one above.
        check_pair("type: integer, maximum: 1", "type: integer, minimum: 2", &[]);
    }

    #[test]
    fn frames_in_common() {
        check_pair(
            "type: object, required: [a]",
            "type: object, required: [b]",
            &["5:7 a frame of message `n` may be taken for message `m`"],
        );
        check_pair(
            "type: object",
            "type: object, required: [b]",
            &["4:7 a frame of message `m` may be taken for message `n`"],
        );
        check_pair(
            "properties: {a: {const: 1}}",
            "properties: {a: {const: 2}}",
            &["5:7 a frame of message `n` may be taken for message `m`"],
        );
        check_pair("type: string", "", &["5:7 a frame of message `n` may be taken for message `m`"]);
    }

    #[test]
    fn paths_tell_messages_apart_on_a_connection() {
        #[track_caller]
        fn check_help(address: &str, expected: &str) {
            let document = format!(
                "asyncapi: 3.0.0\ninfo: {{title: T, version: '1'}}\nchannels:\n  a:\n    address: /a\n    messages: {{m: \
                 {{payload: {{const: 1}}}}}}\n  b:\n    address: {address}\n    messages: {{n: {{payload: {{type: \
                 integer}}}}}}\noperations:\n  o: {{action: send, channel: {{$ref: '#/channels/a'}}}}\n  p: {{action: \
                 send, channel: {{$ref: '#/channels/b'}}}}\n"
            );
            let loaded = load(Path::new("t.yml"), &InMemory::file("t.yml", document)).expect("the file is there");
            let found = loaded.diagnostics.iter().find(|diagnostic| diagnostic.rule == RULE.id);
            assert_eq!(found.and_then(|found| found.help.as_deref()), Some(expected), "{address}");
        }
        let apart = "both accept 1; they travel on different paths: Rust tells them apart by that, TypeScript does not";
        check_help("/a", "both accept 1");
        check_help("/b", apart);
    }
}
