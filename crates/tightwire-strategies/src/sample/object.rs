//! Objects.

use serde_json::{Map, Value};

use super::Sampler;
use crate::pick::{Bounds, Pick};
use crate::plans::Plans;
use crate::shape::{ObjectShape, PlanId};

/// Where there is no end, so many further properties more than the least.
const USUAL: usize = 3;
/// So often a name is made that may do.
const ATTEMPTS: usize = 4;

impl Sampler<'_> {
    /// An object of a shape.
    pub(super) fn object(&mut self, shape: &ObjectShape) -> Option<Value> {
        let pick = Pick::random(self.rng);
        let mut chosen: Vec<bool> = Vec::with_capacity(shape.properties.len());
        for property in &shape.properties {
            let wanted = match pick {
                Pick::Smallest => false,
                Pick::Largest => true,
                Pick::Any => self.rng.bool(),
            };
            chosen.push(property.required || (wanted && shape.may_have(property, self.plans)));
        }
        close(shape, &mut chosen);
        self.trim(shape, &mut chosen);
        let count = chosen.iter().filter(|chosen| **chosen).count();
        let mut members = Map::with_capacity(count);
        for (property, _) in shape.properties.iter().zip(&chosen).filter(|(_, chosen)| **chosen) {
            members.insert(property.name.clone(), self.value(property.plan)?);
        }
        self.further(shape, &mut members, pick);
        self.fill(shape, &mut members)?;
        shape.count.contains(members.len()).then_some(Value::Object(members))
    }

    /// Leaves out what is too much, as long as nothing else depends on it.
    fn trim(&mut self, shape: &ObjectShape, chosen: &mut [bool]) {
        let mut count = chosen.iter().filter(|chosen| **chosen).count();
        if count <= shape.count.max {
            return;
        }
        let first = self.rng.usize(..chosen.len());
        for step in 0..chosen.len() {
            let index = (first + step) % chosen.len();
            if count > shape.count.max && chosen[index] && !shape.properties[index].required {
                chosen[index] = false;
                count -= 1;
            }
        }
    }

    /// Adds properties that have no schema of their own.
    fn further(&mut self, shape: &ObjectShape, members: &mut Map<String, Value>, pick: Pick) {
        let most = shape.count.max.saturating_sub(members.len());
        let by_pattern = shape.patterns.iter().any(|(_, plan)| self.plans.is_possible(*plan));
        let possible = by_pattern || self.plans.is_possible(shape.additional);
        if most == 0 || pick == Pick::Smallest || !possible {
            return;
        }
        // Where a schema lists properties, others are seldom meant.
        if !shape.properties.is_empty() && !by_pattern && self.rng.u8(..8) > 0 {
            return;
        }
        let count = Bounds { min: 0, max: most }.pick(self.rng, USUAL);
        for _ in 0..count {
            self.add(shape, members);
        }
    }

    /// Adds properties until there are enough.
    fn fill(&mut self, shape: &ObjectShape, members: &mut Map<String, Value>) -> Option<()> {
        let mut attempts = 0;
        while members.len() < shape.count.min {
            if !self.add(shape, members) {
                attempts += 1;
            }
            let mut left = shape.properties.iter().filter(|property| !members.contains_key(&property.name));
            if attempts > ATTEMPTS {
                let property = left.find(|property| shape.may_have(property, self.plans))?;
                let value = self.value(property.plan)?;
                members.insert(property.name.clone(), value);
            }
        }
        Some(())
    }

    /// Adds a property that has no schema of its own; says whether it did.
    fn add(&mut self, shape: &ObjectShape, members: &mut Map<String, Value>) -> bool {
        for _ in 0..ATTEMPTS {
            let Some((name, plan)) = self.name(shape, members.len()) else { continue };
            if shape.has_named(&name) || members.contains_key(&name) {
                continue;
            }
            let Some(value) = self.value(plan) else { continue };
            members.insert(name, value);
            return true;
        }
        false
    }

    /// A name of a further property, and what it holds.
    fn name(&mut self, shape: &ObjectShape, number: usize) -> Option<(String, PlanId)> {
        if !shape.patterns.is_empty() && (!self.plans.is_possible(shape.additional) || self.rng.bool()) {
            let (pattern, plan) = self.rng.choice(&shape.patterns)?;
            return Some((pattern.sample(self.rng)?, *plan));
        }
        let name = match shape.names {
            Some(names) => self.value(names)?.as_str()?.to_owned(),
            None => super::text::name(self.rng, number),
        };
        let matches = shape.patterns.iter().find(|(pattern, _)| pattern.is_match(&name));
        Some((name, matches.map_or(shape.additional, |(_, plan)| *plan)))
    }
}

/// Chooses whatever the chosen ones depend on.
fn close(shape: &ObjectShape, chosen: &mut [bool]) {
    if shape.dependencies.is_empty() {
        return;
    }
    loop {
        let mut changed = false;
        for (name, others) in &shape.dependencies {
            if *name < chosen.len() && chosen[*name] {
                for &other in others {
                    changed |= !std::mem::replace(&mut chosen[other], true);
                }
            }
        }
        if !changed {
            return;
        }
    }
}

/// The smallest object, of values that are known already.
pub(super) fn smallest(plans: &Plans, shape: &ObjectShape) -> Option<Value> {
    let mut chosen: Vec<bool> = shape.properties.iter().map(|property| property.required).collect();
    close(shape, &mut chosen);
    let mut members = Map::new();
    for (property, _) in shape.properties.iter().zip(chosen).filter(|(_, chosen)| *chosen) {
        members.insert(property.name.clone(), plans.plan(property.plan).smallest.clone()?);
    }
    let missing = shape.count.min.saturating_sub(members.len());
    let further = (0..).map(|number| format!("x{number}")).filter(|name| !shape.has_named(name));
    for name in further.take(missing) {
        members.insert(name, plans.plan(shape.additional).smallest.clone()?);
    }
    shape.count.contains(members.len()).then_some(Value::Object(members))
}
