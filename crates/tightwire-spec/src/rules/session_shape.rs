//! Messages of the session whose schema does not fit what the runtime sends and reads.

use serde_json::{Map, Value, json};

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::ir::{Channel, Direction, Ir, Segment, SessionRole};
use crate::tree::Node;
use crate::validator::{keyword, said};

pub(super) const RULE: Rule = Rule {
    id: "session-shape",
    severity: Severity::Error,
    summary: "A message with `x-session` must accept what the runtime sends, and only what it can read.",
    explanation: "The runtime makes the `data` of these messages itself. To the client: `connection_established` has \
        `connection_id`, `contract_version`, `server_time`, `ping_interval_ms`, `pong_timeout_ms` and `limits`; \
        `subscription_updated` has `topics`, and `positions` where the data of `subscribe` has a property of that name; `ping` and `pong` have `timestamp`; `error` has `code`, `message`, \
        `timestamp` and sometimes `violations` and `topics`; `authenticated` has `expires_at`; `replay_gap` has `epoch`, \
        `oldest_seq` and `latest_seq`; `disconnect_notice` has `reason` and `reconnect_after_ms`. From the client it \
        needs `topics`, a list of strings, in `subscribe` and `unsubscribe`, `token`, a string, in `authenticate`, and a \
        boolean where `subscribe` has `positions`; it reads nothing else, so the schema must not let anything else pass for these.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    if !subject.expansion.is_bounded() {
        return;
    }
    let topics = topics(subject.ir);
    let positions = asks_for_positions(subject.ir);
    for message in &subject.model.messages {
        let Some(lowered) = subject.ir.messages.get(&message.id) else { continue };
        let (Some(role), Some(data)) = (lowered.session, &lowered.data) else { continue };
        let Ok(validator) = subject.ir.validator(data) else { continue };
        let node = message.payload.and_then(|payload| subject.model.property(payload, "data"));
        let span = node.map_or(message.key, Node::name_span);
        if message.directions.contains(&Direction::ToClient) {
            for sample in sent(role, &topics, positions) {
                // The codes of errors have a rule of their own.
                let error = validator.iter_errors(&sample).find(|error| error.instance_path().as_str() != "/code");
                let Some(error) = error else { continue };
                let at = error.instance_path();
                report
                    .at(
                        span,
                        format!(
                            "message `{}` rejects what the runtime sends, at `/data{at}`: {}",
                            message.id,
                            said(&error)
                        ),
                    )
                    .label(format!("`{}`", keyword(&error)))
                    .help(format!("the runtime sends {sample}"));
                break;
            }
        }
        if message.directions.contains(&Direction::ToServer)
            && let Some(sample) =
                unreadable(role, &topics, positions).into_iter().find(|sample| validator.is_valid(sample))
        {
            report
                .at(span, format!("message `{}` accepts what the runtime cannot read: {sample}", message.id))
                .help("require the property, with its type");
        }
    }
}

/// A topic of each channel.
fn topics(ir: &Ir) -> Vec<String> {
    let fill = |segment: &Segment, channel: &Channel| match segment {
        Segment::Literal(text) => text.clone(),
        Segment::Parameter(name) => {
            let parameter = channel.parameters.get(name);
            parameter.and_then(|parameter| parameter.values.first()).cloned().unwrap_or_else(|| "a".to_owned())
        }
    };
    let topic = |channel: &Channel| channel.segments.iter().map(|segment| fill(segment, channel)).collect();
    let mut topics: Vec<String> = ir.channels.values().map(topic).collect();
    topics.sort();
    topics.dedup();
    topics
}

/// Whether clients may ask where topics are: where the document has a name for it. Generated code leaves out what has none.
fn asks_for_positions(ir: &Ir) -> bool {
    let subscribe = ir.messages.values().find(|message| message.session == Some(SessionRole::Subscribe));
    let data = subscribe.and_then(|message| ir.merged(message.data.as_ref()?));
    data.is_some_and(|data| data.properties.contains_key("positions"))
}

/// What the runtime may send.
fn sent(role: SessionRole, topics: &[String], positions: bool) -> Vec<Value> {
    const TIME: &str = "2026-01-01T00:00:00.000Z";
    match role {
        SessionRole::Ping | SessionRole::Pong => vec![json!({ "timestamp": TIME })],
        SessionRole::ConnectionEstablished => vec![json!({
            "connection_id": "0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e99",
            "contract_version": "1.0.0",
            "server_time": TIME,
            "ping_interval_ms": 30000,
            "pong_timeout_ms": 60000,
            "limits": {
                "max_message_bytes": 65536,
                "messages_per_second": 20,
                "message_burst": 40,
                "subscriptions_per_connection": 100,
                "outbound_queue_frames": 500,
                "outbound_queue_bytes": 1048576,
                "idle_timeout_ms": 600000,
            },
        })],
        SessionRole::SubscriptionUpdated => {
            let mut sent = vec![json!({ "topics": [] }), json!({ "topics": topics })];
            if positions {
                let position = json!({ "epoch": "b1946ac92492d234", "seq": 0 });
                let told: Map<_, _> = topics.iter().map(|topic| (topic.clone(), position.clone())).collect();
                sent.push(json!({ "topics": topics, "positions": {} }));
                sent.push(json!({ "topics": topics, "positions": told }));
            }
            sent
        }
        SessionRole::Error => {
            let violation = json!({ "pointer": "/data", "keyword": "type", "message": "expected an object" });
            let error = json!({ "code": "contract_violation", "message": "What is wrong.", "timestamp": TIME });
            let mut long = error.clone();
            long["violations"] = json!([violation]);
            long["topics"] = json!(topics);
            vec![error, long]
        }
        SessionRole::Authenticated => vec![json!({ "expires_at": TIME })],
        SessionRole::ReplayGap => vec![json!({ "epoch": "b1946ac92492d234", "oldest_seq": 0, "latest_seq": 0 })],
        SessionRole::DisconnectNotice => {
            REASONS.iter().map(|reason| json!({ "reason": reason, "reconnect_after_ms": 0 })).collect()
        }
        SessionRole::Subscribe | SessionRole::Unsubscribe | SessionRole::Authenticate => Vec::new(),
    }
}

/// Why the runtime closes a connection of its own will.
const REASONS: [&str; 6] =
    ["shutdown", "over_capacity", "pong_timeout", "slow_consumer", "idle_timeout", "authentication_expired"];

/// What the runtime could not make sense of.
fn unreadable(role: SessionRole, topics: &[String], positions: bool) -> Vec<Value> {
    let topic = topics.first().map_or("a", String::as_str);
    match role {
        SessionRole::Subscribe => {
            let mut unreadable = vec![
                json!({}),
                json!({ "topics": topic }),
                json!({ "topics": [1] }),
                json!({ "topics": [topic], "after": { topic: 1 } }),
            ];
            if positions {
                unreadable.push(json!({ "topics": [topic], "positions": 1 }));
            }
            unreadable
        }
        SessionRole::Unsubscribe => vec![json!({}), json!({ "topics": topic }), json!({ "topics": [1] })],
        SessionRole::Authenticate => vec![json!({}), json!({ "token": 1 })],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[track_caller]
    fn check_data(role: &str, action: &str, data: &str, expected: &[&str]) {
        let document = format!(
            "x-envelope: 1\nchannels:\n  a:\n    address: a\n    messages:\n      m:\n        x-session: {role}\n        \
             payload:\n          properties:\n            data: {{{data}}}\noperations:\n  \
             o: {{action: {action}, channel: {{$ref: '#/channels/a'}}}}\n"
        );
        check(RULE, &document, expected);
    }

    #[test]
    fn what_the_runtime_sends_is_accepted() {
        check_data("ping", "send", "properties: {timestamp: {type: string, format: date-time}}", &[]);
        check_data(
            "ping",
            "send",
            "properties: {timestamp: {type: integer}}",
            &[
                "10:13 message `m` rejects what the runtime sends, at `/data/timestamp`: the value is not of type \"integer\"",
            ],
        );
        check_data(
            "ping",
            "send",
            "required: [timestamp, sequence]",
            &[
                "10:13 message `m` rejects what the runtime sends, at `/data`: the required property \"sequence\" is missing",
            ],
        );
        check_data(
            "disconnect_notice",
            "send",
            "properties: {reason: {enum: [shutdown]}}",
            &[
                "10:13 message `m` rejects what the runtime sends, at `/data/reason`: the value is not one of \"shutdown\"",
            ],
        );
        check_data("error", "send", "properties: {code: {enum: [mine]}}", &[]);
    }

    #[test]
    fn what_the_runtime_cannot_read_is_rejected() {
        let topics = "properties: {topics: {type: array, items: {type: string}}}";
        let required = format!("{topics}, required: [topics]");
        check_data("unsubscribe", "receive", &required, &[]);
        check_data("unsubscribe", "receive", topics, &["10:13 message `m` accepts what the runtime cannot read: {}"]);
        check_data(
            "subscribe",
            "receive",
            &required,
            &["10:13 message `m` accepts what the runtime cannot read: {\"topics\":[\"a\"],\"after\":{\"a\":1}}"],
        );
        check_data(
            "authenticate",
            "receive",
            "required: [token]",
            &["10:13 message `m` accepts what the runtime cannot read: {\"token\":1}"],
        );
    }

    #[track_caller]
    fn check_positions(asked: &str, told: &str, expected: &[&str]) {
        let topics = "topics: {type: array, items: {type: string}}";
        let document = format!(
            "x-envelope: 1\nchannels:\n  a:\n    address: a\n    messages:\n      s:\n        x-session: subscribe\n        \
             payload:\n          properties:\n            data: {{additionalProperties: false, required: [topics], \
             properties: {{{topics}{asked}}}}}\n      u:\n        x-session: subscription_updated\n        payload:\n          \
             properties:\n            data: {{additionalProperties: false, properties: {{{topics}{told}}}}}\noperations:\n  \
             i: {{action: receive, channel: {{$ref: '#/channels/a'}}, messages: [{{$ref: '#/channels/a/messages/s'}}]}}\n  \
             o: {{action: send, channel: {{$ref: '#/channels/a'}}, messages: [{{$ref: '#/channels/a/messages/u'}}]}}\n"
        );
        check(RULE, &document, expected);
    }

    #[test]
    fn whoever_may_ask_for_positions_is_told_them() {
        let (asked, told) = (", positions: {type: boolean}", ", positions: {type: object}");
        check_positions("", "", &[]);
        check_positions("", told, &[]);
        check_positions(asked, told, &[]);
        check_positions(
            asked,
            "",
            &["15:13 message `u` rejects what the runtime sends, at `/data`: this property is not allowed"],
        );
        check_positions(
            ", positions: {}",
            told,
            &["10:13 message `s` accepts what the runtime cannot read: {\"topics\":[\"a\"],\"positions\":1}"],
        );
    }
}
