//! Arrays.

use serde_json::Value;

use super::Sampler;
use crate::number::same;
use crate::pick::Bounds;
use crate::plans::Plans;
use crate::shape::{ArrayShape, PlanId};

/// Where there is no end, so many items more than the least.
const USUAL: usize = 4;
/// So often another item is made that no other is the same as.
const ATTEMPTS: usize = 4;

impl Sampler<'_> {
    /// An array of a shape.
    pub(super) fn array(&mut self, shape: &ArrayShape) -> Option<Value> {
        let count = count(self.plans, shape)?;
        let length = count.pick(self.rng, USUAL);
        let mut plan_of: Vec<PlanId> = (0..length).map(|index| shape.at(index)).collect();
        for contains in &shape.contains {
            let bounds = Bounds { min: contains.count.min, max: contains.count.max.min(length) };
            if bounds.is_empty() {
                return None;
            }
            let most = bounds.pick(self.rng, 1);
            for _ in 0..most {
                let index = self.rng.usize(..length);
                plan_of[index] = contains.at(index);
            }
        }
        let mut items: Vec<Value> = Vec::with_capacity(length);
        for plan in plan_of {
            let mut item = self.value(plan)?;
            if shape.unique {
                let is_new = |item: &Value| items.iter().all(|other| !same(item, other));
                for _ in 0..ATTEMPTS {
                    if is_new(&item) {
                        break;
                    }
                    item = self.value(plan)?;
                }
                if !is_new(&item) {
                    continue;
                }
            }
            items.push(item);
        }
        (items.len() >= count.min).then_some(Value::Array(items))
    }
}

/// So many items there can be, given which have a value at all.
fn count(plans: &Plans, shape: &ArrayShape) -> Option<Bounds> {
    let without = shape.tuple.iter().position(|&plan| !plans.is_possible(plan));
    let available = match without {
        Some(first) => first,
        None if !plans.is_possible(shape.rest) => shape.tuple.len(),
        None => usize::MAX,
    };
    let contained = shape.contains.iter().map(|contains| contains.count.min).max().unwrap_or(0);
    let count = Bounds { min: shape.count.min.max(contained), max: shape.count.max.min(available) };
    (!count.is_empty()).then_some(count)
}

/// The smallest array, of items that are known already; those that it has to contain come first.
pub(super) fn smallest(plans: &Plans, shape: &ArrayShape) -> Option<Value> {
    let contained: usize = shape.contains.iter().map(|contains| contains.count.min).sum();
    let contained =
        shape.contains.iter().flat_map(|contains| std::iter::repeat_n(contains, contains.count.min)).take(contained);
    let mut contained = contained.collect::<Vec<_>>().into_iter();
    let least = count(plans, shape)?.min.max(contained.len());
    let item = |index| {
        let plan = contained.next().map_or_else(|| shape.at(index), |contains| contains.at(index));
        plans.plan(plan).smallest.clone()
    };
    (0..least).map(item).collect()
}
