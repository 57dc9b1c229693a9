//! Makes the IR's schemas digestible for typify.
//!
//! typify merges, guesses names and sometimes panics where a schema is more than a shape. So it only ever gets shapes:
//! `allOf` is merged, everything that only validates is left out (validation is the decoder's), and every object, string
//! enum and union stands as a definition of its own under a name that is unique in the module. Named scalars, arrays and
//! maps have no type of their own: they stand where they are used.
//!
//! A shape takes every value that its schema takes, and gives it back: what no type can hold is `true`, any JSON.

mod inline;
mod origin;
mod shapes;
mod union;
mod usage;

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value, json};
use tightwire_spec::ir::{Ir, Message};
use tightwire_spec::schema::{Reference, Schema, SchemaObject};

use self::origin::{Closed, Origin};
pub use self::shapes::UntypedSchema;
pub(super) use self::shapes::{Remarks, Shapes, StringEnum};
use self::usage::{describe, used};
use super::facts::{constant, nullable, strings, structural};
use super::names;
use crate::config::Config;
use crate::handshakes::{self, Handshake};

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

    /// Whether the schema gets a type of its own.
    fn nominal(&self, object: &SchemaObject) -> bool {
        strings(object).is_some() || !self.alternatives(object).is_empty() || structural(object)
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
