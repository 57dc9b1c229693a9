//! What a client is subscribed to, as the server says it.

use std::collections::BTreeSet;

use serde_json::Value;
use tightwire_spec::ir::SessionRole;

use super::{Class, Model, Verdict};
use crate::json;

impl Model<'_> {
    /// The list of subscriptions that answers a frame: sorted, unique, and what follows from what was sent.
    ///
    /// Returns the topics that are left.
    pub(super) fn subscriptions(&mut self, client: usize, index: usize, value: &Value) -> Verdict<Vec<String>> {
        let shown = || json::one_line(value);
        let protocol = self.protocol;
        let said: Vec<&str> =
            value["data"]["topics"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let Some(Some(reader)) = self.clients.get_mut(client) else { return Ok(Vec::new()) };
        let debt = &reader.debts[index];
        let step = debt.step;
        if !said.is_sorted_by(|one, other| one < other) {
            let what = "the topics are not sorted, or not unique";
            let expected = "each topic once, in the order of its bytes";
            return self.fault(Class::WrongSubscriptions, client, Some(step), what, expected, shown());
        }
        let said: BTreeSet<String> = said.into_iter().map(str::to_owned).collect();
        let asked: BTreeSet<String> = debt.topics().map(str::to_owned).collect();
        let leaves = debt.role == Some(SessionRole::Unsubscribe);
        // What operations have subscribed to that came before this frame, and were not answered yet.
        let earlier = reader.debts[..index].iter().filter(|it| it.operation().is_some_and(|it| it.subscribes));
        let unsure: BTreeSet<String> = earlier.filter_map(|it| it.topic.clone()).collect();
        let may_have_refused =
            |topic: &str| debt.has_error && (debt.refused.contains(topic) || debt.refused_more || topic.len() > 200);
        let (mut least, mut most) = (reader.subscriptions.clone(), &reader.subscriptions | &unsure);
        if leaves {
            least.retain(|topic| !asked.contains(topic));
            most.retain(|topic| !asked.contains(topic));
        } else {
            let valid = asked.iter().filter(|topic| protocol.channel_of(topic).is_some());
            for topic in valid {
                if !debt.refused.contains(topic) {
                    most.insert(topic.clone());
                }
                if !may_have_refused(topic) {
                    least.insert(topic.clone());
                }
            }
        }
        if !(least.is_subset(&said) && said.is_subset(&most)) {
            let missing: Vec<_> = least.difference(&said).map(String::as_str).collect();
            let extra: Vec<_> = said.difference(&most).map(String::as_str).collect();
            let what =
                format!("topics are missing: [{}]; nobody asked for: [{}]", missing.join(", "), extra.join(", "));
            let expected = least.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            return self.fault(Class::WrongSubscriptions, client, Some(step), what, expected, shown());
        }
        let data = debt.data.clone();
        let left: Vec<String> = asked.iter().filter(|_| leaves).cloned().collect();
        for topic in &left {
            // What it has had stays known.
            if let Some(place) = reader.places.get_mut(topic) {
                place.begin_anywhere();
            }
            if reader.subscriptions.contains(topic) || unsure.contains(topic) {
                reader.left.insert(topic.clone());
            }
        }
        let positions = &value["data"]["positions"];
        for topic in asked.iter().filter(|topic| !leaves && said.contains(*topic)) {
            let is_new = !reader.subscriptions.contains(topic);
            let place = reader.places.entry(topic.clone()).or_default();
            if is_new && !unsure.contains(topic) {
                place.begin_anywhere();
            }
            if let Some(after) = data.get("after").and_then(|after| after.get(topic)) {
                let known = self.topics.log(topic).and_then(|log| match after {
                    Value::String(id) => log.find(id).cloned(),
                    position => {
                        let (epoch, seq) = (position["epoch"].as_str()?, position["seq"].as_u64()?);
                        log.knows(epoch, seq).then(|| (epoch.to_owned(), seq))
                    }
                });
                match known {
                    Some(known) => place.resume(known, !is_new || unsure.contains(topic)),
                    // There will be a gap, or the topic goes on from wherever that is.
                    None => place.begin_anywhere(),
                }
            } else if let Some(position) = positions.get(topic)
                && is_new
                && let (Some(epoch), Some(seq)) = (position["epoch"].as_str(), position["seq"].as_u64())
            {
                place.last = Some((epoch.to_owned(), seq));
            }
        }
        for topic in &said {
            reader.left.remove(topic);
        }
        reader.subscriptions = said;
        Ok(left)
    }
}
