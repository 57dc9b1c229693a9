//! What of the document no contract is about: messages, and values of enumerations.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

use serde_json::{Value, json};
use tightwire_spec::ir::Direction;

use super::super::document::Document;
use super::super::model::{Interaction, Pact};
use super::exchange::{Exchange, Frame};
use crate::json::one_line;

/// What of the document some contracts are about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    /// The operations that interactions name.
    pub operations: BTreeSet<String>,
    /// All other operations.
    pub other_operations: BTreeSet<String>,
    /// The messages that occur, by their way and what they are called.
    pub messages: BTreeSet<(&'static str, String)>,
    /// All other messages.
    pub other_messages: BTreeSet<(&'static str, String)>,
    /// Of the messages that occur: values that the document allows and no example has.
    pub unseen: Vec<Unseen>,
}

/// Values of an enumeration that no example has.
#[derive(Clone, Debug, PartialEq)]
pub struct Unseen {
    /// The way of the message.
    pub way: &'static str,
    /// What the message is called.
    pub message: String,
    /// Where in it, as a JSON Pointer with `*` for every entry.
    pub pointer: String,
    /// The values.
    pub values: Vec<Value>,
}

impl Coverage {
    /// What these contracts are about, together.
    #[must_use]
    pub fn of(pacts: &[Pact], document: &Document) -> Self {
        let mut coverage = Self::default();
        let mut examples: BTreeMap<(&'static str, String), Vec<Value>> = BTreeMap::new();
        let interactions = pacts.iter().flat_map(|pact| &pact.interactions);
        for interaction in interactions.filter(|interaction| !matches!(interaction, Interaction::Other(_))) {
            let exchange = Exchange::of(interaction, "", document);
            let named = exchange.comments.operation_id().filter(|id| document.ir().operations.contains_key(*id));
            coverage.operations.extend(named.map(str::to_owned));
            let mut add = |direction: Direction, frame: &Frame<'_>| {
                if let (Some(message), Some(value)) = (frame.message, &frame.value) {
                    let key = (way(direction), document.key(message).to_owned());
                    examples.entry(key).or_default().push(value.clone());
                }
            };
            exchange.request.iter().for_each(|frame| add(Direction::ToServer, frame));
            exchange.responses.iter().for_each(|frame| add(Direction::ToClient, frame));
        }
        let operations = document.ir().operations.keys().cloned();
        coverage.other_operations = operations.filter(|id| !coverage.operations.contains(id)).collect();
        for message in document.ir().messages.values() {
            for direction in &message.directions {
                let key = (way(*direction), document.key(message).to_owned());
                match examples.get(&key) {
                    None => {
                        coverage.other_messages.insert(key);
                    }
                    Some(examples) => {
                        coverage.unseen.extend(unseen(&key, examples, &document.schema(message), document));
                        coverage.messages.insert(key);
                    }
                }
            }
        }
        coverage
    }

    /// The same as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let messages = |messages: &BTreeSet<(&'static str, String)>| -> Vec<Value> {
            messages.iter().map(|(way, message)| json!({"direction": way, "message": message})).collect()
        };
        let unseen = self.unseen.iter().map(|unseen| {
            let Unseen { way, message, pointer, values } = unseen;
            json!({"direction": way, "message": message, "pointer": pointer, "values": values})
        });
        json!({
            "operations": {"covered": self.operations, "uncovered": self.other_operations},
            "messages": {"covered": messages(&self.messages), "uncovered": messages(&self.other_messages)},
            "unseen_values": unseen.collect::<Vec<_>>(),
        })
    }
}

impl Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (some, all) = (self.operations.len(), self.operations.len() + self.other_operations.len());
        writeln!(f, "{some} of {all} operations{}", without(self.other_operations.iter().cloned()))?;
        let (some, all) = (self.messages.len(), self.messages.len() + self.other_messages.len());
        let others = self.other_messages.iter().map(|(way, message)| format!("{message} ({way})"));
        writeln!(f, "{some} of {all} messages{}", without(others))?;
        for Unseen { way, message, pointer, values } in &self.unseen {
            let values: Vec<String> = values.iter().map(one_line).collect();
            writeln!(f, "{message} ({way}): no example has {} at {pointer}", values.join(", "))?;
        }
        Ok(())
    }
}

fn without(others: impl Iterator<Item = String>) -> String {
    let others: Vec<String> = others.collect();
    if others.is_empty() { String::new() } else { format!("; not {}", others.join(", ")) }
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::ToServer => "to_server",
        Direction::ToClient => "to_client",
    }
}

fn unseen(
    (way, message): &(&'static str, String),
    examples: &[Value],
    schema: &Value,
    document: &Document,
) -> Vec<Unseen> {
    let mut places = BTreeMap::new();
    enumerations(schema, document.definitions(), &mut Vec::new(), &mut String::new(), &mut places);
    let mut found = Vec::new();
    for (pointer, allowed) in places.into_iter().filter(|(_, allowed)| allowed.len() > 1) {
        let tokens: Vec<&str> = pointer.split('/').skip(1).collect();
        let mut seen = Vec::new();
        examples.iter().for_each(|example| values(&tokens, example, &mut seen));
        let values: Vec<Value> = allowed.into_iter().filter(|value| !seen.contains(&value)).collect();
        if !values.is_empty() {
            found.push(Unseen { way, message: message.clone(), pointer, values });
        }
    }
    found
}

/// The values that schemas name, by the place that they are for. What contains itself is looked into once.
fn enumerations<'a>(
    schema: &'a Value,
    definitions: &'a Value,
    within: &mut Vec<&'a str>,
    pointer: &mut String,
    found: &mut BTreeMap<String, Vec<Value>>,
) {
    let Some(keywords) = schema.as_object() else { return };
    if let Some(name) = keywords.get("$ref").and_then(Value::as_str) {
        let target = name.strip_prefix('#').and_then(|pointer| definitions.pointer(pointer));
        if let (Some(target), false) = (target, within.contains(&name)) {
            within.push(name);
            enumerations(target, definitions, within, pointer, found);
            within.pop();
        }
        return;
    }
    let named = match (keywords.get("enum"), keywords.get("const")) {
        (Some(Value::Array(values)), _) => values.clone(),
        (_, Some(value)) => vec![value.clone()],
        _ => Vec::new(),
    };
    if !named.is_empty() {
        let values = found.entry(pointer.clone()).or_default();
        named.into_iter().for_each(|value| {
            if !values.contains(&value) {
                values.push(value);
            }
        });
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        for schema in keywords.get(keyword).and_then(Value::as_array).into_iter().flatten() {
            enumerations(schema, definitions, within, pointer, found);
        }
    }
    let properties = keywords.get("properties").and_then(Value::as_object).into_iter().flatten();
    let named = properties.map(|(name, schema)| (super::super::rule::escape(name), schema));
    let each = ["items", "additionalProperties"].iter().filter_map(|keyword| keywords.get(*keyword));
    for (token, schema) in named.chain(each.map(|schema| ("*".to_owned(), schema))) {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&token);
        enumerations(schema, definitions, within, pointer, found);
        pointer.truncate(length);
    }
}

fn values<'a>(tokens: &[&str], value: &'a Value, found: &mut Vec<&'a Value>) {
    let Some((first, rest)) = tokens.split_first() else {
        found.push(value);
        return;
    };
    match value {
        Value::Array(items) if *first == "*" => items.iter().for_each(|item| values(rest, item, found)),
        Value::Object(members) if *first == "*" => members.values().for_each(|member| values(rest, member, found)),
        other => {
            if let Some(below) = other.pointer(&format!("/{first}")) {
                values(rest, below, found);
            }
        }
    }
}
