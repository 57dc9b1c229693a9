//! Makes the IR's schemas digestible for typify.
//!
//! typify merges, guesses names and sometimes panics where a schema is more than a shape. So it only ever gets shapes:
//! `allOf` is merged, everything that only validates is left out (validation is the decoder's), and every object, string
//! enum and union stands as a definition of its own under a name that is unique in the module. Named scalars, arrays and
//! maps have no type of their own: they stand where they are used.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use tightwire_spec::ir::{Ir, SchemaName};
use tightwire_spec::schema::{Items, JsonType, Schema, SchemaObject};

use super::names;
use crate::config::Config;

/// The shapes of all messages' data.
#[derive(Debug)]
pub(super) struct Shapes {
    /// The definitions, by Rust name, in the order of the document.
    pub(super) definitions: IndexMap<String, Value>,
    /// The properties, in the order of the document, of each definition that is an object (`Name`) and of each
    /// alternative of a tagged union (`Name::tag`).
    pub(super) properties: IndexMap<String, Vec<String>>,
    /// The name of the type of each message's data, by the message's key.
    pub(super) messages: IndexMap<String, String>,
}

/// The shapes of all messages' data.
pub(super) fn shapes(ir: &Ir, config: &Config) -> Shapes {
    let mut lowering = Lowering {
        ir,
        taken: names::taken(ir, config),
        schemas: IndexMap::new(),
        inlining: Vec::new(),
        shapes: Shapes { definitions: IndexMap::new(), properties: IndexMap::new(), messages: IndexMap::new() },
    };
    // Messages choose their names first: they are the ones that handlers write.
    for (id, message) in &ir.messages {
        let Some(data) = &message.data else { continue };
        let name = lowering.unique(&names::pascal(id), "Data");
        if let Schema::Ref(reference) = data
            && names::pascal(&reference.name) == name
        {
            lowering.schemas.insert(reference.name.clone(), name.clone());
        }
        lowering.shapes.messages.insert(id.clone(), name);
    }
    // Then the schemas that have names, before those that have not.
    for (name, schema) in &ir.schemas {
        if !lowering.schemas.contains_key(name) && lowering.nominal(&lowering.resolve(ir.resolve(schema))) {
            let rust_name = lowering.unique(&names::pascal(name), "Value");
            lowering.schemas.insert(name.clone(), rust_name);
        }
    }
    for (id, name) in lowering.shapes.messages.clone() {
        if let Some(data) = ir.messages.get(&id).and_then(|message| message.data.as_ref())
            && !lowering.shapes.definitions.contains_key(&name)
        {
            let data = lowering.resolve(ir.resolve(data));
            lowering.define(&name, &data, Closed::No);
        }
    }
    lowering.shapes
}

/// Whether a shape keeps `additionalProperties: false`. Only the alternatives of an untagged union need it: there it
/// tells them apart. Everywhere else the decoder has already looked.
#[derive(Clone, Copy, PartialEq)]
enum Closed {
    Keep,
    No,
}

struct Lowering<'ir> {
    ir: &'ir Ir,
    /// Names that no further type may have.
    taken: BTreeSet<String>,
    /// The Rust names of the named schemas that have a type of their own.
    schemas: IndexMap<SchemaName, String>,
    /// The named schemas that are just being written where they are used; one that comes again contains itself.
    inlining: Vec<SchemaName>,
    shapes: Shapes,
}

impl<'ir> Lowering<'ir> {
    /// The shape of a schema where it is used; `name` is for the type it may need.
    fn at(&mut self, schema: &Schema, name: &str) -> Value {
        match schema {
            Schema::Bool(accepts) => Value::Bool(*accepts),
            Schema::Ref(reference) => {
                let target = self.resolve(self.ir.resolve(schema));
                let description = reference.description.clone().or_else(|| target.description.clone());
                let cyclic = self.inlining.contains(&reference.name);
                if cyclic || self.nominal(&target) || self.schemas.contains_key(&reference.name) {
                    let name = self.define_named(&reference.name, &target, Closed::No);
                    return used(&name, description.as_deref(), target.default.as_ref(), nullable(&target));
                }
                self.inlining.push(reference.name.clone());
                let mut shape = self.inline(&target, &names::pascal(&reference.name));
                self.inlining.pop();
                describe(&mut shape, description.as_deref());
                shape
            }
            Schema::Object(_) => {
                let object = self.resolve(schema);
                if self.nominal(&object) {
                    let name = self.unique(name, "Value");
                    self.define(&name, &object, Closed::No);
                    return used(&name, object.description.as_deref(), object.default.as_ref(), nullable(&object));
                }
                self.inline(&object, name)
            }
        }
    }

    /// Defines the type of a named schema, once, and gives its name.
    fn define_named(&mut self, schema: &SchemaName, target: &SchemaObject, closed: Closed) -> String {
        let name = match self.schemas.get(schema) {
            Some(name) => name.clone(),
            None => {
                let name = self.unique(&names::pascal(schema), "Value");
                self.schemas.insert(schema.clone(), name.clone());
                name
            }
        };
        if !self.shapes.definitions.contains_key(&name) {
            self.define(&name, target, closed);
        }
        name
    }

    /// Defines a type.
    fn define(&mut self, name: &str, object: &SchemaObject, closed: Closed) {
        // The place is taken first: a type stands before those that only it needs, and may contain itself.
        self.shapes.definitions.insert(name.to_owned(), Value::Null);
        let mut shape = if let Some(values) = strings(object) {
            json!({ "type": "string", "enum": values })
        } else if !self.alternatives(object).is_empty() {
            self.union(name, object)
        } else if structural(object) {
            let shape = self.structure(name, object, closed, None);
            self.remember_order(name.to_owned(), &shape);
            shape
        } else {
            self.inline(object, name)
        };
        describe(&mut shape, object.description.as_deref().or(object.title.as_deref()));
        if let Value::Object(shape) = &mut shape {
            // A default belongs to the property that uses the type.
            shape.remove("default");
        }
        self.shapes.definitions.insert(name.to_owned(), shape);
    }

    /// An object with properties.
    fn structure(&mut self, name: &str, object: &SchemaObject, closed: Closed, tag: Option<&str>) -> Value {
        let mut properties = Map::new();
        for (property, schema) in &object.properties {
            let shape = match constant(object, property) {
                Some(value) if tag == Some(property) => json!({ "type": "string", "enum": [value] }),
                _ => self.at(schema, &format!("{name}{}", names::pascal(property))),
            };
            properties.insert(property.clone(), shape);
        }
        for property in &object.required {
            properties.entry(property.clone()).or_insert(Value::Bool(true));
        }
        let mut shape = json!({ "type": "object", "properties": properties, "required": object.required });
        match &object.additional_properties {
            Some(Schema::Bool(false)) if closed == Closed::Keep || object.properties.is_empty() => {
                shape["additionalProperties"] = Value::Bool(false);
            }
            Some(schema @ (Schema::Ref(_) | Schema::Object(_))) => {
                shape["additionalProperties"] = self.at(schema, &format!("{name}Extra"));
            }
            _ => {}
        }
        shape
    }

    fn remember_order(&mut self, key: String, shape: &Value) {
        let properties = shape["properties"].as_object();
        self.shapes.properties.insert(key, properties.into_iter().flat_map(Map::keys).cloned().collect());
    }

    /// `oneOf`, `anyOf` or several types.
    fn union(&mut self, union: &str, object: &SchemaObject) -> Value {
        let alternatives = self.alternatives(object);
        let resolved: Vec<SchemaObject> = alternatives.iter().map(|schema| self.resolve(schema)).collect();
        if let Some(tag) = tag(&resolved) {
            // typify sees the tag only in objects that stand here, and names the variants by it.
            let mut variants = Vec::new();
            for (variant, number) in resolved.iter().zip(1..) {
                let name = format!("{union}{}", variant_name(variant, number));
                let mut shape = self.structure(&name, variant, Closed::No, Some(tag));
                if let Some(value) = constant(variant, tag) {
                    self.remember_order(format!("{union}::{value}"), &shape);
                }
                describe(&mut shape, variant.description.as_deref());
                variants.push(shape);
            }
            return json!({ "oneOf": variants });
        }
        let mut titles = BTreeSet::new();
        let mut variants = Vec::new();
        for ((schema, variant), number) in alternatives.iter().zip(&resolved).zip(1..) {
            let shape = match schema {
                Schema::Ref(reference) if self.nominal(variant) => {
                    used(&self.define_named(&reference.name, variant, Closed::Keep), None, None, false)
                }
                _ if self.nominal(variant) => {
                    let name = self.unique(&variant_name(variant, number), "Value");
                    self.define(&name, variant, Closed::Keep);
                    used(&name, None, None, false)
                }
                _ => {
                    let mut title = match (&variant.title, schema) {
                        (None, Schema::Ref(reference)) => names::pascal(&reference.name),
                        _ => variant_name(variant, number),
                    };
                    while !titles.insert(title.clone()) {
                        title.push_str(&number.to_string());
                    }
                    let mut shape = self.at(schema, &format!("{union}{title}"));
                    if let Value::Object(shape) = &mut shape {
                        shape.insert("title".to_owned(), Value::String(title));
                    }
                    shape
                }
            };
            variants.push(shape);
        }
        json!({ "oneOf": variants })
    }

    /// A scalar, an array or a map.
    fn inline(&mut self, object: &SchemaObject, name: &str) -> Value {
        if let Some(only) = only_alternative(object) {
            let shape = self.at(only, name);
            return if nullable(object) { or_null(shape) } else { shape };
        }
        let mut shape = match single_type(object) {
            Some(JsonType::String) => match object.format.as_deref() {
                Some(format @ ("uuid" | "date-time")) => json!({ "type": "string", "format": format }),
                _ => json!({ "type": "string" }),
            },
            Some(JsonType::Integer) if unsigned(object) => json!({ "type": "integer", "format": "uint64" }),
            Some(JsonType::Integer) => json!({ "type": "integer", "format": "int64" }),
            Some(JsonType::Number) => json!({ "type": "number", "format": "double" }),
            Some(JsonType::Boolean) => json!({ "type": "boolean" }),
            Some(JsonType::Null) => json!({ "type": "null" }),
            Some(JsonType::Array) => match &object.items {
                Some(Items::All(items)) => {
                    let items = self.at(items, &format!("{name}Item"));
                    json!({ "type": "array", "items": items })
                }
                _ => json!({ "type": "array", "items": true }),
            },
            Some(JsonType::Object) => {
                let values = match (&object.additional_properties, object.pattern_properties.values().next()) {
                    (Some(schema @ (Schema::Ref(_) | Schema::Object(_))), None) => Some(schema),
                    (Some(Schema::Bool(false)), Some(schema)) if object.pattern_properties.len() == 1 => Some(schema),
                    _ => None,
                };
                match values {
                    Some(schema) => {
                        let values = self.at(schema, &format!("{name}Value"));
                        json!({ "type": "object", "additionalProperties": values })
                    }
                    None => json!({ "type": "object" }),
                }
            }
            None => json!({}),
        };
        if nullable(object) {
            shape = or_null(shape);
        }
        describe(&mut shape, object.description.as_deref());
        if let Some(default) = &object.default {
            shape["default"] = default.clone();
        }
        shape
    }

    /// Whether the schema gets a type of its own.
    fn nominal(&self, object: &SchemaObject) -> bool {
        strings(object).is_some() || !self.alternatives(object).is_empty() || structural(object)
    }

    /// The alternatives of a union, `null` left out; empty where there are fewer than two.
    fn alternatives(&self, object: &SchemaObject) -> Vec<Schema> {
        let mut alternatives: Vec<Schema> = listed(object).iter().filter(|schema| !is_null(schema)).cloned().collect();
        if !object.properties.is_empty() {
            // Beside properties, alternatives often only say which of them are required: that is no union of shapes.
            let known =
                |schema| self.resolve(schema).properties.keys().all(|name| object.properties.contains_key(name));
            if alternatives.iter().all(known) {
                return Vec::new();
            }
            let base = SchemaObject { one_of: Vec::new(), any_of: Vec::new(), description: None, ..object.clone() };
            for alternative in &mut alternatives {
                let mut whole = self.resolve(alternative);
                whole.all_of.push(Schema::Object(Box::new(base.clone())));
                *alternative = Schema::Object(Box::new(whole));
            }
        } else if listed(object).is_empty() && values(object).is_none() {
            let types = object.types.iter().filter(|json_type| **json_type != JsonType::Null);
            alternatives = types
                .map(|json_type| {
                    let title = Some(format!("{json_type:?}"));
                    let (types, description, default) = (vec![*json_type], None, None);
                    Schema::Object(Box::new(SchemaObject { types, title, description, default, ..object.clone() }))
                })
                .collect();
        }
        if alternatives.len() < 2 { Vec::new() } else { alternatives }
    }

    /// The schema as one object; where no object says what its `allOf` says, one that accepts anything.
    fn resolve(&self, schema: &Schema) -> SchemaObject {
        self.ir.merged(schema).unwrap_or_default()
    }

    /// The name, or one like it that is free.
    fn unique(&mut self, name: &str, suffix: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let candidates = [name.to_owned(), format!("{name}{suffix}")].into_iter().chain(numbered);
        for candidate in candidates {
            if self.taken.insert(candidate.clone()) {
                return candidate;
            }
        }
        name.to_owned()
    }
}

/// A use of a defined type.
fn used(name: &str, description: Option<&str>, default: Option<&Value>, nullable: bool) -> Value {
    let reference = json!({ "$ref": format!("#/definitions/{name}") });
    let mut shape = if nullable {
        json!({ "oneOf": [reference, { "type": "null" }] })
    } else if description.is_none() && default.is_none() {
        return reference;
    } else {
        json!({ "allOf": [reference] })
    };
    describe(&mut shape, description);
    if let Some(default) = default {
        shape["default"] = default.clone();
    }
    shape
}

fn describe(shape: &mut Value, description: Option<&str>) {
    if let (Value::Object(shape), Some(description)) = (shape, description) {
        shape.insert("description".to_owned(), Value::String(description.trim().to_owned()));
    }
}

/// Whether the schema is an object whose properties are known.
fn structural(object: &SchemaObject) -> bool {
    let closed = object.additional_properties == Some(Schema::Bool(false)) && object.pattern_properties.is_empty();
    single_type(object) == Some(JsonType::Object)
        && (!object.properties.is_empty() || !object.required.is_empty() || closed)
}

/// The strings of a string enum or a string const.
fn strings(object: &SchemaObject) -> Option<Vec<&str>> {
    let values = values(object)?;
    let strings: Vec<&str> = values.iter().filter_map(|value| value.as_str()).collect();
    let others = values.iter().filter(|value| !value.is_string() && !value.is_null()).count();
    (!strings.is_empty() && others == 0).then_some(strings)
}

/// The values of `const` or `enum`.
fn values(object: &SchemaObject) -> Option<Vec<&Value>> {
    match (&object.const_value, &object.enum_values) {
        (Some(value), _) => Some(vec![value]),
        (None, Some(values)) => Some(values.iter().collect()),
        (None, None) => None,
    }
}

/// `oneOf`, or else `anyOf`: as shapes they are the same.
fn listed(object: &SchemaObject) -> &[Schema] {
    if object.one_of.is_empty() { &object.any_of } else { &object.one_of }
}

/// The alternative that stands alone, `null` aside.
fn only_alternative(object: &SchemaObject) -> Option<&Schema> {
    let mut others = listed(object).iter().filter(|schema| !is_null(schema));
    let only = others.next()?;
    (others.next().is_none() && object.properties.is_empty()).then_some(only)
}

/// The shape, or `null`.
fn or_null(shape: Value) -> Value {
    match shape["type"].as_str() {
        Some("null") => shape,
        Some(json_type) => {
            let types = json!([json_type, "null"]);
            let mut shape = shape;
            shape["type"] = types;
            shape
        }
        None if shape.get("$ref").is_some() || shape.get("allOf").is_some() => {
            json!({ "oneOf": [shape, { "type": "null" }] })
        }
        None => shape,
    }
}

/// Whether `null` is allowed beside something else.
fn nullable(object: &SchemaObject) -> bool {
    listed(object).iter().any(is_null)
        || (object.types.len() > 1 && object.types.contains(&JsonType::Null))
        || (object.types.is_empty() && values(object).is_some_and(|values| values.iter().any(|value| value.is_null())))
}

fn is_null(schema: &Schema) -> bool {
    matches!(schema, Schema::Object(object) if object.types == [JsonType::Null] || object.const_value == Some(Value::Null))
}

/// The one type of the schema, `null` aside; read from other keywords where `type` is missing.
fn single_type(object: &SchemaObject) -> Option<JsonType> {
    let mut types = object.types.iter().filter(|json_type| **json_type != JsonType::Null);
    match (types.next(), types.next()) {
        (Some(json_type), None) => return Some(*json_type),
        (Some(_), Some(_)) => return None,
        (None, _) => {}
    }
    if object.types == [JsonType::Null] {
        return Some(JsonType::Null);
    }
    if let Some(values) = values(object) {
        let all = |accepts: fn(&Value) -> bool| values.iter().all(|value| accepts(value));
        return if all(|value| value.is_i64() || value.is_u64()) {
            Some(JsonType::Integer)
        } else if all(Value::is_number) {
            Some(JsonType::Number)
        } else if all(Value::is_boolean) {
            Some(JsonType::Boolean)
        } else {
            None
        };
    }
    let says_object = !object.properties.is_empty() || !object.required.is_empty();
    if says_object {
        Some(JsonType::Object)
    } else if object.items.is_some() {
        Some(JsonType::Array)
    } else {
        None
    }
}

/// Whether an integer cannot be negative.
fn unsigned(object: &SchemaObject) -> bool {
    let at_least =
        |bound: &Option<serde_json::Number>| bound.as_ref().and_then(|n| n.as_f64()).is_some_and(|n| n >= 0.0);
    at_least(&object.minimum)
        || at_least(&object.exclusive_minimum)
        || values(object).is_some_and(|values| values.iter().all(|value| value.is_u64()))
}

/// The property that tells the alternatives apart: required everywhere, a different constant string in each.
fn tag(alternatives: &[SchemaObject]) -> Option<&str> {
    let first = alternatives.first()?;
    first.properties.keys().map(String::as_str).find(|property| {
        let values: Option<BTreeSet<String>> = alternatives.iter().map(|schema| constant(schema, property)).collect();
        values.is_some_and(|values| values.len() == alternatives.len())
    })
}

/// The one string that the property must be, if it is required.
fn constant(object: &SchemaObject, property: &str) -> Option<String> {
    let Schema::Object(schema) = object.properties.get(property)? else { return None };
    object.required.iter().find(|required| *required == property)?;
    match (&schema.const_value, schema.enum_values.as_deref()) {
        (Some(Value::String(value)), _) | (None, Some([Value::String(value)])) => Some(value.clone()),
        _ => None,
    }
}

fn variant_name(variant: &SchemaObject, number: usize) -> String {
    variant.title.as_deref().map_or_else(|| format!("Variant{number}"), names::pascal)
}
