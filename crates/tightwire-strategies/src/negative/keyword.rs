//! The keywords of a schema that a value can break.

use crate::schema::{Keywords, NodeId, Rule, Schemas};

impl Schemas {
    /// The keywords of a schema, each of which says something of a value.
    pub(super) fn breakable(&self, node: NodeId) -> Vec<&'static str> {
        let Rule::Keywords(keywords) = &self.node(node).rule else { return Vec::new() };
        let limits = &keywords.number;
        let length = keywords.length;
        let (items, members) = (keywords.item_count, keywords.property_count);
        let forbidden = |child: Option<NodeId>| child.is_some_and(|child| self.is_false(child));
        let says = [
            ("type", keywords.types.is_some()),
            ("const", keywords.constant.is_some()),
            ("enum", keywords.values.is_some()),
            ("minimum", limits.minimum.is_some()),
            ("maximum", limits.maximum.is_some()),
            ("exclusiveMinimum", limits.above.is_some()),
            ("exclusiveMaximum", limits.below.is_some()),
            ("multipleOf", limits.multiple_of.is_some()),
            ("minLength", length.min > 0),
            ("maxLength", length.max < usize::MAX),
            ("pattern", keywords.pattern.is_some()),
            ("format", keywords.format.is_some()),
            ("minItems", items.min > 0),
            ("maxItems", items.max < usize::MAX),
            ("uniqueItems", keywords.unique),
            ("contains", keywords.contains.is_some() && keywords.contained.min == 1),
            ("minContains", keywords.contains.is_some() && keywords.contained.min > 1),
            ("maxContains", keywords.contains.is_some() && keywords.contained.max < usize::MAX),
            ("items", self.has_false(node, "items")),
            ("additionalItems", self.has_false(node, "additionalItems")),
            ("prefixItems", self.has_false(node, "prefixItems")),
            ("unevaluatedItems", forbidden(keywords.unevaluated_items)),
            ("minProperties", members.min > 0),
            ("maxProperties", members.max < usize::MAX),
            ("required", !keywords.required.is_empty()),
            ("dependentRequired", keywords.dependent_names.iter().any(|(_, others)| !others.is_empty())),
            ("properties", self.has_false(node, "properties")),
            ("patternProperties", self.has_false(node, "patternProperties")),
            ("additionalProperties", forbidden(keywords.additional)),
            ("unevaluatedProperties", forbidden(keywords.unevaluated_properties)),
            ("propertyNames", keywords.names.is_some()),
            ("anyOf", !keywords.any_of.is_empty()),
            ("oneOf", !keywords.one_of.is_empty()),
            ("not", keywords.not.is_some()),
        ];
        says.into_iter().filter(|(_, says)| *says).map(|(keyword, _)| keyword).collect()
    }

    /// The schemas that a value, or a part of it, may be held against: this one and all in it.
    pub(super) fn reached(&self, root: NodeId) -> Vec<NodeId> {
        let mut reached = vec![root];
        let mut next = 0;
        while let Some(&node) = reached.get(next) {
            next += 1;
            if let Rule::Keywords(keywords) = &self.node(node).rule {
                for child in asserting(keywords) {
                    if !reached.contains(&child) {
                        reached.push(child);
                    }
                }
            }
        }
        reached
    }

    /// The keyword of the parent that the schema is a child by.
    pub(super) fn keyword_of(&self, parent: NodeId, child: NodeId) -> &'static str {
        const KEYWORDS: [&str; 6] =
            ["properties", "patternProperties", "additionalProperties", "items", "prefixItems", "additionalItems"];
        let keyword = self
            .node(child)
            .pointer
            .strip_prefix(&self.node(parent).pointer)
            .and_then(|below| below.split('/').nth(1))
            .unwrap_or_default();
        KEYWORDS.into_iter().find(|known| *known == keyword).unwrap_or("false")
    }

    pub(super) fn is_false(&self, node: NodeId) -> bool {
        matches!(self.node(node).rule, Rule::Bool(false))
    }

    fn has_false(&self, node: NodeId, keyword: &str) -> bool {
        let Rule::Keywords(keywords) = &self.node(node).rule else { return false };
        let named = keywords.properties.iter().map(|(_, child)| *child);
        let matching = keywords.patterns.iter().map(|(_, child)| *child);
        let items = keywords.tuple.iter().copied().chain(keywords.items);
        named.chain(matching).chain(items).any(|child| self.is_false(child) && self.keyword_of(node, child) == keyword)
    }
}

/// The schemas that the value itself, its members or its items are held against. Those that only decide which others
/// hold (`if`, `not`), or that are counted, are not among them: nothing is broken by breaking those.
fn asserting(keywords: &Keywords) -> Vec<NodeId> {
    let mut nodes: Vec<NodeId> = Vec::new();
    nodes.extend(keywords.reference.iter().chain(&keywords.all_of).chain(&keywords.any_of).chain(&keywords.one_of));
    nodes.extend(keywords.then.iter().chain(&keywords.otherwise));
    nodes.extend(keywords.dependent_schemas.iter().map(|(_, node)| node));
    nodes.extend(keywords.tuple.iter().chain(&keywords.items).chain(&keywords.additional));
    nodes.extend(keywords.properties.iter().map(|(_, node)| node));
    nodes.extend(keywords.patterns.iter().map(|(_, node)| node));
    nodes
}
