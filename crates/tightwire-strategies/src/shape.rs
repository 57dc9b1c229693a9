//! Shapes: what a value has to be when all choices between branches have been made.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::Value;

use crate::conjunction::{Alternative, alternatives};
use crate::formats::Format;
use crate::number::Num;
use crate::pattern::Pattern;
use crate::pick::Bounds;
use crate::sample::Made;
use crate::schema::{Keywords, NodeId, Rule, Schemas};
use crate::types::Types;

/// A place in [`Shapes`].
pub(crate) type PlanId = u32;

/// For each list of schemas that hold of one value, the shapes that the value can have.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    plans: Vec<Plan>,
    by_nodes: HashMap<Vec<NodeId>, PlanId>,
}

/// What a value can be of which some schemas hold.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The schemas.
    pub(crate) nodes: Vec<NodeId>,
    /// Its shapes.
    pub(crate) shapes: Vec<Shape>,
    /// The smallest value that there is; `None` if there is none, or none was found.
    pub(crate) smallest: Option<Value>,
}

/// What a value has to be.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) types: Types,
    pub(crate) values: Option<Vec<Value>>,
    pub(crate) number: NumberShape,
    pub(crate) text: TextShape,
    pub(crate) array: ArrayShape,
    pub(crate) object: ObjectShape,
    /// Whether a value has to be checked, since the shape does not say all.
    #[expect(dead_code, reason = "nothing checks values yet")]
    pub(crate) checked: bool,
}

/// What a number has to be.
#[derive(Debug, Default)]
pub(crate) struct NumberShape {
    pub(crate) min: Option<(Num, bool)>,
    pub(crate) max: Option<(Num, bool)>,
    pub(crate) multiples: Vec<Num>,
}

/// What a text has to be.
#[derive(Debug, Default)]
pub(crate) struct TextShape {
    pub(crate) length: Bounds,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) formats: Vec<Format>,
    /// What they are made from, found when it is needed.
    pub(crate) made: OnceLock<Option<Made>>,
}

/// What an array has to be.
#[derive(Debug, Default)]
pub(crate) struct ArrayShape {
    pub(crate) tuple: Vec<PlanId>,
    pub(crate) rest: PlanId,
    pub(crate) count: Bounds,
    pub(crate) unique: bool,
    /// Schemas that so many of the items have, each with the plan of a further item that has it.
    pub(crate) contains: Vec<(PlanId, Bounds)>,
}

/// What an object has to be.
#[derive(Debug, Default)]
pub(crate) struct ObjectShape {
    pub(crate) properties: Vec<Property>,
    /// Names by pattern, and what they hold.
    pub(crate) patterns: Vec<(Pattern, PlanId)>,
    /// What all others hold.
    pub(crate) additional: PlanId,
    /// What all names are.
    pub(crate) names: Option<PlanId>,
    pub(crate) count: Bounds,
    pub(crate) dependencies: Vec<(String, Vec<String>)>,
    /// Names that there are not.
    pub(crate) absent: Vec<String>,
}

/// A property with a name of its own.
#[derive(Debug)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) plan: PlanId,
    pub(crate) required: bool,
}

impl Shapes {
    pub(crate) fn plan(&self, id: PlanId) -> &Plan {
        &self.plans[id as usize]
    }

    pub(crate) fn plans_mut(&mut self) -> &mut [Plan] {
        &mut self.plans
    }

    /// The plan for a value of which these schemas hold; [`Shapes::work`] fills it.
    pub(crate) fn intern(&mut self, mut nodes: Vec<NodeId>) -> PlanId {
        nodes.sort_unstable();
        nodes.dedup();
        if let Some(&known) = self.by_nodes.get(&nodes) {
            return known;
        }
        let id = PlanId::try_from(self.plans.len()).expect("fewer plans than that");
        self.by_nodes.insert(nodes.clone(), id);
        self.plans.push(Plan { nodes, shapes: Vec::new(), smallest: None });
        id
    }

    /// Fills all plans, and those that they need.
    pub(crate) fn work(&mut self, schemas: &Schemas) {
        let mut next = 0;
        while next < self.plans.len() {
            let nodes = self.plans[next].nodes.clone();
            let found = alternatives(schemas, &nodes);
            let shapes = found.iter().filter_map(|alternative| self.shape(schemas, alternative)).collect();
            self.plans[next].shapes = shapes;
            next += 1;
        }
    }

    fn shape(&mut self, schemas: &Schemas, alternative: &Alternative) -> Option<Shape> {
        let active: Vec<&Keywords> = alternative.active.iter().filter_map(|&id| keywords(schemas, id)).collect();
        let values = values(&active, alternative.types)?;
        Some(Shape {
            types: alternative.types,
            values,
            number: number(&active),
            text: text(&active),
            array: self.array(schemas, &active, alternative),
            object: self.object(schemas, &active, alternative),
            checked: alternative.checked,
        })
    }

    fn array(&mut self, schemas: &Schemas, active: &[&Keywords], alternative: &Alternative) -> ArrayShape {
        let unevaluated: Vec<_> = alternative.unevaluated.iter().filter(|rest| rest.of_items).collect();
        let at = |index: usize| {
            let mut nodes: Vec<NodeId> = active.iter().filter_map(|keywords| item(keywords, index)).collect();
            for rest in &unevaluated {
                let mut by = rest.by.iter().filter_map(|&id| keywords(schemas, id));
                if !by.any(|keywords| item(keywords, index).is_some()) {
                    nodes.push(rest.schema);
                }
            }
            nodes
        };
        let tuple = active.iter().map(|keywords| keywords.tuple.len()).max().unwrap_or(0);
        let further = at(tuple);
        let contains = active.iter().filter_map(|keywords| Some((keywords.contains?, keywords.contained)));
        let contains: Vec<_> = contains
            .map(|(node, bounds)| {
                let nodes = further.iter().copied().chain([node]).collect();
                (self.intern(nodes), bounds)
            })
            .collect();
        ArrayShape {
            tuple: (0..tuple).map(|index| self.intern(at(index))).collect(),
            rest: self.intern(further),
            count: active.iter().fold(Bounds::default(), |all, keywords| all.and(keywords.item_count)),
            unique: active.iter().any(|keywords| keywords.unique),
            contains,
        }
    }

    fn object(&mut self, schemas: &Schemas, active: &[&Keywords], alternative: &Alternative) -> ObjectShape {
        let unevaluated: Vec<_> = alternative.unevaluated.iter().filter(|rest| !rest.of_items).collect();
        let of = |matches: &dyn Fn(&Keywords) -> Vec<NodeId>| {
            let mut nodes: Vec<NodeId> = active.iter().flat_map(|keywords| matches(keywords)).collect();
            for rest in &unevaluated {
                let mut by = rest.by.iter().filter_map(|&id| keywords(schemas, id));
                if by.all(|keywords| matches(keywords).is_empty()) {
                    nodes.push(rest.schema);
                }
            }
            nodes
        };
        let mut properties: Vec<Property> = Vec::new();
        let named = active.iter().flat_map(|keywords| keywords.properties.iter().map(|(name, _)| name));
        let required = active.iter().flat_map(|keywords| &keywords.required).chain(&alternative.present);
        let depended = active.iter().flat_map(|keywords| &keywords.dependent_names);
        let depended = depended.flat_map(|(name, others)| others.iter().chain([name]));
        for name in named.chain(required.clone()).chain(depended) {
            if properties.iter().all(|property| property.name != *name) {
                let plan = self.intern(of(&|keywords| member(keywords, name)));
                let required = required.clone().any(|one| one == name);
                properties.push(Property { name: name.clone(), plan, required });
            }
        }
        let patterns = active.iter().flat_map(|keywords| keywords.patterns.iter().map(|(pattern, _)| pattern));
        let patterns: Vec<_> = patterns
            .map(|pattern| {
                let plan = self.intern(of(&|keywords| {
                    let same = keywords.patterns.iter().find(|(other, _)| other.source() == pattern.source());
                    same.map(|(_, node)| *node).or(keywords.additional).into_iter().collect()
                }));
                (pattern.clone(), plan)
            })
            .collect();
        let names: Vec<NodeId> = active.iter().filter_map(|keywords| keywords.names).collect();
        ObjectShape {
            properties,
            patterns,
            additional: self.intern(of(&|keywords| keywords.additional.into_iter().collect())),
            names: (!names.is_empty()).then(|| self.intern(names)),
            count: active.iter().fold(Bounds::default(), |all, keywords| all.and(keywords.property_count)),
            dependencies: active.iter().flat_map(|keywords| keywords.dependent_names.clone()).collect(),
            absent: alternative.absent.clone(),
        }
    }
}

/// The keywords of a schema that is no boolean.
fn keywords(schemas: &Schemas, id: NodeId) -> Option<&Keywords> {
    match &schemas.node(id).rule {
        Rule::Bool(_) => None,
        Rule::Keywords(keywords) => Some(keywords),
    }
}

/// What a schema says of the item at a place.
fn item(keywords: &Keywords, index: usize) -> Option<NodeId> {
    keywords.tuple.get(index).copied().or(keywords.items)
}

/// What a schema says of the property of a name.
pub(crate) fn member(keywords: &Keywords, name: &str) -> Vec<NodeId> {
    let named = keywords.properties.iter().filter(|(known, _)| known == name).map(|(_, node)| *node);
    let matching = keywords.patterns.iter().filter(|(pattern, _)| pattern.is_match(name)).map(|(_, node)| *node);
    let found: Vec<_> = named.chain(matching).collect();
    if found.is_empty() { keywords.additional.into_iter().collect() } else { found }
}

/// The values that all lists have; `None` if there is a list and nothing is left of it.
#[allow(clippy::option_option, reason = "there may be no list")]
fn values(active: &[&Keywords], types: Types) -> Option<Option<Vec<Value>>> {
    let lists = active.iter().flat_map(|keywords| {
        let constant = keywords.constant.iter().map(std::slice::from_ref);
        keywords.values.iter().map(Vec::as_slice).chain(constant)
    });
    let mut left: Option<Vec<Value>> = None;
    for list in lists {
        left = Some(match left {
            None => list.to_vec(),
            Some(left) => left.into_iter().filter(|value| list.contains(value)).collect(),
        });
    }
    if let Some(left) = &mut left {
        left.retain(|value| types.has(Types::of(value)));
        if left.is_empty() {
            return None;
        }
    }
    Some(left)
}

fn number(active: &[&Keywords]) -> NumberShape {
    let mut shape = NumberShape::default();
    for limits in active.iter().map(|keywords| &keywords.number) {
        for (limit, excluded) in [(limits.minimum, false), (limits.above, true)] {
            let Some(limit) = limit else { continue };
            let tighter = shape.min.is_none_or(|(min, open)| limit.cmp(min).then(excluded.cmp(&open)).is_gt());
            if tighter {
                shape.min = Some((limit, excluded));
            }
        }
        for (limit, excluded) in [(limits.maximum, false), (limits.below, true)] {
            let Some(limit) = limit else { continue };
            let tighter = shape.max.is_none_or(|(max, open)| max.cmp(limit).then(excluded.cmp(&open)).is_gt());
            if tighter {
                shape.max = Some((limit, excluded));
            }
        }
        shape.multiples.extend(limits.multiple_of);
    }
    shape
}

fn text(active: &[&Keywords]) -> TextShape {
    TextShape {
        length: active.iter().fold(Bounds::default(), |all, keywords| all.and(keywords.length)),
        patterns: active.iter().filter_map(|keywords| keywords.pattern.clone()).collect(),
        formats: active.iter().filter_map(|keywords| keywords.format).collect(),
        made: OnceLock::new(),
    }
}
