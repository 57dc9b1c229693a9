//! What the unit tests of the broker and of the queues publish: notes of a small protocol.

use serde_json::json;
use tightwire_proto::contract::{Contract, Delivery, MessageInfo, SessionRole};
use tightwire_proto::envelope::{Head, Publication};

use crate::clock;

/// Notes, which are kept, blips, which are not, and what tells of a gap.
pub(crate) static CONTRACT: Contract = Contract {
    to_client: &[
        message("note", Delivery::Durable, None),
        message("blip", Delivery::Ephemeral, None),
        message("replay_gap", Delivery::Control, Some(SessionRole::ReplayGap)),
    ],
    ..Contract::EMPTY
};

const fn message(wire_type: &'static str, delivery: Delivery, session: Option<SessionRole>) -> MessageInfo {
    MessageInfo { wire_type, id: wire_type, delivery, session }
}

/// A note, or a blip if it is not to be kept.
pub(crate) fn publication(topic: &str, delivery: Delivery, text: &str) -> Publication {
    let wire_type = if delivery == Delivery::Ephemeral { "blip" } else { "note" };
    let (stamp, wire_type, topic) = (clock::stamp(None), wire_type.into(), topic.into());
    let head = Head { stamp, wire_type, topic, delivery, heartbeat: false };
    Publication::new(head, &json!({ "text": text })).expect("encodes")
}
