//! The definitions that a schema reaches, so that a validator is built from these alone: with all of them in each, the
//! time for a protocol would grow with the square of its messages.

use serde_json::{Map, Value};

/// How references to definitions begin.
pub(super) const DEFINITIONS: &str = "#/definitions/";

/// The definitions that `schema` reaches; all of them where a reference leads elsewhere.
pub(super) fn definitions(schema: &Value, all: &Value) -> Value {
    let Value::Object(definitions) = all else { return all.clone() };
    let mut reached = Map::new();
    let mut waiting = vec![schema];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Object(members) => {
                waiting.extend(members.values());
                let Some(Value::String(reference)) = members.get("$ref") else { continue };
                let name = reference.strip_prefix(DEFINITIONS).filter(|name| !name.contains(['/', '~', '%']));
                let Some((name, definition)) = name.and_then(|name| definitions.get_key_value(name)) else {
                    return all.clone();
                };
                if !reached.contains_key(name) {
                    reached.insert(name.clone(), definition.clone());
                    waiting.push(definition);
                }
            }
            _ => {}
        }
    }
    Value::Object(reached)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(schema: &Value, expected: &[&str]) {
        let all = json!({
            "A": { "properties": { "b": { "$ref": "#/definitions/B" } } },
            "B": { "items": { "$ref": "#/definitions/A" } },
            "C": true,
        });
        let Value::Object(reached) = definitions(schema, &all) else { panic!("not an object") };
        let mut names: Vec<&str> = reached.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, expected);
    }

    #[test]
    fn only_what_is_reached() {
        check(&json!({ "type": "object" }), &[]);
        check(&json!({ "$ref": "#/definitions/A" }), &["A", "B"]);
        check(&json!({ "oneOf": [{ "$ref": "#/definitions/C" }] }), &["C"]);
        check(&json!({ "$ref": "#/definitions/A/properties/b" }), &["A", "B", "C"]);
        check(&json!({ "$ref": "elsewhere.json" }), &["A", "B", "C"]);
        // A property may be called like the keyword.
        check(&json!({ "properties": { "$ref": { "type": "string" } } }), &[]);
    }
}
