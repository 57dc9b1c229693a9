//! Makes the IR's schemas digestible for typify.
//!
//! typify merges, guesses names and sometimes panics where a schema is more than a shape. So it only ever gets shapes:
//! `allOf` is merged, everything that only validates is left out (validation is the decoder's), and every object, string
//! enum and union stands as a definition of its own under a name that is unique in the module. Named scalars, arrays and
//! maps have no type of their own: they stand where they are used.
//!
//! A shape takes every value that its schema takes, and gives it back: what no type can hold is `true`, any JSON.

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use tightwire_spec::ir::{Ir, Message, SchemaName};
use tightwire_spec::schema::{Items, JsonType, Reference, Schema, SchemaObject};

use super::facts::{
    constant, is_null, kind, listed, nullable, only_alternative, single_type, strings, structural, tag, unsigned,
    values,
};
use super::{names, variants};
use crate::alternatives::{self, Name};
use crate::config::Config;
use crate::handshakes::{self, Handshake};

/// The shapes of all messages' data.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    /// The definitions, by Rust name, in the order of the document.
    pub(super) definitions: IndexMap<String, Value>,
    /// The properties, in the order of the document, of each definition that is an object (`Name`) and of each
    /// alternative of a tagged union (`Name::tag`).
    pub(super) properties: IndexMap<String, Vec<String>>,
    /// What the document says of single properties, by the same names.
    pub(super) remarks: IndexMap<String, Remarks>,
    /// String enums whose values typify cannot tell apart as names, by Rust name.
    pub(super) string_enums: IndexMap<String, StringEnum>,
    /// Unions whose alternatives have the same JSON type, so that serde's first that fits may not be the right one.
    pub(super) overlapping: BTreeSet<String>,
    /// What the variants of the untagged unions are called.
    pub(super) variants: IndexMap<String, Vec<String>>,
    /// The name of the type of each message's data, by the message's key.
    pub(super) messages: IndexMap<String, String>,
    /// The name of the type of the handshake's parameters, by the path.
    pub(super) handshakes: IndexMap<String, String>,
    /// Schemas that became any JSON although they look like more, with the reason.
    pub(super) untyped: Vec<UntypedSchema>,
}

/// What the document says of the properties of an object, beside their shape.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// Properties that may be absent and may be `null`, which are two things.
    pub(super) nullable: BTreeSet<String>,
    /// `default`, of properties that may be absent.
    pub(super) defaults: IndexMap<String, Value>,
}

/// A string enum that is written without typify.
#[derive(Debug)]
pub(super) struct StringEnum {
    /// Its values on the wire.
    pub(super) values: Vec<String>,
    /// Its documentation.
    pub(super) description: Option<String>,
}

/// A schema that became `serde_json::Value` although it looks like more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntypedSchema {
    /// Where it stands: the name that its type would have.
    pub place: String,
    /// Why, in the middle of a sentence.
    pub reason: String,
}

/// What becomes the type of a message: its `data`, or in a flat protocol the whole frame.
pub(super) fn content<'ir>(ir: &Ir, message: &'ir Message) -> Option<&'ir Schema> {
    if ir.envelope.is_some() { message.data.as_ref() } else { Some(&message.payload) }
}

/// The shapes of all messages' data.
pub(super) fn shapes(ir: &Ir, config: &Config) -> Shapes {
    let mut lowering = Lowering {
        ir,
        taken: names::taken(ir, config),
        known: HashMap::new(),
        inlining: Vec::new(),
        inlined: HashMap::new(),
        composed: 0,
        shapes: Shapes::default(),
    };
    // Messages choose their names first: they are the ones that handlers write.
    for (id, message) in &ir.messages {
        let Some(data) = content(ir, message) else { continue };
        let name = lowering.unique(&names::pascal(id), "Data");
        if let Schema::Ref(reference) = data
            && names::pascal(&reference.name) == name
        {
            lowering.known.insert(Origin::Named(reference.name.clone()), name.clone());
        }
        lowering.shapes.messages.insert(id.clone(), name);
    }
    // Then the schemas that have names, before those that have not.
    for (name, schema) in &ir.schemas {
        let origin = Origin::Named(name.clone());
        if !lowering.known.contains_key(&origin) && lowering.nominal(&lowering.resolve(ir.resolve(schema))) {
            let rust_name = lowering.unique(&names::pascal(name), "Value");
            lowering.known.insert(origin, rust_name);
        }
    }
    for (id, name) in lowering.shapes.messages.clone() {
        if let Some(data) = ir.messages.get(&id).and_then(|message| content(ir, message))
            && !lowering.shapes.definitions.contains_key(&name)
        {
            let data = lowering.resolve(ir.resolve(data));
            if nullable(&data) && lowering.nominal(&data) {
                let inner = lowering.unique(&name, "Value");
                lowering.define(&inner, &data, Closed::No);
                lowering.shapes.definitions.insert(name, used(&inner, data.description.as_deref(), true));
                continue;
            }
            lowering.define(&name, &data, Closed::No);
        }
    }
    for handshake in handshakes::of(ir, config) {
        if !handshake.parameters.is_empty() {
            lowering.handshake(&handshake);
        }
    }
    lowering.shapes
}

/// Whether a shape keeps `additionalProperties: false`. Only the alternatives of an untagged union need it: there it
/// tells them apart. Everywhere else the decoder has already looked.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Closed {
    Keep,
    No,
}

/// A schema that may be met more than once, and so may contain itself.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Origin {
    /// By its name in the document.
    Named(SchemaName),
    /// A schema without a name that an `allOf` makes of others, by the texts of those.
    Composed(Vec<String>, Closed),
}

impl Origin {
    fn of(schema: &Schema, closed: Closed) -> Option<Self> {
        let text = |schema: &Schema| schema.to_json("").to_string();
        match schema {
            Schema::Bool(_) => None,
            Schema::Ref(reference) => Some(Self::Named(reference.name.clone())),
            Schema::Object(object) if object.all_of.is_empty() => None,
            Schema::Object(object) => {
                // In whatever order its parts stand, it is the same.
                let mut parts: Vec<String> = object.all_of.iter().map(text).collect();
                parts.sort_unstable();
                let rest = SchemaObject { all_of: Vec::new(), ..(**object).clone() };
                parts.push(text(&Schema::Object(Box::new(rest))));
                Some(Self::Composed(parts, closed))
            }
        }
    }

    /// What its type would like to be called, where it stands at a place that would be called `place`.
    fn hint(&self, place: &str) -> String {
        match self {
            Self::Named(name) => names::pascal(name),
            Self::Composed(..) => place.to_owned(),
        }
    }
}

/// How far one alternative may lead to another.
const MAX_DEPTH: usize = 16;

/// So many types are made for `allOf`s without a name. Beyond, they are any JSON.
const MAX_COMPOSED: usize = 200;

/// An `allOf` without a name that stands deeper inside of others without a type gets a type of its own.
const MAX_INLINE: usize = 4;

struct Lowering<'ir> {
    ir: &'ir Ir,
    /// Names that no further type may have.
    taken: BTreeSet<String>,
    /// The Rust names of the schemas that have a type of their own and may be met again.
    known: HashMap<Origin, String>,
    /// The schemas that are just being written where they are used; one that comes again contains itself.
    inlining: Vec<Origin>,
    /// The shapes of those without a name that have no type of their own.
    inlined: HashMap<Origin, Value>,
    /// How many of the known ones have no name in the document.
    composed: usize,
    shapes: Shapes,
}

impl<'ir> Lowering<'ir> {
    /// The shape of a schema where it is used; `name` is for the type it may need.
    fn at(&mut self, schema: &Schema, name: &str) -> Value {
        if let Schema::Bool(_) = schema {
            // What takes nothing is never there, and any type will do.
            return Value::Bool(true);
        }
        if let Schema::Object(object) = schema
            && let Some(reference) = object.wrapped()
        {
            let description = object.description.clone().or_else(|| reference.description.clone());
            return self.at(&Schema::Ref(Reference { name: reference.name.clone(), description }), name);
        }
        let target = self.resolve(self.ir.resolve(schema));
        let description = match schema {
            Schema::Ref(reference) => reference.description.clone(),
            Schema::Bool(_) | Schema::Object(_) => None,
        };
        let description = description.or_else(|| target.description.clone());
        let nominal = self.nominal(&target);
        let Some(origin) = Origin::of(schema, Closed::No) else {
            if nominal {
                let name = self.unique(name, "Value");
                self.define(&name, &target, Closed::No);
                return used(&name, description.as_deref(), nullable(&target));
            }
            return self.inline(&target, name);
        };
        let deep = matches!(origin, Origin::Composed(..)) && self.inlining.len() >= MAX_INLINE;
        if nominal || deep || self.inlining.contains(&origin) || self.known.contains_key(&origin) {
            let Some(name) = self.define_known(origin, name, &target, Closed::No) else { return Value::Bool(true) };
            return used(&name, description.as_deref(), nullable(&target));
        }
        let mut shape = match self.inlined.get(&origin) {
            Some(shape) => shape.clone(),
            None => {
                let name = origin.hint(name);
                self.inlining.push(origin.clone());
                let shape = self.inline(&target, &name);
                self.inlining.pop();
                if matches!(origin, Origin::Composed(..)) {
                    self.inlined.insert(origin, shape.clone());
                }
                shape
            }
        };
        describe(&mut shape, description.as_deref());
        shape
    }

    /// Defines the type of a schema that may be met again, once, and gives its name. `None` where schemas without a name
    /// lead to ever new ones.
    fn define_known(&mut self, origin: Origin, place: &str, target: &SchemaObject, closed: Closed) -> Option<String> {
        let name = match self.known.get(&origin) {
            Some(name) => name.clone(),
            None => {
                if matches!(origin, Origin::Composed(..)) && self.composed == MAX_COMPOSED {
                    let reason = format!("more than {MAX_COMPOSED} types would be needed for `allOf`s without a name");
                    self.shapes.untyped.push(UntypedSchema { place: place.to_owned(), reason });
                    return None;
                }
                let name = self.unique(&origin.hint(place), "Value");
                self.composed += usize::from(matches!(origin, Origin::Composed(..)));
                self.known.insert(origin, name.clone());
                name
            }
        };
        if !self.shapes.definitions.contains_key(&name) {
            self.define(&name, target, closed);
        }
        Some(name)
    }

    /// Defines a type.
    fn define(&mut self, name: &str, object: &SchemaObject, closed: Closed) {
        // The place is taken first: a type stands before those that only it needs, and may contain itself.
        self.shapes.definitions.insert(name.to_owned(), Value::Null);
        let mut shape = if let Some(values) = strings(object) {
            if !names::are_distinct(values.iter().copied()) {
                let values = values.iter().map(|value| (*value).to_owned()).collect();
                let description = object.description.clone().or_else(|| object.title.clone());
                self.shapes.string_enums.insert(name.to_owned(), StringEnum { values, description });
            }
            json!({ "type": "string", "enum": values })
        } else if !self.alternatives(object).is_empty() {
            self.union(name, object)
        } else if structural(object) {
            let (shape, remarks) = self.structure(name, object, closed, None);
            self.remember(name.to_owned(), &shape, remarks);
            shape
        } else {
            self.inline(object, name)
        };
        describe(&mut shape, object.description.as_deref().or(object.title.as_deref()));
        self.shapes.definitions.insert(name.to_owned(), shape);
    }

    /// Defines the type of a handshake's parameters. Their own types begin with the path's name alone.
    fn handshake(&mut self, handshake: &Handshake<'_>) {
        let name = self.unique(&format!("{}Handshake", handshake.name), "Data");
        self.shapes.definitions.insert(name.clone(), Value::Null);
        let (mut shape, remarks) = self.structure(&handshake.name, &handshake.object(), Closed::No, None);
        describe(&mut shape, Some(&handshake.docs()));
        self.remember(name.clone(), &shape, remarks);
        self.shapes.definitions.insert(name.clone(), shape);
        self.shapes.handshakes.insert(handshake.path.to_owned(), name);
    }

    /// An object with properties.
    fn structure(&mut self, name: &str, object: &SchemaObject, closed: Closed, tag: Option<&str>) -> (Value, Remarks) {
        let mut properties = Map::new();
        let mut remarks = Remarks::default();
        for (property, schema) in &object.properties {
            if !object.required.contains(property) {
                let resolved = self.resolve(self.ir.resolve(schema));
                if self.may_be_null(&resolved, 0) {
                    remarks.nullable.insert(property.clone());
                }
                if let Some(default) = resolved.default {
                    remarks.defaults.insert(property.clone(), default);
                }
            }
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
            // What patterns say differs from property to property; what is asked for is kept.
            _ if !object.pattern_properties.is_empty() => shape["additionalProperties"] = json!({}),
            Some(schema @ (Schema::Ref(_) | Schema::Object(_))) => {
                shape["additionalProperties"] = match self.at(schema, &format!("{name}Extra")) {
                    // To typify `true` is not worth a field.
                    Value::Bool(_) => json!({}),
                    shape => shape,
                };
            }
            Some(Schema::Bool(true)) => shape["additionalProperties"] = json!({}),
            _ => {}
        }
        (shape, remarks)
    }

    fn remember(&mut self, key: String, shape: &Value, remarks: Remarks) {
        let properties = shape["properties"].as_object();
        self.shapes.properties.insert(key.clone(), properties.into_iter().flat_map(Map::keys).cloned().collect());
        self.shapes.remarks.insert(key, remarks);
    }

    /// `oneOf`, `anyOf` or several types.
    fn union(&mut self, union: &str, object: &SchemaObject) -> Value {
        let alternatives = self.alternatives(object);
        let resolved: Vec<SchemaObject> = alternatives.iter().map(|schema| self.resolve(schema)).collect();
        let names = alternatives::names(&self.as_written(object, &alternatives), &resolved);
        if let Some(tag) = tag(&resolved) {
            // typify sees the tag only in objects that stand here, and names the variants by it.
            let mut variants = Vec::new();
            for (variant, Name { text, .. }) in resolved.iter().zip(&names) {
                let name = format!("{union}{text}");
                let (mut shape, remarks) = self.structure(&name, variant, Closed::No, Some(tag));
                if let Some(value) = constant(variant, tag) {
                    self.remember(format!("{union}::{value}"), &shape, remarks);
                }
                describe(&mut shape, variant.description.as_deref());
                variants.push(shape);
            }
            return json!({ "oneOf": variants });
        }
        let kinds: Vec<_> = resolved.iter().map(kind).collect();
        let differ = |at: usize| kinds[at].is_some() && !kinds[..at].contains(&kinds[at]);
        if !(0..kinds.len()).all(differ) {
            self.shapes.overlapping.insert(union.to_owned());
        }
        self.shapes.variants.insert(union.to_owned(), variants::names(&names));
        let mut variants = Vec::new();
        for ((schema, variant), name) in alternatives.iter().zip(&resolved).zip(&names) {
            let place = if name.is_given { name.text.clone() } else { format!("{union}{}", name.text) };
            let shape = if self.nominal(variant) {
                let name = match Origin::of(schema, Closed::Keep) {
                    Some(origin) => self.define_known(origin, &place, variant, Closed::Keep),
                    None => {
                        let name = self.unique(&place, "Value");
                        self.define(&name, variant, Closed::Keep);
                        Some(name)
                    }
                };
                name.map_or(Value::Bool(true), |name| used(&name, None, false))
            } else {
                self.at(schema, &format!("{union}{}", name.text))
            };
            variants.push(shape);
        }
        json!({ "oneOf": variants })
    }

    /// The alternatives as the document lists them, for their names: what they became may have lost that of its schema.
    fn as_written(&self, object: &SchemaObject, alternatives: &[Schema]) -> Vec<Schema> {
        let listed: Vec<Schema> = listed(object).iter().filter(|schema| !is_null(schema)).cloned().collect();
        if listed.len() == alternatives.len() { listed } else { alternatives.to_vec() }
    }

    /// A scalar, an array or a map.
    fn inline(&mut self, object: &SchemaObject, name: &str) -> Value {
        if let Some(only) = only_alternative(object) {
            let shape = self.at(only, name);
            return if nullable(object) { or_null(shape) } else { shape };
        }
        let mut shape = match single_type(object) {
            Some(JsonType::String) => match object.format.as_deref() {
                // Their types forget how they were written (`.500Z`, capitals). In the envelope that is ours to say;
                // the text of other protocols is theirs.
                Some(format @ ("uuid" | "date-time")) if self.ir.envelope.is_some() => {
                    json!({ "type": "string", "format": format })
                }
                _ => json!({ "type": "string" }),
            },
            Some(JsonType::Integer) if exceeds_64_bits(object) => json!({}),
            Some(JsonType::Integer) if unsigned(object) => json!({ "type": "integer", "format": "uint64" }),
            Some(JsonType::Integer) => json!({ "type": "integer", "format": "int64" }),
            Some(JsonType::Number) => json!({ "type": "number", "format": "double" }),
            Some(JsonType::Boolean) => json!({ "type": "boolean" }),
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
            Some(JsonType::Null) | None => json!({}),
        };
        if nullable(object) {
            shape = or_null(shape);
        }
        if looks_like_object(object) {
            let reason = "it has `properties` but no `type: object`, so anything but an object may stand there too";
            self.shapes.untyped.push(UntypedSchema { place: name.to_owned(), reason: reason.to_owned() });
        }
        describe(&mut shape, object.description.as_deref());
        shape
    }

    /// Whether `null` may stand here, as the type has it.
    fn may_be_null(&self, object: &SchemaObject, depth: usize) -> bool {
        if nullable(object) || object.types == [JsonType::Null] || depth > MAX_DEPTH {
            return true;
        }
        let may_be = |schema: &Schema| self.may_be_null(&self.resolve(self.ir.resolve(schema)), depth + 1);
        let alternatives = self.alternatives(object);
        if !alternatives.is_empty() {
            return alternatives.iter().any(may_be);
        }
        match only_alternative(object) {
            Some(only) => may_be(only),
            // What has no shape has a type that takes `null`.
            None => !self.nominal(object) && single_type(object).is_none() || exceeds_64_bits(object),
        }
    }

    /// Whether the schema gets a type of its own.
    fn nominal(&self, object: &SchemaObject) -> bool {
        strings(object).is_some() || !self.alternatives(object).is_empty() || structural(object)
    }

    /// The alternatives of a union, `null` left out; empty where there are fewer than two.
    fn alternatives(&self, object: &SchemaObject) -> Vec<Schema> {
        if !object.one_of.is_empty() && !object.any_of.is_empty() {
            // Two unions at once have no type.
            return Vec::new();
        }
        let mut alternatives: Vec<Schema> = listed(object).iter().filter(|schema| !is_null(schema)).cloned().collect();
        let says_type = |schema: &Schema| !self.resolve(schema).types.is_empty();
        if !object.properties.is_empty() {
            // Beside properties, alternatives often only say which of them are required: that is no union of shapes.
            let known =
                |schema| self.resolve(schema).properties.keys().all(|name| object.properties.contains_key(name));
            if alternatives.iter().all(known) {
                return Vec::new();
            }
            let mut base = SchemaObject { one_of: Vec::new(), any_of: Vec::new(), description: None, ..object.clone() };
            // It looks at the alternatives too: as a shape it says nothing.
            base.unevaluated_properties = None;
            base.title = None;
            for alternative in &mut alternatives {
                let mut whole = self.resolve(alternative);
                whole.all_of.push(Schema::Object(Box::new(base.clone())));
                *alternative = Schema::Object(Box::new(whole));
            }
        } else if !object.types.is_empty() && !alternatives.iter().all(says_type) {
            for alternative in &mut alternatives {
                let mut whole = self.resolve(alternative);
                if !whole.types.is_empty() {
                    continue;
                }
                whole.types.clone_from(&object.types);
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
        let name = names::ident(&names::pascal(name)).to_string();
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let candidates = [name.clone(), format!("{name}{suffix}")].into_iter().chain(numbered);
        for candidate in candidates {
            if self.taken.insert(candidate.clone()) {
                return candidate;
            }
        }
        name
    }
}

/// A use of a defined type.
fn used(name: &str, description: Option<&str>, nullable: bool) -> Value {
    let reference = json!({ "$ref": format!("#/definitions/{name}") });
    let mut shape = if nullable {
        json!({ "oneOf": [reference, { "type": "null" }] })
    } else if description.is_none() {
        return reference;
    } else {
        json!({ "allOf": [reference] })
    };
    describe(&mut shape, description);
    shape
}

fn describe(shape: &mut Value, description: Option<&str>) {
    if let (Value::Object(shape), Some(description)) = (shape, description) {
        shape.insert("description".to_owned(), Value::String(description.trim().to_owned()));
    }
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

/// Whether the bounds of an integer reach beyond what Rust's integers hold.
fn exceeds_64_bits(object: &SchemaObject) -> bool {
    let beyond = |bound: &Option<serde_json::Number>, limit: f64| {
        bound.as_ref().and_then(serde_json::Number::as_f64).is_some_and(|bound| bound.abs() > limit)
    };
    let largest = if unsigned(object) { u64::MAX as f64 } else { i64::MAX as f64 };
    single_type(object) == Some(JsonType::Integer)
        && (beyond(&object.minimum, largest)
            || beyond(&object.exclusive_minimum, largest)
            || beyond(&object.maximum, largest)
            || beyond(&object.exclusive_maximum, largest))
}

/// Whether the author meant an object but did not say so.
fn looks_like_object(object: &SchemaObject) -> bool {
    object.types.is_empty() && !object.properties.is_empty() && values(object).is_none()
}
