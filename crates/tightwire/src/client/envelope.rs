//! The envelope around what a client sends: `{"v":1,"id":…,"type":…,"topic":…,"ts":…,"data":{…}}`.

use serde::Serialize;
use tightwire_proto::envelope::Stamp;
use uuid::Uuid;

#[derive(Serialize)]
struct Envelope<'a, T> {
    v: u8,
    id: Uuid,
    r#type: &'a str,
    topic: &'a str,
    ts: u64,
    data: &'a T,
}

/// A client's frame as JSON.
///
/// # Errors
/// If `data` cannot be written as JSON.
pub fn envelope(
    stamp: &Stamp,
    wire_type: &str,
    topic: &str,
    data: &impl Serialize,
) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Envelope { v: 1, id: stamp.id, r#type: wire_type, topic, ts: stamp.unix_ms, data })
}
