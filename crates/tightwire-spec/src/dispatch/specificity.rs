//! How much a schema demands: of two that accept a frame, the one that demands more is the better answer.

use indexmap::IndexMap;

use crate::ir::SchemaName;
use crate::schema::{Schema, SchemaObject};

/// Schemas that are looked at for one message.
const FUEL: usize = 500;

/// What a schema demands, in order of weight: fixed values of required properties, required properties, no others
/// allowed, properties described, anything at all.
pub(super) type Specificity = (usize, usize, bool, usize, bool);

pub(super) fn of(named: &IndexMap<SchemaName, Schema>, schema: &Schema) -> Specificity {
    let mut objects: Vec<&SchemaObject> = Vec::new();
    let mut waiting = vec![schema];
    for _ in 0..FUEL {
        match waiting.pop() {
            None => break,
            Some(Schema::Bool(_)) => {}
            Some(Schema::Ref(reference)) => waiting.extend(named.get(&reference.name)),
            Some(Schema::Object(object)) => {
                objects.push(object);
                waiting.extend(&object.all_of);
            }
        }
    }
    let required: Vec<_> = objects.iter().flat_map(|object| &object.required).collect();
    let property = |name: &str| objects.iter().find_map(|object| object.properties.get(name));
    let fixed = required.iter().filter(|name| property(name).is_some_and(|schema| is_fixed(named, schema))).count();
    let closed = objects.iter().any(|object| object.additional_properties == Some(Schema::Bool(false)));
    let described = objects.iter().map(|object| object.properties.len()).sum();
    let typed = objects.iter().any(|object| !object.types.is_empty() || !object.one_of.is_empty());
    (fixed, required.len(), closed, described, typed)
}

fn is_fixed(named: &IndexMap<SchemaName, Schema>, schema: &Schema) -> bool {
    let mut schema = schema;
    for _ in 0..FUEL {
        match schema {
            Schema::Bool(_) => return false,
            Schema::Object(object) => return object.const_value.is_some() || object.enum_values.is_some(),
            Schema::Ref(reference) => match named.get(&reference.name) {
                Some(target) => schema = target,
                None => return false,
            },
        }
    }
    false
}
