//! What a valid value has to do with: every keyword that judges it or a part of it.

use serde_json::{Map, Value};

use crate::number::Num;
use crate::schema::{Keywords, NodeId, Rule, Schemas};

/// Deeper than this, a schema leads back to itself without going into the value.
const MAX_DEPTH: usize = 128;

/// Is told of each keyword: its schema, its name, and whether the value is at its boundary.
type Note<'n> = dyn FnMut(NodeId, &'static str, bool) + 'n;

/// Goes through the schemas that hold of a valid value.
pub(super) fn walk(schemas: &Schemas, root: NodeId, value: &Value, note: &mut Note<'_>) {
    Walk { schemas, note, depth: 0 }.node(root, value);
}

struct Walk<'w, 'n> {
    schemas: &'w Schemas,
    note: &'w mut Note<'n>,
    depth: usize,
}

impl Walk<'_, '_> {
    fn node(&mut self, id: NodeId, value: &Value) {
        let node = self.schemas.node(id);
        let Rule::Keywords(keywords) = &node.rule else { return };
        if self.depth == MAX_DEPTH {
            return;
        }
        self.depth += 1;
        let at = id;
        self.general(keywords, value, at);
        match value {
            Value::Number(number) => self.number(keywords, Num::of(number), at),
            Value::String(text) => self.text(keywords, text, at),
            Value::Array(items) => self.items(keywords, items, at),
            Value::Object(members) => self.members(keywords, value, members, at),
            _ => {}
        }
        self.depth -= 1;
    }

    fn tell(&mut self, is_there: bool, at: NodeId, keyword: &'static str, at_boundary: bool) {
        if is_there {
            (self.note)(at, keyword, at_boundary);
        }
    }

    /// The schemas of these that hold.
    fn those_that_hold(&mut self, nodes: &[NodeId], value: &Value) {
        for &node in nodes {
            if self.schemas.accepts(node, value) {
                self.node(node, value);
            }
        }
    }

    fn general(&mut self, keywords: &Keywords, value: &Value, at: NodeId) {
        self.tell(keywords.reference.is_some(), at, "$ref", false);
        self.tell(keywords.types.is_some(), at, "type", false);
        self.tell(keywords.constant.is_some(), at, "const", false);
        self.tell(keywords.values.is_some(), at, "enum", false);
        self.tell(!keywords.all_of.is_empty(), at, "allOf", false);
        self.tell(!keywords.any_of.is_empty(), at, "anyOf", false);
        self.tell(!keywords.one_of.is_empty(), at, "oneOf", false);
        self.tell(keywords.not.is_some(), at, "not", false);
        for &node in keywords.reference.iter().chain(&keywords.all_of) {
            self.node(node, value);
        }
        self.those_that_hold(&keywords.any_of, value);
        self.those_that_hold(&keywords.one_of, value);
        if let Some(condition) = keywords.condition {
            let holds = self.schemas.accepts(condition, value);
            let (keyword, next) = if holds { ("then", keywords.then) } else { ("else", keywords.otherwise) };
            self.tell(true, at, "if", false);
            self.tell(next.is_some(), at, keyword, false);
            for node in holds.then_some(condition).into_iter().chain(next) {
                self.node(node, value);
            }
        }
    }

    fn number(&mut self, keywords: &Keywords, number: Num, at: NodeId) {
        let limits = &keywords.number;
        let is = |limit: Option<Num>| limit.is_some_and(|limit| number.cmp(limit).is_eq());
        self.tell(limits.minimum.is_some(), at, "minimum", is(limits.minimum));
        self.tell(limits.maximum.is_some(), at, "maximum", is(limits.maximum));
        self.tell(limits.above.is_some(), at, "exclusiveMinimum", false);
        self.tell(limits.below.is_some(), at, "exclusiveMaximum", false);
        self.tell(limits.multiple_of.is_some(), at, "multipleOf", false);
    }

    fn text(&mut self, keywords: &Keywords, text: &str, at: NodeId) {
        let length = text.chars().count();
        self.tell(keywords.length.min > 0, at, "minLength", length == keywords.length.min);
        self.tell(keywords.length.max < usize::MAX, at, "maxLength", length == keywords.length.max);
        self.tell(keywords.pattern.is_some(), at, "pattern", false);
        self.tell(keywords.format.is_some(), at, "format", false);
    }

    fn items(&mut self, keywords: &Keywords, items: &[Value], at: NodeId) {
        let count = keywords.item_count;
        self.tell(count.min > 0, at, "minItems", items.len() == count.min);
        self.tell(count.max < usize::MAX, at, "maxItems", items.len() == count.max);
        self.tell(keywords.unique && items.len() > 1, at, "uniqueItems", false);
        self.tell(!keywords.tuple.is_empty() && !items.is_empty(), at, "prefixItems", false);
        self.tell(keywords.items.is_some() && items.len() > keywords.tuple.len(), at, "items", false);
        self.tell(keywords.unevaluated_items.is_some(), at, "unevaluatedItems", false);
        for (index, item) in items.iter().enumerate() {
            match keywords.tuple.get(index).copied().or(keywords.items) {
                Some(node) => self.node(node, item),
                None => self.those_that_hold(keywords.unevaluated_items.as_slice(), item),
            }
        }
        if let Some(contains) = keywords.contains {
            let matching: Vec<&Value> = items.iter().filter(|item| self.schemas.accepts(contains, item)).collect();
            let (contained, found) = (keywords.contained, matching.len());
            self.tell(found > 0, at, "contains", false);
            self.tell(contained.min > 1, at, "minContains", found == contained.min);
            self.tell(contained.max < usize::MAX, at, "maxContains", found == contained.max);
            for item in matching {
                self.node(contains, item);
            }
        }
    }

    fn members(&mut self, keywords: &Keywords, value: &Value, members: &Map<String, Value>, at: NodeId) {
        let count = keywords.property_count;
        self.tell(count.min > 0, at, "minProperties", members.len() == count.min);
        self.tell(count.max < usize::MAX, at, "maxProperties", members.len() == count.max);
        self.tell(!keywords.required.is_empty(), at, "required", false);
        self.tell(keywords.additional.is_some(), at, "additionalProperties", false);
        self.tell(keywords.unevaluated_properties.is_some(), at, "unevaluatedProperties", false);
        self.tell(keywords.names.is_some() && !members.is_empty(), at, "propertyNames", false);
        let depends = keywords.dependent_names.iter().any(|(name, _)| members.contains_key(name));
        self.tell(depends, at, "dependentRequired", false);
        for (name, node) in &keywords.dependent_schemas {
            if members.contains_key(name) {
                self.tell(true, at, "dependentSchemas", false);
                self.node(*node, value);
            }
        }
        for (name, member) in members {
            let mut known = false;
            for (_, node) in keywords.properties.iter().filter(|(property, _)| property == name) {
                known = true;
                self.tell(true, at, "properties", false);
                self.node(*node, member);
            }
            for (_, node) in keywords.patterns.iter().filter(|(pattern, _)| pattern.is_match(name)) {
                known = true;
                self.tell(true, at, "patternProperties", false);
                self.node(*node, member);
            }
            if !known {
                match keywords.additional {
                    Some(node) => self.node(node, member),
                    None => self.those_that_hold(keywords.unevaluated_properties.as_slice(), member),
                }
            }
            if let Some(names) = keywords.names {
                self.node(names, &Value::String(name.clone()));
            }
        }
    }
}
