//! Plans as strategies of proptest.

use std::sync::Arc;

use fastrand::Rng;
use proptest::prelude::Rng as _;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::frames::Inner;
use crate::sample::Sampler;
use crate::shape::PlanId;

/// The values of a plan.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    inner: Arc<Inner>,
    plan: PlanId,
}

impl Values {
    pub(crate) fn new(inner: Arc<Inner>, plan: PlanId) -> Self {
        Self { inner, plan }
    }
}

impl Strategy for Values {
    type Tree = Tree;
    type Value = Value;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let mut rng = Rng::with_seed(runner.rng().next_u64());
        let plans = &self.inner.plans;
        let value = Sampler::new(plans, &mut rng).value(self.plan).ok_or("there is no value")?;
        let smallest = plans.plan(self.plan).smallest.clone().filter(|smallest| *smallest != value);
        Ok(Tree { value, smaller: smallest, before: None })
    }
}

/// A value, and what it shrinks to.
#[derive(Debug)]
pub(crate) struct Tree {
    value: Value,
    smaller: Option<Value>,
    before: Option<Value>,
}

impl ValueTree for Tree {
    type Value = Value;

    fn current(&self) -> Value {
        self.value.clone()
    }

    fn simplify(&mut self) -> bool {
        let Some(smaller) = self.smaller.take() else { return false };
        self.before = Some(std::mem::replace(&mut self.value, smaller));
        true
    }

    fn complicate(&mut self) -> bool {
        let Some(before) = self.before.take() else { return false };
        self.value = before;
        true
    }
}
