//! A typed schema back as JSON Schema, for validators and for published bundles.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::draft::Draft;
use crate::pattern::spelled_out;
use crate::schema::{Dependency, Items, Schema, SchemaObject};

impl Schema {
    /// The schema as draft-07 JSON. A reference to the named schema `X` becomes `{ref_prefix}X`, with what a URI
    /// fragment cannot hold escaped; put the named schemas where the prefix points, for instance under
    /// `#/definitions/`. Patterns have each `.` [spelled out](spelled_out), so that every engine takes it alike.
    ///
    /// Keywords that draft-07 does not know are written too; [`Draft::of`] says where its validators would ignore some.
    pub fn to_json(&self, ref_prefix: &str) -> Value {
        self.to_json_in(Draft::Draft7, ref_prefix)
    }

    /// [`Schema::to_json`] in the words of a draft.
    pub fn to_json_in(&self, draft: Draft, ref_prefix: &str) -> Value {
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
            Self::Object(object) => object.to_json_in(draft, ref_prefix),
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

impl SchemaObject {
    /// The schema as draft-07 JSON; see [`Schema::to_json`].
    pub fn to_json(&self, ref_prefix: &str) -> Value {
        self.to_json_in(Draft::Draft7, ref_prefix)
    }

    /// [`SchemaObject::to_json`] in the words of a draft.
    pub fn to_json_in(&self, draft: Draft, ref_prefix: &str) -> Value {
        let schema = |schema: &Schema| schema.to_json_in(draft, ref_prefix);
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
        let further = self.additional_items.as_ref().map(schema);
        match (&self.items, draft) {
            (Some(Items::All(item)), _) => put("items", Some(schema(item))),
            // No draft has a tuple of nothing: all items are further ones then.
            (Some(Items::Tuple(items)), _) if items.is_empty() => {
                put("items", Some(further.unwrap_or(Value::Bool(true))));
            }
            (Some(Items::Tuple(items)), Draft::Draft7) => {
                put("items", Some(items.iter().map(schema).collect()));
                put("additionalItems", further);
            }
            (Some(Items::Tuple(items)), Draft::Draft2020) => {
                put("prefixItems", Some(items.iter().map(schema).collect()));
                put("items", further);
            }
            // Without a tuple there are no further items.
            (None, _) => {}
        }
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
        let dependencies = |keyword: &str| {
            let of_keyword = self.dependencies.iter().filter_map(|(key, dependency)| {
                let (known_as, dependency) = match dependency {
                    Dependency::Required(names) => ("dependentRequired", json!(names)),
                    Dependency::Schema(value) => ("dependentSchemas", schema(value)),
                };
                let known_as = if draft == Draft::Draft7 { "dependencies" } else { known_as };
                (known_as == keyword).then(|| (key.clone(), dependency))
            });
            Some(of_keyword.collect::<Map<_, _>>()).filter(|found| !found.is_empty()).map(Value::Object)
        };
        for keyword in ["dependencies", "dependentRequired", "dependentSchemas"] {
            put(keyword, dependencies(keyword));
        }
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
