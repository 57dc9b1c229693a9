//! What a document says of the handshake: per path, the parameters of the path, of the query and of the headers.
//!
//! Parameters become one object per path: a struct in Rust. In TypeScript the headers are an object of their own, since
//! browsers cannot send them. The bundle keeps the three places apart (`x-handshake`), because their schemas stand apart in
//! the document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use tightwire_spec::draft::Draft;
use tightwire_spec::ir::{Ir, Parameter as Declared, Route, Segment};
use tightwire_spec::schema::{Items, JsonType, Schema, SchemaObject};

use crate::config::Config;
use crate::rust::names;

/// Headers that concern only the way to the server and the handshake itself: some documents describe these too.
const NOT_OF_THE_APPLICATION: [&str; 9] = [
    "accept-encoding",
    "cache-control",
    "connection",
    "host",
    "pragma",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-version",
    "upgrade",
];

/// How far one schema may lead to another.
const MAX_DEPTH: usize = 8;

/// The handshake at one path.
pub(crate) struct Handshake<'ir> {
    /// The path; empty with an envelope.
    pub(crate) path: &'ir str,
    /// Where the parameters come from.
    pub(crate) route: &'ir Route,
    /// What it is called, in PascalCase: begins the names of its types.
    pub(crate) name: String,
    /// The parameters: of the path, of the query, of the headers.
    pub(crate) parameters: Vec<Parameter>,
    /// What the document says of all of them.
    pub(crate) description: Option<String>,
}

/// A parameter.
pub(crate) struct Parameter {
    pub(crate) place: Place,
    /// Its name in its place.
    pub(crate) name: String,
    /// The property's name in the object of all parameters: the same, unless two places have it.
    pub(crate) key: String,
    pub(crate) schema: Schema,
    pub(crate) required: bool,
    /// What its text may stand for.
    pub(crate) kinds: Vec<Kind>,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

/// What a text may stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    Number,
    Object,
    Null,
    String,
    Array(Vec<Self>),
}

/// The handshakes of all paths, in the order of the routes; empty where no path has parameters.
pub(crate) fn of<'ir>(ir: &'ir Ir, config: &Config) -> Vec<Handshake<'ir>> {
    let handshakes = all(ir, config);
    if handshakes.iter().all(|handshake| handshake.parameters.is_empty()) { Vec::new() } else { handshakes }
}

/// The handshakes of all paths, in the order of the routes.
pub(crate) fn all<'ir>(ir: &'ir Ir, config: &Config) -> Vec<Handshake<'ir>> {
    let mut taken = BTreeSet::new();
    let routes = ir.routes.values().chain(&ir.handshake);
    routes
        .map(|route| {
            let name = if ir.envelope.is_some() { names::pascal(&config.module) } else { name(route) };
            let numbered = (2..).map(|number| format!("{name}{number}"));
            let free = std::iter::once(name.clone()).chain(numbered).find(|name| taken.insert(name.clone()));
            handshake(ir, route, free.unwrap_or(name))
        })
        .collect()
}

/// The name of the only channel; else what is fixed in the path.
fn name(route: &Route) -> String {
    if let [channel] = route.channels.as_slice()
        && !channel.contains('/')
    {
        return names::pascal(channel);
    }
    let literals = route.segments.iter().filter_map(|segment| match segment {
        Segment::Literal(text) => Some(text.as_str()),
        Segment::Parameter(_) => None,
    });
    let literals = literals.collect::<Vec<_>>().join("_");
    if literals.chars().any(char::is_alphanumeric) { names::pascal(&literals) } else { "Root".to_owned() }
}

fn handshake<'ir>(ir: &'ir Ir, route: &'ir Route, name: String) -> Handshake<'ir> {
    let mut found: Vec<(Place, String, Schema, bool)> = Vec::new();
    for (name, declared) in &route.parameters {
        found.push((Place::Path, name.clone(), path_parameter(declared), true));
    }
    let mut texts = Vec::new();
    for (place, schema) in [(Place::Query, &route.query), (Place::Header, &route.headers)] {
        let Some(object) = schema.as_ref().and_then(|schema| ir.merged(schema)) else { continue };
        texts.extend(object.description.clone());
        for (name, schema) in &object.properties {
            if place == Place::Query || is_of_the_application(name) {
                found.push((place, name.clone(), schema.clone(), object.required.contains(name)));
            }
        }
    }
    let mut keys = BTreeSet::new();
    let parameters = found.into_iter().map(|(place, name, schema, required)| {
        let second = format!("{}_{name}", place.as_str());
        let numbered = (2..).map(|number| format!("{second}_{number}"));
        let mut candidates = [name.clone(), second.clone()].into_iter().chain(numbered);
        let key = candidates.find(|key| keys.insert(key.clone())).unwrap_or_default();
        let kinds = kinds(ir, &schema, 0);
        Parameter { place, name, key, schema, required, kinds }
    });
    let parameters = parameters.collect();
    let description = (!texts.is_empty()).then(|| texts.join("\n\n"));
    Handshake { path: &route.path, route, name, parameters, description }
}

impl Handshake<'_> {
    /// The object of all parameters.
    pub(crate) fn object(&self) -> SchemaObject {
        self.object_of(&[Place::Path, Place::Query, Place::Header])
    }

    /// The object of the parameters in some places.
    pub(crate) fn object_of(&self, places: &[Place]) -> SchemaObject {
        let parameters = || self.parameters.iter().filter(|one| places.contains(&one.place));
        SchemaObject {
            types: vec![JsonType::Object],
            properties: parameters().map(|one| (one.key.clone(), one.schema.clone())).collect(),
            required: parameters().filter(|one| one.required).map(|one| one.key.clone()).collect(),
            ..SchemaObject::default()
        }
    }

    /// What the struct's documentation says.
    pub(crate) fn docs(&self) -> String {
        let at = if self.path.is_empty() { String::new() } else { format!(" at `{}`", self.path) };
        let mut text = format!("What a client says when it connects{at}");
        let places = [(Place::Path, "the path"), (Place::Query, "the query"), (Place::Header, "the headers")];
        let places = places.into_iter().filter_map(|(place, words)| {
            let names = self.parameters.iter().filter(|one| one.place == place).map(|one| format!("`{}`", one.name));
            let names: Vec<String> = names.collect();
            (!names.is_empty()).then(|| format!("in {words} {}", names.join(", ")))
        });
        let places: Vec<String> = places.collect();
        if !places.is_empty() {
            text.push_str(": ");
            text.push_str(&places.join("; "));
        }
        text.push('.');
        if let Some(description) = &self.description {
            text.push_str("\n\n");
            text.push_str(description.trim());
        }
        text
    }
}

/// `x-handshake` of the bundle: by path and place, the schema that judges the parameters there.
pub(crate) fn bundle(ir: &Ir, draft: Draft, reference: &str) -> Option<Value> {
    let mut routes = Map::new();
    for route in ir.routes.values().chain(&ir.handshake) {
        let places = places(ir, route).into_iter().map(|(place, schema)| {
            let key = if place == Place::Header { "headers" } else { place.as_str() };
            (key.to_owned(), schema.to_json_in(draft, reference))
        });
        let places: Map<String, Value> = places.collect();
        if !places.is_empty() {
            routes.insert(route.path.clone(), Value::Object(places));
        }
    }
    (!routes.is_empty()).then(|| json!(routes))
}

/// The schemas that judge the parameters of a route, as objects by place.
pub(crate) fn places(ir: &Ir, route: &Route) -> Vec<(Place, Schema)> {
    let mut places = Vec::new();
    if !route.parameters.is_empty() {
        let properties = route.parameters.iter().map(|(name, one)| (name.clone(), path_parameter(one)));
        let object = SchemaObject {
            types: vec![JsonType::Object],
            properties: properties.collect(),
            required: route.parameters.keys().cloned().collect(),
            ..SchemaObject::default()
        };
        places.push((Place::Path, Schema::Object(Box::new(object))));
    }
    places.extend(route.query.clone().map(|query| (Place::Query, query)));
    places.extend(route.headers.as_ref().map(|headers| (Place::Header, headers_of_the_application(ir, headers))));
    places
}

/// A path's parameter is a text. A default that is none of the allowed values is none.
fn path_parameter(declared: &Declared) -> Schema {
    let is_allowed = |text: &&String| declared.values.is_empty() || declared.values.contains(text);
    let values = declared.values.iter().map(|value| Value::from(value.as_str())).collect::<Vec<_>>();
    Schema::Object(Box::new(SchemaObject {
        description: declared.description.clone(),
        types: vec![JsonType::String],
        enum_values: (!values.is_empty()).then_some(values),
        default: declared.default.as_ref().filter(is_allowed).map(|text| text.as_str().into()),
        examples: declared.examples.iter().map(|example| example.as_str().into()).collect(),
        ..SchemaObject::default()
    }))
}

fn is_of_the_application(header: &str) -> bool {
    !NOT_OF_THE_APPLICATION.iter().any(|name| header.eq_ignore_ascii_case(name))
}

fn headers_of_the_application(ir: &Ir, headers: &Schema) -> Schema {
    match ir.merged(headers) {
        Some(mut object) => {
            object.properties.retain(|name, _| is_of_the_application(name));
            object.required.retain(|name| is_of_the_application(name));
            Schema::Object(Box::new(object))
        }
        None => headers.clone(),
    }
}

/// What a text may stand for, by the types that the schema allows.
fn kinds(ir: &Ir, schema: &Schema, depth: usize) -> Vec<Kind> {
    let mut found = Vec::new();
    if depth < MAX_DEPTH
        && let Some(object) = ir.merged(schema)
    {
        let values: Vec<&Value> = object.const_value.iter().chain(object.enum_values.iter().flatten()).collect();
        if !object.types.is_empty() {
            found.extend(object.types.iter().map(|json_type| match json_type {
                JsonType::Null => Kind::Null,
                JsonType::Boolean => Kind::Boolean,
                JsonType::Integer | JsonType::Number => Kind::Number,
                JsonType::String => Kind::String,
                JsonType::Object => Kind::Object,
                JsonType::Array => Kind::Array(match &object.items {
                    Some(Items::All(items)) => kinds(ir, items, depth + 1),
                    _ => vec![Kind::String],
                }),
            }));
        } else if !values.is_empty() {
            found.extend(values.into_iter().map(|value| match value {
                Value::Null => Kind::Null,
                Value::Bool(_) => Kind::Boolean,
                Value::Number(_) => Kind::Number,
                Value::String(_) => Kind::String,
                Value::Object(_) => Kind::Object,
                Value::Array(_) => Kind::Array(vec![Kind::String]),
            }));
        } else {
            let alternatives = object.one_of.iter().chain(&object.any_of);
            found.extend(alternatives.flat_map(|alternative| kinds(ir, alternative, depth + 1)));
        }
    }
    let mut kinds: Vec<Kind> = Vec::new();
    for kind in found {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    // What may be anything is the text that it is.
    if kinds.is_empty() { vec![Kind::String] } else { kinds }
}

impl Place {
    /// Its name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
        }
    }
}
