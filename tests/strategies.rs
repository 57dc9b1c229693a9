//! The strategies of the generated module: every frame that they make is decoded, by both paths to the same value, and what
//! is decoded is encoded as the same frame.

use proptest::prelude::*;
use serde_json::Value;
use tightwire::client::ClientProtocol;
use tightwire::proto::envelope::Stamp;
use tightwire::strategies::Direction;
use tightwire_chat::chat::strategies::{self, client, server};
use tightwire_chat::chat::{ChatProtocol, ClientFrame, ServerFrame};

fn config() -> ProptestConfig {
    ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() }
}

/// Whether a frame says the same as another: numbers by their value, identities and points in time however they are written.
fn says_the_same(one: &Value, another: &Value) -> bool {
    match (one, another) {
        (Value::Number(one), Value::Number(another)) => one.as_f64() == another.as_f64(),
        (Value::String(one), Value::String(another)) => one == another || meaning(one) == meaning(another),
        (Value::Array(one), Value::Array(another)) => {
            one.len() == another.len() && one.iter().zip(another).all(|(one, another)| says_the_same(one, another))
        }
        (Value::Object(one), Value::Object(another)) => {
            let has = |(name, one)| another.get(name).is_some_and(|another| says_the_same(one, another));
            one.len() == another.len() && one.iter().all(has)
        }
        _ => one == another,
    }
}

/// What a text of a format means, in one way of writing. `9999-12-31T23:59:59-01:00` is in the year 10000 in UTC, which is how
/// points in time are kept; RFC 3339 has no way to write it, and `chrono` puts a sign before it.
fn meaning(text: &str) -> Option<String> {
    let instant = text.parse::<chrono::DateTime<chrono::Utc>>().map(|instant| instant.to_rfc3339());
    instant.ok().or_else(|| uuid::Uuid::parse_str(text).ok().map(|id| id.to_string()))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn frames_of_clients_are_decoded_and_encoded_as_they_were((key, frame) in strategies::client_frame_json()) {
        let text = frame.to_string();
        let inbound = ClientFrame::decode(text.as_bytes());
        prop_assert!(inbound.is_ok(), "{:?}", inbound);
        let inbound = inbound.expect("it is");
        prop_assert_eq!(inbound.frame.wire_type(), key);
        let reference = ClientFrame::decode_reference(text.as_bytes());
        prop_assert_eq!(Some(&inbound), reference.as_ref().ok());
        let stamp = Stamp { id: inbound.id, unix_ms: inbound.ts, correlation_id: inbound.id };
        let encoded = ChatProtocol::encode(&inbound.frame, &stamp).expect("JSON");
        let mut encoded: Value = serde_json::from_slice(&encoded).expect("JSON");
        let mut expected = frame.clone();
        // A client's frame answers nothing: what it has here is not kept.
        for value in [&mut encoded, &mut expected] {
            value.as_object_mut().expect("an object").remove("correlation_id");
        }
        prop_assert!(says_the_same(&encoded, &expected), "{} is not {}", encoded, expected);
    }

    #[test]
    fn frames_of_the_server_are_decoded((key, frame) in strategies::server_frame_json()) {
        let text = frame.to_string();
        let inbound = ServerFrame::decode(text.as_bytes());
        prop_assert!(inbound.is_ok(), "{:?}", inbound);
        let inbound = inbound.expect("it is");
        prop_assert_eq!(inbound.frame.wire_type(), key);
        let reference = ServerFrame::decode_reference(text.as_bytes());
        prop_assert_eq!(Some(inbound), reference.ok());
    }

    #[test]
    fn each_message_has_its_strategies(sent in client::send_message(), received in server::stream_chunk()) {
        prop_assert!(matches!(sent, ClientFrame::SendMessage { .. }), "{:?}", sent);
        prop_assert!(matches!(received, ServerFrame::StreamChunk { .. }), "{:?}", received);
    }

    #[test]
    fn any_frame_is_typed(frame in strategies::client_frame(), answer in strategies::server_frame()) {
        let keys = |way| strategies::frames().messages(way).collect::<Vec<_>>();
        prop_assert!(keys(Direction::ToServer).contains(&frame.wire_type()));
        prop_assert!(keys(Direction::ToClient).contains(&answer.wire_type()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..config() })]

    #[test]
    fn what_is_broken_is_refused((key, negative) in strategies::client_frame_negative()) {
        let refused = ClientFrame::decode(negative.frame.to_string().as_bytes());
        prop_assert!(refused.is_err(), "{}: {:?}", key, negative);
    }
}
