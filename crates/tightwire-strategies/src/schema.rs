//! Schemas read once: a table of nodes that refer to each other by number.

mod negation;

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::bundle::BundleError;
use crate::formats::Format;
use crate::number::Num;
use crate::pattern::Pattern;
use crate::pick::Bounds;
use crate::types::Types;

/// A place in [`Schemas`].
pub(crate) type NodeId = u32;

/// All schemas that are reached from where they were asked for.
#[derive(Debug)]
pub(crate) struct Schemas {
    nodes: Vec<Node>,
    by_pointer: HashMap<String, NodeId>,
}

/// A schema.
#[derive(Debug)]
pub(crate) struct Node {
    /// Where it stands in the bundle.
    pub(crate) pointer: String,
    pub(crate) rule: Rule,
}

/// What a schema says.
#[derive(Debug)]
pub(crate) enum Rule {
    /// `true` or `false`.
    Bool(bool),
    Keywords(Box<Keywords>),
}

/// The keywords of a schema.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keywords {
    pub(crate) reference: Option<NodeId>,
    pub(crate) types: Option<Types>,
    pub(crate) constant: Option<Value>,
    pub(crate) values: Option<Vec<Value>>,
    pub(crate) number: Limits,
    pub(crate) length: Bounds,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) format: Option<Format>,
    pub(crate) tuple: Vec<NodeId>,
    /// The schema of all items, or of those after the tuple.
    pub(crate) items: Option<NodeId>,
    pub(crate) contains: Option<NodeId>,
    pub(crate) contained: Bounds,
    pub(crate) unevaluated_items: Option<NodeId>,
    pub(crate) item_count: Bounds,
    pub(crate) unique: bool,
    pub(crate) properties: Vec<(String, NodeId)>,
    pub(crate) patterns: Vec<(Pattern, NodeId)>,
    pub(crate) additional: Option<NodeId>,
    pub(crate) unevaluated_properties: Option<NodeId>,
    pub(crate) names: Option<NodeId>,
    pub(crate) required: Vec<String>,
    pub(crate) property_count: Bounds,
    pub(crate) dependent_names: Vec<(String, Vec<String>)>,
    pub(crate) dependent_schemas: Vec<(String, NodeId)>,
    pub(crate) all_of: Vec<NodeId>,
    pub(crate) any_of: Vec<NodeId>,
    pub(crate) one_of: Vec<NodeId>,
    pub(crate) not: Option<NodeId>,
    pub(crate) condition: Option<NodeId>,
    pub(crate) then: Option<NodeId>,
    pub(crate) otherwise: Option<NodeId>,
    /// `not`: schemas of which one holds, as far as that can be said. Not judged by: that is what `not` is for.
    pub(crate) refused: Option<NodeId>,
    /// `oneOf`: the same for each branch.
    pub(crate) one_of_refused: Vec<NodeId>,
    /// `if`: the same for where it does not hold.
    pub(crate) condition_fails: Option<NodeId>,
    /// Made to say what does not hold: it evaluates nothing.
    pub(crate) made: bool,
}

/// What limits a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) minimum: Option<Num>,
    pub(crate) maximum: Option<Num>,
    pub(crate) above: Option<Num>,
    pub(crate) below: Option<Num>,
    pub(crate) multiple_of: Option<Num>,
}

impl Schemas {
    /// The schema at each of these pointers into a document, and all that they reach.
    pub(crate) fn read(document: &Value, pointers: &[String]) -> Result<Self, BundleError> {
        let mut reader = Reader { document, schemas: Self { nodes: Vec::new(), by_pointer: HashMap::new() } };
        for pointer in pointers {
            reader.intern(pointer.clone());
        }
        let mut next = 0;
        while next < reader.schemas.nodes.len() {
            let pointer = reader.schemas.nodes[next].pointer.clone();
            reader.schemas.nodes[next].rule = reader.rule(&pointer)?;
            next += 1;
        }
        negation::add(&mut reader.schemas);
        Ok(reader.schemas)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// The schemas of which a value may be wanted alone: parts of values, names, and what may not be.
    pub(crate) fn parts(&self) -> impl Iterator<Item = NodeId> {
        let mut parts = Vec::new();
        for node in &self.nodes {
            if let Rule::Keywords(keywords) = &node.rule
                && !keywords.made
            {
                parts.extend(keywords.items.iter().chain(&keywords.contains).chain(&keywords.additional));
                parts.extend(keywords.names.iter().chain(&keywords.not).chain(&keywords.one_of));
                parts.extend(keywords.patterns.iter().map(|(_, node)| node));
                parts.extend(keywords.properties.iter().map(|(_, node)| node));
            }
        }
        parts.into_iter()
    }

    /// The schema at a pointer, if it was reached.
    pub(crate) fn at(&self, pointer: &str) -> Option<NodeId> {
        self.by_pointer.get(pointer).copied()
    }
}

struct Reader<'d> {
    document: &'d Value,
    schemas: Schemas,
}

impl Reader<'_> {
    fn intern(&mut self, pointer: String) -> NodeId {
        if let Some(&known) = self.schemas.by_pointer.get(&pointer) {
            return known;
        }
        let id = NodeId::try_from(self.schemas.nodes.len()).expect("fewer schemas than that");
        self.schemas.by_pointer.insert(pointer.clone(), id);
        self.schemas.nodes.push(Node { pointer, rule: Rule::Bool(true) });
        id
    }

    fn rule(&mut self, pointer: &str) -> Result<Rule, BundleError> {
        let document = self.document;
        match document.pointer(pointer) {
            None => Err(BundleError::Missing { pointer: pointer.to_owned() }),
            Some(Value::Bool(value)) => Ok(Rule::Bool(*value)),
            Some(Value::Object(schema)) => Ok(Rule::Keywords(Box::new(self.keywords(pointer, schema)?))),
            Some(_) => Err(BundleError::NotASchema { pointer: pointer.to_owned() }),
        }
    }

    fn keywords(&mut self, at: &str, schema: &Map<String, Value>) -> Result<Keywords, BundleError> {
        let wrong = |keyword: &str, why: String| BundleError::Keyword { pointer: format!("{at}/{keyword}"), why };
        let mut keywords = Keywords::default();
        if let Some(Value::String(reference)) = schema.get("$ref") {
            let target = pointer_of(reference).ok_or_else(|| wrong("$ref", format!("{reference} is not in here")))?;
            keywords.reference = Some(self.intern(target));
        }
        keywords.types = schema.get("type").map(types).transpose().map_err(|why| wrong("type", why))?;
        keywords.constant = schema.get("const").cloned();
        keywords.values = schema.get("enum").and_then(Value::as_array).cloned();
        let number = |keyword: &str| schema.get(keyword).and_then(Num::of_value);
        keywords.number = Limits {
            minimum: number("minimum"),
            maximum: number("maximum"),
            above: number("exclusiveMinimum"),
            below: number("exclusiveMaximum"),
            multiple_of: number("multipleOf"),
        };
        keywords.length = bounds(schema, "minLength", "maxLength");
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
            keywords.pattern = Some(Pattern::new(pattern));
        }
        keywords.format = schema.get("format").and_then(Value::as_str).and_then(Format::named);
        self.array_keywords(at, schema, &mut keywords);
        self.object_keywords(at, schema, &mut keywords);
        keywords.all_of = self.list(at, schema, "allOf");
        keywords.any_of = self.list(at, schema, "anyOf");
        keywords.one_of = self.list(at, schema, "oneOf");
        keywords.not = self.one(at, schema, "not");
        keywords.condition = self.one(at, schema, "if");
        keywords.then = self.one(at, schema, "then");
        keywords.otherwise = self.one(at, schema, "else");
        Ok(keywords)
    }

    fn array_keywords(&mut self, at: &str, schema: &Map<String, Value>, keywords: &mut Keywords) {
        keywords.tuple = self.list(at, schema, "prefixItems");
        if let Some(Value::Array(_)) = schema.get("items") {
            keywords.tuple = self.list(at, schema, "items");
            keywords.items = self.one(at, schema, "additionalItems");
        } else {
            keywords.items = self.one(at, schema, "items");
        }
        keywords.contains = self.one(at, schema, "contains");
        keywords.contained = bounds(schema, "minContains", "maxContains");
        if !schema.contains_key("minContains") {
            keywords.contained.min = 1;
        }
        keywords.unevaluated_items = self.one(at, schema, "unevaluatedItems");
        keywords.item_count = bounds(schema, "minItems", "maxItems");
        keywords.unique = schema.get("uniqueItems") == Some(&Value::Bool(true));
    }

    fn object_keywords(&mut self, at: &str, schema: &Map<String, Value>, keywords: &mut Keywords) {
        keywords.properties = self.members(at, schema, "properties");
        for (pattern, node) in self.members(at, schema, "patternProperties") {
            keywords.patterns.push((Pattern::new(&pattern), node));
        }
        keywords.additional = self.one(at, schema, "additionalProperties");
        keywords.unevaluated_properties = self.one(at, schema, "unevaluatedProperties");
        keywords.names = self.one(at, schema, "propertyNames");
        keywords.required = schema.get("required").map(names).unwrap_or_default();
        keywords.property_count = bounds(schema, "minProperties", "maxProperties");
        for keyword in ["dependencies", "dependentRequired", "dependentSchemas"] {
            let Some(Value::Object(dependencies)) = schema.get(keyword) else { continue };
            for (name, dependency) in dependencies {
                if dependency.is_array() {
                    keywords.dependent_names.push((name.clone(), names(dependency)));
                } else {
                    let node = self.intern(format!("{at}/{keyword}/{}", escaped(name)));
                    keywords.dependent_schemas.push((name.clone(), node));
                }
            }
        }
    }

    fn one(&mut self, at: &str, schema: &Map<String, Value>, keyword: &str) -> Option<NodeId> {
        schema.contains_key(keyword).then(|| self.intern(format!("{at}/{keyword}")))
    }

    fn list(&mut self, at: &str, schema: &Map<String, Value>, keyword: &str) -> Vec<NodeId> {
        let count = schema.get(keyword).and_then(Value::as_array).map_or(0, Vec::len);
        (0..count).map(|index| self.intern(format!("{at}/{keyword}/{index}"))).collect()
    }

    fn members(&mut self, at: &str, schema: &Map<String, Value>, keyword: &str) -> Vec<(String, NodeId)> {
        let members = schema.get(keyword).and_then(Value::as_object);
        members
            .into_iter()
            .flatten()
            .map(|(name, _)| (name.clone(), self.intern(format!("{at}/{keyword}/{}", escaped(name)))))
            .collect()
    }
}

/// A name as a token of a JSON Pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The pointer that a reference within a document has as its fragment.
fn pointer_of(reference: &str) -> Option<String> {
    let fragment = reference.strip_prefix('#')?;
    let pointer = percent_decode_str(fragment).decode_utf8().ok()?.into_owned();
    (pointer.is_empty() || pointer.starts_with('/')).then_some(pointer)
}

fn types(value: &Value) -> Result<Types, String> {
    let named = |value: &Value| {
        let name = value.as_str().unwrap_or_default();
        Types::named(name).ok_or_else(|| format!("{value} is no type"))
    };
    match value {
        Value::Array(several) => several.iter().try_fold(Types::NONE, |all, each| Ok(all.with(named(each)?))),
        single => named(single),
    }
}

fn names(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float becomes the nearest count")]
fn bounds(schema: &Map<String, Value>, min: &str, max: &str) -> Bounds {
    let count = |keyword: &str| schema.get(keyword).and_then(Value::as_f64).map(|count| count as usize);
    Bounds { min: count(min).unwrap_or(0), max: count(max).unwrap_or(usize::MAX) }
}
