//! Few topics, so that clients meet.

use std::sync::Arc;

use fastrand::Rng;
use tightwire_spec::ir::{Channel, Segment};

use crate::fuzz::plan::MARKER;
use crate::fuzz::protocol::Protocol;

/// How many topics a channel with parameters has.
const TOPICS: usize = 3;

/// Topics of each channel.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    topics: Arc<Vec<(String, String)>>,
}

impl Pool {
    pub(super) fn of(protocol: &Protocol) -> Self {
        let channels = protocol.ir().channels.values();
        let topics = channels.flat_map(|channel| addresses(channel).into_iter().map(|it| (channel.id.clone(), it)));
        Self { topics: Arc::new(topics.filter(|_| protocol.has_envelope()).collect()) }
    }

    /// Any topic.
    pub(super) fn any(&self, rng: &mut Rng) -> Option<&str> {
        rng.choice(self.topics.iter()).map(|(_, topic)| topic.as_str())
    }

    /// A topic of that channel.
    pub(super) fn of_channel(&self, channel: &str, rng: &mut Rng) -> Option<&str> {
        let topics: Vec<_> = self.topics.iter().filter(|(of, _)| of == channel).collect();
        rng.choice(topics).map(|(_, topic)| topic.as_str())
    }
}

/// Addresses of a channel: new ones, and those that the document gives as examples or as the only ones.
fn addresses(channel: &Channel) -> Vec<String> {
    let known = |name: &str| {
        let parameter = channel.parameters.get(name);
        parameter.map_or(&[][..], |it| if it.values.is_empty() { &it.examples } else { &it.values }).to_vec()
    };
    let with = |value: &dyn Fn(&str) -> String| -> String {
        let segments = channel.segments.iter().map(|segment| match segment {
            Segment::Literal(text) => text.clone(),
            Segment::Parameter(name) => value(name),
        });
        segments.collect()
    };
    if channel.parameters.is_empty() {
        return vec![with(&|_| String::new())];
    }
    let mut addresses = Vec::new();
    if channel.parameters.values().all(|parameter| parameter.values.is_empty()) {
        addresses.extend((0..TOPICS).map(|number| with(&|_| format!("{MARKER}.{number}"))));
    }
    let examples = channel.parameters.keys().map(|name| known(name).len()).min().unwrap_or(0);
    addresses.extend((0..examples).map(|number| with(&|name| known(name)[number].clone())));
    addresses
}
