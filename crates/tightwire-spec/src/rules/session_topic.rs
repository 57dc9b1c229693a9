//! Messages of the session on a topic that the runtime does not send them on.

use super::{Report, Rule, Subject};
use crate::address;
use crate::diagnostic::Severity;
use crate::ir::{Direction, SessionRole};

pub(super) const RULE: Rule = Rule {
    id: "session-topic",
    severity: Severity::Warning,
    summary: "What the runtime sends about a connection should be in the channel with the address `system`.",
    explanation: "The runtime sends `connection_established`, `subscription_updated`, `ping`, `pong`, `error`, \
        `authenticated` and `disconnect_notice` on the topic `system`. On any other channel the document would promise \
        frames that never come, and forbid those that do. `replay_gap` is about a topic, and is sent on it.",
    check,
};

/// The topic of everything that is about the connection.
const SYSTEM: &str = "system";

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    if !subject.model.enveloped {
        return;
    }
    for message in &subject.model.messages {
        let Some(role) = subject.ir.messages.get(&message.id).and_then(|lowered| lowered.session) else { continue };
        if role == SessionRole::ReplayGap || !message.directions.contains(&Direction::ToClient) {
            continue;
        }
        let channels = message.channels.iter().map(|&channel| &subject.model.channels[channel]);
        let addresses: Vec<_> = channels.filter_map(|channel| Some(channel.address?.text)).collect();
        if !addresses.is_empty()
            && !addresses.iter().any(|address| address::matches(&address::segments(address), SYSTEM))
        {
            let addresses: Vec<_> = addresses.iter().map(|address| format!("`{address}`")).collect();
            report
                .at(
                    message.key,
                    format!(
                        "the runtime sends message `{}` on the topic `system`, and its channels have {}",
                        message.id,
                        addresses.join(", ")
                    ),
                )
                .help("put the message into a channel with the address `system`");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[track_caller]
    fn check_address(role: &str, address: &str, action: &str, expected: &[&str]) {
        let document = format!(
            "x-envelope: 1\nchannels:\n  a:\n    address: '{address}'\n    messages: {{m: {{x-session: {role}}}}}\n\
             operations:\n  o: {{action: {action}, channel: {{$ref: '#/channels/a'}}}}\n"
        );
        check(RULE, &document, expected);
    }

    #[test]
    fn topics_of_the_session() {
        check_address("pong", "system", "send", &[]);
        let elsewhere = "5:16 the runtime sends message `m` on the topic `system`, and its channels have `rooms`";
        check_address("pong", "rooms", "send", &[elsewhere]);
        // What clients send is read wherever they send it.
        check_address("pong", "rooms", "receive", &[]);
        check_address("replay_gap", "room:{id}", "send", &[]);
        check(RULE, "channels: {a: {address: b, messages: {m: {x-session: ping}}}}\n", &[]);
    }
}
