//! What several schemas say of one value: `allOf`, references and conditions resolved into alternatives, each of which is a
//! list of schemas that hold together.

use crate::schema::{Keywords, NodeId, Rule, Schemas};
use crate::types::Types;

/// So many alternatives are kept of a value. Where there are more, each branch is in one that is kept.
const MAX_ALTERNATIVES: usize = 128;

/// One way in which all of the schemas can hold.
#[derive(Clone, Debug)]
pub(crate) struct Alternative {
    /// The schemas whose own keywords hold.
    pub(crate) active: Vec<NodeId>,
    /// What the value can be, as far as types tell.
    pub(crate) types: Types,
    /// Properties that are there.
    pub(crate) present: Vec<String>,
    /// Properties that are not there.
    pub(crate) absent: Vec<String>,
    /// `unevaluatedProperties` and `unevaluatedItems`: the schemas that evaluate, and the schema of the rest.
    pub(crate) unevaluated: Vec<Unevaluated>,
    /// Whether values have to be checked, since the alternatives do not say all.
    pub(crate) checked: bool,
}

/// The schema of what no other evaluates.
#[derive(Clone, Debug)]
pub(crate) struct Unevaluated {
    pub(crate) by: Vec<NodeId>,
    pub(crate) schema: NodeId,
    pub(crate) of_items: bool,
}

impl Alternative {
    fn anything() -> Self {
        Self {
            active: Vec::new(),
            types: Types::ALL,
            present: Vec::new(),
            absent: Vec::new(),
            unevaluated: Vec::new(),
            checked: false,
        }
    }

    fn checked(mut self) -> Self {
        self.checked = true;
        self
    }

    /// Both; `None` if they contradict each other.
    fn and(&self, other: &Self) -> Option<Self> {
        let types = self.types & other.types;
        let contradict = |present: &[String], absent: &[String]| present.iter().any(|name| absent.contains(name));
        if types.is_empty() || contradict(&self.present, &other.absent) || contradict(&other.present, &self.absent) {
            return None;
        }
        let join = |one: &[String], another: &[String]| [one, another].concat();
        let mut active = self.active.clone();
        active.extend(other.active.iter().filter(|id| !self.active.contains(id)));
        Some(Self {
            active,
            types,
            present: join(&self.present, &other.present),
            absent: join(&self.absent, &other.absent),
            unevaluated: [&self.unevaluated[..], &other.unevaluated[..]].concat(),
            checked: self.checked || other.checked,
        })
    }
}

/// The ways in which all of these schemas can hold.
pub(crate) fn alternatives(schemas: &Schemas, nodes: &[NodeId]) -> Vec<Alternative> {
    let mut stack = Vec::new();
    nodes.iter().fold(vec![Alternative::anything()], |all, &node| both(&all, &of_node(schemas, node, &mut stack)))
}

fn of_node(schemas: &Schemas, id: NodeId, stack: &mut Vec<NodeId>) -> Vec<Alternative> {
    let keywords = match &schemas.node(id).rule {
        Rule::Bool(true) => return vec![Alternative::anything()],
        Rule::Bool(false) => return Vec::new(),
        Rule::Keywords(keywords) => keywords,
    };
    // A schema that applies itself says nothing new.
    if stack.contains(&id) {
        return vec![Alternative::anything()];
    }
    stack.push(id);
    let found = of_keywords(schemas, id, keywords, stack);
    stack.pop();
    found
}

fn of_keywords(schemas: &Schemas, id: NodeId, keywords: &Keywords, stack: &mut Vec<NodeId>) -> Vec<Alternative> {
    let own = Alternative {
        active: vec![id],
        types: keywords.types.unwrap_or(Types::ALL),
        checked: keywords.not.is_some(),
        ..Alternative::anything()
    };
    let mut found = vec![own];
    for &node in keywords.reference.iter().chain(&keywords.all_of) {
        found = both(&found, &of_node(schemas, node, stack));
    }
    if !keywords.any_of.is_empty() {
        let branches: Vec<_> = keywords.any_of.iter().flat_map(|&node| of_node(schemas, node, stack)).collect();
        found = both(&found, &branches);
    }
    if !keywords.one_of.is_empty() {
        let branches = keywords.one_of.iter().flat_map(|&node| of_node(schemas, node, stack));
        let branches: Vec<_> = branches.map(Alternative::checked).collect();
        found = both(&found, &branches);
    }
    if let Some(condition) = keywords.condition {
        let mut branches = of_node(schemas, condition, stack);
        if let Some(then) = keywords.then {
            branches = both(&branches, &of_node(schemas, then, stack));
        }
        match keywords.otherwise {
            Some(otherwise) => branches.extend(of_node(schemas, otherwise, stack)),
            None => branches.push(Alternative::anything()),
        }
        let branches: Vec<_> = branches.into_iter().map(Alternative::checked).collect();
        found = both(&found, &branches);
    }
    for (name, node) in &keywords.dependent_schemas {
        let mut absent = Alternative::anything();
        absent.absent.push(name.clone());
        let mut present = Alternative::anything();
        present.present.push(name.clone());
        let mut branches = both(&[present], &of_node(schemas, *node, stack));
        branches.push(absent);
        found = both(&found, &branches);
    }
    for (schema, of_items) in [(keywords.unevaluated_properties, false), (keywords.unevaluated_items, true)] {
        let Some(schema) = schema else { continue };
        for alternative in &mut found {
            let by = alternative.active.clone();
            alternative.unevaluated.push(Unevaluated { by, schema, of_items });
            // Branches that were not chosen may hold too, and evaluate more.
            alternative.checked = true;
        }
    }
    found
}

/// Every pair that goes together, or as many as are kept: then the first ones of each side come first.
fn both(left: &[Alternative], right: &[Alternative]) -> Vec<Alternative> {
    let mut found = Vec::new();
    for step in 0..right.len().max(1) {
        for (index, one) in left.iter().enumerate() {
            let Some(another) = right.get((index + step) % right.len().max(1)) else { return found };
            found.extend(one.and(another));
            if found.len() >= MAX_ALTERNATIVES {
                return found;
            }
        }
    }
    found
}
