//! The strategies of a protocol without an envelope: every frame that they make is decoded.

use example_kraken::kraken::strategies;
use example_kraken::kraken::{ClientFrame, ServerFrame};
use proptest::prelude::*;
use tightwire::proto::inbound::{Inbound, Rejection};

fn config() -> ProptestConfig {
    ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() }
}

/// Whether a frame is decoded, or has a whole number of more bits than the types have room for: the document names no largest.
fn is_taken<T>(decoded: &Result<Inbound<T>, Rejection>) -> bool {
    decoded.as_ref().err().is_none_or(Rejection::is_unrepresentable)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn frames_of_clients_are_decoded((key, frame) in strategies::client_frame_json()) {
        let decoded = ClientFrame::decode(frame.to_string().as_bytes());
        prop_assert!(is_taken(&decoded), "{}: {:?}: {}", key, decoded, frame);
    }

    #[test]
    fn frames_of_the_server_are_decoded((key, frame) in strategies::server_frame_json()) {
        let decoded = ServerFrame::decode(frame.to_string().as_bytes());
        prop_assert!(is_taken(&decoded), "{}: {:?}: {}", key, decoded, frame);
    }

    #[test]
    fn they_are_typed(subscribe in strategies::client::subscribe()) {
        prop_assert!(matches!(subscribe, ClientFrame::Subscribe(_)), "{:?}", subscribe);
    }
}
