//! Objects.

use serde_json::{Map, Value};

use super::{Sampler, object_of};
use crate::pick::{Bounds, Pick};
use crate::shape::{ObjectShape, Shapes};

/// Where there is no end, so many further properties more than the least.
const USUAL: usize = 3;

impl Sampler<'_> {
    /// An object of a shape.
    pub(crate) fn object(&mut self, shape: &ObjectShape) -> Option<Value> {
        let pick = Pick::random(self.rng);
        let mut chosen: Vec<bool> = shape
            .properties
            .iter()
            .map(|property| {
                let optional = match pick {
                    Pick::Smallest => false,
                    Pick::Largest => true,
                    Pick::Any => self.rng.bool(),
                };
                property.required
                    || (optional
                        && !shape.absent.contains(&property.name)
                        && self.shapes.plan(property.plan).smallest.is_some())
            })
            .collect();
        close(shape, &mut chosen);
        let mut members = Map::new();
        for (property, _) in shape.properties.iter().zip(&chosen).filter(|(_, chosen)| **chosen) {
            members.insert(property.name.clone(), self.value(property.plan)?);
        }
        self.further(shape, &mut members);
        shape.count.contains(members.len()).then_some(Value::Object(members))
    }

    /// Adds properties that have no schema of their own.
    fn further(&mut self, shape: &ObjectShape, members: &mut Map<String, Value>) {
        let least = shape.count.min.saturating_sub(members.len());
        let most = shape.count.max.saturating_sub(members.len());
        if most == 0 || (shape.properties.len() > members.len() && least == 0 && self.rng.bool()) {
            return;
        }
        let count = Bounds { min: least, max: most }.pick(self.rng, USUAL);
        for number in 0..count {
            let (name, plan) = if !shape.patterns.is_empty() && self.rng.bool() {
                let (pattern, plan) = &shape.patterns[self.rng.usize(..shape.patterns.len())];
                let Some(name) = pattern.sample(self.rng) else { continue };
                (name, *plan)
            } else {
                let name = match shape.names {
                    Some(names) => match self.value(names) {
                        Some(Value::String(name)) => name,
                        _ => continue,
                    },
                    None => format!("x{number}"),
                };
                (name, shape.additional)
            };
            let known = shape.properties.iter().any(|property| property.name == name) || shape.absent.contains(&name);
            if let Some(value) = self.value(plan).filter(|_| !known) {
                members.insert(name, value);
            }
        }
    }
}

/// Chooses whatever the chosen ones depend on.
fn close(shape: &ObjectShape, chosen: &mut [bool]) {
    let index_of = |name: &str| shape.properties.iter().position(|property| property.name == name);
    loop {
        let before = chosen.iter().filter(|chosen| **chosen).count();
        for (name, others) in &shape.dependencies {
            if index_of(name).is_some_and(|index| chosen[index]) {
                for index in others.iter().filter_map(|other| index_of(other)) {
                    chosen[index] = true;
                }
            }
        }
        if chosen.iter().filter(|chosen| **chosen).count() == before {
            return;
        }
    }
}

/// The smallest object, of values that are known already.
pub(crate) fn smallest(shapes: &Shapes, shape: &ObjectShape) -> Option<Value> {
    let mut chosen: Vec<bool> = shape.properties.iter().map(|property| property.required).collect();
    close(shape, &mut chosen);
    let mut members = Vec::new();
    for (property, chosen) in shape.properties.iter().zip(chosen) {
        if chosen {
            if shape.absent.contains(&property.name) {
                return None;
            }
            members.push((property.name.clone(), shapes.plan(property.plan).smallest.clone()?));
        }
    }
    let missing = shape.count.min.saturating_sub(members.len());
    for number in 0..missing {
        members.push((format!("x{number}"), shapes.plan(shape.additional).smallest.clone()?));
    }
    shape.count.contains(members.len()).then(|| object_of(members))
}
