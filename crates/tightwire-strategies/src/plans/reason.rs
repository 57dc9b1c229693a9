//! Why there is no value.

use super::Plans;
use crate::conjunction::alternatives;
use crate::schema::{NodeId, Rule};
use crate::shape::{PlanId, Shape};
use crate::types::Types;

impl Plans {
    /// Where it is said that there is no value of a plan, and why; in the first shape that there could be.
    pub(crate) fn reason(&self, id: PlanId) -> (String, String) {
        self.follow(id, &mut Vec::new())
    }

    fn follow(&self, id: PlanId, above: &mut Vec<PlanId>) -> (String, String) {
        let plan = self.plan(id);
        let first = plan.nodes.first().map(|&node| self.schemas.node(node).pointer.clone());
        let here = |why: &str| (first.clone().unwrap_or_default(), why.to_owned());
        let refuses = |node: &&NodeId| matches!(self.schemas.node(**node).rule, Rule::Bool(false));
        if let Some(&node) = plan.nodes.iter().find(refuses) {
            return (self.schemas.node(node).pointer.clone(), "nothing is allowed here".to_owned());
        }
        if above.contains(&id) {
            return here("every value has to contain another of its kind");
        }
        if let Some(found) = plan.nodes.iter().find_map(|&node| self.two_always(node)) {
            return found;
        }
        let Some(shape) = plan.shapes.first() else {
            return here("what has to hold together contradicts itself");
        };
        above.push(id);
        let needed = self.needed(shape);
        let found = match needed {
            Some(needed) => self.follow(needed, above),
            None => here(&of_shape(shape)),
        };
        above.pop();
        found
    }

    /// A `oneOf` of which two branches always hold.
    fn two_always(&self, mut node: NodeId) -> Option<(String, String)> {
        let mut seen = Vec::new();
        loop {
            let Rule::Keywords(keywords) = &self.schemas.node(node).rule else { return None };
            let refused = keywords.one_of_refused.iter();
            let always = refused.filter(|&&refused| alternatives(&self.schemas, &[refused], false).is_empty());
            if always.count() > 1 {
                let pointer = format!("{}/oneOf", self.schemas.node(node).pointer);
                return Some((pointer, "more than one branch of it always holds".to_owned()));
            }
            let inner = keywords.reference.iter().chain(&keywords.all_of).copied().find(|next| !seen.contains(next))?;
            seen.push(inner);
            node = inner;
        }
    }

    /// A value that a value of the shape needs, and that there is not.
    fn needed(&self, shape: &Shape) -> Option<PlanId> {
        if shape.values.is_some() {
            return None;
        }
        let is_missing = |id: &PlanId| !self.is_possible(*id);
        if shape.types == Types::OBJECT {
            let required = shape.object.properties.iter().filter(|property| property.required);
            return required.map(|property| property.plan).find(is_missing);
        }
        if shape.types == Types::ARRAY {
            return (0..shape.array.count.min.min(shape.array.tuple.len() + 1))
                .map(|index| shape.array.at(index))
                .find(is_missing);
        }
        None
    }
}

/// What in a shape itself leaves no value.
fn of_shape(shape: &Shape) -> String {
    if shape.types == Types::STRING {
        if let Some(problem) = shape.text.patterns.iter().find_map(|pattern| pattern.problem()) {
            return problem.to_owned();
        }
        if shape.text.length.is_empty() {
            return "no length is allowed".to_owned();
        }
        return "no text was found that has all that it has to have".to_owned();
    }
    if shape.types == Types::INTEGER || shape.types == Types::NUMBER || shape.types == Types::FRACTION {
        return "no number was found that has all that it has to have".to_owned();
    }
    "no value was found that all of the schemas accept".to_owned()
}
