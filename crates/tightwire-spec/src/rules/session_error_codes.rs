//! The codes of the session's error message.

use serde_json::Value;

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::ir::SessionRole;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "session-error-codes",
    severity: Severity::Error,
    summary: "The error message of the session must allow every code that the runtime sends.",
    explanation: "The message with `x-session: error` has `data.code`, an `enum`. It must contain \
        `contract_violation`, `message_too_large`, `rate_limited`, `invalid_topic`, `topic_forbidden`, \
        `too_many_subscriptions`, `unauthorized` and `internal_error`; codes of the application stand beside them.",
    check,
};

/// What the runtime sends of its own.
const CODES: [&str; 8] = [
    "contract_violation",
    "message_too_large",
    "rate_limited",
    "invalid_topic",
    "topic_forbidden",
    "too_many_subscriptions",
    "unauthorized",
    "internal_error",
];

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for message in &subject.model.messages {
        let Some(lowered) = subject.ir.messages.get(&message.id) else { continue };
        let (Some(SessionRole::Error), Some(data)) = (lowered.session, &lowered.data) else { continue };
        let code = subject.ir.merged(data).and_then(|data| data.properties.get("code").cloned());
        let codes = code.and_then(|code| subject.ir.merged(&code)?.enum_values);
        let node = message.payload.and_then(|payload| subject.model.property(payload, "data"));
        let node = node.and_then(|data| subject.model.property(data, "code"));
        let node = node.and_then(|code| subject.model.documents.resolve(code).ok());
        let span = node.map_or(message.key, |code| code.get("enum").map_or(code.name_span(), Node::name_span));
        let Some(codes) = codes else {
            report
                .at(span, format!("`data.code` of message `{}` is not an enum", message.id))
                .help(format!("list the codes: {}", CODES.join(", ")));
            continue;
        };
        let missing: Vec<_> = CODES.into_iter().filter(|code| !codes.contains(&Value::from(*code))).collect();
        if !missing.is_empty() {
            report
                .at(span, format!("`data.code` of message `{}` lacks codes that the runtime sends", message.id))
                .help(format!("add {}", missing.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn codes_of_the_runtime_are_allowed() {
        let document = |code: &str| {
            format!(
                "x-envelope: 1\nchannels:\n  a:\n    address: a\n    messages:\n      m:\n        x-session: error\n        \
                 payload:\n          properties:\n            data:\n              properties:\n                \
                 code: {code}\n"
            )
        };
        check(RULE, &document(&format!("{{enum: [mine, {}]}}", CODES.join(", "))), &[]);
        check(
            RULE,
            &document("{enum: [mine]}"),
            &["12:24 `data.code` of message `m` lacks codes that the runtime sends"],
        );
        check(RULE, &document("{type: string}"), &["12:17 `data.code` of message `m` is not an enum"]);
    }
}
