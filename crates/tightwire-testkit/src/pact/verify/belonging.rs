//! Which of the server's frames an interaction is about.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

use super::expectation::Expectation;
use super::finding::Finding;
use super::session::{Received, correlation};
use crate::json;
use crate::pact::ws::Frames;

/// Which frames an interaction is about.
#[derive(Debug)]
pub(super) enum Belonging<'a> {
    /// Those that answer the frame of this id.
    Answers { id: Uuid, request: &'a Value, names: BTreeSet<&'a str>, topics: BTreeSet<String> },
    /// Those of these messages on this topic.
    OnTopic { names: BTreeSet<&'a str>, topic: Option<String> },
    /// Those of these messages (of any, where that is not known) that have the values of the request where they must.
    Bound { names: Option<BTreeSet<&'a str>>, request: Option<&'a Value>, expectation: &'a Expectation<'a> },
}

impl<'a> Belonging<'a> {
    pub(super) fn of(expectation: &'a Expectation<'a>, request: Option<&'a Value>, is_enveloped: bool) -> Self {
        let names: BTreeSet<&str> = expectation.sequence.messages().collect();
        let examples = expectation.responses.iter().filter_map(|(_, contents)| contents.value());
        let mut topics = examples.filter_map(|example| example["topic"].as_str().map(str::to_owned));
        match request {
            Some(request) if is_enveloped => match correlation(request) {
                Some(id) => {
                    let own = request["topic"].as_str().map(str::to_owned);
                    // An error about the frame itself is about the connection.
                    let topics = topics.chain(own).chain(["system".to_owned()]).collect();
                    Self::Answers { id, request, names, topics }
                }
                None => Self::OnTopic { names, topic: None },
            },
            None if is_enveloped => Self::OnTopic { names, topic: topics.next() },
            _ => Self::Bound { names: expectation.is_named.then_some(names), request, expectation },
        }
    }

    /// Whether the interaction is about this frame.
    pub(super) fn includes(&self, received: &Received) -> bool {
        let is_among = |names: &BTreeSet<&str>| received.name.as_deref().is_some_and(|name| names.contains(name));
        match self {
            Self::Answers { id, .. } => received.answers(*id),
            Self::OnTopic { names, topic } => {
                is_among(names) && topic.as_deref().is_none_or(|topic| received.topic() == Some(topic))
            }
            Self::Bound { names, request, expectation } => {
                names.as_ref().is_none_or(is_among)
                    && request.is_none_or(|request| is_bound(expectation, request, received))
            }
        }
    }

    /// What is wrong with a frame that the interaction is about, beside what it says itself.
    pub(super) fn wrong(&self, received: &Received) -> Option<Finding> {
        let Self::Answers { topics, .. } = self else { return None };
        let (name, topic) = (received.name.as_deref()?, received.topic()?);
        let expected = topics.iter().map(String::as_str).collect::<Vec<_>>().join(" or ");
        (!topics.contains(topic)).then(|| Finding::new("topic", expected, topic).at(&format!("`{name}`"), "/topic"))
    }

    /// What a frame that the interaction is not about has to do with it all the same.
    pub(super) fn stray(&self, received: &Received) -> Option<Stray> {
        let name = received.name.as_deref()?;
        match self {
            Self::Answers { id, request, names, .. } => {
                let is_here = received.topic() == request["topic"].as_str();
                if !names.contains(name) || !is_here {
                    return None;
                }
                if received.is_uncorrelated() {
                    let actual =
                        received.frame.get("correlation_id").map_or_else(|| "nothing".to_owned(), json::one_line);
                    let finding = Finding::new("correlation", format!("\"{id}\", the `id` of the request"), actual);
                    return Some(Stray::Wrong(finding.at(&format!("`{name}`"), "/correlation_id")));
                }
                let other = json::one_line(&received.frame["correlation_id"]);
                Some(Stray::Other(format!("a `{name}` came that answers {other}, and the request was \"{id}\"")))
            }
            Self::OnTopic { names, topic: Some(topic) } if names.contains(name) => {
                Some(Stray::Other(format!("a `{name}` came on {}, not on {topic}", received.topic()?)))
            }
            _ => None,
        }
    }
}

/// A frame that an interaction is not about, but might be.
#[derive(Debug)]
pub(super) enum Stray {
    /// It cannot be of another one, so this is wrong.
    Wrong(Finding),
    /// It may be of another one; worth telling where a frame is missing.
    Other(String),
}

/// Whether the frame has the request's values at all places that are bound to it.
fn is_bound(expectation: &Expectation<'_>, request: &Value, received: &Received) -> bool {
    let name = received.name.as_deref().unwrap_or_default();
    expectation.ws.bind.values().all(|places| {
        let asked = places.iter().find(|place| place.frames == Frames::Request);
        let Some(asked) = asked.and_then(|place| request.pointer(&place.pointer)) else { return true };
        let told = places.iter().filter(|place| place.frames.answers(name));
        told.filter_map(|place| received.frame.pointer(&place.pointer)).all(|told| told == asked)
    })
}
