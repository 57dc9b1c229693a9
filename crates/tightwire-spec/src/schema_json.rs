//! A typed schema back as JSON Schema (draft-07), for validators and for published bundles.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::pattern::spelled_out;
use crate::schema::{Dependency, Items, Schema, SchemaObject};

impl Schema {
    /// The schema as draft-07 JSON. A reference to the named schema `X` becomes `{ref_prefix}X`, with what a URI
    /// fragment cannot hold escaped; put the named schemas where the prefix points, for instance under
    /// `#/definitions/`. Patterns have each `.` [spelled out](spelled_out), so that every engine takes it alike.
    pub fn to_json(&self, ref_prefix: &str) -> Value {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Ref(reference) => {
                let mut json = Map::new();
                json.insert("$ref".to_owned(), format!("{ref_prefix}{}", fragment(&reference.name)).into());
                if let Some(description) = &reference.description {
                    json.insert("description".to_owned(), description.clone().into());
                }
                Value::Object(json)
            }
            Self::Object(object) => object.to_json(ref_prefix),
        }
    }
}

/// A name as a token of a JSON Pointer in a URI fragment.
fn fragment(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for byte in name.replace('~', "~0").replace('/', "~1").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// The name that [`fragment`] escaped.
pub(crate) fn unescaped(fragment: &str) -> String {
    crate::reference::percent_decoded(fragment).replace("~1", "/").replace("~0", "~")
}

impl SchemaObject {
    /// The schema as draft-07 JSON; see [`Schema::to_json`].
    pub fn to_json(&self, ref_prefix: &str) -> Value {
        let schema = |schema: &Schema| schema.to_json(ref_prefix);
        let list = |schemas: &[Schema]| (!schemas.is_empty()).then(|| schemas.iter().map(schema).collect::<Value>());
        let map = |schemas: &IndexMap<String, Schema>| {
            let members = schemas.iter().map(|(key, value)| (key.clone(), schema(value)));
            (!schemas.is_empty()).then(|| Value::Object(members.collect()))
        };
        let mut json = Map::new();
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                json.insert(key.to_owned(), value);
            }
        };
        put("title", self.title.clone().map(Value::from));
        put("description", self.description.clone().map(Value::from));
        put(
            "type",
            match self.types.as_slice() {
                [] => None,
                [single] => Some(single.as_str().into()),
                several => Some(several.iter().map(|json_type| json_type.as_str()).collect()),
            },
        );
        put("const", self.const_value.clone());
        put("enum", self.enum_values.clone().map(Value::from));
        put("format", self.format.clone().map(Value::from));
        put("pattern", self.pattern.as_deref().map(|pattern| spelled_out(pattern).into()));
        put("minLength", self.min_length.map(Value::from));
        put("maxLength", self.max_length.map(Value::from));
        put("minimum", self.minimum.clone().map(Value::from));
        put("maximum", self.maximum.clone().map(Value::from));
        put("exclusiveMinimum", self.exclusive_minimum.clone().map(Value::from));
        put("exclusiveMaximum", self.exclusive_maximum.clone().map(Value::from));
        put("multipleOf", self.multiple_of.clone().map(Value::from));
        put(
            "items",
            self.items.as_ref().map(|items| match items {
                Items::All(item) => schema(item),
                // Draft-07 has no tuple of nothing: all items are further ones then.
                Items::Tuple(items) if items.is_empty() => {
                    self.additional_items.as_ref().map_or(Value::Bool(true), schema)
                }
                Items::Tuple(items) => items.iter().map(schema).collect(),
            }),
        );
        put("additionalItems", self.additional_items.as_ref().map(schema));
        put("contains", self.contains.as_ref().map(schema));
        put("minContains", self.min_contains.map(Value::from));
        put("maxContains", self.max_contains.map(Value::from));
        put("unevaluatedItems", self.unevaluated_items.as_ref().map(schema));
        put("minItems", self.min_items.map(Value::from));
        put("maxItems", self.max_items.map(Value::from));
        put("uniqueItems", self.unique_items.then_some(Value::Bool(true)));
        put("properties", map(&self.properties));
        put("required", (!self.required.is_empty()).then(|| json!(self.required)));
        put("additionalProperties", self.additional_properties.as_ref().map(schema));
        put("unevaluatedProperties", self.unevaluated_properties.as_ref().map(schema));
        let patterns = self.pattern_properties.iter();
        let patterns: Map<_, _> = patterns.map(|(key, value)| (spelled_out(key).into_owned(), schema(value))).collect();
        put("patternProperties", (!patterns.is_empty()).then(|| patterns.into()));
        put("propertyNames", self.property_names.as_ref().map(schema));
        put("minProperties", self.min_properties.map(Value::from));
        put("maxProperties", self.max_properties.map(Value::from));
        let dependencies = self.dependencies.iter().map(|(key, dependency)| {
            let dependency = match dependency {
                Dependency::Required(names) => json!(names),
                Dependency::Schema(value) => schema(value),
            };
            (key.clone(), dependency)
        });
        put("dependencies", (!self.dependencies.is_empty()).then(|| Value::Object(dependencies.collect())));
        put("allOf", list(&self.all_of));
        put("anyOf", list(&self.any_of));
        put("oneOf", list(&self.one_of));
        put("not", self.not.as_ref().map(schema));
        put("if", self.if_schema.as_ref().map(schema));
        put("then", self.then_schema.as_ref().map(schema));
        put("else", self.else_schema.as_ref().map(schema));
        put("default", self.default.clone());
        put("examples", (!self.examples.is_empty()).then(|| json!(self.examples)));
        put("deprecated", self.deprecated.then_some(Value::Bool(true)));
        for (key, value) in &self.extensions {
            put(key, Some(value.clone()));
        }
        Value::Object(json)
    }
}
