//! `oneOf`, `anyOf` and several types as the alternatives of one type.

use serde_json::{Value, json};
use tightwire_spec::schema::{JsonType, Schema, SchemaObject};

use super::Lowering;
use super::origin::{Closed, Origin};
use super::usage::{describe, used};
use crate::alternatives::{self, Name};
use crate::rust::facts::{constant, is_null, kind, listed, tag, values};
use crate::rust::variants;

impl Lowering<'_> {
    /// `oneOf`, `anyOf` or several types.
    pub(super) fn union(&mut self, union: &str, object: &SchemaObject) -> Value {
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

    /// The alternatives of a union, `null` left out; empty where there are fewer than two.
    pub(super) fn alternatives(&self, object: &SchemaObject) -> Vec<Schema> {
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
}
