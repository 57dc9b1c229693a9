//! The keywords that valid frames can have to do with.

use std::collections::BTreeMap;

use super::{Exercise, Place};
use crate::schema::{Keywords, NodeId, Rule, Schemas};

/// The keywords of all schemas that are reached from these, but for those within a `not`: no valid frame follows them.
pub(super) fn of(schemas: &Schemas, roots: impl Iterator<Item = NodeId>) -> BTreeMap<(Place, NodeId), Exercise> {
    let mut found = BTreeMap::new();
    let mut waiting: Vec<NodeId> = roots.collect();
    let mut seen = vec![false; schemas.len()];
    while let Some(id) = waiting.pop() {
        if std::mem::replace(&mut seen[id as usize], true) {
            continue;
        }
        let node = schemas.node(id);
        let Rule::Keywords(keywords) = &node.rule else { continue };
        for (keyword, has_boundary) in written(keywords) {
            let place = Place { schema: node.pointer.clone(), keyword };
            found.insert((place, id), Exercise { valid: 0, boundary: has_boundary.then_some(0), negative: 0 });
        }
        waiting.extend(inner(keywords));
    }
    found
}

/// The schemas in a schema that can hold of a valid value, or of a part of one.
fn inner(keywords: &Keywords) -> impl Iterator<Item = NodeId> {
    let single = [
        keywords.reference,
        keywords.items,
        keywords.contains,
        keywords.unevaluated_items,
        keywords.additional,
        keywords.unevaluated_properties,
        keywords.names,
        keywords.condition,
        keywords.then.filter(|_| keywords.condition.is_some()),
        keywords.otherwise.filter(|_| keywords.condition.is_some()),
    ];
    let lists = [&keywords.tuple, &keywords.all_of, &keywords.any_of, &keywords.one_of];
    let named = keywords.properties.iter().chain(&keywords.dependent_schemas).map(|(_, node)| *node);
    let by_pattern = keywords.patterns.iter().map(|(_, node)| *node);
    single.into_iter().flatten().chain(lists.into_iter().flatten().copied()).chain(named).chain(by_pattern)
}

/// The keywords that a schema has, and whether each has a boundary.
fn written(keywords: &Keywords) -> Vec<(&'static str, bool)> {
    let mut found = Vec::new();
    let mut put = |is_there: bool, keyword: &'static str, has_boundary: bool| {
        if is_there {
            found.push((keyword, has_boundary));
        }
    };
    put(keywords.reference.is_some(), "$ref", false);
    put(keywords.types.is_some(), "type", false);
    put(keywords.constant.is_some(), "const", false);
    put(keywords.values.is_some(), "enum", false);
    put(keywords.number.minimum.is_some(), "minimum", true);
    put(keywords.number.maximum.is_some(), "maximum", true);
    put(keywords.number.above.is_some(), "exclusiveMinimum", false);
    put(keywords.number.below.is_some(), "exclusiveMaximum", false);
    put(keywords.number.multiple_of.is_some(), "multipleOf", false);
    put(keywords.length.min > 0, "minLength", true);
    put(keywords.length.max < usize::MAX, "maxLength", true);
    put(keywords.pattern.is_some(), "pattern", false);
    put(keywords.format.is_some(), "format", false);
    put(!keywords.tuple.is_empty(), "prefixItems", false);
    put(keywords.items.is_some(), "items", false);
    put(keywords.contains.is_some(), "contains", false);
    put(keywords.contains.is_some() && keywords.contained.min > 1, "minContains", true);
    put(keywords.contains.is_some() && keywords.contained.max < usize::MAX, "maxContains", true);
    put(keywords.unevaluated_items.is_some(), "unevaluatedItems", false);
    put(keywords.item_count.min > 0, "minItems", true);
    put(keywords.item_count.max < usize::MAX, "maxItems", true);
    put(keywords.unique, "uniqueItems", false);
    put(!keywords.properties.is_empty(), "properties", false);
    put(!keywords.patterns.is_empty(), "patternProperties", false);
    put(keywords.additional.is_some(), "additionalProperties", false);
    put(keywords.unevaluated_properties.is_some(), "unevaluatedProperties", false);
    put(keywords.names.is_some(), "propertyNames", false);
    put(!keywords.required.is_empty(), "required", false);
    put(keywords.property_count.min > 0, "minProperties", true);
    put(keywords.property_count.max < usize::MAX, "maxProperties", true);
    put(!keywords.dependent_names.is_empty(), "dependentRequired", false);
    put(!keywords.dependent_schemas.is_empty(), "dependentSchemas", false);
    put(!keywords.all_of.is_empty(), "allOf", false);
    put(!keywords.any_of.is_empty(), "anyOf", false);
    put(!keywords.one_of.is_empty(), "oneOf", false);
    put(keywords.not.is_some(), "not", false);
    put(keywords.condition.is_some(), "if", false);
    put(keywords.condition.is_some() && keywords.then.is_some(), "then", false);
    put(keywords.condition.is_some() && keywords.otherwise.is_some(), "else", false);
    found
}
