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

/// The ways in which all of these schemas can hold. With `only_one`, a branch of a `oneOf` comes with what makes the others
/// not hold; without, that is left to chance, which is mostly right.
pub(crate) fn alternatives(schemas: &Schemas, nodes: &[NodeId], only_one: bool) -> Vec<Alternative> {
    let mut finder = Finder { schemas, only_one, stack: Vec::new() };
    nodes.iter().fold(vec![Alternative::anything()], |all, &node| both(&all, &finder.of_node(node)))
}

struct Finder<'s> {
    schemas: &'s Schemas,
    only_one: bool,
    /// The schemas that are being looked at.
    stack: Vec<NodeId>,
}

impl Finder<'_> {
    fn of_node(&mut self, id: NodeId) -> Vec<Alternative> {
        let keywords = match &self.schemas.node(id).rule {
            Rule::Bool(true) => return vec![Alternative::anything()],
            Rule::Bool(false) => return Vec::new(),
            Rule::Keywords(keywords) => keywords,
        };
        // A schema that applies itself says nothing new.
        if self.stack.contains(&id) {
            return vec![Alternative::anything()];
        }
        self.stack.push(id);
        let found = self.of_keywords(id, keywords);
        self.stack.pop();
        found
    }

    fn of_keywords(&mut self, id: NodeId, keywords: &Keywords) -> Vec<Alternative> {
        let own = Alternative {
            active: vec![id],
            types: keywords.types.unwrap_or(Types::ALL),
            checked: keywords.not.is_some(),
            ..Alternative::anything()
        };
        let mut found = vec![own];
        for &node in keywords.reference.iter().chain(&keywords.all_of) {
            found = both(&found, &self.of_node(node));
        }
        if !keywords.any_of.is_empty() {
            let branches: Vec<_> = keywords.any_of.iter().flat_map(|&node| self.of_node(node)).collect();
            found = both(&found, &branches);
        }
        if !keywords.one_of.is_empty() {
            found = both(&found, &self.one_of(keywords));
        }
        if let Some(refused) = keywords.refused {
            found = both(&found, &self.of_node(refused));
        }
        if let Some(condition) = keywords.condition {
            let mut branches = Vec::new();
            for (condition, next) in [(Some(condition), keywords.then), (keywords.condition_fails, keywords.otherwise)]
            {
                let Some(condition) = condition else { continue };
                let holds = self.of_node(condition);
                branches.extend(match next {
                    Some(next) => both(&holds, &self.of_node(next)),
                    None => holds,
                });
            }
            let branches: Vec<_> = branches.into_iter().map(Alternative::checked).collect();
            found = both(&found, &branches);
        }
        for (name, node) in &keywords.dependent_schemas {
            let mut absent = Alternative::anything();
            absent.absent.push(name.clone());
            let mut present = Alternative::anything();
            present.present.push(name.clone());
            let mut branches = both(&[present], &self.of_node(*node));
            branches.push(absent);
            found = both(&found, &branches);
        }
        for (schema, of_items) in [(keywords.unevaluated_properties, false), (keywords.unevaluated_items, true)] {
            let Some(schema) = schema else { continue };
            for alternative in &mut found {
                // An inner one has evaluated all the rest already.
                if alternative.unevaluated.iter().any(|inner| inner.of_items == of_items) {
                    continue;
                }
                let by = alternative.active.clone();
                alternative.unevaluated.push(Unevaluated { by, schema, of_items });
                // Branches that were not chosen may hold too, and evaluate more.
                alternative.checked = true;
            }
        }
        found
    }

    /// The branches of a `oneOf`.
    fn one_of(&mut self, keywords: &Keywords) -> Vec<Alternative> {
        let mut found = Vec::new();
        for (index, &node) in keywords.one_of.iter().enumerate() {
            let mut branch = self.of_node(node);
            if self.only_one {
                for (other, &refused) in keywords.one_of_refused.iter().enumerate() {
                    if other != index {
                        branch = both(&branch, &self.of_node(refused));
                    }
                }
            }
            found.extend(branch.into_iter().map(Alternative::checked));
        }
        found
    }
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
