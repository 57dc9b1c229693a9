//! How far a client has read, of all its topics at once: the `id` of every event, and the `Last-Event-ID` with which the
//! client comes back.
//!
//! `<topics>!<epoch>:<seq>!:<seq>…`: a checksum of the topics, then a position for each in their order; an epoch that is
//! that of the topic before is left out. To clients it is opaque. It is as long as the client's topics are many, which
//! the limit of subscriptions bounds.

use std::fmt::Write;
use std::sync::Arc;

use tightwire_proto::frame::Position;
use tightwire_proto::inbound::{ReplayStart, StreamPosition};

/// How far a client has read.
#[derive(Debug)]
pub(super) struct Cursor {
    /// Sorted, unique.
    topics: Vec<Arc<str>>,
    positions: Vec<Position>,
    /// What stands for the topics.
    checksum: u32,
}

impl Cursor {
    /// Where each of the topics is. They are sorted and unique.
    pub(super) fn new(topics: Vec<Arc<str>>, positions: Vec<Position>) -> Self {
        debug_assert!(topics.is_sorted() && topics.len() == positions.len());
        Self { checksum: checksum(&topics), topics, positions }
    }

    /// Reads what a client sends back. `None` if it is no cursor; one of other topics is one of positions that never were,
    /// so that the client is told of a gap.
    pub(super) fn read(topics: Vec<Arc<str>>, text: &str) -> Option<Self> {
        let (found, rest) = text.split_once('!')?;
        let found = u32::from_str_radix(found, 16).ok()?;
        let checksum = checksum(&topics);
        let mut epoch: Arc<str> = "".into();
        let mut positions = Vec::new();
        for part in rest.split('!') {
            let (own, seq) = part.rsplit_once(':')?;
            if !own.is_empty() {
                epoch = own.into();
            }
            positions.push(Position { epoch: Arc::clone(&epoch), seq: seq.parse().ok()? });
        }
        if found != checksum || positions.len() != topics.len() {
            positions = vec![Position { epoch: "".into(), seq: 0 }; topics.len()];
        }
        Some(Self { topics, positions, checksum })
    }

    /// Each topic, and where to go on from.
    pub(super) fn starts(&self) -> Vec<(Arc<str>, ReplayStart)> {
        let start = |position| ReplayStart::Position(StreamPosition::from(position));
        self.topics.iter().cloned().zip(self.positions.iter().map(start)).collect()
    }

    /// The client has read up to this position of the topic.
    pub(super) fn advance(&mut self, topic: &str, position: Position) {
        if let Ok(index) = self.topics.binary_search_by(|known| (**known).cmp(topic)) {
            self.positions[index] = position;
        }
    }

    /// Writes it.
    pub(super) fn write(&self, text: &mut String) {
        // Writing to memory cannot fail.
        let _ = write!(text, "{:08x}", self.checksum);
        let mut epoch = "";
        for position in &self.positions {
            let own = if *position.epoch == *epoch { "" } else { &*position.epoch };
            let _ = write!(text, "!{own}:{}", position.seq);
            epoch = &position.epoch;
        }
    }
}

/// FNV-1a: the same in every process, which the one that the client comes back to need not share with this one.
fn checksum(topics: &[Arc<str>]) -> u32 {
    let bytes = topics.iter().flat_map(|topic| topic.bytes().chain([0]));
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn topics(names: &[&str]) -> Vec<Arc<str>> {
        names.iter().map(|name| Arc::from(*name)).collect()
    }

    fn written(cursor: &Cursor) -> String {
        let mut text = String::new();
        cursor.write(&mut text);
        text
    }

    #[test]
    fn epochs_are_written_where_they_change() {
        let at = |epoch: &str, seq| Position { epoch: epoch.into(), seq };
        let mut cursor = Cursor::new(topics(&["a", "b", "c"]), vec![at("e", 1), at("e", 2), at("e.1", 0)]);
        let text = written(&cursor);
        assert_eq!(text.split_once('!').expect("a checksum").1, "e:1!:2!e.1:0");
        cursor.advance("b", at("e", 3));
        cursor.advance("x", at("e", 9));
        assert_eq!(written(&cursor).split_once('!').expect("a checksum").1, "e:1!:3!e.1:0");
        let other = Cursor::read(topics(&["a", "b", "d"]), &text).expect("a cursor");
        assert!(other.positions.iter().all(|position| position.epoch.is_empty()), "{other:?}");
    }

    #[test]
    fn what_is_no_cursor_is_none() {
        for text in
            ["", "!", "x!e:1", "12!e", "12!e:x", "12!e:-1", "123456789!e:1", "0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e99"]
        {
            assert!(Cursor::read(topics(&["a"]), text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_went(
            positions in prop::collection::btree_map("[a-z:]{1,5}", ("[0-9a-f]{1,2}(\\.[0-9]{1,3})?", any::<u64>()), 1..20)
        ) {
            let names: Vec<Arc<str>> = positions.keys().map(|name| name.as_str().into()).collect();
            let position = |(epoch, seq): &(String, u64)| Position { epoch: epoch.as_str().into(), seq: *seq };
            let cursor = Cursor::new(names.clone(), positions.values().map(position).collect());
            let read = Cursor::read(names, &written(&cursor)).expect("a cursor");
            prop_assert_eq!(read.positions, cursor.positions);
        }
    }
}
