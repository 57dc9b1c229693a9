//! Where in a valid frame which keyword of which schema holds.

use serde_json::Value;

use crate::schema::{Keywords, NodeId, Rule, Schemas, escaped};
use crate::shape::member;

/// So deep references are followed that lead back without going into the value.
const MAX_DEPTH: usize = 128;

/// A schema that a value in the frame is held against.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The schema.
    pub(super) node: NodeId,
    /// Where the value is.
    pub(super) pointer: String,
    /// The branches of `anyOf` and `oneOf` that it is in, the outermost first: the keyword and where its value is.
    pub(super) within: Vec<(&'static str, String)>,
}

/// All places of a valid frame. Branches that it does not follow are left out, and so is what nothing depends on.
pub(super) fn of(schemas: &Schemas, root: NodeId, frame: &Value) -> Vec<Place> {
    let mut walk = Walk { schemas, places: Vec::new(), within: Vec::new(), depth: 0 };
    walk.node(root, frame, "");
    walk.places
}

struct Walk<'s> {
    schemas: &'s Schemas,
    places: Vec<Place>,
    within: Vec<(&'static str, String)>,
    depth: usize,
}

impl Walk<'_> {
    fn node(&mut self, id: NodeId, value: &Value, at: &str) {
        let Rule::Keywords(keywords) = &self.schemas.node(id).rule else { return };
        if self.depth == MAX_DEPTH {
            return;
        }
        self.depth += 1;
        self.places.push(Place { node: id, pointer: at.to_owned(), within: self.within.clone() });
        self.in_place(keywords, value, at);
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(node) = keywords.tuple.get(index).copied().or(keywords.items) {
                        self.node(node, item, &format!("{at}/{index}"));
                    }
                }
            }
            Value::Object(members) => {
                for (name, value) in members {
                    for node in member(keywords, name) {
                        self.node(node, value, &format!("{at}/{}", escaped(name)));
                    }
                }
            }
            _ => {}
        }
        self.depth -= 1;
    }

    fn in_place(&mut self, keywords: &Keywords, value: &Value, at: &str) {
        for &node in keywords.reference.iter().chain(&keywords.all_of) {
            self.node(node, value, at);
        }
        for (keyword, branches) in [("anyOf", &keywords.any_of), ("oneOf", &keywords.one_of)] {
            self.within.push((keyword, at.to_owned()));
            for &node in branches {
                if self.schemas.accepts(node, value) {
                    self.node(node, value, at);
                }
            }
            self.within.pop();
        }
        if let Some(condition) = keywords.condition {
            let next = if self.schemas.accepts(condition, value) { keywords.then } else { keywords.otherwise };
            if let Some(next) = next {
                self.node(next, value, at);
            }
        }
        if let Value::Object(members) = value {
            for (name, node) in &keywords.dependent_schemas {
                if members.contains_key(name) {
                    self.node(*node, value, at);
                }
            }
        }
    }
}
