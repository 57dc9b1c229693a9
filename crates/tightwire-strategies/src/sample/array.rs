//! Arrays.

use serde_json::Value;

use super::Sampler;
use crate::shape::{ArrayShape, PlanId, Shapes};

/// Where there is no end, so many items more than the least.
const USUAL: usize = 4;

impl Sampler<'_> {
    /// An array of a shape.
    pub(crate) fn array(&mut self, shape: &ArrayShape) -> Option<Value> {
        let mut count = shape.count;
        count.min = count.min.max(shape.contains.iter().map(|(_, bounds)| bounds.min).sum());
        count.max = count.max.min(available(self.shapes, shape));
        if count.is_empty() {
            return None;
        }
        let length = count.pick(self.rng, USUAL);
        let mut items: Vec<Value> = Vec::new();
        for index in 0..length {
            let plan = plan_at(shape, index, length);
            let item = self.value(plan)?;
            if shape.unique && items.contains(&item) {
                if items.len() >= count.min {
                    continue;
                }
                return None;
            }
            items.push(item);
        }
        Some(Value::Array(items))
    }
}

/// The plan of the item at a place: of the tuple, else of what the array has to contain, else of the rest.
fn plan_at(shape: &ArrayShape, index: usize, length: usize) -> PlanId {
    if let Some(&plan) = shape.tuple.get(index) {
        return plan;
    }
    let mut from_end = length - index - 1;
    for (plan, bounds) in &shape.contains {
        if from_end < bounds.min {
            return *plan;
        }
        from_end -= bounds.min;
    }
    shape.rest
}

/// So many items there can be, given which have a value at all.
fn available(shapes: &Shapes, shape: &ArrayShape) -> usize {
    let without = shape.tuple.iter().position(|&plan| shapes.plan(plan).smallest.is_none());
    match without {
        Some(first) => first,
        None if shapes.plan(shape.rest).smallest.is_none() => shape.tuple.len(),
        None => usize::MAX,
    }
}

/// The smallest array, of items that are known already.
pub(crate) fn smallest(shapes: &Shapes, shape: &ArrayShape) -> Option<Value> {
    let contained: usize = shape.contains.iter().map(|(_, bounds)| bounds.min).sum();
    let length = shape.count.min.max(contained);
    if length > shape.count.max || length > available(shapes, shape) {
        return None;
    }
    (0..length).map(|index| shapes.plan(plan_at(shape, index, length)).smallest.clone()).collect()
}
