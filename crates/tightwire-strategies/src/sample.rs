//! Values, made from shapes.

mod array;
mod number;
mod object;
mod text;

use fastrand::Rng;
use serde_json::{Map, Value, json};

pub(crate) use self::text::Made;
use crate::pick::Pick;
use crate::shape::{PlanId, Shape, Shapes};
use crate::types::Types;

/// Deeper than this, values are the smallest that there are.
const DEPTH: usize = 6;
/// So often a value is made before the smallest is taken.
const ATTEMPTS: usize = 8;

/// Makes values.
pub(crate) struct Sampler<'s> {
    pub(crate) shapes: &'s Shapes,
    pub(crate) rng: &'s mut Rng,
    depth: usize,
}

impl<'s> Sampler<'s> {
    pub(crate) fn new(shapes: &'s Shapes, rng: &'s mut Rng) -> Self {
        Self { shapes, rng, depth: 0 }
    }

    /// A value of a plan; `None` if there is none.
    pub(crate) fn value(&mut self, plan: PlanId) -> Option<Value> {
        let plan = self.shapes.plan(plan);
        let smallest = plan.smallest.as_ref()?;
        if self.depth < DEPTH {
            for _ in 0..ATTEMPTS {
                let shape = &plan.shapes[self.rng.usize(..plan.shapes.len())];
                if let Some(value) = self.of_shape(shape) {
                    return Some(value);
                }
            }
        }
        Some(smallest.clone())
    }

    /// A value of a shape; `None` if none was found.
    pub(crate) fn of_shape(&mut self, shape: &Shape) -> Option<Value> {
        if let Some(values) = &shape.values {
            return self.rng.choice(values).cloned();
        }
        let types: Vec<Types> = shape.types.each().collect();
        let first = self.rng.usize(..types.len());
        self.depth += 1;
        let mut found = None;
        for step in 0..types.len() {
            found = self.of_type(shape, types[(first + step) % types.len()]);
            if found.is_some() {
                break;
            }
        }
        self.depth -= 1;
        found
    }

    fn of_type(&mut self, shape: &Shape, of: Types) -> Option<Value> {
        match of {
            Types::NULL => Some(Value::Null),
            Types::BOOLEAN => Some(Value::Bool(self.rng.bool())),
            Types::INTEGER => number::whole(&shape.number, self.rng),
            Types::FRACTION => number::fraction(&shape.number, self.rng),
            Types::STRING => {
                let pick = Pick::random(self.rng);
                text::text(&shape.text, self.rng, pick).map(Value::String)
            }
            Types::ARRAY => self.array(&shape.array),
            _ => self.object(&shape.object),
        }
    }
}

/// Finds the smallest value of every plan, those of the least depth first.
pub(crate) fn find_smallest(shapes: &mut Shapes) {
    loop {
        let count = shapes.plans_mut().len();
        let mut found = Vec::new();
        for id in (0..count).filter_map(|id| PlanId::try_from(id).ok()) {
            let plan = shapes.plan(id);
            if plan.smallest.is_some() {
                continue;
            }
            let candidates = plan.shapes.iter().filter_map(|shape| smallest(shapes, shape));
            if let Some(value) = candidates.min_by_key(|value| value.to_string().len()) {
                found.push((id, value));
            }
        }
        if found.is_empty() {
            return;
        }
        for (id, value) in found {
            shapes.plans_mut()[id as usize].smallest = Some(value);
        }
    }
}

/// The smallest value of a shape, of those that are known already.
fn smallest(shapes: &Shapes, shape: &Shape) -> Option<Value> {
    if let Some(values) = &shape.values {
        return values.first().cloned();
    }
    let mut rng = Rng::with_seed(0);
    let mut candidates = shape.types.each().filter_map(|of| match of {
        Types::NULL => Some(Value::Null),
        Types::BOOLEAN => Some(json!(false)),
        Types::INTEGER => number::smallest_whole(&shape.number),
        Types::FRACTION => number::fraction(&shape.number, &mut rng),
        Types::STRING => text::text(&shape.text, &mut rng, Pick::Smallest).map(Value::String),
        Types::ARRAY => array::smallest(shapes, &shape.array),
        _ => object::smallest(shapes, &shape.object),
    });
    candidates.next()
}

/// An object of these members.
fn object_of(members: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(members.into_iter().collect::<Map<_, _>>())
}
