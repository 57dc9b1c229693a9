//! Plans as strategies of proptest.

use std::sync::Arc;

use fastrand::Rng;
use proptest::prelude::Rng as _;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::plans::Plans;
use crate::sample::Sampler;
use crate::shape::PlanId;
use crate::shrink::Shrinking;

/// The values of some plans, each with the place of its plan among them.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    plans: Arc<Plans>,
    of: Arc<[PlanId]>,
}

impl Values {
    /// Of these plans, each of which has a value.
    pub(crate) fn new(plans: Arc<Plans>, of: impl Into<Arc<[PlanId]>>) -> Self {
        Self { plans, of: of.into() }
    }
}

impl Strategy for Values {
    type Tree = Tree;
    type Value = (usize, Value);

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let mut rng = Rng::with_seed(runner.rng().next_u64());
        if self.of.is_empty() {
            return Err("there is nothing to make values of".into());
        }
        let place = rng.usize(..self.of.len());
        let plan = self.of[place];
        let value = Sampler::new(&self.plans, &mut rng).value(plan).ok_or("there is no value")?;
        Ok(Tree {
            values: self.clone(),
            found: (place, value),
            trial: None,
            others: 0,
            shrinking: Shrinking::default(),
        })
    }
}

/// A value, and what is smaller.
#[derive(Debug)]
pub(crate) struct Tree {
    values: Values,
    /// The smallest that is known to be interesting.
    found: (usize, Value),
    /// What is being tried instead.
    trial: Option<(usize, Value)>,
    /// So many of the smallest values of other plans have been tried.
    others: usize,
    shrinking: Shrinking,
}

impl Tree {
    /// Tries the next smaller value; `false` if there is none.
    fn next(&mut self) -> bool {
        // The smallest value of another plan says most, if it is of interest too.
        while let Some(&plan) = self.values.of.get(self.others) {
            let place = self.others;
            self.others += 1;
            let smallest = self.values.plans.plan(plan).smallest.as_ref();
            if let Some(smaller) = smallest.filter(|smallest| Shrinking::is_smaller(smallest, &self.found.1)) {
                self.trial = Some((place, smaller.clone()));
                return true;
            }
        }
        let (place, value) = &self.found;
        self.trial =
            self.shrinking.next(&self.values.plans, self.values.of[*place], value).map(|value| (*place, value));
        self.trial.is_some()
    }
}

impl ValueTree for Tree {
    type Value = (usize, Value);

    fn current(&self) -> (usize, Value) {
        self.trial.as_ref().unwrap_or(&self.found).clone()
    }

    fn simplify(&mut self) -> bool {
        if let Some(trial) = self.trial.take() {
            self.found = trial;
            self.shrinking.progressed();
        }
        self.next()
    }

    fn complicate(&mut self) -> bool {
        if self.trial.take().is_none() {
            return false;
        }
        self.next()
    }
}
