//! The logs of many topics, and what they cost.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use super::{Gap, Replay, ReplayLog, Retention};
use crate::envelope::Publication;
use crate::frame::{OutboundFrame, Position};
use crate::inbound::ReplayStart;

/// What a topic takes beside its frames: its log, its name, and its places in the tables, with their slots in reserve.
const TOPIC: usize = 2 * (size_of::<Topic>() + size_of::<Arc<str>>()) + 4 * size_of::<(u64, Arc<str>)>() + 32;

/// The logs of many topics.
///
/// A log whose frames are all forgotten remains as a mark of where the topic is. Should that be forgotten too, the topic
/// begins anew in an epoch that it never had: whoever comes back is told of a gap.
#[derive(Debug)]
pub struct Logs {
    retention: Retention,
    /// What every epoch begins with.
    name: Arc<str>,
    /// How many topics were forgotten.
    forgotten: u64,
    /// The epoch of logs that begin now.
    epoch: Arc<str>,
    topics: HashMap<Arc<str>, Topic>,
    ledger: Ledger,
}

#[derive(Debug)]
struct Topic {
    log: ReplayLog,
    /// When it was last published to, among all publications.
    turn: u64,
}

/// What follows from what the logs hold.
#[derive(Debug, Default)]
struct Ledger {
    /// Topics with frames, by their last turn.
    kept: BTreeMap<u64, Arc<str>>,
    /// Topics without, by their last turn.
    emptied: BTreeMap<u64, Arc<str>>,
    totals: Totals,
}

/// What the logs hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Topics, those included that have no frames any more.
    pub topics: usize,
    /// Frames.
    pub frames: usize,
    /// The memory that all of it takes.
    pub bytes: usize,
}

impl Logs {
    /// No logs. Their epochs will begin with `name`, which should be another one each time.
    #[must_use]
    pub fn new(name: Arc<str>, retention: Retention) -> Self {
        Self {
            retention,
            forgotten: 0,
            epoch: Arc::clone(&name),
            name,
            topics: HashMap::new(),
            ledger: Ledger::default(),
        }
    }

    /// Gives the publication the next position of its topic and keeps it. `turn` is higher each time.
    pub fn append(&mut self, publication: Publication, turn: u64, now: Instant) -> OutboundFrame {
        let Self { retention, epoch, topics, ledger, .. } = self;
        let topic = &publication.head().topic;
        // The name that the topic has already, so that its frames share it.
        let name = topics.get_key_value(topic).map_or_else(|| Arc::clone(topic), |(name, _)| Arc::clone(name));
        let topic = topics.entry(Arc::clone(&name)).or_insert_with(|| {
            ledger.totals.topics += 1;
            ledger.totals.bytes += TOPIC + name.len();
            Topic { log: ReplayLog::new(Arc::clone(epoch)), turn }
        });
        let publication = publication.sharing(&name);
        ledger.change(&name, topic, Some(turn), |log| log.append(publication, retention, now))
    }

    /// Everything that the topic's log has after `start`, or a gap.
    pub fn after(&mut self, topic: &str, start: &ReplayStart, now: Instant) -> Replay {
        if let Some(found) = self.topics.get_mut(topic) {
            return self.ledger.change(topic, found, None, |log| log.after(start, &self.retention, now));
        }
        let begin = self.position(topic);
        if *start == ReplayStart::Position((&begin).into()) {
            Replay::Complete(Vec::new())
        } else {
            Replay::Gap(Gap { epoch: begin.epoch, oldest: 0, latest: 0 })
        }
    }

    /// The topic's newest position.
    #[must_use]
    pub fn position(&self, topic: &str) -> Position {
        let begin = || Position { epoch: Arc::clone(&self.epoch), seq: 0 };
        self.topics.get(topic).map_or_else(begin, |topic| topic.log.position())
    }

    /// What the logs hold.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.ledger.totals
    }

    /// The last turn of the topic with frames that was not published to for longest.
    #[must_use]
    pub fn oldest_kept(&self) -> Option<u64> {
        self.ledger.kept.keys().next().copied()
    }

    /// The same of all topics, those without frames included.
    #[must_use]
    pub fn oldest(&self) -> Option<u64> {
        self.ledger.kept.keys().next().into_iter().chain(self.ledger.emptied.keys().next()).min().copied()
    }

    /// Forgets the oldest frame of the topic that was not published to for longest. False if there is none.
    pub fn forget_frame(&mut self) -> bool {
        let Some(name) = self.ledger.kept.values().next().cloned() else { return false };
        let Some(topic) = self.topics.get_mut(&name) else { return false };
        self.ledger.change(&name, topic, None, ReplayLog::forget_oldest);
        true
    }

    /// Forgets the topic that was not published to for longest, and that it ever was. False if there is none.
    pub fn forget_topic(&mut self) -> bool {
        let Some(turn) = self.oldest() else { return false };
        let Some(name) = self.ledger.take(turn) else { return false };
        if let Some(topic) = self.topics.remove(&name) {
            let totals = &mut self.ledger.totals;
            totals.topics -= 1;
            totals.frames -= topic.log.len();
            totals.bytes -= topic.log.bytes() + TOPIC + name.len();
        }
        // What begins from now on must not be taken for what was forgotten.
        self.forgotten += 1;
        self.epoch = format!("{}.{}", self.name, self.forgotten).into();
        true
    }

    /// Forgets frames that are too old, of topics that nobody publishes to; at most so many. To be called now and then:
    /// topics that are published to see to it themselves.
    pub fn sweep(&mut self, now: Instant, at_most: usize) {
        for _ in 0..at_most {
            let oldest = self.ledger.kept.values().next().and_then(|topic| self.topics.get(topic)?.log.oldest());
            if oldest.is_none_or(|at| now.duration_since(at) <= self.retention.age) || !self.forget_frame() {
                return;
            }
        }
    }
}

impl Ledger {
    /// Changes a log, and with it what depends on what it holds; with a turn, if it is published to.
    fn change<T>(
        &mut self,
        name: &str,
        topic: &mut Topic,
        turn: Option<u64>,
        change: impl FnOnce(&mut ReplayLog) -> T,
    ) -> T {
        let (frames, bytes) = (topic.log.len(), topic.log.bytes());
        let result = change(&mut topic.log);
        self.totals.frames = self.totals.frames - frames + topic.log.len();
        self.totals.bytes = self.totals.bytes - bytes + topic.log.bytes();
        if turn.is_some() || (frames == 0) != topic.log.is_empty() {
            let name = self.take(topic.turn).unwrap_or_else(|| name.into());
            topic.turn = turn.unwrap_or(topic.turn);
            let order = if topic.log.is_empty() { &mut self.emptied } else { &mut self.kept };
            order.insert(topic.turn, name);
        }
        result
    }

    /// Takes the topic with this last turn out of its order.
    fn take(&mut self, turn: u64) -> Option<Arc<str>> {
        self.kept.remove(&turn).or_else(|| self.emptied.remove(&turn))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::contract::Delivery;
    use crate::envelope::{Head, Stamp};

    fn publication(topic: &str, id: u64) -> Publication {
        let head = Head {
            stamp: Stamp { id: Uuid::from_u128(id.into()), unix_ms: 0, correlation_id: Uuid::nil() },
            wire_type: "note".into(),
            topic: topic.into(),
            delivery: Delivery::Durable,
            heartbeat: false,
        };
        Publication::new(head, &json!({})).expect("encodes")
    }

    /// Logs to which it was published, one second after the other, in the order of these topics of one letter.
    fn logs(began: Instant, topics: &str) -> Logs {
        let retention = Retention { frames: 3, age: Duration::from_secs(10), bytes: 1 << 20 };
        let mut logs = Logs::new("e".into(), retention);
        for (turn, topic) in (0..).zip(topics.chars()) {
            let now = began + Duration::from_secs(turn);
            let frame = logs.append(publication(&topic.to_string(), turn), turn, now);
            assert_eq!(*frame.tag().topic, *topic.to_string());
        }
        logs
    }

    /// What is kept of each topic: `a:2..3` for two frames, `a:-3` for none of three.
    fn kept(logs: &mut Logs, now: Instant) -> String {
        let mut names: Vec<Arc<str>> = logs.topics.keys().cloned().collect();
        names.sort();
        let start = ReplayStart::FrameId(Uuid::max());
        let kept = names.iter().map(|name| match logs.after(name, &start, now) {
            Replay::Gap(Gap { oldest: 0, latest, .. }) => format!("{name}:-{latest}"),
            Replay::Gap(Gap { oldest, latest, .. }) => format!("{name}:{oldest}..{latest}"),
            Replay::Complete(_) => unreachable!("there is no such frame"),
        });
        kept.collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn check(topics: &str, change: impl FnOnce(&mut Logs), expected: &str) {
        let began = Instant::now();
        let mut logs = logs(began, topics);
        change(&mut logs);
        assert_eq!(kept(&mut logs, began), expected);
        let frames: usize = logs.topics.values().map(|topic| topic.log.len()).sum();
        let bytes: usize = logs.topics.iter().map(|(name, topic)| topic.log.bytes() + TOPIC + name.len()).sum();
        assert_eq!(logs.totals(), Totals { topics: logs.topics.len(), frames, bytes });
    }

    #[test]
    fn frames_go_first_where_nobody_has_published_for_longest() {
        check("abacaa", |_| (), "a:2..4 b:1..1 c:1..1");
        let forget = |times| move |logs: &mut Logs| assert!((0..times).all(|_| logs.forget_frame()));
        check("abacaa", forget(1), "a:2..4 b:-1 c:1..1");
        check("abacaa", forget(2), "a:2..4 b:-1 c:-1");
        check("abacaa", forget(4), "a:4..4 b:-1 c:-1");
        check("abacaa", |logs| assert!(!(0..6).all(|_| logs.forget_frame())), "a:-4 b:-1 c:-1");
    }

    #[test]
    fn topics_are_forgotten_in_the_same_order() {
        let forget = |times| move |logs: &mut Logs| assert!((0..times).all(|_| logs.forget_topic()));
        check("abacaa", forget(1), "a:2..4 c:1..1");
        check("abacaa", forget(2), "a:2..4");
        check("abacaa", forget(3), "");
        check("", |logs| assert!(!logs.forget_topic() && !logs.forget_frame()), "");
    }

    #[test]
    fn what_nobody_touches_expires() {
        let sweep = |seconds, at_most| {
            move |logs: &mut Logs| {
                let began = logs.topics["b"].log.oldest().expect("a frame") - Duration::from_secs(1);
                logs.sweep(began + Duration::from_secs(seconds), at_most);
            }
        };
        check("abacaa", sweep(11, 10), "a:2..4 b:1..1 c:1..1");
        check("abacaa", sweep(12, 10), "a:2..4 b:-1 c:1..1");
        check("abacaa", sweep(60, 10), "a:-4 b:-1 c:-1");
        check("abacaa", sweep(60, 3), "a:3..4 b:-1 c:-1");
    }

    #[test]
    fn a_topic_that_was_forgotten_begins_in_an_epoch_that_it_never_had() {
        let now = Instant::now();
        let mut logs = logs(now, "aab");
        let (before, elsewhere) = (logs.position("a"), logs.position("b"));
        assert_eq!((&*before.epoch, before.seq), ("e", 2));
        assert!(logs.forget_topic());
        let start = |position: &Position| ReplayStart::Position(position.into());
        assert!(matches!(logs.after("a", &start(&before), now), Replay::Gap(Gap { oldest: 0, latest: 0, .. })));
        let begin = logs.position("a");
        assert!(matches!(logs.after("a", &start(&begin), now), Replay::Complete(frames) if frames.is_empty()));
        for turn in 3..5 {
            logs.append(publication("a", turn), turn, now);
        }
        let after = logs.position("a");
        assert_eq!((&*after.epoch, after.seq), ("e.1", 2));
        assert!(matches!(logs.after("a", &start(&before), now), Replay::Gap(Gap { oldest: 1, latest: 2, .. })));
        assert!(matches!(logs.after("a", &start(&begin), now), Replay::Complete(frames) if frames.len() == 2));
        assert_eq!(logs.position("b"), elsewhere, "the others go on as they were");
    }
}
