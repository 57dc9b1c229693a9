//! JSON Schema (draft-07, and what 2020-12 adds to its validation) as a typed tree: what the emitters walk.
//!
//! References are names into [`Ir::schemas`](crate::ir::Ir::schemas); everything else stands as the document has it,
//! `allOf` included. [`Schema::to_json`] gives the schema back, for validators.

use indexmap::IndexMap;
use serde_json::{Number, Value};

use crate::ir::SchemaName;

/// A schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Schema {
    /// `true` accepts everything, `false` nothing.
    Bool(bool),
    /// `$ref` to a named schema. Siblings do not count (draft-07), except for the description.
    Ref(Reference),
    /// A schema with keywords.
    Object(Box<SchemaObject>),
}

/// A reference to a named schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// The name of the schema.
    pub name: SchemaName,
    /// A description that stands beside the `$ref`.
    pub description: Option<String>,
}

/// The keywords of a schema. Absent keywords are `None` or empty. Those of later drafts are there only where the
/// document speaks such a dialect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchemaObject {
    /// `title`.
    pub title: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `default`.
    pub default: Option<Value>,
    /// `examples`.
    pub examples: Vec<Value>,
    /// `deprecated`.
    pub deprecated: bool,
    /// `type`; empty where any type is allowed.
    pub types: Vec<JsonType>,
    /// `enum`.
    pub enum_values: Option<Vec<Value>>,
    /// `const`.
    pub const_value: Option<Value>,
    /// `format`.
    pub format: Option<String>,
    /// `pattern` (ECMA-262).
    pub pattern: Option<String>,
    /// `minLength`, in code points.
    pub min_length: Option<u64>,
    /// `maxLength`, in code points.
    pub max_length: Option<u64>,
    /// `minimum`.
    pub minimum: Option<Number>,
    /// `maximum`.
    pub maximum: Option<Number>,
    /// `exclusiveMinimum`.
    pub exclusive_minimum: Option<Number>,
    /// `exclusiveMaximum`.
    pub exclusive_maximum: Option<Number>,
    /// `multipleOf`.
    pub multiple_of: Option<Number>,
    /// `items`.
    pub items: Option<Items>,
    /// `additionalItems`.
    pub additional_items: Option<Schema>,
    /// `contains`.
    pub contains: Option<Schema>,
    /// `minContains` (2019-09), beside `contains` only; absent means 1.
    pub min_contains: Option<u64>,
    /// `maxContains` (2019-09), beside `contains` only.
    pub max_contains: Option<u64>,
    /// `unevaluatedItems` (2019-09).
    pub unevaluated_items: Option<Schema>,
    /// `minItems`.
    pub min_items: Option<u64>,
    /// `maxItems`.
    pub max_items: Option<u64>,
    /// `uniqueItems`.
    pub unique_items: bool,
    /// `properties`, in document order.
    pub properties: IndexMap<String, Schema>,
    /// `required`, in document order, without duplicates.
    pub required: Vec<String>,
    /// `additionalProperties`.
    pub additional_properties: Option<Schema>,
    /// `unevaluatedProperties` (2019-09).
    pub unevaluated_properties: Option<Schema>,
    /// `patternProperties`.
    pub pattern_properties: IndexMap<String, Schema>,
    /// `propertyNames`.
    pub property_names: Option<Schema>,
    /// `minProperties`.
    pub min_properties: Option<u64>,
    /// `maxProperties`.
    pub max_properties: Option<u64>,
    /// `dependencies`.
    pub dependencies: IndexMap<String, Dependency>,
    /// `allOf`.
    pub all_of: Vec<Schema>,
    /// `anyOf`.
    pub any_of: Vec<Schema>,
    /// `oneOf`.
    pub one_of: Vec<Schema>,
    /// `not`.
    pub not: Option<Schema>,
    /// `if`.
    pub if_schema: Option<Schema>,
    /// `then`.
    pub then_schema: Option<Schema>,
    /// `else`.
    pub else_schema: Option<Schema>,
    /// `x-…`, in document order.
    pub extensions: IndexMap<String, Value>,
}

/// A JSON type, as `type` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JsonType {
    /// `null`.
    Null,
    /// `boolean`.
    Boolean,
    /// `integer`: any number without a fraction, `1.0` included.
    Integer,
    /// `number`.
    Number,
    /// `string`.
    String,
    /// `array`.
    Array,
    /// `object`.
    Object,
}

/// `items`.
#[derive(Clone, Debug, PartialEq)]
pub enum Items {
    /// One schema for all items.
    All(Schema),
    /// A schema for each position.
    Tuple(Vec<Schema>),
}

/// An entry of `dependencies`.
#[derive(Clone, Debug, PartialEq)]
pub enum Dependency {
    /// Where the property is there, these must be too.
    Required(Vec<String>),
    /// Where the property is there, the object must match.
    Schema(Schema),
}

impl Schema {
    /// The schemas that it consists of, one level down; what a reference leads to is none of them.
    pub fn subschemas(&self) -> impl Iterator<Item = &Self> {
        let object = match self {
            Self::Object(object) => Some(object),
            Self::Bool(_) | Self::Ref(_) => None,
        };
        object.into_iter().flat_map(|object| object.subschemas())
    }
}

impl SchemaObject {
    /// The reference that an `allOf` is nothing but a wrapping of, so that a description can stand beside it.
    pub fn wrapped(&self) -> Option<&Reference> {
        let [Schema::Ref(reference)] = self.all_of.as_slice() else { return None };
        let rest = Self {
            title: None,
            description: None,
            default: None,
            examples: Vec::new(),
            deprecated: false,
            all_of: Vec::new(),
            extensions: IndexMap::new(),
            ..self.clone()
        };
        (rest == Self::default()).then_some(reference)
    }

    /// The schemas that it consists of, one level down.
    pub fn subschemas(&self) -> impl Iterator<Item = &Schema> {
        let items = match &self.items {
            Some(Items::All(schema)) => std::slice::from_ref(schema),
            Some(Items::Tuple(schemas)) => schemas,
            None => &[],
        };
        let dependencies = self.dependencies.values().filter_map(|dependency| match dependency {
            Dependency::Schema(schema) => Some(schema),
            Dependency::Required(_) => None,
        });
        let single = [
            &self.additional_items,
            &self.contains,
            &self.unevaluated_items,
            &self.additional_properties,
            &self.unevaluated_properties,
            &self.property_names,
            &self.not,
            &self.if_schema,
            &self.then_schema,
            &self.else_schema,
        ];
        let maps = self.properties.values().chain(self.pattern_properties.values());
        let lists = self.all_of.iter().chain(&self.any_of).chain(&self.one_of);
        items.iter().chain(maps).chain(dependencies).chain(lists).chain(single.into_iter().flatten())
    }

    /// [`SchemaObject::subschemas`], to be changed.
    pub(crate) fn subschemas_mut(&mut self) -> impl Iterator<Item = &mut Schema> {
        let items = match &mut self.items {
            Some(Items::All(schema)) => std::slice::from_mut(schema),
            Some(Items::Tuple(schemas)) => schemas,
            None => &mut [],
        };
        let dependencies = self.dependencies.values_mut().filter_map(|dependency| match dependency {
            Dependency::Schema(schema) => Some(schema),
            Dependency::Required(_) => None,
        });
        let single = [
            &mut self.additional_items,
            &mut self.contains,
            &mut self.unevaluated_items,
            &mut self.additional_properties,
            &mut self.unevaluated_properties,
            &mut self.property_names,
            &mut self.not,
            &mut self.if_schema,
            &mut self.then_schema,
            &mut self.else_schema,
        ];
        let maps = self.properties.values_mut().chain(self.pattern_properties.values_mut());
        let lists = self.all_of.iter_mut().chain(&mut self.any_of).chain(&mut self.one_of);
        items.iter_mut().chain(maps).chain(dependencies).chain(lists).chain(single.into_iter().flatten())
    }
}

impl JsonType {
    /// Every type and its name.
    pub const ALL: [(&'static str, Self); 7] = [
        ("null", Self::Null),
        ("boolean", Self::Boolean),
        ("integer", Self::Integer),
        ("number", Self::Number),
        ("string", Self::String),
        ("array", Self::Array),
        ("object", Self::Object),
    ];

    /// The type of a value. That of every number is `number`.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }

    /// The type of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, json_type)| json_type)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }
}
