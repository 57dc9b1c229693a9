//! How far this node's subscribers are with their topics.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tightwire_proto::frame::Position;

use super::mark::Mark;

/// So many topics are looked through at least before those are forgotten that nobody is subscribed to.
const LEAST: usize = 1024;

/// The newest position that was handed to the subscribers, by topic. Topics without subscribers may be among them.
#[derive(Debug, Default)]
pub(super) struct Followed(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    topics: HashMap<Arc<str>, Place>,
    /// How many there were after those without subscribers were forgotten.
    kept: usize,
}

#[derive(Debug)]
struct Place {
    position: Position,
    /// How far the shard was then.
    mark: Mark,
    /// Whether this is only what some subscriber was told, who has everything up to here. The reader may not be there yet,
    /// and other subscribers may wait for what comes before.
    is_told: bool,
}

impl State {
    fn retain(&mut self, stays: impl Fn(&str) -> bool) {
        self.topics.retain(|topic, _| stays(topic));
        self.kept = self.topics.len();
        self.topics.shrink_to(2 * self.kept);
    }
}

impl Place {
    fn at(position: Position, mark: Mark) -> Self {
        Self { position, mark, is_told: false }
    }
}

/// What a frame is for the subscribers of its topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The next; with this epoch.
    Next(Arc<str>),
    /// They have it.
    Old,
    /// Frames before it are missing.
    Missing,
}

impl Followed {
    /// Takes a step, if it is the next. `mark` is that of the frame.
    pub(super) fn step(&self, topic: &str, epoch: &str, seq: u64, mark: Mark) -> Step {
        let mut state = self.state();
        let Some(place) = state.topics.get_mut(topic) else { return Step::Next(epoch.into()) };
        if mark.generation < place.mark.generation && *place.position.epoch != *epoch {
            // Redis has lost this. The subscribers were told so before it was read.
            return Step::Old;
        }
        let is_told = std::mem::replace(&mut place.is_told, false);
        let position = &mut place.position;
        if *position.epoch != *epoch {
            // A topic that was forgotten begins anew: nobody published to it for longer than frames are kept.
            if seq != 1 || position.epoch.is_empty() || mark.generation != place.mark.generation {
                return Step::Missing;
            }
            *position = Position { epoch: epoch.into(), seq };
        } else if seq > position.seq + 1 {
            return Step::Missing;
        } else if seq <= position.seq && !is_told {
            return Step::Old;
        } else {
            position.seq = seq;
        }
        place.mark = mark;
        Step::Next(Arc::clone(&place.position.epoch))
    }

    /// A frame passes that nobody is subscribed to.
    pub(super) fn pass(&self, topic: &str, epoch: &str, seq: u64, mark: Mark) {
        if let Some(place) = self.state().topics.get_mut(topic) {
            if *place.position.epoch != *epoch {
                place.position.epoch = epoch.into();
            }
            place.position.seq = seq;
            place.mark = mark;
            place.is_told = false;
        }
    }

    /// The subscribers have everything up to here.
    pub(super) fn set(&self, topic: &Arc<str>, position: Position, mark: Mark) {
        self.state().topics.insert(Arc::clone(topic), Place::at(position, mark));
    }

    /// The topic begins in a new epoch, which is not known, and of which the subscribers have not been told.
    pub(super) fn lose(&self, topic: &Arc<str>, mark: Mark) {
        self.set(topic, Position { epoch: Arc::default(), seq: 0 }, mark);
    }

    /// Somebody here is told that the topic is here, and has everything up to here.
    pub(super) fn told(&self, topic: &Arc<str>, position: &Position, mark: Mark) {
        let mut state = self.state();
        let told = || Place { position: position.clone(), mark, is_told: true };
        let place = state.topics.entry(Arc::clone(topic)).or_insert_with(told);
        if place.is_told && place.position.epoch == position.epoch {
            place.position.seq = place.position.seq.min(position.seq);
        }
    }

    /// The subscribers have at least everything up to here. `mark` is that of whoever said where the topic is, and this node
    /// has handed out everything up to it.
    pub(super) fn at_least(&self, topic: &Arc<str>, position: &Position, mark: Mark) {
        let mut state = self.state();
        let place = state.topics.entry(Arc::clone(topic)).or_insert_with(|| Place::at(position.clone(), mark));
        if place.position.epoch == position.epoch {
            place.position.seq = place.position.seq.max(position.seq);
            place.is_told = false;
        } else if place.mark <= mark && !place.position.epoch.is_empty() {
            // The topic was forgotten meanwhile.
            *place = Place::at(position.clone(), mark);
        }
    }

    pub(super) fn get(&self, topic: &str) -> Option<Position> {
        self.state().topics.get(topic).map(|place| place.position.clone())
    }

    /// Forgets topics without subscribers, if there are many.
    pub(super) fn tidy(&self, has_subscribers: impl Fn(&str) -> bool) {
        let mut state = self.state();
        if state.topics.len() >= LEAST.max(2 * state.kept) {
            state.retain(has_subscribers);
        }
    }

    /// Forgets topics.
    pub(super) fn retain(&self, stays: impl Fn(&str) -> bool) {
        self.state().retain(stays);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const M: Mark = Mark { generation: 1, number: 7 };

    fn at(epoch: &str, seq: u64) -> Position {
        Position { epoch: epoch.into(), seq }
    }

    #[test]
    fn frames_are_next_old_or_missing() {
        let followed = Followed::default();
        let (a, next) = ("a".into(), |epoch: &str| Step::Next(epoch.into()));
        assert_eq!(followed.step("a", "e", 7, M), next("e"), "nothing is known");
        followed.set(&a, at("e", 7), M);
        assert_eq!(followed.step("a", "e", 7, M), Step::Old);
        assert_eq!(followed.step("a", "e", 9, M), Step::Missing);
        assert_eq!(followed.step("a", "e", 8, M), next("e"));
        assert_eq!(followed.step("a", "e", 8, M), Step::Old);
        assert_eq!(followed.step("a", "f", 2, M), Step::Missing);
        assert_eq!(followed.step("a", "f", 1, M), next("f"));
        assert_eq!(followed.get("a"), Some(at("f", 1)));
    }

    #[test]
    fn topics_begin_anew_without_a_word_within_a_generation_only() {
        let (followed, a) = (Followed::default(), "a".into());
        let of = |generation| Mark { generation, number: 1 };
        // A generation begins, and ends while its first frame is being read: the subscribers are told of the next.
        followed.set(&a, at("next", 0), of(3));
        assert_eq!(followed.step("a", "lost", 1, of(2)), Step::Old);
        assert_eq!(followed.get("a"), Some(at("next", 0)));
        assert_eq!(followed.step("a", "one more", 1, of(4)), Step::Missing, "nobody was told");
        assert_eq!(followed.step("a", "next, later", 1, of(3)), Step::Next("next, later".into()));
    }

    #[test]
    fn what_is_known_better_stays() {
        let (followed, a) = (Followed::default(), "a".into());
        followed.at_least(&a, &at("e", 3), M);
        followed.at_least(&a, &at("e", 2), M);
        assert_eq!(followed.get("a"), Some(at("e", 3)));
        followed.at_least(&a, &at("f", 9), Mark::default());
        assert_eq!(followed.get("a"), Some(at("e", 3)), "that is older");
        followed.at_least(&a, &at("e", 4), M);
        assert_eq!(followed.get("a"), Some(at("e", 4)));
    }

    #[test]
    fn a_topic_that_was_forgotten_is_where_it_was_told_to_be_later() {
        let (followed, a) = (Followed::default(), "a".into());
        let later = |number| Mark { number: M.number + number, ..M };
        followed.set(&a, at("e", 3), M);
        followed.at_least(&a, &at("f", 0), later(2));
        assert_eq!(followed.get("a"), Some(at("f", 0)));
        followed.at_least(&a, &at("e", 3), later(1));
        assert_eq!(followed.get("a"), Some(at("f", 0)), "that was said before");
        assert_eq!(followed.step("a", "f", 1, later(3)), Step::Next("f".into()));
        followed.at_least(&a, &at("g", 0), later(2));
        assert_eq!(followed.get("a"), Some(at("f", 1)));
    }

    #[test]
    fn what_one_subscriber_was_told_is_not_what_others_have() {
        let (followed, a) = (Followed::default(), "a".into());
        followed.told(&a, &at("e", 10), M);
        followed.told(&a, &at("e", 8), M);
        followed.told(&a, &at("e", 9), M);
        assert_eq!(followed.get("a"), Some(at("e", 8)), "whoever was told 8 waits for 9");
        assert_eq!(followed.step("a", "e", 7, M), Step::Next("e".into()), "the reader comes later");
        followed.told(&a, &at("e", 3), M);
        assert_eq!(followed.step("a", "e", 7, M), Step::Old);
        assert_eq!(followed.step("a", "e", 8, M), Step::Next("e".into()));
        let b = "b".into();
        followed.told(&b, &at("e", 2), M);
        assert_eq!(followed.step("b", "e", 4, M), Step::Missing);
        followed.at_least(&b, &at("e", 2), M);
        assert_eq!(followed.step("b", "e", 2, M), Step::Old);
    }

    #[test]
    fn topics_without_subscribers_are_forgotten_when_they_are_many() {
        let followed = Followed::default();
        let add = |range: std::ops::Range<usize>| {
            for number in range {
                followed.set(&number.to_string().into(), at("e", 1), M);
                followed.tidy(|topic| topic.len() == 1);
            }
        };
        add(0..LEAST - 1);
        assert_eq!(followed.state().topics.len(), LEAST - 1);
        add(LEAST - 1..LEAST);
        assert_eq!(followed.state().topics.len(), 10);
        add(0..100 * LEAST);
        assert!(followed.state().topics.len() < LEAST);
    }
}
