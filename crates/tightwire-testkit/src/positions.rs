//! Checks across frames: no frame arrives twice, and each topic's positions are dense.
//!
//! A schema sees one frame at a time; a lost or repeated frame only shows here. Called for every received frame.

use std::collections::{HashMap, HashSet};

use tightwire::proto::inbound::StreamPosition;
use uuid::Uuid;

use crate::frame::Frame;

/// What one connection has seen so far.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    ids: HashSet<Uuid>,
    /// By topic, the position of the newest frame.
    topics: HashMap<String, StreamPosition>,
}

impl Positions {
    /// Takes note of a frame. The error says what does not fit to the frames before it.
    pub(crate) fn observe(&mut self, frame: &Frame) -> Result<(), String> {
        if !self.ids.insert(frame.id) {
            return Err(format!("frame id {} has arrived before: every frame must have its own", frame.id));
        }
        let Some(position) = frame.position() else { return Ok(()) };
        let StreamPosition { epoch, seq } = position.clone();
        match self.topics.insert(frame.topic.clone(), position) {
            Some(last) if last.epoch == epoch && seq != last.seq + 1 => Err(format!(
                "seq {seq} on {} in epoch {epoch} follows seq {}: expected seq {}, so frames are {}",
                frame.topic,
                last.seq,
                last.seq + 1,
                if seq > last.seq { "missing" } else { "repeated or out of order" },
            )),
            _ => Ok(()),
        }
    }

    /// Lets the topic go on at any position: for a gap that was announced, or after a renewed subscription.
    pub(crate) fn forget(&mut self, topic: &str) {
        self.topics.remove(topic);
    }

    /// Lets a topic of which nothing has come begin behind this position.
    pub(crate) fn begin(&mut self, topic: &str, position: StreamPosition) {
        self.topics.entry(topic.to_owned()).or_insert(position);
    }

    /// Forgets every topic that is not among `topics`.
    pub(crate) fn keep_only(&mut self, topics: &[&str]) {
        self.topics.retain(|topic, _| topics.contains(&topic.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn frame(id: u128, topic: &str, position: Option<(&str, u64)>) -> Frame {
        Frame {
            id: Uuid::from_u128(id),
            wire_type: "note".to_owned(),
            topic: topic.to_owned(),
            ts: 0,
            correlation_id: None,
            seq: position.map(|(_, seq)| seq),
            epoch: position.map(|(epoch, _)| epoch.to_owned()),
            data: Value::Null,
        }
    }

    /// Frames are `topic epoch seq`; the first error, cut at the first colon, must be `expected`.
    #[track_caller]
    fn check(frames: &[(&str, &str, u64)], expected: Option<&str>) {
        let mut positions = Positions::default();
        let error = (1..)
            .zip(frames)
            .find_map(|(id, (topic, epoch, seq))| positions.observe(&frame(id, topic, Some((epoch, *seq)))).err());
        assert_eq!(error.as_deref(), expected);
    }

    #[test]
    fn a_topic_begins_anywhere_and_goes_on_densely() {
        check(&[("a", "e", 7), ("b", "e", 1), ("a", "e", 8), ("b", "e", 2)], None);
    }

    #[test]
    fn another_epoch_begins_anew() {
        check(&[("a", "e", 7), ("a", "f", 1), ("a", "f", 2)], None);
    }

    #[test]
    fn a_hole_is_an_error() {
        check(
            &[("a", "e", 7), ("a", "e", 9)],
            Some("seq 9 on a in epoch e follows seq 7: expected seq 8, so frames are missing"),
        );
    }

    #[test]
    fn a_topic_begins_where_the_server_says() {
        let told = |seq| StreamPosition { epoch: "e".to_owned(), seq };
        let mut positions = Positions::default();
        positions.begin("a", told(4));
        positions.observe(&frame(1, "a", Some(("e", 5)))).unwrap();
        // What has come already is nearer the truth.
        positions.begin("a", told(3));
        positions.observe(&frame(2, "a", Some(("e", 6)))).unwrap();
        positions.begin("b", told(0));
        positions.observe(&frame(3, "b", Some(("e", 2)))).unwrap_err();
    }

    #[test]
    fn a_repetition_is_an_error() {
        let expected = "seq 7 on a in epoch e follows seq 7: expected seq 8, so frames are repeated or out of order";
        check(&[("a", "e", 7), ("a", "e", 7)], Some(expected));
    }

    #[test]
    fn an_id_must_not_come_twice() {
        let mut positions = Positions::default();
        assert_eq!(positions.observe(&frame(1, "a", None)), Ok(()));
        let error = positions.observe(&frame(1, "b", None)).unwrap_err();
        assert!(error.contains("has arrived before"), "{error}");
    }

    #[test]
    fn a_forgotten_topic_may_jump() {
        let mut positions = Positions::default();
        positions.observe(&frame(1, "a", Some(("e", 1)))).unwrap();
        positions.observe(&frame(2, "b", Some(("e", 1)))).unwrap();
        positions.keep_only(&["b"]);
        positions.observe(&frame(3, "a", Some(("e", 5)))).unwrap();
        positions.observe(&frame(4, "b", Some(("e", 5)))).unwrap_err();
        positions.forget("b");
        positions.observe(&frame(5, "b", Some(("e", 9)))).unwrap();
    }
}
