//! The headers of a message, with what its traits add to them.

use indexmap::IndexMap;

use crate::ir::SchemaName;
use crate::merge::Schemas;
use crate::schema::{Schema, SchemaObject};

/// Traits of traits of traits: nobody nests properties deeper than this.
const MAX_DEPTH: usize = 32;

/// Merges by JSON Merge Patch (RFC 7396): properties one by one, and the first of the layers that says something wins.
pub(super) fn merged(named: &IndexMap<SchemaName, Schema>, layers: Vec<Schema>) -> Option<Schema> {
    let mut layers = layers.into_iter();
    let first = layers.next()?;
    Some(layers.fold(first, |target, patch| patched(named, target, &patch, 0)))
}

fn patched(named: &IndexMap<SchemaName, Schema>, target: Schema, patch: &Schema, depth: usize) -> Schema {
    let schemas = Schemas::new(named);
    let (mut own, other) = match (schemas.resolve(&target), schemas.resolve(patch)) {
        (Schema::Object(own), Schema::Object(other)) if depth < MAX_DEPTH && own != other => (own.clone(), other),
        _ => return target,
    };
    for (name, schema) in &other.properties {
        let known = own.properties.get(name).cloned();
        let merged = known.map_or_else(|| schema.clone(), |known| patched(named, known, schema, depth + 1));
        own.properties.insert(name.clone(), merged);
    }
    let empty = SchemaObject::default();
    macro_rules! inherit {
        ($($field:ident),*) => {
            $(if own.$field == empty.$field {
                own.$field.clone_from(&other.$field);
            })*
        };
    }
    inherit!(
        title,
        description,
        types,
        required,
        additional_properties,
        unevaluated_properties,
        pattern_properties,
        property_names,
        min_properties,
        max_properties,
        dependencies,
        all_of,
        any_of,
        one_of,
        not,
        if_schema,
        then_schema,
        else_schema,
        enum_values,
        const_value,
        format,
        pattern,
        min_length,
        max_length,
        minimum,
        maximum,
        exclusive_minimum,
        exclusive_maximum,
        multiple_of,
        items,
        additional_items,
        contains,
        min_contains,
        max_contains,
        unevaluated_items,
        min_items,
        max_items,
        default,
        examples
    );
    Schema::Object(own)
}
