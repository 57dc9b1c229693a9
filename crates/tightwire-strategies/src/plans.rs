//! All that was read of a bundle, ready to make values from.

mod reason;

use fastrand::Rng;
use serde_json::Value;

use crate::sample::{Sampler, smallest};
use crate::schema::{NodeId, Schemas};
use crate::shape::{Plan, PlanId, Shapes};

/// So often chance is asked for a value of which nothing else is known.
const ATTEMPTS: usize = 100;

/// So often it is tried how well chance does.
const TRIALS: usize = 16;

/// Schemas, and the shapes of their values.
#[derive(Debug)]
pub(crate) struct Plans {
    pub(crate) schemas: Schemas,
    shapes: Shapes,
}

impl Plans {
    /// Plans for values of these schemas, each.
    pub(crate) fn new(schemas: Schemas, roots: &[NodeId]) -> (Self, Vec<PlanId>) {
        let mut shapes = Shapes::default();
        let ids = roots.iter().map(|&root| shapes.intern(vec![root])).collect();
        for part in schemas.parts() {
            shapes.intern(vec![part]);
        }
        shapes.work(&schemas);
        let mut plans = Self { schemas, shapes };
        plans.find_smallest();
        plans.be_strict();
        (plans, ids)
    }

    pub(crate) fn plan(&self, id: PlanId) -> &Plan {
        self.shapes.plan(id)
    }

    /// The plan for a value of which that schema alone holds, if there is one.
    pub(crate) fn known(&self, node: NodeId) -> Option<PlanId> {
        self.shapes.known(node)
    }

    /// Whether there is a value.
    pub(crate) fn is_possible(&self, id: PlanId) -> bool {
        self.plan(id).smallest.is_some()
    }

    /// Whether all schemas of a plan accept the value.
    pub(crate) fn accepts(&self, id: PlanId, value: &Value) -> bool {
        self.plan(id).nodes.iter().all(|&node| self.schemas.accepts(node, value))
    }

    /// Where chance mostly makes values of which several branches of a `oneOf` hold, only one is let hold.
    fn be_strict(&mut self) {
        let mut rng = Rng::with_seed(0);
        let mut changed = false;
        for id in self.shapes.ids() {
            let plan = self.plan(id);
            if plan.shapes.iter().all(|shape| !shape.checked) {
                continue;
            }
            let right = (0..TRIALS).filter(|_| Sampler::new(self, &mut rng).attempt(id).is_some()).count();
            if right < TRIALS / 4 {
                self.shapes.make_strict(&self.schemas, id);
                changed = true;
            }
        }
        if changed {
            self.find_smallest();
        }
    }

    /// Finds the smallest value of every plan, those of the least depth first: what holds others needs theirs.
    fn find_smallest(&mut self) {
        let mut rng = Rng::with_seed(0);
        loop {
            let mut found: Vec<(PlanId, Value)> = Vec::new();
            for id in self.shapes.ids().filter(|&id| !self.is_possible(id)) {
                found.extend(self.smallest(id).map(|value| (id, value)));
            }
            // Chance is asked last: what it finds is large.
            if found.is_empty() {
                for id in self.shapes.ids().filter(|&id| !self.is_possible(id) && !self.plan(id).shapes.is_empty()) {
                    found.extend(self.guess(id, &mut rng).map(|value| (id, value)));
                }
            }
            if found.is_empty() {
                break;
            }
            for (id, value) in found {
                self.shapes.plan_mut(id).smallest = Some(value);
            }
        }
        // Once all are known, some have smaller ones.
        for id in self.shapes.ids() {
            let smaller = self.smallest(id);
            let plan = self.shapes.plan_mut(id);
            if let (Some(known), Some(smaller)) = (&plan.smallest, smaller)
                && smaller.to_string().len() < known.to_string().len()
            {
                plan.smallest = Some(smaller);
            }
        }
    }

    fn smallest(&self, id: PlanId) -> Option<Value> {
        let shapes = self.plan(id).shapes.iter();
        let candidates = shapes.filter_map(|shape| {
            let value = smallest(self, shape)?;
            (!shape.checked || self.accepts(id, &value)).then_some(value)
        });
        candidates.min_by_key(|value| value.to_string().len())
    }

    fn guess(&self, id: PlanId, rng: &mut Rng) -> Option<Value> {
        (0..ATTEMPTS).find_map(|_| Sampler::new(self, rng).attempt(id))
    }
}
