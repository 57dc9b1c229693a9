//! A small value that several schemas probably accept: what they demand, and nothing else.
//!
//! Only a proposal; whoever uses it asks a validator.

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Number, Value};

use crate::ir::SchemaName;
use crate::schema::{Items, JsonType, Schema, SchemaObject};

/// Values nested deeper than this are not proposed.
const MAX_DEPTH: usize = 12;
/// Schemas looked at for one value.
const FUEL: usize = 2_000;

/// A value for all of these schemas at once.
pub(super) fn of(named: &IndexMap<SchemaName, Schema>, schemas: &[&Schema]) -> Option<Value> {
    Sampler { named, fuel: FUEL }.value(schemas, 0)
}

struct Sampler<'a> {
    named: &'a IndexMap<SchemaName, Schema>,
    fuel: usize,
}

impl<'a> Sampler<'a> {
    fn value(&mut self, schemas: &[&'a Schema], depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut objects = Vec::new();
        self.flatten(schemas, &mut objects)?;
        // The first alternative of each kind: which one fits, only a validator knows.
        let mut at = 0;
        while at < objects.len() {
            let object: &'a SchemaObject = objects[at];
            for alternatives in [&object.one_of, &object.any_of] {
                if let Some(first) = alternatives.iter().find(|schema| **schema != Schema::Bool(false)) {
                    self.flatten(&[first], &mut objects)?;
                }
            }
            at += 1;
        }
        if let Some(value) = listed(&objects) {
            return Some(value);
        }
        match json_type(&objects)? {
            JsonType::Null => Some(Value::Null),
            JsonType::Boolean => Some(Value::Bool(true)),
            JsonType::Integer => number(&objects, true),
            JsonType::Number => number(&objects, false),
            JsonType::String => Some(text(&objects)),
            JsonType::Array => self.array(&objects, depth),
            JsonType::Object => self.object(&objects, depth),
        }
    }

    fn flatten(&mut self, schemas: &[&'a Schema], objects: &mut Vec<&'a SchemaObject>) -> Option<()> {
        let mut waiting: Vec<_> = schemas.iter().rev().copied().collect();
        while let Some(schema) = waiting.pop() {
            self.fuel = self.fuel.checked_sub(1)?;
            match schema {
                Schema::Bool(true) => {}
                Schema::Bool(false) => return None,
                Schema::Ref(reference) => waiting.push(self.named.get(&reference.name)?),
                Schema::Object(object) => {
                    objects.push(object);
                    waiting.extend(object.all_of.iter().rev());
                }
            }
        }
        Some(())
    }

    fn object(&mut self, objects: &[&'a SchemaObject], depth: usize) -> Option<Value> {
        let mut names: IndexSet<&str> =
            objects.iter().flat_map(|object| &object.required).map(String::as_str).collect();
        let least = objects.iter().filter_map(|object| object.min_properties).max().unwrap_or(0);
        for name in objects.iter().flat_map(|object| object.properties.keys()) {
            if (names.len() as u64) < least {
                names.insert(name);
            }
        }
        let mut map = Map::new();
        for name in names {
            let mut schemas = Vec::new();
            for object in objects {
                schemas.extend(object.properties.get(name).or(object.additional_properties.as_ref()));
            }
            map.insert(name.to_owned(), self.value(&schemas, depth + 1)?);
        }
        Some(Value::Object(map))
    }

    fn array(&mut self, objects: &[&'a SchemaObject], depth: usize) -> Option<Value> {
        let least = objects.iter().filter_map(|object| object.min_items).max().unwrap_or(0).min(16) as usize;
        let mut items = Vec::new();
        for index in 0..least {
            let mut schemas = Vec::new();
            for object in objects {
                schemas.extend(match &object.items {
                    Some(Items::All(schema)) => Some(schema),
                    Some(Items::Tuple(schemas)) => schemas.get(index).or(object.additional_items.as_ref()),
                    None => None,
                });
            }
            items.push(self.value(&schemas, depth + 1)?);
        }
        Some(Value::Array(items))
    }
}

/// The first value that every `const` and `enum` has.
fn listed(objects: &[&SchemaObject]) -> Option<Value> {
    let lists = || {
        objects.iter().filter_map(|object| match (&object.const_value, &object.enum_values) {
            (Some(value), _) => Some(std::slice::from_ref(value)),
            (None, Some(values)) => Some(values.as_slice()),
            (None, None) => None,
        })
    };
    let first = lists().next()?;
    first.iter().find(|value| lists().all(|list| list.contains(value))).or(first.first()).cloned()
}

/// A type that all allow: an object where nothing is said.
fn json_type(objects: &[&SchemaObject]) -> Option<JsonType> {
    let typed = || objects.iter().filter(|object| !object.types.is_empty());
    let allowed = |json_type: JsonType| {
        typed().all(|object| {
            object.types.contains(&json_type)
                || (json_type == JsonType::Integer && object.types.contains(&JsonType::Number))
        })
    };
    let preferred = match typed().next() {
        Some(object) => object.types.clone(),
        None => vec![JsonType::Object],
    };
    let fallback = [JsonType::Integer];
    preferred.into_iter().chain(fallback).find(|json_type| allowed(*json_type))
}

fn number(objects: &[&SchemaObject], integer: bool) -> Option<Value> {
    let most = |bound: fn(&SchemaObject) -> &Option<Number>| {
        objects.iter().filter_map(|object| bound(object).as_ref()?.as_f64()).reduce(f64::max)
    };
    let least = |bound: fn(&SchemaObject) -> &Option<Number>| {
        objects.iter().filter_map(|object| bound(object).as_ref()?.as_f64()).reduce(f64::min)
    };
    let above = most(|object| &object.exclusive_minimum).map(|bound| bound.floor() + 1.0);
    let lower = [most(|object| &object.minimum), above].into_iter().flatten().reduce(f64::max);
    let below = least(|object| &object.exclusive_maximum).map(|bound| bound.ceil() - 1.0);
    let upper = [least(|object| &object.maximum), below].into_iter().flatten().reduce(f64::min);
    let value = match (lower, upper) {
        (Some(lower), _) => lower.max(0.0),
        (None, Some(upper)) => upper.min(0.0),
        (None, None) => 0.0,
    };
    let value = if integer { value.ceil() } else { value };
    match value.fract() == 0.0 && value.abs() < 9e15 {
        true => Some(Value::from(value as i64)),
        false => Number::from_f64(value).map(Value::Number),
    }
}

fn text(objects: &[&SchemaObject]) -> Value {
    let format = objects.iter().find_map(|object| object.format.as_deref());
    let given = objects
        .iter()
        .filter(|object| object.pattern.is_some())
        .find_map(|object| object.examples.first().or(object.default.as_ref()).filter(|value| value.is_string()));
    if let Some(given) = given {
        return given.clone();
    }
    let text = match format {
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        Some("date-time") => "2000-01-01T00:00:00Z",
        Some("date") => "2000-01-01",
        Some("time") => "00:00:00Z",
        Some("email" | "idn-email") => "a@example.com",
        Some("uri" | "iri" | "url") => "https://example.com/",
        Some("hostname") => "example.com",
        Some("ipv4") => "192.0.2.1",
        Some("ipv6") => "2001:db8::1",
        _ => "",
    };
    let least = objects.iter().filter_map(|object| object.min_length).max().unwrap_or(0).min(4096) as usize;
    Value::String(if text.is_empty() { "a".repeat(least) } else { text.to_owned() })
}
