//! Whether a value is what a schema describes.
//!
//! A judge of its own: what is made is tested with the `jsonschema` crate, and would be of little use if the same crate had
//! been asked while it was made.

mod format;
mod seen;

use serde_json::{Map, Value};

pub(crate) use self::format::has_format;
use self::seen::Seen;
use crate::number::{Num, same};
use crate::schema::{Keywords, NodeId, Rule, Schemas};
use crate::types::Types;

/// So deep references are followed that lead back without going into the value.
const MAX_DEPTH: usize = 256;

impl Schemas {
    /// Whether the value is what the schema describes.
    pub(crate) fn accepts(&self, id: NodeId, value: &Value) -> bool {
        Check { schemas: self, depth: 0 }.node(id, value, None)
    }
}

struct Check<'s> {
    schemas: &'s Schemas,
    depth: usize,
}

impl Check<'_> {
    /// Whether the schema accepts; what it evaluates of the value goes into `seen`, if anybody wants to know.
    fn node(&mut self, id: NodeId, value: &Value, seen: Option<&mut Seen>) -> bool {
        let keywords = match &self.schemas.node(id).rule {
            Rule::Bool(accepts) => return *accepts,
            Rule::Keywords(keywords) => keywords,
        };
        if self.depth == MAX_DEPTH {
            return true;
        }
        self.depth += 1;
        let accepts = self.keywords(keywords, value, seen);
        self.depth -= 1;
        accepts
    }

    fn keywords(&mut self, keywords: &Keywords, value: &Value, outer: Option<&mut Seen>) -> bool {
        if !own(keywords, value) {
            return false;
        }
        let wanted = keywords.unevaluated_items.is_some() || keywords.unevaluated_properties.is_some();
        let mut seen = (wanted || outer.is_some()).then(|| Seen::of(value));
        let accepts = self.in_place(keywords, value, seen.as_mut())
            && match value {
                Value::Array(items) => self.items(keywords, items, seen.as_mut()),
                Value::Object(members) => self.members(keywords, members, seen.as_mut()),
                _ => true,
            };
        if let (true, Some(outer), Some(seen)) = (accepts, outer, seen) {
            outer.add(&seen);
        }
        accepts
    }

    /// The schemas that are about the same value.
    fn in_place(&mut self, keywords: &Keywords, value: &Value, mut seen: Option<&mut Seen>) -> bool {
        for &node in keywords.reference.iter().chain(&keywords.all_of) {
            if !self.node(node, value, seen.as_deref_mut()) {
                return false;
            }
        }
        if !keywords.any_of.is_empty() {
            let mut any = false;
            for &node in &keywords.any_of {
                any |= self.branch(node, value, seen.as_deref_mut());
                if any && seen.is_none() {
                    break;
                }
            }
            if !any {
                return false;
            }
        }
        if !keywords.one_of.is_empty() {
            let mut accepting = 0;
            for &node in &keywords.one_of {
                accepting += usize::from(self.branch(node, value, seen.as_deref_mut()));
            }
            if accepting != 1 {
                return false;
            }
        }
        if keywords.not.is_some_and(|not| self.node(not, value, None)) {
            return false;
        }
        if let Some(condition) = keywords.condition {
            let holds = self.branch(condition, value, seen.as_deref_mut());
            let next = if holds { keywords.then } else { keywords.otherwise };
            if next.is_some_and(|next| !self.node(next, value, seen.as_deref_mut())) {
                return false;
            }
        }
        if let Value::Object(members) = value {
            for (name, node) in &keywords.dependent_schemas {
                if members.contains_key(name) && !self.node(*node, value, seen.as_deref_mut()) {
                    return false;
                }
            }
        }
        true
    }

    /// A schema that may accept or not: only if it does, it evaluates anything.
    fn branch(&mut self, node: NodeId, value: &Value, seen: Option<&mut Seen>) -> bool {
        match seen {
            None => self.node(node, value, None),
            Some(seen) => {
                let mut own = Seen::of(value);
                let accepts = self.node(node, value, Some(&mut own));
                if accepts {
                    seen.add(&own);
                }
                accepts
            }
        }
    }

    fn items(&mut self, keywords: &Keywords, items: &[Value], mut seen: Option<&mut Seen>) -> bool {
        for (index, item) in items.iter().enumerate() {
            let Some(node) = keywords.tuple.get(index).copied().or(keywords.items) else { break };
            if !self.node(node, item, None) {
                return false;
            }
            if let Some(seen) = &mut seen {
                seen.mark(index);
            }
        }
        if let Some(contains) = keywords.contains {
            let mut count = 0;
            for (index, item) in items.iter().enumerate() {
                if self.node(contains, item, None) {
                    count += 1;
                    if let Some(seen) = &mut seen {
                        seen.mark(index);
                    }
                }
            }
            if !keywords.contained.contains(count) {
                return false;
            }
        }
        if let (Some(node), Some(seen)) = (keywords.unevaluated_items, seen) {
            for (index, item) in items.iter().enumerate() {
                if !seen.has(index) && !self.node(node, item, None) {
                    return false;
                }
                seen.mark(index);
            }
        }
        true
    }

    fn members(&mut self, keywords: &Keywords, members: &Map<String, Value>, mut seen: Option<&mut Seen>) -> bool {
        for (index, (name, value)) in members.iter().enumerate() {
            let mut evaluated = false;
            let named = keywords.properties.iter().filter(|(known, _)| known == name).map(|(_, node)| *node);
            let matching =
                keywords.patterns.iter().filter(|(pattern, _)| pattern.is_match(name)).map(|(_, node)| *node);
            for node in named.chain(matching) {
                evaluated = true;
                if !self.node(node, value, None) {
                    return false;
                }
            }
            if let (false, Some(node)) = (evaluated, keywords.additional) {
                evaluated = true;
                if !self.node(node, value, None) {
                    return false;
                }
            }
            if let (true, Some(seen)) = (evaluated, &mut seen) {
                seen.mark(index);
            }
            if keywords.names.is_some_and(|names| !self.node(names, &Value::String(name.clone()), None)) {
                return false;
            }
        }
        if let (Some(node), Some(seen)) = (keywords.unevaluated_properties, seen) {
            for (index, value) in members.values().enumerate() {
                if !seen.has(index) && !self.node(node, value, None) {
                    return false;
                }
                seen.mark(index);
            }
        }
        true
    }
}

/// What the schema itself says of the value, without the schemas in it.
fn own(keywords: &Keywords, value: &Value) -> bool {
    let right_type = keywords.types.is_none_or(|types| types.has(Types::of(value)));
    let constant = keywords.constant.as_ref().is_none_or(|constant| same(constant, value));
    let listed = keywords.values.as_ref().is_none_or(|values| values.iter().any(|one| same(one, value)));
    right_type
        && constant
        && listed
        && match value {
            Value::Number(number) => within(keywords, Num::of(number)),
            Value::String(text) => {
                (keywords.length.is_any() || keywords.length.contains(text.chars().count()))
                    && keywords.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
                    && keywords.format.is_none_or(|format| has_format(format, text))
            }
            Value::Array(items) => keywords.item_count.contains(items.len()) && (!keywords.unique || are_unique(items)),
            Value::Object(members) => {
                let has = |name: &String| members.contains_key(name);
                let depends = |(name, others): &(String, Vec<String>)| !has(name) || others.iter().all(has);
                keywords.property_count.contains(members.len())
                    && keywords.required.iter().all(has)
                    && keywords.dependent_names.iter().all(depends)
            }
            _ => true,
        }
}

fn within(keywords: &Keywords, number: Num) -> bool {
    let limits = &keywords.number;
    limits.minimum.is_none_or(|minimum| number.cmp(minimum).is_ge())
        && limits.maximum.is_none_or(|maximum| number.cmp(maximum).is_le())
        && limits.above.is_none_or(|above| number.cmp(above).is_gt())
        && limits.below.is_none_or(|below| number.cmp(below).is_lt())
        && limits.multiple_of.is_none_or(|multiple| number.is_multiple_of(multiple))
}

/// Whether no two are the same.
pub(crate) fn are_unique(items: &[Value]) -> bool {
    items.iter().enumerate().all(|(index, item)| items[..index].iter().all(|other| !same(item, other)))
}
