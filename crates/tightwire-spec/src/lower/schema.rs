//! Schemas: from nodes to the typed tree.
//!
//! Whatever a `$ref` leads to gets a name of its own, so that recursion is finite. A keyword of the wrong type counts
//! as absent here; a rule reports it.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use serde_json::Number;

use crate::dialect::{self, Dialect};
use crate::documents::Documents;
use crate::expansion::MAX_SCHEMAS;
use crate::formats::Formats;
use crate::ir::SchemaName;
use crate::lower::scope::{Scope, Scopes};
use crate::model::Described;
use crate::schema::{Dependency, Items, JsonType, Reference, Schema, SchemaObject};
use crate::tree::Node;
use crate::vocabulary::Vocabulary;

/// Lowers schemas and collects the named ones they reach.
pub(crate) struct Lowering<'a> {
    documents: &'a Documents,
    formats: Formats,
    names: HashMap<Place<'a>, SchemaName>,
    taken: HashSet<SchemaName>,
    /// Named schemas that were met and are not lowered yet.
    waiting: Vec<(Place<'a>, Dialect)>,
    met: HashSet<Place<'a>>,
    /// The dialect of the schema that is being lowered.
    dialect: Dialect,
    /// What `$dynamicRef`s in it mean.
    scope: Scope,
    scopes: Scopes,
    /// How many more schemas may be lowered in scopes of their own.
    scoped: u64,
    /// The first schema that was met in too many scopes.
    scattered: Option<Node<'a>>,
}

/// A schema and the scope in which it is met: where that differs, its `$dynamicRef`s may mean something else.
type Place<'a> = (Node<'a>, Scope);

/// What became of the named schemas.
pub(crate) struct Lowered<'a> {
    pub(crate) schemas: IndexMap<SchemaName, Schema>,
    /// A schema that is met in too many scopes to be lowered in each.
    pub(crate) scattered: Option<Node<'a>>,
}

/// Keywords beside a `$ref` that say nothing about values.
const ANNOTATIONS: [&str; 9] =
    ["$ref", "$dynamicRef", "$comment", "title", "description", "summary", "deprecated", "default", "examples"];

impl<'a> Lowering<'a> {
    /// The schemas of `components` keep their keys as names, whoever else would like them.
    pub(crate) fn new(documents: &'a Documents, root: Node<'a>, formats: Formats) -> Self {
        let components = root.get("components").and_then(|components| components.get("schemas"));
        let names: HashMap<_, _> = components
            .into_iter()
            .flat_map(Node::members)
            .map(|(key, _, node)| ((node, Scope::default()), key.to_owned()))
            .collect();
        let taken = names.values().cloned().collect();
        Self {
            documents,
            formats,
            names,
            taken,
            waiting: Vec::new(),
            met: HashSet::new(),
            dialect: Dialect::default(),
            scope: Scope::default(),
            scopes: Scopes::default(),
            scoped: MAX_SCHEMAS,
            scattered: None,
        }
    }

    /// Lowers what was met by reference; call it when every schema has been lowered.
    pub(crate) fn finish(mut self) -> Lowered<'a> {
        let mut found = Vec::new();
        while let Some((place, dialect)) = self.waiting.pop() {
            (self.dialect, self.scope) = (dialect, place.1);
            let name = self.name(place);
            found.push((place.0.span(), place.1, name, self.schema(place.0)));
        }
        found.sort_by_key(|(span, scope, ..)| (*span, *scope));
        let schemas = found.into_iter().map(|(_, _, name, schema)| (name, schema)).collect();
        Lowered { schemas, scattered: self.scattered }
    }

    /// Lowers what describes a payload or headers.
    pub(crate) fn described(&mut self, described: Described<'a>) -> Option<Schema> {
        let Described::Schema(node, dialect) = described else { return None };
        let outer = (self.dialect, self.scope);
        self.dialect = dialect;
        self.scope = self.entered(node);
        let schema = self.schema(node);
        (self.dialect, self.scope) = outer;
        Some(schema)
    }

    /// Lowers a schema.
    pub(crate) fn schema(&mut self, node: Node<'a>) -> Schema {
        let outer = self.scope;
        if self.documents.resources.is_part(node) {
            self.scope = self.entered(node);
        }
        if self.scope != Scope::default() {
            self.scoped = self.scoped.saturating_sub(1);
        }
        let schema = match self.scoped {
            0 => {
                self.scattered.get_or_insert(node);
                Schema::Bool(true)
            }
            _ => self.schema_in_scope(node),
        };
        self.scope = outer;
        schema
    }

    fn schema_in_scope(&mut self, node: Node<'a>) -> Schema {
        if let Some(value) = node.as_bool() {
            return Schema::Bool(value);
        }
        if !node.is_object() {
            return Schema::Bool(true);
        }
        let siblings = node.members().any(|(key, ..)| !ANNOTATIONS.contains(&key) && !key.starts_with("x-"));
        if node.text("$ref").is_none()
            && !siblings
            && let Some(reference) = self.dynamic(node)
        {
            return reference;
        }
        if let Some(text) = node.text("$ref") {
            let Ok(target) = self.documents.target(node, text) else { return Schema::Bool(true) };
            let reference = self.named(node, target);
            let siblings = siblings || node.text("$dynamicRef").is_some();
            if self.dialect != Dialect::Later || !siblings {
                return reference;
            }
            if self.takes_nothing(node) {
                return Schema::Bool(false);
            }
            let mut object = self.object(node);
            object.all_of.push(reference);
            return Schema::Object(Box::new(object));
        }
        if dialect::is_wrapped(node) {
            let wrapped = dialect::wrapped(node).map(|(schema, dialect)| Described::Schema(schema, dialect));
            let schema = wrapped.and_then(|wrapped| self.described(wrapped));
            return schema.unwrap_or(Schema::Bool(true));
        }
        if self.takes_nothing(node) {
            return Schema::Bool(false);
        }
        Schema::Object(Box::new(self.object(node)))
    }

    /// Whether a schema has a list of no values to choose from.
    fn takes_nothing(&self, node: Node<'a>) -> bool {
        let empty = |values: Node<'_>| values.is_array() && values.items().next().is_none();
        node.get("enum").is_some_and(empty) && self.vocabulary(node).validation
    }

    /// The keywords that mean something in a schema.
    fn vocabulary(&self, node: Node<'a>) -> Vocabulary {
        match self.dialect {
            Dialect::Later => Vocabulary::of(self.documents, node),
            Dialect::AsyncApi | Dialect::OpenApi => Vocabulary::default(),
        }
    }

    /// What a `$dynamicRef` means in the scope: the outermost place with its name.
    fn dynamic(&mut self, node: Node<'a>) -> Option<Schema> {
        let text = node.text("$dynamicRef").filter(|_| self.dialect == Dialect::Later)?;
        let (target, name) = self.documents.dynamic_target(node, text).ok()?;
        let outermost = name.and_then(|name| self.scopes.get(self.scope, name));
        let target = outermost.map_or(target, |id| self.documents.node(id));
        Some(self.named(node, target))
    }

    /// A reference to a schema, which is lowered in the scope that the reference opens.
    fn named(&mut self, reference: Node<'a>, target: Node<'a>) -> Schema {
        let place = (target, self.entered(target));
        let name = self.name(place);
        if self.met.insert(place) {
            self.waiting.push((place, self.dialect));
        }
        Schema::Ref(Reference { name, description: reference.text("description").map(str::to_owned) })
    }

    /// The scope in a schema to which a way leads from here.
    fn entered(&mut self, node: Node<'a>) -> Scope {
        if self.dialect != Dialect::Later {
            return self.scope;
        }
        let Some(part) = self.documents.part_of(node) else { return self.scope };
        match self.scopes.enter(self.scope, self.documents.resources.dynamic_anchors(part)) {
            Some(scope) => scope,
            None => {
                self.scattered.get_or_insert(node);
                self.scope
            }
        }
    }

    /// The name of a schema: its key where it stands, with a number if somebody else has that name.
    fn name(&mut self, place: Place<'a>) -> SchemaName {
        if let Some(name) = self.names.get(&place) {
            return name.clone();
        }
        let (node, _) = place;
        let stem = || self.documents.sources.file(node.file()).path().file_stem()?.to_str().map(str::to_owned);
        let base = node.token().or_else(stem).unwrap_or_else(|| "Schema".to_owned());
        let mut name = base.clone();
        for number in 2.. {
            if self.taken.insert(name.clone()) {
                break;
            }
            name = format!("{base}{number}");
        }
        self.names.insert(place, name.clone());
        name
    }

    fn object(&mut self, node: Node<'a>) -> SchemaObject {
        let text = |key| node.text(key).map(str::to_owned);
        let count = |key| node.get(key).and_then(Node::as_u64);
        let number = |key: &str| -> Option<Number> { node.get(key)?.as_number().cloned() };
        // Before draft-06, and in OpenAPI 3.0, a flag beside the bound made it exclusive.
        let is_exclusive = |key: &str| node.get(key).and_then(Node::as_bool) == Some(true);
        let (lower, upper) = (is_exclusive("exclusiveMinimum"), is_exclusive("exclusiveMaximum"));
        let example = node.get("example").filter(|_| self.dialect == Dialect::OpenApi);
        let examples = node.get("examples").into_iter().flat_map(Node::items).chain(example);
        let later = self.dialect == Dialect::Later;
        let flag = |key| node.get(key).and_then(Node::as_bool).unwrap_or_default();
        let vocabulary = self.vocabulary(node);
        let object = SchemaObject {
            title: text("title"),
            description: text("description"),
            default: node.get("default").map(Node::to_json),
            examples: examples.map(Node::to_json).collect(),
            deprecated: flag("deprecated"),
            types: types(node),
            enum_values: node
                .get("enum")
                .filter(|node| node.is_array())
                .map(|node| node.items().map(Node::to_json).collect()),
            const_value: node.get("const").map(Node::to_json),
            format: text("format").filter(|_| vocabulary.format && self.formats == Formats::Assert),
            pattern: text("pattern"),
            min_length: count("minLength"),
            max_length: count("maxLength"),
            minimum: number("minimum").filter(|_| !lower),
            maximum: number("maximum").filter(|_| !upper),
            exclusive_minimum: number(if lower { "minimum" } else { "exclusiveMinimum" }),
            exclusive_maximum: number(if upper { "maximum" } else { "exclusiveMaximum" }),
            multiple_of: number("multipleOf"),
            items: self.items(node),
            additional_items: match node.get("prefixItems") {
                Some(_) => self.member(node, "items"),
                None => self.member(node, "additionalItems"),
            },
            contains: self.member(node, "contains"),
            min_contains: count("minContains").filter(|_| later && node.get("contains").is_some()),
            max_contains: count("maxContains").filter(|_| later && node.get("contains").is_some()),
            unevaluated_items: self.later_member(node, "unevaluatedItems"),
            min_items: count("minItems"),
            max_items: count("maxItems"),
            unique_items: flag("uniqueItems"),
            properties: self.map(node, "properties"),
            required: required(node.get("required")),
            additional_properties: self.member(node, "additionalProperties"),
            unevaluated_properties: self.later_member(node, "unevaluatedProperties"),
            pattern_properties: self.map(node, "patternProperties"),
            property_names: self.member(node, "propertyNames"),
            min_properties: count("minProperties"),
            max_properties: count("maxProperties"),
            dependencies: self.dependencies(node),
            all_of: self.list(node, "allOf").into_iter().chain(self.dynamic(node)).collect(),
            any_of: self.list(node, "anyOf"),
            one_of: self.list(node, "oneOf"),
            not: self.member(node, "not"),
            if_schema: self.member(node, "if"),
            then_schema: self.member(node, "then"),
            else_schema: self.member(node, "else"),
            extensions: node
                .members()
                .filter(|(key, ..)| key.starts_with("x-"))
                .map(|(key, _, value)| (key.to_owned(), value.to_json()))
                .collect(),
        };
        if vocabulary.validation { object } else { without_validation(object) }
    }

    /// `items`. A tuple of a later draft (`prefixItems`) is read for what it means; a rule warns of it.
    fn items(&mut self, node: Node<'a>) -> Option<Items> {
        let items = node.get("prefixItems").or_else(|| node.get("items"))?;
        Some(match items.is_array() {
            true => Items::Tuple(items.items().map(|item| self.schema(item)).collect()),
            false => Items::All(self.schema(items)),
        })
    }

    fn member(&mut self, node: Node<'a>, key: &str) -> Option<Schema> {
        node.get(key).map(|node| self.schema(node))
    }

    /// A member that only 2019-09 and 2020-12 know.
    fn later_member(&mut self, node: Node<'a>, key: &str) -> Option<Schema> {
        (self.dialect == Dialect::Later).then(|| self.member(node, key)).flatten()
    }

    fn list(&mut self, node: Node<'a>, key: &str) -> Vec<Schema> {
        node.get(key).into_iter().flat_map(Node::items).map(|node| self.schema(node)).collect()
    }

    fn map(&mut self, node: Node<'a>, key: &str) -> IndexMap<String, Schema> {
        let members = node.get(key).into_iter().flat_map(Node::members);
        members.map(|(key, _, node)| (key.to_owned(), self.schema(node))).collect()
    }

    /// `dependencies`, and what later drafts made of it: `dependentRequired` and `dependentSchemas`.
    fn dependencies(&mut self, node: Node<'a>) -> IndexMap<String, Dependency> {
        let mut found = IndexMap::new();
        let required_counts = self.vocabulary(node).validation;
        for keyword in ["dependencies", "dependentSchemas", "dependentRequired"] {
            if keyword == "dependentRequired" && !required_counts {
                continue;
            }
            for (key, _, node) in node.get(keyword).into_iter().flat_map(Node::members) {
                let dependency = match node.is_array() {
                    true => Dependency::Required(required(Some(node))),
                    false => Dependency::Schema(self.schema(node)),
                };
                let both = match found.swap_remove(key) {
                    Some(known) => Dependency::Schema(all(known, dependency)),
                    None => dependency,
                };
                found.insert(key.to_owned(), both);
            }
        }
        found
    }
}

/// What two dependencies of one property demand together.
fn all(a: Dependency, b: Dependency) -> Schema {
    let schema = |dependency| match dependency {
        Dependency::Schema(schema) => schema,
        Dependency::Required(required) => {
            Schema::Object(Box::new(SchemaObject { required, ..SchemaObject::default() }))
        }
    };
    Schema::Object(Box::new(SchemaObject { all_of: vec![schema(a), schema(b)], ..SchemaObject::default() }))
}

/// The schema without the keywords that judge a value by itself: what remains applies other schemas.
fn without_validation(object: SchemaObject) -> SchemaObject {
    let mut dependencies = object.dependencies;
    dependencies.retain(|_, dependency| matches!(dependency, Dependency::Schema(_)));
    SchemaObject {
        title: object.title,
        description: object.description,
        default: object.default,
        examples: object.examples,
        deprecated: object.deprecated,
        format: object.format,
        items: object.items,
        additional_items: object.additional_items,
        contains: object.contains,
        unevaluated_items: object.unevaluated_items,
        properties: object.properties,
        additional_properties: object.additional_properties,
        unevaluated_properties: object.unevaluated_properties,
        pattern_properties: object.pattern_properties,
        property_names: object.property_names,
        dependencies,
        all_of: object.all_of,
        any_of: object.any_of,
        one_of: object.one_of,
        not: object.not,
        if_schema: object.if_schema,
        then_schema: object.then_schema,
        else_schema: object.else_schema,
        extensions: object.extensions,
        ..SchemaObject::default()
    }
}

fn types(schema: Node<'_>) -> Vec<JsonType> {
    let Some(node) = schema.get("type") else { return Vec::new() };
    let names: Vec<_> = match node.as_str() {
        Some(name) => vec![name],
        None => node.items().filter_map(Node::as_str).collect(),
    };
    let mut types = Vec::new();
    for json_type in names.into_iter().filter_map(JsonType::parse) {
        if !types.contains(&json_type) {
            types.push(json_type);
        }
    }
    // OpenAPI's word for it; a rule warns.
    let nullable = schema.get("nullable").and_then(Node::as_bool) == Some(true);
    if nullable && !types.is_empty() && !types.contains(&JsonType::Null) {
        types.push(JsonType::Null);
    }
    types
}

fn required(node: Option<Node<'_>>) -> Vec<String> {
    let mut names = Vec::new();
    for name in node.into_iter().flat_map(Node::items).filter_map(Node::as_str) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}
