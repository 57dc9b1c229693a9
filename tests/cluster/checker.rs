//! Judges a run: every frame exactly once, in order, the same everywhere, and nothing missing that was acknowledged.
//!
//! From what all clients saw there is one log of each topic. Frames are told apart by the number in their content, so that
//! a message that is published twice is found though each of its frames has a position of its own.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::record::{Event, History, Outcome, Place, Record, Topic};

#[cfg(test)]
mod tests;

/// What may be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Nothing: each topic has one epoch, and nobody is told of a gap.
    None,
    /// What was published in an epoch before the topic's last one, to whoever is told so.
    EarlierEpochs,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// Two clients, or a client and the publisher, have something else at the same position.
    Different { topic: Topic, place: Place, one: (Uuid, Option<u64>), other: (Uuid, Option<u64>) },
    /// A publication has two positions.
    Doubled { topic: Topic, number: u64, places: [Place; 2] },
    /// A frame that nobody published to this topic.
    Foreign { topic: Topic, place: Place, number: Option<u64> },
    /// The publisher was told that it is not published.
    Refused { topic: Topic, place: Place, number: u64 },
    /// Nobody has what was acknowledged.
    Missing { topic: Topic, place: Place, number: u64 },
    /// A publisher's later publication comes before its earlier one.
    Overtaken { topic: Topic, lane: usize, earlier: Place, later: Place },
    /// A client got something else than the frame after the last one.
    Jump { client: String, topic: Topic, last: Place, next: Place },
    /// A client got a frame before it was told where it begins, or began twice.
    Unannounced { client: String, topic: Topic, next: Place },
    /// A client was told of a gap though nothing is lost.
    Gap { client: String, topic: Topic, last: Option<Place>, oldest: u64, latest: Place },
    /// A client believes that it is complete, and is not.
    Incomplete { client: String, topic: Topic, last: Option<Place>, end: Place },
    /// A topic began anew though nothing may be lost.
    Epochs { topic: Topic, epochs: Vec<Arc<str>> },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |place: &Option<Place>| place.as_ref().map_or_else(|| "nothing".to_owned(), Place::to_string);
        match self {
            Self::Different { topic, place, one, other } => {
                write!(f, "{topic} has two frames at {place}: {one:?} and {other:?}")
            }
            Self::Doubled { topic, number, places: [one, other] } => {
                write!(f, "{topic} has publication {number} twice, at {one} and at {other}")
            }
            Self::Foreign { topic, place, number } => {
                write!(f, "{topic} has at {place} what nobody published there (number {number:?})")
            }
            Self::Refused { topic, place, number } => {
                write!(f, "{topic} has publication {number} at {place}, which was refused")
            }
            Self::Missing { topic, place, number } => {
                write!(f, "{topic} lacks publication {number}, which was acknowledged at {place}")
            }
            Self::Overtaken { topic, lane, earlier, later } => {
                write!(f, "publisher {lane} published to {topic} first at {earlier}, then at {later}")
            }
            Self::Jump { client, topic, last, next } => write!(f, "{client} got {next} after {last} of {topic}"),
            Self::Unannounced { client, topic, next } => {
                write!(f, "{client} got {next} of {topic} and did not know where it began, or began twice")
            }
            Self::Gap { client, topic, last, oldest, latest } => {
                write!(f, "{client}, at {} of {topic}, was told of a gap up to {latest}", place(last))?;
                write!(f, " (oldest {oldest}), though nothing is lost")
            }
            Self::Incomplete { client, topic, last, end } => {
                write!(f, "{client} stopped at {} of {topic}, which ends at {end}", place(last))
            }
            Self::Epochs { topic, epochs } => write!(f, "{topic} began anew: its epochs are {epochs:?}"),
        }
    }
}

/// Everything that is wrong with a run.
pub(crate) fn check(record: &Record, loss: Loss) -> Vec<Violation> {
    let mut violations = Vec::new();
    let logs = Logs::gather(record, &mut violations);
    logs.check_contents(record, loss, &mut violations);
    logs.check_acknowledged(record, loss, &mut violations);
    for history in &record.histories {
        check_history(history, record, loss, &mut violations);
    }
    if loss == Loss::None {
        logs.check_epochs(&mut violations);
    }
    violations
}

/// What anyone has at each position.
struct Logs<'a> {
    frames: BTreeMap<Topic, HashMap<&'a Place, (Uuid, Option<u64>)>>,
}

impl<'a> Logs<'a> {
    fn gather(record: &'a Record, violations: &mut Vec<Violation>) -> Self {
        let mut frames = BTreeMap::<Topic, HashMap<_, _>>::new();
        let seen = record.histories.iter().flat_map(|history| &history.seen);
        for (topic, event) in seen {
            let Event::Frame { place, id, number } = event else { continue };
            let other = (*id, *number);
            let one = *frames.entry(*topic).or_default().entry(place).or_insert(other);
            if one != other {
                violations.push(Violation::Different { topic: *topic, place: place.clone(), one, other });
            }
        }
        Self { frames }
    }

    /// Every frame is a publication that was not refused, and none is there twice. Where earlier epochs may be lost, so may
    /// be what Redis knew of publications: then one that is tried again may be in both.
    fn check_contents(&self, record: &Record, loss: Loss, violations: &mut Vec<Violation>) {
        let published: HashMap<u64, _> =
            record.publications.iter().map(|publication| (publication.number, publication)).collect();
        let mut places = HashMap::<(u64, Option<&str>), &Place>::new();
        for (topic, frames) in &self.frames {
            let topic = *topic;
            for (&place, (_, number)) in frames {
                let known = number.and_then(|number| published.get(&number)).filter(|known| known.topic == topic);
                let Some(known) = known else {
                    violations.push(Violation::Foreign { topic, place: place.clone(), number: *number });
                    continue;
                };
                let number = known.number;
                let epoch = (loss == Loss::EarlierEpochs).then_some(&*place.epoch);
                if let Some(other) = places.insert((number, epoch), place) {
                    let mut places = [other.clone(), place.clone()];
                    places.sort_by_key(|place| place.seq);
                    violations.push(Violation::Doubled { topic, number, places });
                }
                if known.outcome == Outcome::Refused {
                    violations.push(Violation::Refused { topic, place: place.clone(), number });
                }
            }
        }
    }

    /// What was acknowledged is where the publisher was told, and in the order of its publications.
    fn check_acknowledged(&self, record: &Record, loss: Loss, violations: &mut Vec<Violation>) {
        let mut newest = HashMap::<(usize, Topic, &str), &Place>::new();
        for publication in &record.publications {
            let Outcome::Acknowledged { place, id } = &publication.outcome else { continue };
            let (topic, number) = (publication.topic, publication.number);
            let other = (*id, Some(number));
            match self.frames.get(&topic).and_then(|frames| frames.get(place)) {
                Some(one) if *one != other => {
                    violations.push(Violation::Different { topic, place: place.clone(), one: *one, other });
                }
                Some(_) => {}
                None if loss == Loss::EarlierEpochs && record.ends[&topic].epoch != place.epoch => {}
                None => violations.push(Violation::Missing { topic, place: place.clone(), number }),
            }
            let earlier = newest.insert((publication.lane, topic, &place.epoch), place);
            if let Some(earlier) = earlier.filter(|earlier| earlier.seq >= place.seq) {
                let (earlier, later) = (earlier.clone(), place.clone());
                violations.push(Violation::Overtaken { topic, lane: publication.lane, earlier, later });
            }
        }
    }

    fn check_epochs(&self, violations: &mut Vec<Violation>) {
        for (topic, frames) in &self.frames {
            let mut epochs: Vec<_> = frames.keys().map(|place| Arc::clone(&place.epoch)).collect();
            epochs.sort();
            epochs.dedup();
            if epochs.len() > 1 {
                violations.push(Violation::Epochs { topic: *topic, epochs });
            }
        }
    }
}

/// A client gets each frame after the one before, unless it is told that frames are lost, up to the end of the topic.
fn check_history(history: &History, record: &Record, loss: Loss, violations: &mut Vec<Violation>) {
    let client = || history.client.clone();
    let mut lasts = HashMap::<Topic, &Place>::new();
    for (topic, event) in &history.seen {
        let topic = *topic;
        let last = lasts.get(&topic).copied();
        match event {
            Event::Began(place) => {
                if last.is_some() {
                    violations.push(Violation::Unannounced { client: client(), topic, next: place.clone() });
                }
                lasts.insert(topic, place);
            }
            Event::Frame { place, .. } => {
                match last {
                    None => violations.push(Violation::Unannounced { client: client(), topic, next: place.clone() }),
                    Some(last) if place.epoch != last.epoch || place.seq != last.seq + 1 => {
                        let (last, next) = (last.clone(), place.clone());
                        violations.push(Violation::Jump { client: client(), topic, last, next });
                    }
                    Some(_) => {}
                }
                lasts.insert(topic, place);
            }
            Event::Gap { oldest, latest } => {
                let is_loss = last.is_some_and(|last| last.epoch != latest.epoch);
                if loss == Loss::None || !is_loss {
                    let (last, latest) = (last.cloned(), latest.clone());
                    violations.push(Violation::Gap { client: client(), topic, last, oldest: *oldest, latest });
                }
                lasts.insert(topic, latest);
            }
        }
    }
    for topic in &history.topics {
        let (last, end) = (lasts.get(topic).copied(), &record.ends[topic]);
        if last != Some(end) {
            let (last, end) = (last.cloned(), end.clone());
            violations.push(Violation::Incomplete { client: client(), topic: *topic, last, end });
        }
    }
}
