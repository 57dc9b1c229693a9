//! Finds the property that tells the messages of a direction apart.
//!
//! Every property that a message fixes by `const` or `enum` is looked at, up to three levels down. The best is the one
//! with which the fewest schemas have to be tried; what it does not tell apart, the structure of the frame does.

use std::collections::HashMap;

use indexmap::{IndexMap, IndexSet};

use crate::dispatch::facts::{Facts, Path};
use crate::ir::{Direction, Dispatch, Dispatches, Ir, Message, MessageId, ValueKey};

pub(crate) mod ambiguity;
mod facts;
mod sample;
mod specificity;

/// How the messages of both directions are told apart.
pub(crate) fn infer(ir: &Ir) -> Dispatches {
    let of = |direction| {
        let messages: Vec<_> = ir.messages.values().filter(|message| message.directions.contains(&direction)).collect();
        match ir.envelope {
            Some(_) => by_type(&messages),
            None => by_best_property(ir, &messages),
        }
    };
    Dispatches { to_server: of(Direction::ToServer), to_client: of(Direction::ToClient) }
}

fn by_type(messages: &[&Message]) -> Dispatch {
    let mut values: IndexMap<ValueKey, Vec<MessageId>> = IndexMap::new();
    for message in messages {
        if let Some(wire_type) = &message.wire_type {
            values.entry(wire_type.clone().into()).or_default().push(message.id.clone());
        }
    }
    let explanation = "the envelope's `type` tells all messages apart".to_owned();
    Dispatch { by: vec!["type".to_owned()], values, explanation, ..Dispatch::default() }
}

fn by_best_property(ir: &Ir, messages: &[&Message]) -> Dispatch {
    let mut order = messages.to_vec();
    order.sort_by_cached_key(|message| std::cmp::Reverse(specificity::of(&ir.schemas, &message.payload)));
    let structural: Vec<_> = order.iter().map(|message| message.id.clone()).collect();
    if order.len() < 2 {
        let explanation = match order.is_empty() {
            true => "no message travels this way".to_owned(),
            false => "there is only one message".to_owned(),
        };
        return Dispatch { structural, explanation, ..Dispatch::default() };
    }
    let facts: Vec<_> = order.iter().map(|message| facts::of(&ir.schemas, &message.payload)).collect();
    let Some(by) = best(messages, &order, &facts) else {
        let explanation = "no property has a fixed value in most of the messages; the first message in order whose \
            schema accepts a frame is the one"
            .to_owned();
        return Dispatch { structural, explanation, ..Dispatch::default() };
    };
    let mut values: IndexMap<ValueKey, Vec<MessageId>> = IndexMap::new();
    let mut structural = Vec::new();
    for (message, facts) in order.iter().zip(&facts) {
        let fact = facts.get(&by);
        for value in fact.into_iter().flat_map(|fact| fact.values.iter().flatten()) {
            values.entry(value.clone()).or_default().push(message.id.clone());
        }
        if !fact.is_some_and(|fact| fact.certain) {
            structural.push(message.id.clone());
        }
    }
    // In the document's order, which is what people compare the output with.
    let places: HashMap<&str, usize> = messages.iter().map(|message| message.id.as_str()).zip(0..).collect();
    let place = |id: &MessageId| places.get(id.as_str());
    values.sort_by_cached_key(|value, ids| (ids.iter().filter_map(place).min(), value.to_string()));
    let explanation = explain(&by, &order, &values, &structural);
    Dispatch { by, values, structural, explanation, ..Dispatch::default() }
}

/// The path with which the fewest schemas are tried; `None` where less than half of the messages fix any one.
fn best(messages: &[&Message], order: &[&Message], facts: &[IndexMap<Path, Facts>]) -> Option<Path> {
    struct Candidate<'a> {
        fixed: Vec<(&'a Facts, usize)>,
        users: IndexMap<&'a ValueKey, usize>,
    }
    let mut candidates: IndexMap<&Path, Candidate<'_>> = IndexMap::new();
    // In document order, so that the first property written wins where two are equally good.
    let place: IndexMap<&str, usize> =
        order.iter().enumerate().map(|(index, message)| (message.id.as_str(), index)).collect();
    for (number, message) in messages.iter().enumerate() {
        for (path, fact) in &facts[place[message.id.as_str()]] {
            let candidate =
                candidates.entry(path).or_insert_with(|| Candidate { fixed: Vec::new(), users: IndexMap::new() });
            candidate.fixed.push((fact, number));
            for value in fact.values.iter().flatten() {
                *candidate.users.entry(value).or_default() += 1;
            }
        }
    }
    let all = messages.len();
    let cost = |path: &Path, candidate: &Candidate<'_>| {
        let tried: usize = candidate
            .fixed
            .iter()
            .map(|(fact, _)| fact.values.iter().flatten().map(|value| candidate.users[value]).max().unwrap_or(0))
            .sum();
        let unfixed = all - candidate.fixed.len();
        let uncertain = candidate.fixed.iter().filter(|(fact, _)| !fact.certain).count();
        (tried + unfixed * all, uncertain, path.len(), candidate.users.len())
    };
    let useful = candidates
        .iter()
        .filter(|(_, candidate)| candidate.users.len() > 1 && candidate.fixed.len() * 2 >= all)
        // A property that all messages fix to the same values (a version) tells nothing.
        .filter(|(_, candidate)| {
            candidate.fixed.iter().any(|(fact, _)| fact.values != candidate.fixed[0].0.values)
                || candidate.fixed.len() < all
        });
    useful.min_by_key(|(path, candidate)| cost(path, candidate)).map(|(path, _)| (*path).clone())
}

fn explain(
    by: &Path,
    order: &[&Message],
    values: &IndexMap<ValueKey, Vec<MessageId>>,
    structural: &[MessageId],
) -> String {
    let property = by.join(".");
    let shared: IndexSet<&MessageId> = values.values().filter(|messages| messages.len() > 1).flatten().collect();
    let fixed: IndexSet<&MessageId> = values.values().flatten().collect();
    let lacking = structural.iter().filter(|id| fixed.contains(id)).count();
    let free = structural.len() - lacking;
    let mut text = match order.len() - free - shared.len() {
        own if own == order.len() => format!("`{property}` has a value of its own in each of them"),
        own => format!("`{property}` has a value of its own in {own} of {}", order.len()),
    };
    let counts = [(shared.len(), "share one"), (free, "do not fix it"), (lacking, "may lack it")];
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!(", {count} {what}"));
    }
    if !shared.is_empty() || !structural.is_empty() {
        text.push_str("; there the structure of the frame decides");
    }
    text
}
