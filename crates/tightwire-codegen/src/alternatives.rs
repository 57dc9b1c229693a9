//! What the alternatives of `oneOf` and `anyOf` are called.
//!
//! Most authors do not name them, and a number says nothing: so they are called after what tells them apart.

use std::collections::BTreeSet;

use indexmap::IndexSet;
use serde_json::Value;
use tightwire_spec::schema::{JsonType, Schema, SchemaObject};

use crate::rust::names::{pascal, spelled};

/// What an alternative is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// The name, in PascalCase. Among the alternatives it is the only one of its kind.
    pub(crate) text: String,
    /// Whether the document gives it: it is a title or the name of a schema.
    pub(crate) is_given: bool,
}

/// Names alternatives, `schemas`, whose references and `allOf` are resolved in `resolved`: by the title or the name of the
/// schema; else by the constant of the property that tells them apart, or their own; by the JSON type; by the property that
/// only one of them requires; and where all of that fails, by a number.
pub(crate) fn names(schemas: &[Schema], resolved: &[SchemaObject]) -> Vec<Name> {
    let types: Vec<Option<&str>> = resolved.iter().map(type_name).collect();
    let telling = telling_property(resolved);
    let given = |at: usize| given(&schemas[at], &resolved[at]);
    let by_constant = |at: usize| {
        let own = only_value(&resolved[at]).map(|value| constant("", value));
        own.or_else(|| Some(constant(telling?, fixed(&resolved[at], telling?)?)))
    };
    let by_type = |at: usize| {
        let unique = types.iter().filter(|other| **other == types[at]).count() == 1;
        types[at].filter(|_| unique).map(str::to_owned)
    };
    let by_property = |at: usize| Some(format!("With{}", pascal(own_property(resolved, at)?)));
    let ways: [&dyn Fn(usize) -> Option<String>; 4] = [&given, &by_constant, &by_type, &by_property];

    let mut names: Vec<Option<Name>> = vec![None; resolved.len()];
    let mut taken = BTreeSet::new();
    for (number, way) in ways.iter().enumerate() {
        let candidates: Vec<Option<String>> =
            (0..names.len()).map(|at| if names[at].is_none() { way(at) } else { None }).collect();
        for (at, candidate) in candidates.iter().enumerate() {
            let Some(text) = candidate else { continue };
            let alone = candidates.iter().filter(|other| *other == candidate).count() == 1;
            if alone && taken.insert(text.clone()) {
                names[at] = Some(Name { text: text.clone(), is_given: number == 0 });
            }
        }
    }
    let numbered = |(at, name): (usize, Option<Name>)| {
        name.unwrap_or_else(|| {
            let base = ways.iter().find_map(|way| way(at)).or_else(|| types[at].map(str::to_owned));
            let candidates = base.into_iter().flat_map(|base| {
                let numbered = (2..=resolved.len() + 1).map(|number| format!("{base}{number}")).collect::<Vec<_>>();
                std::iter::once(base).chain(numbered)
            });
            let candidates = candidates.chain((at + 1..).map(|number| format!("Variant{number}")));
            let free = candidates.into_iter().find(|candidate| taken.insert(candidate.clone()));
            Name { text: free.unwrap_or_default(), is_given: false }
        })
    };
    names.into_iter().enumerate().map(numbered).collect()
}

/// The name that the document gives.
fn given(schema: &Schema, resolved: &SchemaObject) -> Option<String> {
    let name = match schema {
        Schema::Ref(reference) => Some(reference.name.as_str()),
        Schema::Object(_) | Schema::Bool(_) => None,
    };
    // What is referred to by its place in a list has a number for a name.
    let name = name.filter(|name| name.chars().any(char::is_alphabetic)).or(resolved.title.as_deref());
    name.filter(|name| name.chars().any(char::is_alphanumeric)).map(pascal)
}

/// What a constant is called; one that is no text needs to say of what it is.
fn constant(property: &str, value: &Value) -> String {
    match value {
        Value::String(text) => spelled(text),
        other => {
            let of_what = if property.is_empty() { JsonType::of(other).as_str() } else { property };
            pascal(&format!("{of_what}_{}", other.to_string().replace('-', "minus_")))
        }
    }
}

/// The only value that a schema takes.
fn only_value(object: &SchemaObject) -> Option<&Value> {
    let value = match (&object.const_value, object.enum_values.as_deref()) {
        (Some(value), _) | (None, Some([value])) => value,
        _ => return None,
    };
    (!value.is_array() && !value.is_object()).then_some(value)
}

/// The only value of a required property.
fn fixed<'a>(object: &'a SchemaObject, property: &str) -> Option<&'a Value> {
    let Schema::Object(schema) = object.properties.get(property)? else { return None };
    only_value(schema).filter(|_| object.required.iter().any(|required| required == property))
}

/// The property that most alternatives fix, each to a value of its own.
fn telling_property(alternatives: &[SchemaObject]) -> Option<&str> {
    let properties: IndexSet<&str> =
        alternatives.iter().flat_map(|alternative| alternative.properties.keys()).map(String::as_str).collect();
    let mut best = (0, None);
    for property in properties {
        let values: Vec<String> =
            alternatives.iter().filter_map(|alternative| fixed(alternative, property)).map(Value::to_string).collect();
        let distinct = values.iter().collect::<BTreeSet<_>>().len() == values.len();
        if distinct && values.len() > best.0 {
            best = (values.len(), Some(property));
        }
    }
    best.1
}

/// The first required property that no other alternative requires; rather one that no other has.
fn own_property(alternatives: &[SchemaObject], at: usize) -> Option<&str> {
    let others =
        || alternatives.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, alternative)| alternative);
    let mut own =
        alternatives[at].required.iter().filter(|property| others().all(|other| !other.required.contains(property)));
    let unknown = own.clone().find(|property| others().all(|other| !other.properties.contains_key(*property)));
    unknown.or_else(|| own.next()).map(String::as_str)
}

/// The JSON type of a schema, `null` aside, if there is one. Integers are numbers.
fn type_name(object: &SchemaObject) -> Option<&'static str> {
    let values = object.const_value.iter().chain(object.enum_values.iter().flatten());
    let of_values = values.map(JsonType::of).collect::<Vec<_>>();
    let all = if object.types.is_empty() { of_values } else { object.types.clone() };
    let mut names: Vec<&str> = all
        .iter()
        .filter(|json_type| all.len() == 1 || **json_type != JsonType::Null)
        .map(|json_type| match json_type {
            JsonType::Null => "Null",
            JsonType::Boolean => "Boolean",
            JsonType::Integer | JsonType::Number => "Number",
            JsonType::String => "String",
            JsonType::Array => "Array",
            JsonType::Object => "Object",
        })
        .collect();
    names.dedup();
    match names.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tightwire_spec::{InMemory, load};

    use super::*;

    /// Names the alternatives of a union, which is written in YAML.
    #[track_caller]
    fn check(alternatives: &str, expected: &[&str]) {
        let document = format!(
            "asyncapi: 3.0.0\ninfo: {{title: T, version: 1.0.0}}\ncomponents:\n  schemas:\n    \
             Price: {{type: object, required: [type], properties: {{type: {{const: p}}}}}}\n    \
             book_depth: {{type: object}}\n  messages:\n    m:\n      payload:\n        oneOf: {alternatives}\n\
             channels: {{c: {{address: /, messages: {{m: {{$ref: '#/components/messages/m'}}}}}}}}\n\
             operations: {{o: {{action: receive, channel: {{$ref: '#/channels/c'}}}}}}\n"
        );
        let loaded = load(Path::new("t.yml"), &InMemory::file("t.yml", document)).expect("it is there");
        let ir = loaded.ir.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        let Schema::Object(payload) = &ir.messages["m"].payload else { panic!("no union") };
        let resolved: Vec<_> =
            payload.one_of.iter().map(|schema| ir.merged(schema).expect("it is one object")).collect();
        let names = names(&payload.one_of, &resolved);
        assert_eq!(names.iter().map(|name| name.text.as_str()).collect::<Vec<_>>(), expected, "{alternatives}");
    }

    #[test]
    fn alternatives_are_called_after_what_tells_them_apart() {
        let price = "$ref: '#/components/schemas/Price'";
        let depth = "$ref: '#/components/schemas/book_depth'";
        for (alternatives, expected) in [
            // What the document says itself.
            (format!("[{{{price}}}, {{{depth}}}, {{title: an order}}]"), &["Price", "BookDepth", "AnOrder"][..]),
            // A constant.
            (
                "[{type: object, required: [k], properties: {k: {const: add}}}, \
                  {type: object, required: [k], properties: {k: {enum: [remove]}}}]"
                    .to_owned(),
                &["Add", "Remove"],
            ),
            (
                "[{type: object, required: [ok], properties: {ok: {const: true}}}, \
                  {type: object, required: [ok], properties: {ok: {const: false}}}]"
                    .to_owned(),
                &["OkTrue", "OkFalse"],
            ),
            ("[{const: auto}, {const: 7}, {type: integer, minimum: 10}]".to_owned(), &["Auto", "Number7", "Number"]),
            ("[{const: -1}, {const: 1}, {const: true}]".to_owned(), &["NumberMinus1", "Number1", "BooleanTrue"]),
            ("[{const: <}, {const: '>'}]".to_owned(), &["Less", "Greater"]),
            // The JSON type.
            (
                "[{type: string}, {type: [integer, 'null']}, {type: object}, {type: array}, {type: boolean}]"
                    .to_owned(),
                &["String", "Number", "Object", "Array", "Boolean"],
            ),
            ("[{enum: [a, b]}, {enum: [1, 2]}]".to_owned(), &["String", "Number"]),
            (format!("[{{{price}}}, {{type: string}}]"), &["Price", "String"]),
            // A property.
            (
                "[{type: object, required: [id, price]}, {type: object, required: [id, last_trade]}, {type: string}]"
                    .to_owned(),
                &["WithPrice", "WithLastTrade", "String"],
            ),
            (
                "[{type: object, required: [a, b]}, {type: object, properties: {a: {}}, required: [c]}]".to_owned(),
                &["WithB", "WithC"],
            ),
            // A number.
            (
                "[{type: string, format: ipv4}, {type: string, format: ipv6}, {}]".to_owned(),
                &["String", "String2", "Variant3"],
            ),
            // Titles that are no help.
            ("[{title: x, type: string}, {title: X, type: number}]".to_owned(), &["String", "Number"]),
            ("[{title: x, type: string}, {title: X, type: string}]".to_owned(), &["X", "X2"]),
            (
                "[{title: x2, type: string}, {title: x, type: string}, {title: X, type: string}]".to_owned(),
                &["X2", "X", "X3"],
            ),
            ("[{title: '', type: string}, {title: '!', type: number}]".to_owned(), &["String", "Number"]),
        ] {
            check(&alternatives, expected);
        }
    }
}
