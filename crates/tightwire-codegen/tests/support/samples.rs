//! Values for a schema: most of them proper, then changed in one place at random. The same seed gives the same values.

use serde_json::{Map, Value, json};
use tightwire_spec::ir::Ir;
use tightwire_spec::schema::{Items, JsonType, Schema, SchemaObject};

/// So deep a value follows a schema.
const MAX_DEPTH: usize = 6;

/// Makes values.
pub struct Samples<'a> {
    ir: &'a Ir,
    state: u64,
}

impl<'a> Samples<'a> {
    /// A source of values.
    pub fn new(ir: &'a Ir, seed: u64) -> Self {
        Self { ir, state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 }
    }

    /// A value that follows a schema, as far as types and structure go.
    pub fn of(&mut self, schema: &Schema) -> Value {
        self.follow(schema, 0)
    }

    /// A value with one thing changed.
    pub fn changed(&mut self, value: &Value) -> Value {
        let mut value = value.clone();
        let mut place = &mut value;
        loop {
            let inner = match place {
                Value::Object(members) => members.len(),
                Value::Array(items) => items.len(),
                _ => 0,
            };
            if inner == 0 || self.below(4) == 0 {
                break;
            }
            let index = self.below(inner);
            place = match place {
                Value::Object(members) => members.values_mut().nth(index).expect("it is there"),
                Value::Array(items) => &mut items[index],
                _ => break,
            };
        }
        self.change(place);
        value
    }

    fn change(&mut self, place: &mut Value) {
        match place {
            Value::Object(members) if self.below(3) > 0 => {
                let keys: Vec<String> = members.keys().cloned().collect();
                match keys.get(self.below(keys.len() + 1)) {
                    Some(key) => drop(members.remove(key)),
                    None => drop(members.insert("unknown".to_owned(), self.any())),
                }
            }
            Value::Array(items) if self.below(3) > 0 => match items.last().cloned() {
                Some(last) if self.below(2) == 0 => items.push(last),
                Some(_) => drop(items.pop()),
                None => items.push(self.any()),
            },
            Value::String(text) if self.below(2) == 0 => match self.below(3) {
                0 => text.clear(),
                1 => text.push('🙂'),
                _ => *text = text.repeat(50),
            },
            Value::Number(number) if self.below(2) == 0 => {
                let number = number.as_f64().expect("a double");
                *place = json!([number + 1.0, number - 1.0, number + 0.5, -number, number * 1e6][self.below(5)]);
            }
            _ => *place = self.any(),
        }
    }

    fn any(&mut self) -> Value {
        json!([null, true, 0, 1.5, -7, "", "text", [], [1], {}, { "a": 1 }])[self.below(11)].clone()
    }

    fn follow(&mut self, schema: &Schema, depth: usize) -> Value {
        let ir = self.ir;
        let object = match schema {
            Schema::Bool(_) => return self.any(),
            Schema::Ref(reference) => match ir.schemas.get(&reference.name) {
                Some(schema) if depth < MAX_DEPTH * 2 => return self.follow(schema, depth + 1),
                _ => return Value::Null,
            },
            Schema::Object(object) => object,
        };
        if let Some(value) = &object.const_value {
            return value.clone();
        }
        if let Some(values) = object.enum_values.as_ref().filter(|values| !values.is_empty()) {
            return values[self.below(values.len())].clone();
        }
        let mut value = self.own(object, depth);
        for part in &object.all_of {
            let part = self.follow(part, depth + 1);
            value = merged(value, part);
        }
        for alternatives in [&object.one_of, &object.any_of] {
            if !alternatives.is_empty() {
                let index = self.below(alternatives.len());
                let alternative = self.follow(&alternatives[index], depth + 1);
                value = merged(value, alternative);
            }
        }
        value
    }

    fn own(&mut self, object: &SchemaObject, depth: usize) -> Value {
        let kind = match object.types.as_slice() {
            [] if !object.properties.is_empty() => JsonType::Object,
            [] if object.all_of.is_empty() && object.one_of.is_empty() && object.any_of.is_empty() => {
                return self.any();
            }
            [] => return Value::Null,
            types => types[self.below(types.len())],
        };
        match kind {
            JsonType::Null => Value::Null,
            JsonType::Boolean => (self.below(2) == 0).into(),
            JsonType::Integer | JsonType::Number => {
                let least = object.minimum.as_ref().or(object.exclusive_minimum.as_ref());
                let most = object.maximum.as_ref().or(object.exclusive_maximum.as_ref());
                match (self.below(3), least, most) {
                    (0, Some(bound), _) | (1, _, Some(bound)) => Value::Number(bound.clone()),
                    (_, Some(least), _) => json!(least.as_f64().expect("a double") + 1.0),
                    _ if kind == JsonType::Number && self.below(2) == 0 => json!(12.25),
                    _ => json!(self.below(1000)),
                }
            }
            JsonType::String => self.text(object).into(),
            JsonType::Array => {
                let least = usize::try_from(object.min_items.unwrap_or(0)).unwrap_or(0).min(20);
                let more = if depth < MAX_DEPTH { self.below(3) } else { 0 };
                match &object.items {
                    Some(Items::Tuple(items)) => items.iter().map(|item| self.follow(item, depth + 1)).collect(),
                    Some(Items::All(item)) => (0..least + more).map(|_| self.follow(item, depth + 1)).collect(),
                    None => (0..least + more).map(|_| self.any()).collect(),
                }
            }
            JsonType::Object => {
                let mut members = Map::new();
                for (key, property) in &object.properties {
                    if object.required.contains(key) || (depth < MAX_DEPTH && self.below(4) > 0) {
                        members.insert(key.clone(), self.follow(property, depth + 1));
                    }
                }
                for key in &object.required {
                    if !members.contains_key(key) {
                        members.insert(key.clone(), self.any());
                    }
                }
                members.into()
            }
        }
    }

    fn text(&mut self, object: &SchemaObject) -> String {
        let text = match object.format.as_deref() {
            Some("date") => "2024-02-29",
            Some("date-time") => "2024-02-29T12:00:00.5Z",
            Some("time") => "12:00:00Z",
            Some("email") => "joe@example.com",
            Some("hostname") => "example.com",
            Some("ipv4") => "127.0.0.1",
            Some("ipv6") => "::1",
            Some("uri" | "uri-reference" | "iri" | "iri-reference") => "https://example.com/a?b=c",
            Some("uuid") => "0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11",
            _ => {
                let least = usize::try_from(object.min_length.unwrap_or(1)).unwrap_or(1).min(2000);
                return ["a", "7", "A"][self.below(3)].repeat(least.max(1));
            }
        };
        text.to_owned()
    }

    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap_or(0) % limit
    }
}

/// Two objects as one; else the later value.
fn merged(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            one.extend(other);
            one.into()
        }
        (one, Value::Null) => one,
        (_, other) => other,
    }
}
