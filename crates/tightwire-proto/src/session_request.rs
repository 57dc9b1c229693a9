//! From the generated data of a session message to what the session understands.
//!
//! The session does not know the types that a protocol's document gives these messages, only what they are called on
//! the wire. So the (validated) data is serialised and read by those names.

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
        SessionRole::Ping => SessionRequest::Ping { timestamp: text(&mut data, "timestamp") },
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
    fn what_is_not_a_request_of_a_client_is_none() {
        check(SessionRole::Error, json!({}), None);
        check(SessionRole::Subscribe, json!({}), None);
        check(SessionRole::Subscribe, json!({ "topics": [], "after": { "a": 1 } }), None);
        check(SessionRole::Ping, json!(null), None);
    }
}
