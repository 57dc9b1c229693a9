//! `x-session`.

use std::collections::HashMap;

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::ir::{Direction, SessionRole};
use crate::lower::SESSION_ROLES;
use crate::suggest::did_you_mean;

pub(super) const RULE: Rule = Rule {
    id: "x-session",
    severity: Severity::Error,
    summary: "`x-session` must name a part of the session, once for each direction.",
    explanation: "To the server: `subscribe`, `unsubscribe`, `ping`, `pong`, `authenticate`. To the client: `ping`, \
        `pong`, `connection_established`, `subscription_updated`, `error`, `authenticated`, `replay_gap`, \
        `disconnect_notice`. The runtime sends and answers these messages itself, so each may be played by one message \
        only, and only in a protocol with `x-envelope`.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let model = subject.model;
    let mut first = HashMap::new();
    for message in &model.messages {
        let Some(node) = model.field(message.node, "x-session") else { continue };
        let names = SESSION_ROLES.map(|(name, _)| name);
        let role = node.as_str().and_then(|text| SESSION_ROLES.iter().find(|(name, _)| *name == text));
        let Some(&(name, role)) = role else {
            let help = did_you_mean(node.as_str().unwrap_or_default(), names);
            report
                .at(node.span(), format!("{} is not a part of the session", node.to_json()))
                .help(help.unwrap_or_else(|| format!("parts are {}", names.join(", "))));
            continue;
        };
        if !model.enveloped {
            report
                .at(node.span(), "only a protocol with `x-envelope` has a session")
                .help("add `x-envelope: 1` to the document, or remove `x-session`");
            continue;
        }
        for &direction in &message.directions {
            if !travels(role, direction) {
                let way = if direction == Direction::ToServer { "client" } else { "server" };
                report
                    .at(node.span(), format!("`{name}` is never sent by the {way}, but message `{}` is", message.id))
                    .help("check the `action` of the operations that use the message");
            } else if let Some((other, span)) = first.insert((role, direction), (&message.id, node.span())) {
                report
                    .at(node.span(), format!("message `{other}` already is the session's `{name}`"))
                    .also(span, "the other one");
            }
        }
    }
}

/// Whether a part of the session is played in that direction.
fn travels(role: SessionRole, direction: Direction) -> bool {
    match role {
        SessionRole::Ping | SessionRole::Pong => true,
        SessionRole::Subscribe | SessionRole::Unsubscribe | SessionRole::Authenticate => {
            direction == Direction::ToServer
        }
        _ => direction == Direction::ToClient,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[track_caller]
    fn check_messages(messages: &str, action: &str, expected: &[&str]) {
        let document = format!(
            "x-envelope: 1\nchannels:\n  a:\n    messages:\n{messages}operations:\n  \
             o: {{action: {action}, channel: {{$ref: '#/channels/a'}}}}\n"
        );
        check(RULE, &document, expected);
    }

    #[test]
    fn parts_of_the_session() {
        check_messages("      m: {x-session: ping}\n", "send", &[]);
        check_messages("      m: {x-session: pign}\n", "send", &["5:22 \"pign\" is not a part of the session"]);
        check_messages(
            "      m: {x-session: subscribe}\n",
            "send",
            &["5:22 `subscribe` is never sent by the server, but message `m` is"],
        );
        check_messages(
            "      m: {x-session: error}\n      n: {x-session: error}\n",
            "send",
            &["6:22 message `m` already is the session's `error`"],
        );
        check(
            RULE,
            "channels: {a: {messages: {m: {x-session: ping}}}}\n",
            &["1:42 only a protocol with `x-envelope` has a session"],
        );
    }
}
