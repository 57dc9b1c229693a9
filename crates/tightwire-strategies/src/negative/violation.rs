//! What is wrong with a frame: which keywords of which schemas do not hold, and where.

use serde_json::Value;

use crate::check::{are_unique, has_format};
use crate::formats::Format;
use crate::number::{Num, same};
use crate::schema::{Keywords, NodeId, Rule, Schemas, escaped};
use crate::shape::member;
use crate::types::Types;

/// So deep references are followed that lead back without going into the value.
const MAX_DEPTH: usize = 128;

/// A keyword that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    /// The schema with the keyword.
    pub(super) node: NodeId,
    pub(super) keyword: &'static str,
    /// Where the value is; for what is missing or may not be there, where that would be or is.
    pub(super) pointer: String,
}

/// All that is wrong with a frame, as far as it can be told where; nothing if it is valid.
pub(super) fn of(schemas: &Schemas, root: NodeId, frame: &Value) -> Vec<Broken> {
    let mut judge = Judge { schemas, found: Vec::new(), depth: 0 };
    judge.node(root, frame, "");
    judge.found
}

struct Judge<'s> {
    schemas: &'s Schemas,
    found: Vec<Broken>,
    depth: usize,
}

impl Judge<'_> {
    fn push(&mut self, node: NodeId, keyword: &'static str, pointer: impl Into<String>) {
        self.found.push(Broken { node, keyword, pointer: pointer.into() });
    }

    fn node(&mut self, id: NodeId, value: &Value, at: &str) {
        let keywords = match &self.schemas.node(id).rule {
            Rule::Bool(true) => return,
            Rule::Bool(false) => return self.push(id, "false", at),
            Rule::Keywords(keywords) => keywords,
        };
        if self.depth == MAX_DEPTH {
            return;
        }
        self.depth += 1;
        self.own(id, keywords, value, at);
        self.in_place(id, keywords, value, at);
        match value {
            Value::Array(items) => self.items(id, keywords, items, at),
            Value::Object(members) => {
                for (name, value) in members {
                    let below = format!("{at}/{}", escaped(name));
                    for node in member(keywords, name) {
                        self.child(id, node, value, &below);
                    }
                    let named = Value::String(name.clone());
                    if keywords.names.is_some_and(|names| !self.schemas.accepts(names, &named)) {
                        self.push(id, "propertyNames", at);
                    }
                }
            }
            _ => {}
        }
        // Whether something is left over, only those keywords say; and what does not hold leaves everything over.
        let left_over = match value {
            Value::Array(_) => keywords.unevaluated_items.map(|_| "unevaluatedItems"),
            _ => keywords.unevaluated_properties.map(|_| "unevaluatedProperties"),
        };
        if let Some(keyword) = left_over.filter(|_| !self.schemas.accepts(id, value)) {
            self.push(id, keyword, at);
        }
        self.depth -= 1;
    }

    /// The schema of a member or an item. If there may be none, the keyword that says so does not hold.
    fn child(&mut self, parent: NodeId, node: NodeId, value: &Value, at: &str) {
        if matches!(self.schemas.node(node).rule, Rule::Bool(false)) {
            self.push(parent, self.schemas.keyword_of(parent, node), at);
        } else {
            self.node(node, value, at);
        }
    }

    /// What the schema itself says of the value.
    fn own(&mut self, id: NodeId, keywords: &Keywords, value: &Value, at: &str) {
        let limits = &keywords.number;
        let mut says = |keyword, holds: bool| {
            if !holds {
                self.push(id, keyword, at);
            }
        };
        says("type", keywords.types.is_none_or(|types| types.has(Types::of(value))));
        says("const", keywords.constant.as_ref().is_none_or(|constant| same(constant, value)));
        says("enum", keywords.values.as_ref().is_none_or(|values| values.iter().any(|one| same(one, value))));
        match value {
            Value::Number(number) => {
                let number = Num::of(number);
                says("minimum", limits.minimum.is_none_or(|minimum| number.cmp(minimum).is_ge()));
                says("maximum", limits.maximum.is_none_or(|maximum| number.cmp(maximum).is_le()));
                says("exclusiveMinimum", limits.above.is_none_or(|above| number.cmp(above).is_gt()));
                says("exclusiveMaximum", limits.below.is_none_or(|below| number.cmp(below).is_lt()));
                says("multipleOf", limits.multiple_of.is_none_or(|multiple| number.is_multiple_of(multiple)));
            }
            Value::String(text) => {
                let length = text.chars().count();
                says("minLength", length >= keywords.length.min);
                says("maxLength", length <= keywords.length.max);
                says("pattern", keywords.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text)));
                let has = |format: Format| !format.is_judged() || has_format(format, text);
                says("format", keywords.format.is_none_or(has));
            }
            Value::Array(items) => {
                says("minItems", items.len() >= keywords.item_count.min);
                says("maxItems", items.len() <= keywords.item_count.max);
                says("uniqueItems", !keywords.unique || are_unique(items));
            }
            Value::Object(members) => {
                says("minProperties", members.len() >= keywords.property_count.min);
                says("maxProperties", members.len() <= keywords.property_count.max);
                for name in keywords.required.iter().filter(|name| !members.contains_key(*name)) {
                    self.push(id, "required", format!("{at}/{}", escaped(name)));
                }
                for (name, others) in &keywords.dependent_names {
                    let missing = others.iter().filter(|other| !members.contains_key(*other));
                    for other in missing.filter(|_| members.contains_key(name)) {
                        self.push(id, "dependentRequired", format!("{at}/{}", escaped(other)));
                    }
                }
            }
            _ => {}
        }
    }

    fn in_place(&mut self, id: NodeId, keywords: &Keywords, value: &Value, at: &str) {
        for &node in keywords.reference.iter().chain(&keywords.all_of) {
            self.node(node, value, at);
        }
        let accepting = |nodes: &[NodeId]| nodes.iter().filter(|&&node| self.schemas.accepts(node, value)).count();
        let any_of = keywords.any_of.is_empty() || accepting(&keywords.any_of) > 0;
        let one_of = keywords.one_of.is_empty() || accepting(&keywords.one_of) == 1;
        if !any_of {
            self.push(id, "anyOf", at);
        }
        if !one_of {
            self.push(id, "oneOf", at);
        }
        if keywords.not.is_some_and(|not| self.schemas.accepts(not, value)) {
            self.push(id, "not", at);
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

    fn items(&mut self, id: NodeId, keywords: &Keywords, items: &[Value], at: &str) {
        for (index, item) in items.iter().enumerate() {
            if let Some(node) = keywords.tuple.get(index).copied().or(keywords.items) {
                self.child(id, node, item, &format!("{at}/{index}"));
            }
        }
        if let Some(contains) = keywords.contains {
            let count = items.iter().filter(|item| self.schemas.accepts(contains, item)).count();
            if count < keywords.contained.min {
                self.push(id, if keywords.contained.min == 1 { "contains" } else { "minContains" }, at);
            } else if count > keywords.contained.max {
                self.push(id, "maxContains", at);
            }
        }
    }
}
