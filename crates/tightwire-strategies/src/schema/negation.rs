//! What a value can be of which a schema does not hold, as schemas: to make such values, branches are better than chance.
//!
//! The branches need not say all: whether a value is right, `not` itself decides.

use std::collections::HashMap;

use super::{Keywords, Node, NodeId, Rule, Schemas};
use crate::number::Num;
use crate::pick::Bounds;
use crate::types::Types;

/// A name that schemas hardly have.
const FURTHER: &str = "further";

/// Gives every `not`, every `if` and every branch of a `oneOf` the schema of what does not follow it.
pub(super) fn add(schemas: &mut Schemas) {
    let mut maker = Maker { schemas, known: HashMap::new() };
    let mut next = 0;
    while next < maker.schemas.nodes.len() {
        if let Rule::Keywords(keywords) = &maker.schemas.nodes[next].rule {
            let (not, condition, made) = (keywords.not, keywords.condition, keywords.made);
            let branches = keywords.one_of.clone();
            let refused = not.filter(|_| !made).map(|not| maker.negation(not));
            let condition_fails = condition.map(|condition| maker.negation(condition));
            let one_of_refused = branches.iter().map(|&branch| maker.negation(branch)).collect();
            if let Rule::Keywords(keywords) = &mut maker.schemas.nodes[next].rule {
                keywords.one_of_refused = one_of_refused;
                (keywords.refused, keywords.condition_fails) = (refused, condition_fails);
            }
        }
        next += 1;
    }
}

struct Maker<'s> {
    schemas: &'s mut Schemas,
    known: HashMap<NodeId, NodeId>,
}

impl Maker<'_> {
    /// The schema of what another does not hold of.
    fn negation(&mut self, of: NodeId) -> NodeId {
        if let Some(&known) = self.known.get(&of) {
            return known;
        }
        let id = self.push(of, Rule::Bool(true));
        self.known.insert(of, id);
        let rule = match &self.schemas.node(of).rule {
            Rule::Bool(accepts) => Rule::Bool(!accepts),
            Rule::Keywords(keywords) => {
                // A copy, since more schemas are made on the way.
                let keywords = keywords.clone();
                let ways = self.ways(of, &keywords);
                if ways.is_empty() {
                    Rule::Bool(false)
                } else {
                    let any_of = ways.into_iter().map(|way| self.push(of, Rule::Keywords(Box::new(way)))).collect();
                    Rule::Keywords(Box::new(Keywords { any_of, not: Some(of), ..way() }))
                }
            }
        };
        self.schemas.nodes[id as usize].rule = rule;
        id
    }

    fn push(&mut self, of: NodeId, rule: Rule) -> NodeId {
        let id = NodeId::try_from(self.schemas.nodes.len()).expect("fewer schemas than that");
        let pointer = self.schemas.node(of).pointer.clone();
        self.schemas.nodes.push(Node { pointer, rule });
        id
    }

    /// The ways in which keywords do not hold.
    fn ways(&mut self, of: NodeId, keywords: &Keywords) -> Vec<Keywords> {
        let mut ways = scalars(keywords);
        self.arrays(of, keywords, &mut ways);
        self.objects(of, keywords, &mut ways);
        for &node in keywords.reference.iter().chain(&keywords.all_of) {
            ways.push(Keywords { all_of: vec![self.negation(node)], ..way() });
        }
        for branches in [&keywords.any_of, &keywords.one_of] {
            if !branches.is_empty() {
                let all_of = branches.iter().map(|&node| self.negation(node)).collect();
                ways.push(Keywords { all_of, ..way() });
            }
        }
        for (index, &one) in keywords.one_of.iter().enumerate() {
            let others = &keywords.one_of[index + 1..];
            ways.extend(others.iter().map(|&another| Keywords { all_of: vec![one, another], ..way() }));
        }
        ways.extend(keywords.not.map(|not| Keywords { all_of: vec![not], ..way() }));
        if let Some(condition) = keywords.condition {
            if let Some(then) = keywords.then {
                ways.push(Keywords { all_of: vec![condition, self.negation(then)], ..way() });
            }
            if let Some(otherwise) = keywords.otherwise {
                let all_of = vec![self.negation(condition), self.negation(otherwise)];
                ways.push(Keywords { all_of, ..way() });
            }
        }
        ways
    }

    fn arrays(&mut self, of: NodeId, keywords: &Keywords, ways: &mut Vec<Keywords>) {
        let array = |item_count| Keywords { item_count, ..of_type(Types::ARRAY) };
        ways.extend(outside(keywords.item_count).map(array));
        if keywords.unique || keywords.unevaluated_items.is_some() {
            ways.push(array(Bounds { min: 1 + usize::from(keywords.unique), ..Bounds::default() }));
        }
        for (index, &node) in keywords.tuple.iter().enumerate() {
            let any = self.push(of, Rule::Bool(true));
            let mut tuple = vec![any; index];
            tuple.push(self.negation(node));
            ways.push(Keywords { tuple, ..array(Bounds { min: index + 1, ..Bounds::default() }) });
        }
        if let Some(items) = keywords.items {
            let any = self.push(of, Rule::Bool(true));
            let tuple = vec![any; keywords.tuple.len()];
            let items = Some(self.negation(items));
            let item_count = Bounds { min: keywords.tuple.len() + 1, ..Bounds::default() };
            ways.push(Keywords { tuple, items, ..array(item_count) });
        }
        if let Some(contains) = keywords.contains {
            if keywords.contained.min > 0 {
                let items = Some(self.negation(contains));
                ways.push(Keywords { items, ..of_type(Types::ARRAY) });
            }
            if keywords.contained.max != usize::MAX {
                let contained = Bounds { min: keywords.contained.max + 1, ..Bounds::default() };
                ways.push(Keywords { contains: Some(contains), contained, ..of_type(Types::ARRAY) });
            }
        }
    }

    fn objects(&mut self, of: NodeId, keywords: &Keywords, ways: &mut Vec<Keywords>) {
        let object = || of_type(Types::OBJECT);
        let without = |maker: &mut Self, names: &[String]| -> Vec<(String, NodeId)> {
            names.iter().map(|name| (name.clone(), maker.push(of, Rule::Bool(false)))).collect()
        };
        ways.extend(outside(keywords.property_count).map(|property_count| Keywords { property_count, ..object() }));
        for name in &keywords.required {
            ways.push(Keywords { properties: without(self, std::slice::from_ref(name)), ..object() });
        }
        for (name, others) in &keywords.dependent_names {
            for other in others {
                let properties = without(self, std::slice::from_ref(other));
                ways.push(Keywords { required: vec![name.clone()], properties, ..object() });
            }
        }
        for (name, node) in &keywords.dependent_schemas {
            ways.push(Keywords { required: vec![name.clone()], all_of: vec![self.negation(*node)], ..object() });
        }
        for (name, node) in &keywords.properties {
            let properties = vec![(name.clone(), self.negation(*node))];
            ways.push(Keywords { required: vec![name.clone()], properties, ..object() });
        }
        let some = Bounds { min: 1, ..Bounds::default() };
        for (pattern, node) in &keywords.patterns {
            let patterns = vec![(pattern.clone(), self.negation(*node))];
            ways.push(Keywords { patterns, property_count: some, ..object() });
        }
        if let Some(names) = keywords.names {
            ways.push(Keywords { names: Some(self.negation(names)), property_count: some, ..object() });
        }
        for further in keywords.additional.iter().chain(&keywords.unevaluated_properties) {
            let properties = vec![(FURTHER.to_owned(), self.negation(*further))];
            ways.push(Keywords { required: vec![FURTHER.to_owned()], properties, ..object() });
        }
    }
}

/// A way that says nothing yet.
fn way() -> Keywords {
    Keywords { made: true, ..Keywords::default() }
}

fn of_type(types: Types) -> Keywords {
    Keywords { types: Some(types), ..way() }
}

/// What there are too few of, and too many.
fn outside(bounds: Bounds) -> impl Iterator<Item = Bounds> {
    let fewer = bounds.min.checked_sub(1).map(|max| Bounds { min: 0, max });
    let more = bounds.max.checked_add(1).map(|min| Bounds { min, max: usize::MAX });
    fewer.into_iter().chain(more)
}

/// The ways that are about the value itself, or about numbers and texts.
fn scalars(keywords: &Keywords) -> Vec<Keywords> {
    let mut ways = Vec::new();
    if let Some(types) = keywords.types {
        let others = types.complement();
        ways.extend((!others.is_empty()).then(|| of_type(others)));
    }
    if keywords.constant.is_some() || keywords.values.is_some() {
        ways.push(way());
    }
    let limits = &keywords.number;
    let mut number = |set: fn(&mut Keywords, Num), limit: Option<Num>| {
        if let Some(limit) = limit {
            let mut keywords = of_type(Types::NUMBER);
            set(&mut keywords, limit);
            ways.push(keywords);
        }
    };
    number(|keywords, limit| keywords.number.below = Some(limit), limits.minimum);
    number(|keywords, limit| keywords.number.above = Some(limit), limits.maximum);
    number(|keywords, limit| keywords.number.maximum = Some(limit), limits.above);
    number(|keywords, limit| keywords.number.minimum = Some(limit), limits.below);
    number(|_, _| {}, limits.multiple_of);
    ways.extend(outside(keywords.length).map(|length| Keywords { length, ..of_type(Types::STRING) }));
    if keywords.pattern.is_some() || keywords.format.is_some() {
        ways.push(of_type(Types::STRING));
    }
    ways
}
