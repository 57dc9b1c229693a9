//! What happened in a run: what was published, what every client saw, and where the topics ended.
//!
//! Only facts are written down here, by publishers and readers; [`checker`](crate::checker) judges them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

/// A topic, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Topic(pub(crate) u16);

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "thread:{}", self.0)
    }
}

/// A position in a topic's log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) epoch: Arc<str>,
    pub(crate) seq: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.seq)
    }
}

/// What a publisher tried to publish, and what it was told.
#[derive(Clone, Debug)]
pub(crate) struct Publication {
    /// The publisher. It tries one publication at a time.
    pub(crate) lane: usize,
    /// Stands in the content; no other publication has it.
    pub(crate) number: u64,
    pub(crate) topic: Topic,
    pub(crate) outcome: Outcome,
}

/// What a publisher was told in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is published, there, as the frame with that id.
    Acknowledged { place: Place, id: Uuid },
    /// It is not published.
    Refused,
    /// It is not known whether it is published: the server said so, or the connection ended before an answer.
    Unknown,
}

/// What a client was told about a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// It gets every frame after that position.
    Began(Place),
    /// A frame. `None` instead of the number in its content if that is not what any publisher writes.
    Frame { place: Place, id: Uuid, number: Option<u64> },
    /// Frames are lost to it; those after `latest` follow.
    Gap { oldest: u64, latest: Place },
}

/// Everything that a client saw, in order, over all its connections.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) client: String,
    pub(crate) topics: Vec<Topic>,
    pub(crate) seen: Vec<(Topic, Event)>,
}

/// A run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) publications: Vec<Publication>,
    pub(crate) histories: Vec<History>,
    /// The newest position of every topic when all was over.
    pub(crate) ends: BTreeMap<Topic, Place>,
}

/// The content of the publication with that number.
pub(crate) fn content(number: u64) -> String {
    // As long as a short message of a person.
    format!("{number} {:0>64x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// The number of the publication with that content.
pub(crate) fn number(text: &str) -> Option<u64> {
    let number = text.split(' ').next()?.parse().ok()?;
    (content(number) == text).then_some(number)
}

#[test]
fn a_content_has_one_number() {
    assert_eq!(number(&content(12)), Some(12));
    for other in ["", "12", "hello", &content(12).replacen("12", "13", 1), &format!("{} ", content(12))] {
        assert_eq!(number(other), None, "{other}");
    }
}
