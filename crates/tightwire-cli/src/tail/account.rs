//! What one server owes.
//!
//! Its debt follows from positions alone: it must deliver every position of a topic once and in order, from the first one that
//! it delivered or that another one delivered while it had been listening for a while. So a frame that comes late, because the
//! server was down and the connection went on where it was, is late and not lost.

use std::collections::HashMap;

use super::frame::{Frame, Position};

/// What came of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Whether there ever was a connection.
    pub(super) reached: bool,
    pub(super) delivered: u64,
    /// Those of them that came after their row was shown.
    pub(super) late: u64,
    pub(super) lost: u64,
    /// Delivered again, or after later ones, or in another epoch without a word.
    pub(super) disordered: u64,
    /// How often the server said itself that frames are missing.
    pub(super) gaps: u64,
}

/// What a server has delivered, and so what it has not.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) tally: Tally,
    /// Up to where each topic was delivered.
    last: HashMap<String, Position>,
}

impl Account {
    /// The server says itself that frames are missing, up to a position.
    pub(super) fn tell(&mut self, topic: &str, gap: &Position) {
        self.tally.gaps += 1;
        self.last.insert(topic.to_owned(), gap.clone());
    }

    /// Whether the server has delivered the frame or a later one before.
    pub(super) fn is_behind(&self, frame: &Frame) -> bool {
        let last = frame.position.as_ref().zip(self.last.get(&frame.topic));
        last.is_some_and(|(position, last)| position.is_covered_by(last))
    }

    /// The server delivers a frame. What is wrong with it, if it does not come where it should.
    pub(super) fn deliver(&mut self, frame: &Frame) -> Option<String> {
        self.tally.delivered += 1;
        let position = frame.position.as_ref()?;
        let topic = &frame.topic;
        let last = self.last.insert(topic.clone(), position.clone())?;
        if last.epoch != position.epoch {
            self.tally.disordered += 1;
            Some(format!("went on in another epoch of {topic} without a word: {} after {}", position.epoch, last.epoch))
        } else if position.seq <= last.seq {
            self.tally.disordered += 1;
            let text = format!("delivered {topic} {} after {}", position.seq, last.seq);
            // What was delivered later stays the place from which to go on.
            self.last.insert(topic.clone(), last);
            Some(text)
        } else if position.seq - last.seq > 1 {
            let lost = position.seq - last.seq - 1;
            self.tally.lost += lost;
            Some(format!("lost {lost} frames of {topic}, from {} on", last.seq + 1))
        } else {
            None
        }
    }

    /// From this position on the server owes the topic, if it does not do so already.
    pub(super) fn owe(&mut self, topic: &str, from: &Position) {
        let before = || Position { epoch: from.epoch.clone(), seq: from.seq.saturating_sub(1) };
        self.last.entry(topic.to_owned()).or_insert_with(before);
    }

    /// What came of it: whatever is owed now, up to the newest position of each topic, is lost.
    pub(super) fn close(mut self, newest: &HashMap<String, Position>) -> Tally {
        for (topic, last) in &self.last {
            let newest = newest.get(topic).filter(|newest| newest.epoch == last.epoch);
            self.tally.lost += newest.map_or(0, |newest| newest.seq.saturating_sub(last.seq));
        }
        self.tally
    }
}
