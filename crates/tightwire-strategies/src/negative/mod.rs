//! Frames with exactly one thing wrong, of which it is known what and where.
//!
//! A valid frame is made, one of the keywords that hold of it is chosen, and the value there is replaced by one just beyond
//! what the keyword accepts. What else is then wrong with the frame is looked at with the crate's own judge of schemas: of
//! several replacements the one is taken that breaks nothing else, and whatever cannot be avoided (a `const` goes with its
//! `type`) is said.

mod breaker;
mod keyword;
mod place;
mod violation;

use std::collections::BTreeMap;

use fastrand::Rng;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use self::place::Place;
use self::violation::Broken;
use crate::frames::{Direction, Frames};
use crate::plans::Plans;
use crate::sample::Sampler;
use crate::schema::{NodeId, Schemas};
use crate::shape::PlanId;

/// So many valid frames are looked at for places that a keyword can be broken at.
const FRAMES: usize = 150;
/// So often a frame is made and a place is chosen.
const ATTEMPTS: usize = 24;

/// A frame with one thing wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Negative {
    /// The frame.
    pub frame: Value,
    /// The keyword that does not hold. What draft-07 calls `dependencies` is `dependentRequired`.
    pub keyword: String,
    /// Where: the value, or the member that is missing or may not be there.
    pub pointer: String,
    /// The schema with the keyword: a JSON Pointer into the bundle.
    pub schema: String,
    /// The `anyOf` and `oneOf` around it and where their values are, the outermost first. They do not hold either, and are
    /// what validators name.
    pub within: Vec<Violated>,
    /// What else does not hold: nothing, unless that cannot be avoided.
    pub follows: Vec<Violated>,
}

/// A keyword that does not hold, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violated {
    /// The keyword.
    pub keyword: String,
    /// Where: the value, or the member that is missing or may not be there.
    pub pointer: String,
}

/// A keyword of a schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The schema: a JSON Pointer into the bundle.
    pub schema: String,
    /// The keyword.
    pub keyword: String,
}

/// What can be broken of a message, and what cannot.
#[derive(Clone, Debug, Default)]
pub struct Negatives {
    /// A frame for each keyword that can be broken.
    pub examples: BTreeMap<Target, Negative>,
    /// The keywords that cannot, and why.
    pub unbroken: BTreeMap<Target, Unbroken>,
}

/// Why no frame breaks a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unbroken {
    /// No valid frame was made that has a value there.
    NotReached,
    /// There is no value that it refuses, or none that can be written down.
    RefusesNothing,
    /// Frames that break it are still valid: another branch accepts them.
    AcceptedOtherwise,
}

impl Negative {
    /// What validators name: the outermost `anyOf` or `oneOf` around it, else the keyword itself.
    pub fn named(&self) -> Violated {
        let itself = || Violated { keyword: self.keyword.clone(), pointer: self.pointer.clone() };
        self.within.first().cloned().unwrap_or_else(itself)
    }
}

impl Frames {
    /// Frames of a message with one thing wrong, each keyword of its schemas as likely as another; they shrink to a small
    /// frame with the same keyword broken. `None` where nothing can be wrong.
    ///
    /// # Panics
    /// If there is no such message, or no valid frame of it.
    #[must_use]
    pub fn negative(&self, direction: Direction, key: &str) -> Option<BoxedStrategy<Negative>> {
        let examples: Vec<_> = self.negatives(direction, key).examples.into_iter().collect();
        if examples.is_empty() {
            return None;
        }
        let (inner, plan) = (self.inner.clone(), self.plan(direction, key));
        let strategy = (select(examples), self.valid(direction, key), any::<u64>());
        let broken = strategy.prop_map(move |((target, example), frame, seed)| {
            let maker = Maker::new(&inner.plans, plan);
            maker.break_in(&frame, &target, &mut Rng::with_seed(seed)).unwrap_or(example)
        });
        Some(broken.boxed())
    }

    /// One frame of a message with one thing wrong, which does not shrink: takes less time than a strategy. `None` where
    /// nothing was found that can be wrong.
    ///
    /// # Panics
    /// If there is no such message, or no valid frame of it.
    #[must_use]
    pub fn sample_negative(&self, direction: Direction, key: &str, rng: &mut Rng) -> Option<Negative> {
        Maker::new(&self.inner.plans, self.plan(direction, key)).sample(rng)
    }

    /// The same with that keyword of the message's schemas broken. `None` where no frame was found in which it can be.
    ///
    /// # Panics
    /// If there is no such message, or no valid frame of it.
    #[must_use]
    pub fn sample_negative_of(
        &self,
        direction: Direction,
        key: &str,
        target: &Target,
        rng: &mut Rng,
    ) -> Option<Negative> {
        let maker = Maker::new(&self.inner.plans, self.plan(direction, key));
        (0..ATTEMPTS).find_map(|_| {
            let frame = maker.frame(rng)?;
            maker.break_in(&frame, target, rng)
        })
    }

    /// For each keyword of a message's schemas, a frame in which it does not hold, or why there is none.
    ///
    /// # Panics
    /// If there is no such message, or no valid frame of it.
    #[must_use]
    pub fn negatives(&self, direction: Direction, key: &str) -> Negatives {
        Maker::new(&self.inner.plans, self.plan(direction, key)).all(&mut Rng::with_seed(0))
    }
}

/// What frames of a message are made from.
#[derive(Clone, Copy)]
struct Maker<'f> {
    plans: &'f Plans,
    schemas: &'f Schemas,
    plan: PlanId,
    root: NodeId,
}

impl<'f> Maker<'f> {
    fn new(plans: &'f Plans, plan: PlanId) -> Self {
        // A message has one schema.
        let root = plans.plan(plan).nodes[0];
        Self { plans, schemas: &plans.schemas, plan, root }
    }

    /// A valid frame.
    fn frame(&self, rng: &mut Rng) -> Option<Value> {
        Sampler::new(self.plans, rng).value(self.plan)
    }

    /// A value of a schema; `None` if none is found.
    fn value(&self, node: NodeId, rng: &mut Rng) -> Option<Value> {
        Sampler::new(self.plans, rng).value(self.plans.known(node)?)
    }

    /// What can be broken of frames of a schema. All keywords are tried, on as many frames as needed.
    fn all(&self, rng: &mut Rng) -> Negatives {
        let mut open: BTreeMap<(NodeId, &'static str), Unbroken> = BTreeMap::new();
        for node in self.schemas.reached(self.root) {
            for keyword in self.schemas.breakable(node) {
                open.insert((node, keyword), Unbroken::NotReached);
            }
        }
        let mut all = Negatives::default();
        for _ in 0..FRAMES {
            let Some(frame) = self.frame(rng).filter(|_| !open.is_empty()) else { break };
            for place in place::of(self.schemas, self.root, &frame) {
                let at_place: Vec<&'static str> =
                    open.keys().filter(|(node, _)| *node == place.node).map(|(_, keyword)| *keyword).collect();
                for keyword in at_place {
                    match self.broken(&frame, &place, keyword, rng) {
                        Ok(negative) => {
                            open.remove(&(place.node, keyword));
                            all.examples.insert(self.target(place.node, keyword), negative);
                        }
                        Err(reason) => {
                            let known = open.entry((place.node, keyword)).or_insert(reason);
                            *known = (*known).max(reason);
                        }
                    }
                }
            }
        }
        all.unbroken = open.into_iter().map(|((node, keyword), reason)| (self.target(node, keyword), reason)).collect();
        all
    }

    /// A frame with one thing wrong; `None` if none was found.
    fn sample(&self, rng: &mut Rng) -> Option<Negative> {
        (0..ATTEMPTS).find_map(|_| {
            let frame = self.frame(rng)?;
            let places = place::of(self.schemas, self.root, &frame);
            let place = rng.choice(&places)?;
            let keywords = self.schemas.breakable(place.node);
            let keyword = rng.choice(&keywords)?;
            self.broken(&frame, place, keyword, rng).ok()
        })
    }

    /// The frame with that keyword broken, wherever there is a place for it.
    fn break_in(&self, frame: &Value, target: &Target, rng: &mut Rng) -> Option<Negative> {
        let mut places = place::of(self.schemas, self.root, frame);
        places.retain(|place| self.schemas.node(place.node).pointer == target.schema);
        rng.shuffle(&mut places);
        places.iter().find_map(|place| {
            let keyword = self.schemas.breakable(place.node).into_iter().find(|keyword| *keyword == target.keyword)?;
            self.broken(frame, place, keyword, rng).ok()
        })
    }

    /// The frame with that keyword broken at that place.
    fn broken(&self, frame: &Value, place: &Place, keyword: &'static str, rng: &mut Rng) -> Result<Negative, Unbroken> {
        let value = frame.pointer(&place.pointer).ok_or(Unbroken::NotReached)?;
        let mut candidates = breaker::candidates(self, place.node, keyword, value, rng);
        // Often those just beyond the bound, but not always.
        if rng.bool() {
            rng.shuffle(&mut candidates);
        }
        let mut reason = Unbroken::RefusesNothing;
        let mut best: Option<Negative> = None;
        for (candidate, suffix) in candidates {
            let refused = violation::of(self.schemas, place.node, &candidate);
            if !refused.iter().any(|broken| broken.node == place.node && broken.keyword == keyword) {
                continue;
            }
            let mut broken = frame.clone();
            *broken.pointer_mut(&place.pointer).ok_or(Unbroken::NotReached)? = candidate;
            let pointer = format!("{}{suffix}", place.pointer);
            let found = violation::of(self.schemas, self.root, &broken);
            if found.is_empty() {
                reason = Unbroken::AcceptedOtherwise;
                continue;
            }
            let Some(negative) = self.negative(place, keyword, pointer, broken, &found) else { continue };
            let alone = negative.follows.is_empty();
            if best.as_ref().is_none_or(|best| negative.follows.len() < best.follows.len()) {
                best = Some(negative);
            }
            if alone {
                break;
            }
        }
        best.ok_or(reason)
    }

    /// The frame, if what is wrong with it is what it was to be.
    fn negative(
        &self,
        place: &Place,
        keyword: &'static str,
        pointer: String,
        frame: Value,
        found: &[Broken],
    ) -> Option<Negative> {
        let leaves_over = |keyword: &str| keyword.starts_with("unevaluated");
        let is_meant = |broken: &Broken| match place.within.first() {
            Some((keyword, pointer)) => broken.keyword == *keyword && broken.pointer == *pointer,
            // What is left over may be said of the whole object or array.
            None if leaves_over(keyword) => broken.node == place.node && broken.keyword == keyword,
            None => broken.node == place.node && broken.keyword == keyword && broken.pointer == pointer,
        };
        // Whatever does not hold leaves something over: only where all else holds is that what is wrong.
        let only_left_over = !leaves_over(keyword) || found.iter().all(|broken| leaves_over(broken.keyword));
        if !only_left_over || !found.iter().any(is_meant) {
            return None;
        }
        let mut follows: Vec<Violated> = found
            .iter()
            .filter(|broken| !is_meant(broken))
            .map(|broken| Violated { keyword: broken.keyword.to_owned(), pointer: broken.pointer.clone() })
            // The same said by another schema of the same value is nothing else.
            .filter(|violated| !(violated.keyword == keyword && violated.pointer == pointer))
            .collect();
        follows.sort();
        follows.dedup();
        let within = place.within.iter();
        let within =
            within.map(|(keyword, pointer)| Violated { keyword: (*keyword).to_owned(), pointer: pointer.clone() });
        Some(Negative {
            frame,
            keyword: keyword.to_owned(),
            pointer,
            schema: self.schemas.node(place.node).pointer.clone(),
            within: within.collect(),
            follows,
        })
    }

    fn target(&self, node: NodeId, keyword: &str) -> Target {
        Target { schema: self.schemas.node(node).pointer.clone(), keyword: keyword.to_owned() }
    }
}
