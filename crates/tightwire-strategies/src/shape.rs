//! Shapes: what a value has to be when all choices between branches have been made.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::Value;

use crate::conjunction::{Alternative, Unevaluated, alternatives};
use crate::formats::Format;
use crate::number::Num;
use crate::pattern::Pattern;
use crate::pick::Bounds;
use crate::plans::Plans;
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
    /// So many have their shapes.
    filled: usize,
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
    pub(crate) made: OnceLock<Vec<Made>>,
    /// Some of them.
    pub(crate) pool: OnceLock<Vec<OnceLock<Option<String>>>>,
}

/// What an array has to be.
#[derive(Debug, Default)]
pub(crate) struct ArrayShape {
    pub(crate) tuple: Vec<PlanId>,
    pub(crate) rest: PlanId,
    pub(crate) count: Bounds,
    pub(crate) unique: bool,
    pub(crate) contains: Vec<Contains>,
}

/// What so many items of an array are.
#[derive(Debug)]
pub(crate) struct Contains {
    /// Such items in the places of the tuple.
    tuple: Vec<PlanId>,
    /// Such an item after it.
    rest: PlanId,
    pub(crate) count: Bounds,
}

impl ArrayShape {
    /// The plan of the item at a place.
    pub(crate) fn at(&self, index: usize) -> PlanId {
        self.tuple.get(index).copied().unwrap_or(self.rest)
    }
}

impl Contains {
    /// The plan of such an item at a place.
    pub(crate) fn at(&self, index: usize) -> PlanId {
        self.tuple.get(index).copied().unwrap_or(self.rest)
    }
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
    /// Properties that others depend on, by their place.
    pub(crate) dependencies: Vec<(usize, Vec<usize>)>,
    /// Names that there are not.
    pub(crate) absent: Vec<String>,
}

impl ObjectShape {
    /// Whether the property may be there, and there is a value of it.
    pub(crate) fn may_have(&self, property: &Property, plans: &Plans) -> bool {
        plans.is_possible(property.plan) && !self.absent.contains(&property.name)
    }

    /// Whether the name has a schema of its own, or may not be there.
    pub(crate) fn has_named(&self, name: &str) -> bool {
        self.properties.iter().any(|property| property.name == name) || self.absent.iter().any(|absent| absent == name)
    }
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

    pub(crate) fn plan_mut(&mut self, id: PlanId) -> &mut Plan {
        &mut self.plans[id as usize]
    }

    /// All plans.
    pub(crate) fn ids(&self) -> impl Iterator<Item = PlanId> + use<> {
        0..PlanId::try_from(self.plans.len()).unwrap_or(PlanId::MAX)
    }

    /// The plan for a value of which that schema alone holds, if there is one.
    pub(crate) fn known(&self, node: NodeId) -> Option<PlanId> {
        self.by_nodes.get(&[node][..]).copied()
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

    /// Fills all plans that are not filled, and those that they need.
    pub(crate) fn work(&mut self, schemas: &Schemas) {
        while self.filled < self.plans.len() {
            self.plans[self.filled].shapes = self.shapes(schemas, self.filled, false);
            self.filled += 1;
        }
    }

    /// Gives a plan the shapes in which only one branch of a `oneOf` can hold.
    pub(crate) fn make_strict(&mut self, schemas: &Schemas, id: PlanId) {
        let shapes = self.shapes(schemas, id as usize, true);
        if !shapes.is_empty() {
            self.plans[id as usize].shapes = shapes;
        }
        self.work(schemas);
    }

    fn shapes(&mut self, schemas: &Schemas, plan: usize, only_one: bool) -> Vec<Shape> {
        let nodes = self.plans[plan].nodes.clone();
        let found = alternatives(schemas, &nodes, only_one);
        let mut shapes: Vec<Shape> = found.iter().filter_map(|alternative| self.shape(schemas, alternative)).collect();
        for shape in &mut shapes {
            // A list is checked here, and never again.
            if let Some(values) = &mut shape.values {
                values.retain(|value| nodes.iter().all(|&node| schemas.accepts(node, value)));
                shape.checked = false;
            }
        }
        shapes.retain(|shape| shape.values.as_ref().is_none_or(|values| !values.is_empty()));
        shapes
    }

    fn shape(&mut self, schemas: &Schemas, alternative: &Alternative) -> Option<Shape> {
        let active: Vec<&Keywords> = alternative.active.iter().filter_map(|&id| keywords(schemas, id)).collect();
        let values = values(&active, alternative.types)?;
        let array = self.array(schemas, &active, alternative);
        let object = self.object(schemas, &active, alternative);
        let uncertain = !array.contains.is_empty()
            || !object.patterns.is_empty()
            || object.names.is_some()
            || !object.dependencies.is_empty();
        Some(Shape {
            types: alternative.types,
            values,
            number: number(&active),
            text: text(&active),
            array,
            object,
            checked: alternative.checked || uncertain,
        })
    }

    fn array(&mut self, schemas: &Schemas, active: &[&Keywords], alternative: &Alternative) -> ArrayShape {
        let unevaluated: Vec<_> = alternative.unevaluated.iter().filter(|rest| rest.of_items).collect();
        // What `contains` accepts is evaluated by it.
        let at = |index: usize, contained: Option<NodeId>| {
            let mut nodes: Vec<NodeId> = active.iter().filter_map(|keywords| item(keywords, index)).collect();
            for rest in &unevaluated {
                let evaluates = |keywords: &Keywords| {
                    item(keywords, index).is_some() || contained.is_some_and(|node| keywords.contains == Some(node))
                };
                if !evaluating(schemas, rest).any(evaluates) {
                    nodes.push(rest.schema);
                }
            }
            nodes.extend(contained);
            nodes
        };
        let tuple = active.iter().map(|keywords| keywords.tuple.len()).max().unwrap_or(0);
        let mut contains = Vec::new();
        for keywords in active {
            let Some(node) = keywords.contains else { continue };
            contains.push(Contains {
                tuple: (0..tuple).map(|index| self.intern(at(index, Some(node)))).collect(),
                rest: self.intern(at(tuple, Some(node))),
                count: keywords.contained,
            });
        }
        ArrayShape {
            tuple: (0..tuple).map(|index| self.intern(at(index, None))).collect(),
            rest: self.intern(at(tuple, None)),
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
                let mut by = evaluating(schemas, rest);
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
        let place = |name: &String| properties.iter().position(|property| property.name == *name);
        let dependencies = active.iter().flat_map(|keywords| &keywords.dependent_names);
        let dependencies = dependencies
            .filter_map(|(name, others)| Some((place(name)?, others.iter().filter_map(place).collect())))
            .collect();
        let names: Vec<NodeId> = active.iter().filter_map(|keywords| keywords.names).collect();
        ObjectShape {
            properties,
            patterns,
            additional: self.intern(of(&|keywords| keywords.additional.into_iter().collect())),
            names: (!names.is_empty()).then(|| self.intern(names)),
            count: active.iter().fold(Bounds::default(), |all, keywords| all.and(keywords.property_count)),
            dependencies,
            absent: alternative.absent.clone(),
        }
    }
}

/// The schemas that evaluate before the rest is looked at.
fn evaluating<'s>(schemas: &'s Schemas, rest: &Unevaluated) -> impl Iterator<Item = &'s Keywords> {
    rest.by.iter().filter_map(|&id| keywords(schemas, id)).filter(|keywords| !keywords.made)
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
        pool: OnceLock::new(),
    }
}
