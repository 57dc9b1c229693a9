//! Values, made from shapes.

mod array;
mod number;
mod object;
mod text;

use fastrand::Rng;
use serde_json::Value;

pub(crate) use self::text::Made;
use crate::pick::Pick;
use crate::plans::Plans;
use crate::shape::{PlanId, Shape};
use crate::types::Types;

/// Deeper than this, values are the smallest that there are.
const DEPTH: usize = 8;
/// A frame has so many values, or somewhat more: schemas that contain themselves would fill a disk.
const BUDGET: usize = 4096;
/// So often a value is made before the smallest is taken.
const ATTEMPTS: usize = 8;
/// Whole numbers up to here are the same as floats.
const EXACT: u64 = 1 << 53;

/// Makes values.
pub(crate) struct Sampler<'s> {
    pub(crate) plans: &'s Plans,
    pub(crate) rng: &'s mut Rng,
    depth: usize,
    /// So many more values may be made; then come the smallest.
    budget: usize,
}

impl<'s> Sampler<'s> {
    pub(crate) fn new(plans: &'s Plans, rng: &'s mut Rng) -> Self {
        let budget = if rng.bool() { BUDGET } else { BUDGET / 16 };
        Self { plans, rng, depth: 0, budget }
    }

    /// A value of a plan; `None` if there is none.
    pub(crate) fn value(&mut self, id: PlanId) -> Option<Value> {
        let plan = self.plans.plan(id);
        let smallest = plan.smallest.as_ref()?;
        if self.depth < DEPTH && self.budget > 0 {
            self.budget -= 1;
            for _ in 0..ATTEMPTS {
                if let Some(value) = self.attempt(id) {
                    return Some(value);
                }
            }
        }
        Some(smallest.clone())
    }

    /// A value of a plan, if the first that comes to mind is one.
    pub(crate) fn attempt(&mut self, id: PlanId) -> Option<Value> {
        let plan = self.plans.plan(id);
        let shape = match &plan.shapes[..] {
            [single] => single,
            shapes => self.rng.choice(shapes)?,
        };
        let value = self.of_shape(shape)?;
        (!shape.checked || self.plans.accepts(id, &value)).then_some(value)
    }

    /// A value of a shape; `None` if none was found.
    fn of_shape(&mut self, shape: &Shape) -> Option<Value> {
        if let Some(values) = &shape.values {
            return self.rng.choice(values).cloned();
        }
        let chosen = self.rng.usize(..shape.types.count());
        let of = shape.types.each().nth(chosen)?;
        self.depth += 1;
        let found = match of {
            Types::NULL => Some(Value::Null),
            Types::BOOLEAN => Some(Value::Bool(self.rng.bool())),
            Types::INTEGER => number::whole(&shape.number, self.rng).map(|whole| self.perhaps_as_float(whole)),
            Types::FRACTION => number::fraction(&shape.number, self.rng),
            Types::STRING => {
                let pick = Pick::random(self.rng);
                text::text(&shape.text, self.rng, pick).map(Value::String)
            }
            Types::ARRAY => self.array(&shape.array),
            _ => self.object(&shape.object),
        };
        self.depth -= 1;
        found
    }

    /// To JSON Schema `1.0` is a whole number, and programs forget about it.
    #[allow(clippy::cast_precision_loss, reason = "such whole numbers are floats exactly")]
    fn perhaps_as_float(&mut self, whole: Value) -> Value {
        match whole.as_i64() {
            Some(number) if number.unsigned_abs() < EXACT && self.rng.u8(..64) == 0 => (number as f64).into(),
            _ => whole,
        }
    }
}

/// The smallest value of a shape that needs no guessing, of smallest values that are known already.
pub(crate) fn smallest(plans: &Plans, shape: &Shape) -> Option<Value> {
    if let Some(values) = &shape.values {
        return values.iter().min_by_key(|value| value.to_string().len()).cloned();
    }
    let mut rng = Rng::with_seed(0);
    shape.types.each().find_map(|of| match of {
        Types::NULL => Some(Value::Null),
        Types::BOOLEAN => Some(Value::Bool(false)),
        Types::INTEGER => number::smallest_whole(&shape.number),
        Types::FRACTION => number::fraction(&shape.number, &mut rng),
        Types::STRING => text::text(&shape.text, &mut rng, Pick::Smallest).map(Value::String),
        Types::ARRAY => array::smallest(plans, &shape.array),
        _ => object::smallest(plans, &shape.object),
    })
}
