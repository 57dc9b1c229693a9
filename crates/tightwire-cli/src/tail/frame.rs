//! What a frame is to whoever compares servers.

use serde_json::Value;

/// A frame of a topic.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) id: String,
    pub(super) topic: String,
    pub(super) kind: String,
    /// None for a frame that is not kept for replay.
    pub(super) position: Option<Position>,
    /// What it says that frames are missing after, if that is what it says.
    pub(super) gap: Option<Position>,
}

/// A place in a topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Position {
    pub(super) epoch: String,
    pub(super) seq: u64,
}

impl Position {
    /// Whether whoever is at `other` has had this.
    pub(super) fn is_covered_by(&self, other: &Self) -> bool {
        self.epoch == other.epoch && self.seq <= other.seq
    }
}

/// What an event says.
#[derive(Debug, PartialEq)]
pub(super) enum Meaning {
    /// A frame of one of the topics.
    Frame(Frame),
    /// The server has subscribed the connection to the topics.
    Subscribed,
    /// Something of the session.
    Other,
}

/// Reads a frame, on a connection that asked for these topics.
pub(super) fn read(text: &str, topics: &[String]) -> Meaning {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return Meaning::Other };
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let topic = text("topic");
    let data = &value["data"];
    if !topics.contains(&topic) {
        // Whatever a contract calls it, it is the list of what is subscribed to.
        let listed = data["topics"].as_array().is_some_and(|listed| {
            topics.iter().all(|topic| listed.iter().any(|listed| listed.as_str() == Some(topic)))
        });
        return if listed { Meaning::Subscribed } else { Meaning::Other };
    }
    let position = |value: &Value, seq: &str| {
        Some(Position { epoch: value["epoch"].as_str()?.to_owned(), seq: value[seq].as_u64()? })
    };
    let found = position(&value, "seq");
    let gap = if found.is_none() && data["oldest_seq"].is_u64() { position(data, "latest_seq") } else { None };
    Meaning::Frame(Frame { id: text("id"), topic, kind: text("type"), position: found, gap })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Meaning) {
        assert_eq!(read(text, &["a".to_owned(), "b".to_owned()]), expected, "{text}");
    }

    #[test]
    fn frames_of_topics_and_of_the_session() {
        let frame = |position: Option<u64>, gap: Option<u64>| {
            let at = |seq| Position { epoch: "e".to_owned(), seq };
            let (id, topic, kind) = ("i".to_owned(), "a".to_owned(), "t".to_owned());
            Meaning::Frame(Frame { id, topic, kind, position: position.map(at), gap: gap.map(at) })
        };
        check(r#"{"id":"i","topic":"a","type":"t","seq":7,"epoch":"e","data":{}}"#, frame(Some(7), None));
        check(r#"{"id":"i","topic":"a","type":"t","data":{"topics":["a","b"]}}"#, frame(None, None));
        let gap = r#"{"id":"i","topic":"a","type":"t","data":{"epoch":"e","oldest_seq":0,"latest_seq":9}}"#;
        check(gap, frame(None, Some(9)));
        check(r#"{"topic":"system","data":{"topics":["b","a"]}}"#, Meaning::Subscribed);
        check(r#"{"topic":"system","data":{"topics":["a"]}}"#, Meaning::Other);
        check(r#"{"topic":"system","data":{}}"#, Meaning::Other);
        check("nonsense", Meaning::Other);
    }
}
