//! `models.ts`: a readonly type for every named schema and every payload.
//!
//! Types say the shape; what they cannot say (lengths, ranges, patterns, conditions) is left to the guards.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;
use tightwire_spec::ir::Ir;
use tightwire_spec::schema::{Items, JsonType, Schema, SchemaObject};

use super::names::{Names, content, key, pascal, property, string};
use super::shape::{self, number};
use super::writer::Writer;

/// Writes `models.ts`. `others` are types beside those of the schemas and messages, by name.
pub(super) fn emit(ir: &Ir, names: &mut Names, others: &[(String, Schema)], preamble: &str) -> String {
    let mut models = Models {
        ir,
        names,
        pending: VecDeque::new(),
        composed: HashMap::new(),
        inlining: Vec::new(),
        topics: Vec::new(),
    };
    let mut body = Writer::default();
    for (name, schema) in &ir.schemas {
        if !models.names.is_topic_schema(name) {
            let name = models.names.schema(name).to_owned();
            models.declare(&name, schema, None, &mut body);
        }
    }
    for message in ir.messages.values() {
        let content = content(message);
        if !matches!(content, Schema::Ref(_)) {
            let name = models.names.data(&message.id).to_owned();
            let docs = format!("The payload of `{}`.", message.id);
            models.declare(&name, content, Some(&docs), &mut body);
        }
    }
    for (name, schema) in others {
        models.declare(name, schema, None, &mut body);
    }
    let topics = models.topics;
    let mut w = Writer::new(preamble);
    w.gap();
    w.import("import type", topics, "./topics.js");
    w.append(body);
    w.finish()
}

/// A type that has been named but not yet written.
struct Pending {
    name: String,
    schema: Schema,
}

/// So many different `allOf`s without a name are merged. Beyond, each stands as the intersection of its parts.
const MAX_COMPOSED: usize = 200;

/// One that stands deeper inside of others without a type gets a type of its own.
const MAX_INLINE: usize = 4;

struct Models<'a> {
    ir: &'a Ir,
    names: &'a mut Names,
    pending: VecDeque<Pending>,
    /// What was made of `allOf`s without a name, by the schema's text: one that is met again has the same type.
    composed: HashMap<String, Vec<String>>,
    /// The texts of those that are just being written where they are used; one that comes again contains itself.
    inlining: Vec<String>,
    /// The topic types that were used.
    topics: Vec<String>,
}

impl Models<'_> {
    /// Writes a named type and those that it named on the way.
    fn declare(&mut self, name: &str, schema: &Schema, docs: Option<&str>, w: &mut Writer) {
        self.declare_one(name, schema, docs, w);
        while let Some(Pending { name, schema }) = self.pending.pop_front() {
            self.declare_one(&name, &schema, None, w);
        }
    }

    fn declare_one(&mut self, name: &str, schema: &Schema, fallback: Option<&str>, w: &mut Writer) {
        let flat = self.flat(schema);
        let object = flat.as_ref().or(match schema {
            Schema::Object(object) => Some(&**object),
            Schema::Bool(_) | Schema::Ref(_) => None,
        });
        w.gap();
        let mut docs = self.docs(schema);
        if docs.is_empty() {
            docs.extend(fallback.map(str::to_owned));
        }
        match object {
            Some(object) if is_string_enum(object) => {
                w.docs(&docs);
                w.block(format!("export const {name} = {{"), "} as const;", |w| {
                    let values: Vec<&str> = object.enum_values.iter().flatten().filter_map(Value::as_str).collect();
                    for (index, value) in values.iter().enumerate() {
                        // A value that is listed twice is one member.
                        if !values[..index].contains(value) {
                            w.line(format!("{}: {},", key(value), string(value)));
                        }
                    }
                });
                w.gap();
                w.docs(&docs);
                w.line(format!("export type {name} = (typeof {name})[keyof typeof {name}];"));
            }
            Some(object) if is_record(object) => {
                w.docs(&docs);
                self.interface(name, object, w);
            }
            _ => {
                let alternatives = self.alternatives(schema, name, true);
                w.docs(&docs);
                w.union(&format!("export type {name} ="), &alternatives);
            }
        }
    }

    fn interface(&mut self, name: &str, object: &SchemaObject, w: &mut Writer) {
        let members = self.members(name, object);
        w.block(format!("export interface {name} {{"), "}", |w| {
            for (docs, member) in members {
                w.docs(docs);
                w.line(member);
            }
        });
    }

    /// The members of an interface, each with its documentation.
    fn members(&mut self, name: &str, object: &SchemaObject) -> Vec<(Vec<String>, String)> {
        let mut members = Vec::new();
        for (key, schema) in &object.properties {
            let optional = if object.required.contains(key) { "" } else { "?" };
            let hint = format!("{name}{}", pascal(key));
            let alternatives = self.alternatives(schema, &hint, false);
            members.push((
                self.docs(schema),
                format!("readonly {}{optional}: {};", property(key), alternatives.join(" | ")),
            ));
        }
        for key in object.required.iter().filter(|key| !object.properties.contains_key(*key)) {
            members.push((Vec::new(), format!("readonly {}: unknown;", property(key))));
        }
        members
    }

    /// The type of a schema as the alternatives of a union. What needs a name is named after `hint`.
    fn alternatives(&mut self, schema: &Schema, hint: &str, declaring: bool) -> Vec<String> {
        let object = match schema {
            Schema::Bool(true) => return vec!["unknown".to_owned()],
            Schema::Bool(false) => return vec!["never".to_owned()],
            Schema::Ref(reference) => return vec![self.reference(&reference.name)],
            Schema::Object(object) => object,
        };
        if let Some(reference) = object.wrapped()
            && !declaring
        {
            return vec![self.reference(&reference.name)];
        }
        if object.all_of.is_empty() {
            return self.alternatives_of(object, hint, declaring);
        }
        let text = object.to_json("").to_string();
        if let Some(known) = self.composed.get(&text)
            && !declaring
        {
            return known.clone();
        }
        let composes = declaring || self.composed.len() < MAX_COMPOSED;
        let Some(merged) = composes.then(|| self.flat(schema)).flatten() else {
            return self.alternatives_of(object, hint, declaring);
        };
        if declaring {
            return self.alternatives_of(&merged, hint, true);
        }
        let apart = self.inlining.contains(&text) || self.inlining.len() >= MAX_INLINE;
        if apart || is_string_enum(&merged) || is_record(&merged) {
            let name = self.names.claim(hint, "Type");
            self.composed.insert(text, vec![name.clone()]);
            let schema = if apart { schema.clone() } else { Schema::Object(Box::new(merged)) };
            self.pending.push_back(Pending { name: name.clone(), schema });
            return vec![name];
        }
        self.inlining.push(text.clone());
        let alternatives = self.alternatives_of(&merged, hint, false);
        self.inlining.pop();
        self.composed.entry(text).or_insert_with(|| alternatives.clone());
        alternatives
    }

    /// [`Models::alternatives`] of a schema whose `allOf` has been merged, if that can be done.
    fn alternatives_of(&mut self, object: &SchemaObject, hint: &str, declaring: bool) -> Vec<String> {
        if let Some(value) = &object.const_value {
            return vec![literal(value)];
        }
        if is_string_enum(object) || (is_record(object) && !declaring) {
            let name = self.names.claim(hint, "Type");
            self.pending.push_back(Pending { name: name.clone(), schema: Schema::Object(Box::new(object.clone())) });
            return vec![name];
        }
        if let Some(values) = &object.enum_values {
            return if values.is_empty() {
                vec!["never".to_owned()]
            } else {
                unique(values.iter().map(literal).collect())
            };
        }
        let branches = if object.one_of.is_empty() { &object.any_of } else { &object.one_of };
        let mut parts = Vec::new();
        if !branches.is_empty() {
            let mut union = Vec::new();
            for (branch, hint) in branches.iter().zip(shape::alternatives(self.ir, hint, branches)) {
                union.extend(self.alternatives(branch, &hint, false));
            }
            // One alternative that takes anything leaves nothing to say.
            if !union.iter().any(|alternative| alternative == "unknown") {
                parts.push(unique(union));
            }
        }
        for (index, part) in object.all_of.iter().enumerate() {
            parts.push(self.alternatives(part, &format!("{hint}Part{}", index + 1), false));
        }
        let own = self.own(object, hint);
        if parts.is_empty() || own != ["unknown"] {
            parts.push(own);
        }
        match <[Vec<String>; 1]>::try_from(parts) {
            Ok([only]) => only,
            Err(parts) => vec![parts.into_iter().map(|part| operand(&part)).collect::<Vec<_>>().join(" & ")],
        }
    }

    /// What a schema's `type` and its keywords for arrays and objects say.
    fn own(&mut self, object: &SchemaObject, hint: &str) -> Vec<String> {
        if object.types.is_empty() {
            let says_object = !object.properties.is_empty() || !object.required.is_empty();
            return if says_object { vec![self.record(object, hint)] } else { vec!["unknown".to_owned()] };
        }
        let mut union = Vec::new();
        for kind in &object.types {
            union.push(match kind {
                JsonType::Null => "null".to_owned(),
                JsonType::Boolean => "boolean".to_owned(),
                JsonType::Integer | JsonType::Number => "number".to_owned(),
                JsonType::String => "string".to_owned(),
                JsonType::Array => self.array(object, hint),
                JsonType::Object => self.record(object, hint),
            });
        }
        unique(union)
    }

    fn array(&mut self, object: &SchemaObject, hint: &str) -> String {
        let hint = format!("{hint}Item");
        match &object.items {
            None => "readonly unknown[]".to_owned(),
            Some(Items::All(schema)) => format!("readonly {}[]", operand(&self.alternatives(schema, &hint, false))),
            Some(Items::Tuple(schemas)) => {
                let needed = usize::try_from(object.min_items.unwrap_or(0)).unwrap_or(usize::MAX);
                let mut items = Vec::new();
                for (index, schema) in schemas.iter().enumerate() {
                    let item = operand(&self.alternatives(schema, &format!("{hint}{}", index + 1), false));
                    items.push(if index < needed { item } else { format!("{item}?") });
                }
                let rest = object.additional_items.as_ref().map_or_else(
                    || vec!["unknown".to_owned()],
                    |schema| self.alternatives(schema, &format!("{hint}Rest"), false),
                );
                if rest != ["never"] {
                    items.push(format!("...{}[]", operand(&rest)));
                }
                format!("readonly [{}]", items.join(", "))
            }
        }
    }

    fn record(&mut self, object: &SchemaObject, hint: &str) -> String {
        if is_record(object) || !object.properties.is_empty() {
            // Beside other keywords an object cannot be an interface: it stands inline, without its comments.
            let members: Vec<String> = self
                .members(hint, object)
                .into_iter()
                .map(|(_, member)| member.trim_end_matches(';').to_owned())
                .collect();
            return format!("{{ {} }}", members.join("; "));
        }
        let value = match &object.additional_properties {
            None => "unknown".to_owned(),
            Some(schema) if object.pattern_properties.is_empty() => {
                self.alternatives(schema, &format!("{hint}Value"), false).join(" | ")
            }
            Some(_) => "unknown".to_owned(),
        };
        format!("{{ readonly [key: string]: {value} }}")
    }

    fn reference(&mut self, schema: &str) -> String {
        let name = self.names.schema(schema).to_owned();
        if self.names.is_topic_schema(schema) {
            self.topics.push(name.clone());
        }
        name
    }

    /// The schema with its `allOf` merged, if it has one and that can be done.
    fn flat(&self, schema: &Schema) -> Option<SchemaObject> {
        match schema {
            Schema::Object(object) if !object.all_of.is_empty() => self.ir.merged(schema),
            _ => None,
        }
    }

    /// The documentation of a schema; of what it refers to, where it says nothing itself.
    fn docs(&self, schema: &Schema) -> Vec<String> {
        let own = match schema {
            Schema::Bool(_) => None,
            Schema::Ref(reference) => reference.description.clone(),
            Schema::Object(object) => object.description.clone().or_else(|| object.title.clone()),
        };
        let Schema::Object(object) = self.ir.resolve(schema) else { return own.into_iter().collect() };
        let mut docs = Vec::from_iter(own.or_else(|| object.description.clone()));
        if let Some(default) = &object.default {
            docs.push(format!("@defaultValue `{default}`"));
        }
        if object.deprecated {
            docs.push("@deprecated".to_owned());
        }
        docs
    }
}

/// Whether a schema lists at least two strings and nothing else.
fn is_string_enum(object: &SchemaObject) -> bool {
    object.const_value.is_none()
        && object.enum_values.as_ref().is_some_and(|values| values.len() > 1 && values.iter().all(Value::is_string))
}

/// Whether a schema is an object with named properties and no alternatives: an interface.
fn is_record(object: &SchemaObject) -> bool {
    (object.types.is_empty() || object.types == [JsonType::Object])
        && !(object.properties.is_empty() && object.required.is_empty())
        && object.one_of.is_empty()
        && object.any_of.is_empty()
        && object.all_of.is_empty()
        && object.enum_values.is_none()
        && object.const_value.is_none()
}

/// A union as part of a larger type.
fn operand(alternatives: &[String]) -> String {
    match alternatives {
        [only] if !only.starts_with("readonly ") && !only.contains(" & ") => only.clone(),
        alternatives => format!("({})", alternatives.join(" | ")),
    }
}

fn unique(alternatives: Vec<String>) -> Vec<String> {
    let mut seen = Vec::new();
    for alternative in alternatives {
        if !seen.contains(&alternative) {
            seen.push(alternative);
        }
    }
    seen
}

/// The type of one JSON value.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) => value.to_string(),
        Value::Number(one) => number(one),
        Value::String(text) => string(text),
        Value::Array(items) => format!("readonly [{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(key, value)| format!("readonly {}: {}", property(key), literal(value))).collect();
            if members.is_empty() { "object".to_owned() } else { format!("{{ {} }}", members.join("; ")) }
        }
    }
}
