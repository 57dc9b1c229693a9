//! From the generated data of a session message to what the session understands.
//!
//! The session does not know the types that a protocol's document gives these messages, only what they are called on
//! the wire. So the (validated) data is serialised and read by those names.

use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::contract::SessionRole;
use crate::inbound::{ReplayStart, SessionRequest};

/// The request that the data of a message with this role is. `None` where the role is one of the server's messages, or
/// the document's shape for it lacks what the session needs.
pub fn session_request<T: Serialize>(role: SessionRole, data: &T) -> Option<SessionRequest> {
    let Ok(Value::Object(mut data)) = serde_json::to_value(data) else { return None };
    Some(match role {
        SessionRole::Subscribe => SessionRequest::Subscribe {
            topics: topics(&mut data)?,
            after: after(&mut data)?,
            positions: data.get("positions") == Some(&Value::Bool(true)),
        },
        SessionRole::Unsubscribe => SessionRequest::Unsubscribe { topics: topics(&mut data)? },
        SessionRole::Ping => SessionRequest::Ping { timestamp: text(&mut data, "timestamp").and_then(in_four_digits) },
        SessionRole::Pong => {
            SessionRequest::Pong { last_id: text(&mut data, "last_id").and_then(|id| Uuid::try_parse(&id).ok()) }
        }
        SessionRole::Authenticate => SessionRequest::Authenticate { token: text(&mut data, "token")? },
        SessionRole::ConnectionEstablished
        | SessionRole::SubscriptionUpdated
        | SessionRole::Error
        | SessionRole::Authenticated
        | SessionRole::ReplayGap
        | SessionRole::DisconnectNotice => return None,
    })
}

fn topics(data: &mut Map<String, Value>) -> Option<Vec<String>> {
    serde_json::from_value(data.remove("topics")?).ok()
}

fn after(data: &mut Map<String, Value>) -> Option<Vec<(String, ReplayStart)>> {
    let Some(Value::Object(after)) = data.remove("after") else { return Some(Vec::new()) };
    after.into_iter().map(|(topic, start)| Some((topic, serde_json::from_value(start).ok()?))).collect()
}

fn text(data: &mut Map<String, Value>, key: &str) -> Option<String> {
    match data.remove(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// The furthest that a point in time may be from UTC as it is written (RFC 3339).
const FURTHEST_SECONDS: i32 = (23 * 60 + 59) * 60;

/// The same point in time in a year of four digits, which is all that RFC 3339 has: in UTC, the first and the last hours
/// that can be written with another offset are in the years -1 and 10000.
fn in_four_digits(timestamp: String) -> Option<String> {
    let furthest = match timestamp.as_bytes().first() {
        Some(b'-') => FURTHEST_SECONDS,
        Some(b'+') => -FURTHEST_SECONDS,
        _ => return Some(timestamp),
    };
    let time = DateTime::parse_from_rfc3339(&timestamp).ok().or_else(|| timestamp.parse().ok())?;
    let time = time.with_timezone(&FixedOffset::east_opt(furthest)?);
    Some(time.to_rfc3339_opts(SecondsFormat::AutoSi, false))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::inbound::StreamPosition;

    #[track_caller]
    fn check(role: SessionRole, data: Value, expected: Option<SessionRequest>) {
        assert_eq!(session_request(role, &data), expected);
    }

    #[test]
    fn each_request_of_a_client_is_read() {
        let id = Uuid::from_u128(7);
        check(
            SessionRole::Subscribe,
            json!({ "topics": ["dashboard"], "after": { "a": { "epoch": "e", "seq": 3 }, "b": id } }),
            Some(SessionRequest::Subscribe {
                topics: vec!["dashboard".to_owned()],
                after: vec![
                    ("a".to_owned(), ReplayStart::Position(StreamPosition { epoch: "e".to_owned(), seq: 3 })),
                    ("b".to_owned(), ReplayStart::FrameId(id)),
                ],
                positions: false,
            }),
        );
        for positions in [false, true] {
            check(
                SessionRole::Subscribe,
                json!({ "topics": ["a"], "positions": positions }),
                Some(SessionRequest::Subscribe { topics: vec!["a".to_owned()], after: Vec::new(), positions }),
            );
        }
        check(
            SessionRole::Unsubscribe,
            json!({ "topics": [] }),
            Some(SessionRequest::Unsubscribe { topics: Vec::new() }),
        );
        check(SessionRole::Ping, json!({}), Some(SessionRequest::Ping { timestamp: None }));
        check(
            SessionRole::Ping,
            json!({ "timestamp": "2026-01-01T00:00:00Z" }),
            Some(SessionRequest::Ping { timestamp: Some("2026-01-01T00:00:00Z".to_owned()) }),
        );
        check(SessionRole::Pong, json!({ "last_id": id }), Some(SessionRequest::Pong { last_id: Some(id) }));
        check(
            SessionRole::Authenticate,
            json!({ "token": "t" }),
            Some(SessionRequest::Authenticate { token: "t".to_owned() }),
        );
    }

    #[test]
    fn a_ping_is_answered_in_a_year_of_four_digits() {
        for (utc, expected) in [
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("-0001-12-31T00:01:00Z", "0000-01-01T00:00:00+23:59"),
            ("+10000-01-01T23:58:59.500Z", "9999-12-31T23:59:59.500-23:59"),
        ] {
            let time: DateTime<chrono::Utc> = utc.parse().unwrap();
            assert_eq!(serde_json::to_value(time).unwrap(), utc, "as chrono writes it");
            let timestamp = Some(expected.to_owned());
            check(SessionRole::Ping, json!({ "timestamp": utc }), Some(SessionRequest::Ping { timestamp }));
        }
    }

    #[test]
    fn what_is_not_a_request_of_a_client_is_none() {
        check(SessionRole::Error, json!({}), None);
        check(SessionRole::Subscribe, json!({}), None);
        check(SessionRole::Subscribe, json!({ "topics": [], "after": { "a": 1 } }), None);
        check(SessionRole::Ping, json!(null), None);
    }
}
