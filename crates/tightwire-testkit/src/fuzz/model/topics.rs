//! The frames of topics: what was seen of each, by whomever, and where each client is.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::{Class, Message, Model, Verdict};
use crate::json;

/// What all clients together have seen.
#[derive(Debug, Default)]
pub(super) struct Topics {
    logs: HashMap<String, Log>,
}

/// What was seen of a topic.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// By epoch and position, the frame.
    frames: BTreeMap<(String, u64), Box<[u8]>>,
    /// By id, the epoch and the position.
    by_id: HashMap<String, (String, u64)>,
    /// The epoch of the newest frame.
    epoch: String,
}

/// Where a client is in a topic.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// The frame that it has had last. None where it may begin anywhere.
    pub(super) last: Option<(String, u64)>,
    /// Where it has asked to be resumed, until that has happened.
    pub(super) resumed: Option<(String, u64)>,
    /// The same where the frame behind it has come, and nobody can tell whether that was the replay or still a live frame.
    perhaps: Option<(String, u64)>,
    /// Whether it was subscribed when it asked to be resumed: until that has happened, live frames may come, too.
    pub(super) was_live: bool,
    /// Whether anything has come since it is subscribed.
    has_begun: bool,
    /// The newest frame that it has had.
    newest: Option<(String, u64)>,
}

/// What is known of a frame with a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Novelty {
    /// Nobody has seen it before.
    New,
    /// Another client has.
    NewToClient,
    /// The client itself has.
    Known,
}

impl Place {
    /// Lets the topic go on behind that position. `was_live` says whether the client has its frames already.
    pub(super) fn resume(&mut self, position: (String, u64), was_live: bool) {
        (self.resumed, self.was_live) = (Some(position), was_live);
    }

    /// Lets the topic go on from wherever that is.
    pub(super) fn begin_anywhere(&mut self) {
        (self.last, self.resumed, self.perhaps, self.has_begun) = (None, None, None, false);
    }
}

impl Topics {
    pub(super) fn log(&self, topic: &str) -> Option<&Log> {
        self.logs.get(topic)
    }
}

impl Log {
    /// The position of a frame that somebody has seen.
    pub(super) fn find(&self, id: &str) -> Option<&(String, u64)> {
        self.by_id.get(&id.to_ascii_lowercase())
    }

    pub(super) fn knows(&self, epoch: &str, seq: u64) -> bool {
        self.frames.contains_key(&(epoch.to_owned(), seq))
    }

    /// How many frames there are of the newest epoch.
    pub(super) fn len(&self) -> u64 {
        self.frames.range((self.epoch.clone(), 0)..=(self.epoch.clone(), u64::MAX)).count() as u64
    }

    /// The newest position.
    pub(super) fn newest(&self) -> Option<(&str, u64)> {
        let last = self.frames.range((self.epoch.clone(), 0)..=(self.epoch.clone(), u64::MAX)).next_back();
        last.map(|((epoch, seq), _)| (epoch.as_str(), *seq))
    }

    /// Some frame before the newest one, or the oldest there is: the id, the epoch and the position.
    fn before_newest(&self, back: usize) -> Option<(String, u64, String)> {
        let frames = self.frames.range((self.epoch.clone(), 0)..=(self.epoch.clone(), u64::MAX));
        let ((epoch, seq), text) = frames.rev().take(back + 1).last()?;
        let frame: Value = serde_json::from_slice(text).ok()?;
        Some((epoch.clone(), *seq, frame["id"].as_str()?.to_owned()))
    }
}

impl<'p> Model<'p> {
    /// A position to resume at: a frame of the topic that somebody has seen, so many before the newest. Its epoch, its
    /// position and its id.
    #[must_use]
    pub fn position(&self, topic: &str, back: usize) -> Option<(String, u64, String)> {
        self.topics.log(topic)?.before_newest(back)
    }

    /// A frame with a position.
    pub(super) fn published(
        &mut self,
        client: usize,
        message: &'p Message,
        value: &Value,
        text: &[u8],
    ) -> Verdict<Novelty> {
        let shown = || json::one_line(value);
        let topic = value["topic"].as_str().unwrap_or_default();
        let (Some(epoch), Some(seq)) = (value["epoch"].as_str(), value["seq"].as_u64()) else {
            return Ok(Novelty::New);
        };
        if !self.protocol.may_come_on(message, topic) {
            let what = format!("`{}` came on a topic of another channel", message.key);
            return self.fault(Class::WrongType, client, None, what, "a message of the topic's channel", shown());
        }
        let Some(Some(reader)) = self.clients.get_mut(client) else { return Ok(Novelty::New) };
        let is_asked = reader.debts.iter().any(|debt| {
            debt.operation().is_some_and(|operation| operation.subscribes) && debt.topic.as_deref() == Some(topic)
        });
        if !reader.subscriptions.contains(topic) && !is_asked {
            let key = self.protocol.correlation(message, value);
            let refused = reader.debts.iter().find(|debt| debt.key == key && debt.is_violation());
            if let Some((step, expected)) = refused.map(|debt| (debt.step, debt.expected())) {
                let what = format!("a frame that violates the contract was answered with `{}`", message.key);
                return self.fault(Class::AcceptedInvalid, client, Some(step), what, expected, shown());
            }
            let (class, what) = if reader.left.contains(topic) {
                (Class::UnsubscribedFrame, format!("a frame of {topic} came after the topic was left"))
            } else {
                (Class::WrongTopic, format!("a frame of {topic} came, which the client did not ask for"))
            };
            let subscriptions: Vec<_> = reader.subscriptions.iter().map(String::as_str).collect();
            let expected = format!("frames of [{}]", subscriptions.join(", "));
            return self.fault(class, client, None, what, expected, shown());
        }
        let place = reader.places.entry(topic.to_owned()).or_default();
        let follows = |at: &(String, u64)| at.0 == epoch && at.1 + 1 == seq;
        let is_replay = place.resumed.as_ref().is_some_and(&follows);
        let is_next = place
            .last
            .as_ref()
            .map_or(place.resumed.is_none() || place.was_live, |last| last.0 != epoch || follows(last));
        let is_late_replay = place.perhaps.as_ref().is_some_and(&follows);
        if !is_replay && !is_next && !is_late_replay {
            let at = |at: &Option<(String, u64)>| at.as_ref().map(|(epoch, seq)| format!("{}@{epoch}", seq + 1));
            let expected: Vec<_> = at(&place.last).into_iter().chain(at(&place.resumed)).collect();
            let what = format!("frames of {topic} are missing, repeated or out of order");
            let class = if place.last.is_none() { Class::ReplayDiffers } else { Class::Order };
            return self.fault(class, client, None, what, format!("#{}", expected.join(" or #")), shown());
        }
        if is_replay {
            let resumed = place.resumed.take();
            place.perhaps = resumed.filter(|_| is_next && place.was_live);
        } else if !is_next {
            place.perhaps = None;
        }
        place.last = Some((epoch.to_owned(), seq));
        place.has_begun = true;
        let is_known = place.newest.as_ref().is_some_and(|newest| newest.0 == epoch && newest.1 >= seq);
        if !is_known {
            place.newest.clone_from(&place.last);
        }

        let log = self.topics.logs.entry(topic.to_owned()).or_default();
        match log.frames.get(&(epoch.to_owned(), seq)) {
            Some(seen) if **seen == *text || serde_json::from_slice::<Value>(seen).is_ok_and(|seen| seen == *value) => {
                Ok(if is_known { Novelty::Known } else { Novelty::NewToClient })
            }
            Some(seen) => {
                let expected = json::shorten(&String::from_utf8_lossy(seen), super::SHOWN);
                let (class, what) = if is_replay {
                    (Class::ReplayDiffers, "what is replayed is not what was sent live")
                } else {
                    (Class::SubscribersDiffer, "two subscribers were sent different frames for a position")
                };
                self.fault(class, client, None, what, expected, shown())
            }
            None => {
                let at = (epoch.to_owned(), seq);
                let id = value["id"].as_str().unwrap_or_default().to_ascii_lowercase();
                if let Some(other) = log.by_id.insert(id, at.clone()) {
                    let expected = format!("another id than that of #{}@{}", other.1, other.0);
                    let what = "two frames of a topic have one id";
                    return self.fault(Class::DuplicateReply, client, None, what, expected, shown());
                }
                log.epoch.clone_from(&at.0);
                log.frames.insert(at, text.into());
                Ok(Novelty::New)
            }
        }
    }

    /// The server says that what was asked for is no longer kept.
    pub(super) fn gap(&mut self, client: usize, value: &Value) -> Verdict {
        let topic = value["topic"].as_str().unwrap_or_default();
        let kept = self.protocol.limit("replay_frames").unwrap_or(u64::MAX);
        let Some(Some(reader)) = self.clients.get_mut(client) else { return Ok(()) };
        if !reader.subscriptions.contains(topic) {
            let what = format!("a gap of {topic} came, which the client is not subscribed to");
            return self.fault(Class::WrongTopic, client, None, what, "no gap", json::one_line(value));
        }
        let place = reader.places.entry(topic.to_owned()).or_default();
        let data = &value["data"];
        if place.resumed.take().is_some() && self.topics.log(topic).is_some_and(|log| log.len() < kept) {
            let what = format!("{topic} cannot be replayed, though it had fewer frames than are kept");
            let expected = "every frame after the position that was asked for";
            return self.fault(Class::ReplayDiffers, client, None, what, expected, json::one_line(value));
        }
        if let (Some(epoch), Some(latest)) = (data["epoch"].as_str(), data["latest_seq"].as_u64()) {
            place.last = Some((epoch.to_owned(), latest));
        }
        Ok(())
    }

    /// Whether a client has got what all others have.
    pub(super) fn finish_topics(&mut self, client: usize) -> Verdict {
        let Some(reader) = self.client(client) else { return Ok(()) };
        for (topic, place) in &reader.places {
            let newest = self.topics.log(topic).and_then(Log::newest);
            let Some((epoch, newest)) = newest.filter(|_| reader.subscriptions.contains(topic)) else { continue };
            let expected = || format!("#{newest}@{epoch}, which another client has got");
            if let Some((_, resumed)) = place.resumed.as_ref().filter(|it| it.0 == epoch && it.1 < newest) {
                let has_all = place.last.as_ref() == place.resumed.as_ref();
                if !has_all || place.last.is_none() {
                    let what = format!("{topic} was not replayed from #{resumed} on");
                    return self.fault(Class::ReplayDiffers, client, None, what, expected(), "nothing more");
                }
            }
            match &place.last {
                Some((last_epoch, last)) if place.has_begun && last_epoch == epoch && *last < newest => {
                    let what = format!("the last frames of {topic} did not come");
                    let actual = format!("#{last} at last");
                    return self.fault(Class::SubscribersDiffer, client, None, what, expected(), actual);
                }
                _ => {}
            }
        }
        Ok(())
    }
}
