//! Pairs of messages that have frames in common.
//!
//! Two messages are told apart for certain where some necessary condition excludes the other: a type, a value, a
//! property that one demands and the other forbids. Where none does, frames are proposed (what both demand, and the
//! examples of either) and validators are asked. A frame that both accept is the witness.

use std::cell::OnceCell;

use indexmap::{IndexMap, IndexSet};
use jsonschema::Validator;
use serde_json::Value;

use crate::dispatch::facts::{self, Facts, Path};
use crate::dispatch::sample;
use crate::ir::{Ambiguity, Direction, Dispatch, Ir, Message, MessageId};
use crate::schema::JsonType;

/// Pairs that are looked at in each direction; a protocol with more has a few hundred messages without any difference.
const MAX_PAIRS: usize = 50_000;
/// Pairs for which validators are asked: each may cost a few validations.
const MAX_TRIED: usize = 5_000;

/// Finds the pairs of both directions. Runs validators: only for schemas that end.
pub(crate) fn find(ir: &mut Ir) {
    if ir.envelope.is_some() {
        return;
    }
    let to_server = of(ir, Direction::ToServer);
    let to_client = of(ir, Direction::ToClient);
    ir.dispatch.to_server.ambiguous = to_server;
    ir.dispatch.to_client.ambiguous = to_client;
}

fn of(ir: &Ir, direction: Direction) -> Vec<Ambiguity> {
    let dispatch = ir.dispatch.of(direction);
    let pairs = pairs(dispatch);
    let mut sides: IndexMap<&MessageId, Side<'_>> = IndexMap::new();
    for id in pairs.iter().flat_map(|(a, b)| [*a, *b]) {
        if let Some(message) = ir.messages.get(id) {
            sides.entry(id).or_insert_with(|| Side::new(ir, message));
        }
    }
    let mut found = Vec::new();
    let mut tried = 0;
    for (a, b) in pairs {
        let (Some(first), Some(second)) = (sides.get(a), sides.get(b)) else { continue };
        if first.message.unsupported.is_some() || second.message.unsupported.is_some() {
            continue;
        }
        if tried == MAX_TRIED || first.excludes(second) || second.excludes(first) {
            continue;
        }
        tried += 1;
        if let Some(witness) = witness(ir, first, second) {
            let value = dispatch.by.iter().try_fold(&witness, |value, name| value.get(name));
            let value = if dispatch.by.is_empty() { None } else { value };
            // The order in which this frame is tried, which depends on its value.
            let taken = dispatch.candidates(value).find(|id| *id == a || *id == b);
            let (first, second) = if taken == Some(b) { (b, a) } else { (a, b) };
            found.push(Ambiguity { first: first.clone(), second: second.clone(), witness: Some(witness) });
        }
    }
    found
}

/// The pairs that the property does not tell apart, in the order in which they are tried.
fn pairs(dispatch: &Dispatch) -> IndexSet<(&MessageId, &MessageId)> {
    let mut pairs = IndexSet::new();
    let groups = dispatch.values.values().map(|messages| (messages.as_slice(), dispatch.structural.as_slice()));
    let groups = groups.chain(std::iter::once((&[][..], dispatch.structural.as_slice())));
    for (keyed, structural) in groups {
        for (index, a) in keyed.iter().chain(structural).enumerate() {
            // Pairs within `structural` come up once, in the last group.
            let rest = match index < keyed.len() {
                true => keyed.iter().chain(structural).skip(index + 1),
                false if keyed.is_empty() => keyed.iter().chain(structural).skip(index + 1),
                false => break,
            };
            for b in rest.filter(|b| *b != a) {
                if pairs.len() == MAX_PAIRS {
                    return pairs;
                }
                if !pairs.contains(&(b, a)) {
                    pairs.insert((a, b));
                }
            }
        }
    }
    pairs
}

/// A message of a pair, with what is known about its frames.
struct Side<'a> {
    message: &'a Message,
    facts: IndexMap<Path, Facts>,
    /// The only properties that a frame may have.
    closed: Option<IndexSet<String>>,
    validator: OnceCell<Option<Validator>>,
}

impl<'a> Side<'a> {
    fn new(ir: &'a Ir, message: &'a Message) -> Self {
        let closed = ir.merged(&message.payload).filter(|object| {
            let forbids = matches!(object.additional_properties, Some(crate::schema::Schema::Bool(false)));
            forbids && object.types == [JsonType::Object] && object.pattern_properties.is_empty()
        });
        Self {
            message,
            facts: facts::all(&ir.schemas, &message.payload),
            closed: closed.map(|object| object.properties.into_keys().collect()),
            validator: OnceCell::new(),
        }
    }

    /// Whether what this message demands is what the other one forbids.
    fn excludes(&self, other: &Self) -> bool {
        self.facts.iter().any(|(path, facts)| {
            let forbidden = || match (&other.closed, path.as_slice()) {
                (Some(known), [name, ..]) => !known.contains(name),
                _ => false,
            };
            let differs = || other.facts.get(path).is_some_and(|others| facts.excludes(others));
            facts.certain && (forbidden() || differs())
        })
    }

    fn accepts(&self, ir: &Ir, value: &Value) -> bool {
        let validator = self.validator.get_or_init(|| ir.validator(&self.message.payload).ok());
        validator.as_ref().is_some_and(|validator| validator.is_valid(value))
    }
}

/// A frame that both accept.
fn witness(ir: &Ir, first: &Side<'_>, second: &Side<'_>) -> Option<Value> {
    let (a, b) = (&first.message.payload, &second.message.payload);
    let proposed = [[a, b], [b, a]].into_iter().filter_map(|both| sample::of(&ir.schemas, &both));
    let examples = [second, first].into_iter().flat_map(|side| &side.message.examples);
    let mut proposed = proposed.chain(examples.map(|example| example.payload.clone()));
    proposed.find(|value| first.accepts(ir, value) && second.accepts(ir, value))
}
