//! Every object, schema and reference of a document, found along the table of [shapes](crate::shape).
//!
//! Components that nothing uses are found too. Works through a list instead of recursing, so that no chain of
//! references can exhaust the stack.

use std::collections::{HashMap, HashSet};

use crate::dialect::{self, Dialect};
use crate::documents::Documents;
use crate::shape::{self, Object, Shape};
use crate::tree::{Kind, Node};
use crate::version::Version;

/// What was found, in no particular order: diagnostics are sorted by position in the end.
pub(crate) struct Walk<'a> {
    /// Objects of AsyncAPI and what each of them is.
    pub(crate) objects: Vec<(Node<'a>, &'static Object)>,
    /// Schemas, without those that are only a `$ref`.
    pub(crate) schemas: Vec<Node<'a>>,
    /// Those of the schemas whose dialect is not AsyncAPI's.
    pub(crate) dialects: HashMap<Node<'a>, Dialect>,
    /// Objects with a `$ref`.
    pub(crate) references: Vec<Node<'a>>,
    /// Nodes that are not what their place asks for, and what that is.
    pub(crate) mistyped: Vec<(Node<'a>, Shape)>,
}

/// Keywords of a schema that hold one schema.
const ONE: &[&str] = &[
    "additionalItems",
    "contains",
    "unevaluatedItems",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "not",
    "if",
    "then",
    "else",
];
/// Keywords that hold a list of schemas.
const LIST: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords that hold an object of schemas.
const MAP: &[&str] = &["properties", "patternProperties", "definitions", "$defs", "dependentSchemas"];

impl<'a> Walk<'a> {
    pub(crate) fn through(documents: &'a Documents, root: Node<'a>) -> Self {
        let mut walk = Self {
            objects: Vec::new(),
            schemas: Vec::new(),
            dialects: HashMap::new(),
            references: Vec::new(),
            mistyped: Vec::new(),
        };
        let mut seen = HashSet::new();
        let mut waiting = vec![(root, shape::root(Version::of(root)))];
        while let Some((node, shape)) = waiting.pop() {
            // A node may be reached as two things (a trait that is also a message); it is looked at as each.
            if !seen.insert((node, name(shape))) {
                continue;
            }
            let may_refer = matches!(
                shape,
                Shape::Object(_)
                    | Shape::Map(_)
                    | Shape::Schema
                    | Shape::Foreign(_)
                    | Shape::Alternatives(_)
                    | Shape::Loose
            );
            if shape == Shape::Foreign(Dialect::Later)
                && let Some(text) = node.text("$dynamicRef")
            {
                walk.references.push(node);
                waiting.extend(documents.dynamic_targets(node, text).into_iter().map(|target| (target, shape)));
            }
            let reference = node.text("$ref").filter(|_| may_refer || shape == Shape::Reference);
            let Some(text) = reference else {
                walk.visit(node, shape, &mut waiting);
                continue;
            };
            if walk.references.last() != Some(&node) {
                walk.references.push(node);
            }
            if let (true, Ok(target)) = (may_refer, documents.target(node, text)) {
                waiting.push((target, shape));
            }
            // Since 2019-09 the keywords beside a reference count.
            if let Shape::Foreign(Dialect::Later) = shape {
                walk.visit(node, shape, &mut waiting);
            }
        }
        walk
    }

    fn visit(&mut self, node: Node<'a>, shape: Shape, waiting: &mut Vec<(Node<'a>, Shape)>) {
        let fits = match shape {
            Shape::Any | Shape::Loose => true,
            Shape::Text => node.as_str().is_some(),
            Shape::TextOrNull => node.as_str().is_some() || matches!(node.kind(), Kind::Null),
            Shape::Word(words) => node.as_str().is_some_and(|text| words.contains(&text)),
            Shape::Texts => node.is_array() && node.items().all(|item| item.as_str().is_some()),
            Shape::Reference => false,
            Shape::Object(_) | Shape::Map(_) | Shape::Alternatives(_) => node.is_object(),
            Shape::List(_) => node.is_array(),
            Shape::Schema | Shape::Foreign(_) | Shape::Payload => node.is_object() || node.as_bool().is_some(),
        };
        if !fits {
            self.mistyped.push((node, shape));
            return;
        }
        match shape {
            Shape::Object(object) => {
                self.objects.push((node, object));
                for (key, _, member) in node.members() {
                    match object.field(key).map(|field| field.shape) {
                        Some(Shape::Payload) => {
                            let dialect = node.text("schemaFormat").map_or(Some(Dialect::AsyncApi), Dialect::parse);
                            waiting.extend(dialect.map(|dialect| (member, schema(dialect))));
                        }
                        Some(shape) => waiting.push((member, shape)),
                        None => {}
                    }
                }
            }
            Shape::Map(inner) => waiting.extend(node.members().map(|(_, _, member)| (member, *inner))),
            Shape::Alternatives(object) => match node.get("oneOf").filter(|list| list.is_array()) {
                Some(list) => waiting.extend(list.items().map(|item| (item, shape))),
                None => waiting.push((node, Shape::Object(object))),
            },
            Shape::List(inner) => waiting.extend(node.items().map(|item| (item, *inner))),
            Shape::Schema if dialect::is_wrapped(node) => {
                waiting.extend(dialect::wrapped(node).map(|(node, dialect)| (node, schema(dialect))));
            }
            Shape::Schema | Shape::Foreign(_) => {
                self.schemas.push(node);
                if let Shape::Foreign(dialect) = shape {
                    self.dialects.insert(node, dialect);
                }
                waiting.extend(subschemas(node).map(|node| (node, shape)));
            }
            Shape::Loose => {
                waiting.extend(node.members().map(|(_, _, member)| (member, Shape::Loose)));
                waiting.extend(node.items().map(|item| (item, Shape::Loose)));
            }
            _ => {}
        }
    }
}

/// Distinguishes shapes for the purpose of visiting a node once as each.
fn name(shape: Shape) -> &'static str {
    match shape {
        Shape::Object(object) => object.name,
        Shape::Schema => "schema",
        Shape::Foreign(Dialect::OpenApi) => "schema of OpenAPI",
        Shape::Foreign(_) => "schema of a later draft",
        Shape::Alternatives(_) => "alternatives",
        Shape::Map(_) => "map",
        Shape::List(_) => "list",
        Shape::Loose => "loose",
        _ => "value",
    }
}

/// The shape of a schema.
fn schema(dialect: Dialect) -> Shape {
    match dialect {
        Dialect::AsyncApi => Shape::Schema,
        other => Shape::Foreign(other),
    }
}

/// The schemas that a schema consists of, one level down.
pub(crate) fn subschemas(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let one = ONE.iter().filter_map(move |key| node.get(key));
    let list = LIST.iter().filter_map(move |key| node.get(key)).flat_map(Node::items);
    let map = MAP.iter().filter_map(move |key| node.get(key)).flat_map(Node::members).map(|(_, _, schema)| schema);
    let items = node.get("items");
    let items = items.into_iter().flat_map(|items| {
        let single = (!items.is_array()).then_some(items);
        single.into_iter().chain(items.items())
    });
    let dependencies = node.get("dependencies").into_iter().flat_map(Node::members);
    let dependencies = dependencies.map(|(_, _, schema)| schema).filter(|schema| !schema.is_array());
    one.chain(list).chain(map).chain(items).chain(dependencies)
}
