//! Schemas with what they refer to in its place. For every error behind a `$ref`, the validator writes down the way that
//! led there, once per reference: several allocations that nobody looks at.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::reachable::DEFINITIONS;

/// What makes it matter where a schema stands.
const PLACED: [&str; 7] =
    ["$id", "$schema", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef"];
/// What is below these is no schema.
const VALUES: [&str; 4] = ["const", "enum", "default", "examples"];

/// `schema` with the definitions in the place of the first reference to each. Further references stay, so the schema does
/// not become larger than it is with its definitions, and a definition may refer to itself.
pub(super) fn inlined(schema: &Value, definitions: &Value) -> Value {
    let Value::Object(definitions) = definitions else { return schema.clone() };
    if is_placed(schema) || definitions.values().any(is_placed) {
        return schema.clone();
    }
    Inlining { definitions, done: HashSet::new() }.copy(schema)
}

/// Whether the schema, or any in it, means something else in another place.
fn is_placed(schema: &Value) -> bool {
    match schema {
        Value::Array(items) => items.iter().any(is_placed),
        Value::Object(members) => members.iter().any(|(key, value)| PLACED.contains(&key.as_str()) || is_placed(value)),
        _ => false,
    }
}

struct Inlining<'a> {
    definitions: &'a Map<String, Value>,
    done: HashSet<&'a str>,
}

impl<'a> Inlining<'a> {
    fn copy(&mut self, value: &'a Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.copy(item)).collect(),
            Value::Object(members) => {
                if let Some(definition) = self.first_use(members) {
                    return self.copy(definition);
                }
                let copy = |(key, value): (&String, &'a Value)| {
                    let value = if VALUES.contains(&key.as_str()) { value.clone() } else { self.copy(value) };
                    (key.clone(), value)
                };
                members.iter().map(copy).collect()
            }
            _ => value.clone(),
        }
    }

    /// The definition that the object refers to and that has not been used yet.
    fn first_use(&mut self, members: &'a Map<String, Value>) -> Option<&'a Value> {
        let reference = members.get("$ref")?.as_str().filter(|_| members.len() == 1)?;
        let (name, definition) = self.definitions.get_key_value(reference.strip_prefix(DEFINITIONS)?)?;
        self.done.insert(name).then_some(definition)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(schema: &Value, expected: &Value) {
        let definitions = json!({
            "Name": { "type": "string" },
            "Person": { "properties": { "name": { "$ref": "#/definitions/Name" } } },
            "Tree": { "properties": { "left": { "$ref": "#/definitions/Tree" } } },
        });
        assert_eq!(&inlined(schema, &definitions), expected);
    }

    #[test]
    fn a_definition_stands_where_it_is_used_first() {
        check(
            &json!({ "allOf": [{ "$ref": "#/definitions/Person" }, { "$ref": "#/definitions/Name" }] }),
            &json!({ "allOf": [{ "properties": { "name": { "type": "string" } } }, { "$ref": "#/definitions/Name" }] }),
        );
        check(
            &json!({ "$ref": "#/definitions/Tree" }),
            &json!({ "properties": { "left": { "$ref": "#/definitions/Tree" } } }),
        );
    }

    #[test]
    fn what_is_no_reference_to_a_definition_stays() {
        let name = json!({ "$ref": "#/definitions/Name" });
        for schema in [
            json!({ "const": name, "enum": [name], "default": name, "examples": [name] }),
            json!({ "$ref": "#/definitions/Name", "maxLength": 3 }),
            json!({ "$ref": "#/definitions/Nobody" }),
            json!({ "$ref": "#/definitions/Person/properties/name" }),
            json!({ "properties": { "$ref": { "type": "number" } } }),
            json!({ "$id": "https://example.com/", "items": name }),
        ] {
            check(&schema, &schema);
        }
    }
}
