//! `allOf` as one schema, where that says the same.
//!
//! Emitters want one object with its properties, not a conjunction. Two schemas are merged keyword by keyword; where
//! no single keyword can say what two say together (two patterns, two `oneOf`), there is no merged schema.

mod keywords;
mod types;

use std::cell::{Cell, RefCell};

use indexmap::IndexMap;
use serde_json::Value;

use crate::ir::{Ir, SchemaName};
use crate::schema::{Items, Schema, SchemaObject};

/// References followed in one go: more than this is a cycle.
const MAX_HOPS: usize = 64;
/// `allOf` in `allOf` deeper than this is a cycle.
const MAX_NESTING: usize = 32;
/// Conjunctions inside of each other deeper than this are not merged.
const MAX_DEPTH: usize = 2;
/// Marks what merging made a conjunction; no document has such an extension.
const CONJUNCTION: &str = "\0conjunction";
/// Schemas that one merge may look at.
const FUEL: usize = 20_000;

impl Ir {
    /// The schema itself, or the one that a reference leads to. A reference that leads nowhere, which no IR without
    /// errors has, is returned as it is.
    pub fn resolve<'a>(&'a self, schema: &'a Schema) -> &'a Schema {
        Schemas::new(&self.schemas).resolve(schema)
    }

    /// The schema as one object: references followed, `allOf` merged (properties joined, the tightest bounds kept).
    /// Properties keep their references where those already say everything. `None` where one object cannot say the
    /// same.
    pub fn merged(&self, schema: &Schema) -> Option<SchemaObject> {
        Schemas::new(&self.schemas).merged(schema)
    }

    /// The only string that the schema accepts (`const`, or an `enum` of one), if it is exactly one.
    pub fn only_string(&self, schema: &Schema) -> Option<String> {
        Schemas::new(&self.schemas).only_string(schema)
    }
}

/// Named schemas, before there is an [`Ir`] around them.
pub(crate) struct Schemas<'a> {
    named: &'a IndexMap<SchemaName, Schema>,
    /// How many schemas may still be looked at: `allOf` of `allOf` can make a small document exponential.
    fuel: Cell<usize>,
    /// The conjunctions that are just being merged, the outermost first. One that comes again contains itself.
    merging: RefCell<Vec<Vec<Schema>>>,
}

impl<'a> Schemas<'a> {
    pub(crate) fn new(named: &'a IndexMap<SchemaName, Schema>) -> Self {
        Self { named, fuel: Cell::new(FUEL), merging: RefCell::default() }
    }

    /// Takes a unit of fuel.
    fn step(&self) -> Option<()> {
        self.fuel.set(self.fuel.get().checked_sub(1)?);
        Some(())
    }

    pub(crate) fn resolve(&self, schema: &'a Schema) -> &'a Schema {
        let mut schema = schema;
        for _ in 0..MAX_HOPS {
            match schema {
                Schema::Ref(reference) => match self.named.get(&reference.name) {
                    Some(target) => schema = target,
                    None => break,
                },
                _ => break,
            }
        }
        schema
    }

    pub(crate) fn merged(&self, schema: &Schema) -> Option<SchemaObject> {
        self.settle(self.flat(schema, 0)?, 0)
    }

    /// The only string that the schema accepts, if it is exactly one.
    pub(crate) fn only_string(&self, schema: &Schema) -> Option<String> {
        let object = self.merged(schema)?;
        let value = match (&object.const_value, object.enum_values.as_deref()) {
            (Some(value), _) => value,
            (None, Some([value])) => value,
            _ => return None,
        };
        value.as_str().map(str::to_owned)
    }

    fn flat(&self, schema: &Schema, nesting: usize) -> Option<SchemaObject> {
        self.step()?;
        if nesting > MAX_NESTING {
            return None;
        }
        match schema {
            Schema::Bool(true) => Some(SchemaObject::default()),
            Schema::Bool(false) => None,
            Schema::Ref(reference) => {
                let mut object = self.flat(self.named.get(&reference.name)?, nesting + 1)?;
                if reference.description.is_some() {
                    object.description.clone_from(&reference.description);
                }
                Some(object)
            }
            Schema::Object(object) if object.all_of.is_empty() => Some((**object).clone()),
            Schema::Object(object) => {
                let mut merged = SchemaObject::default();
                for part in &object.all_of {
                    merged = self.both(merged, self.flat(part, nesting + 1)?)?;
                }
                let mut own = SchemaObject { all_of: Vec::new(), ..(**object).clone() };
                // What stands beside the `allOf` sees what all of it evaluates, as it will in the merged schema.
                let (items, properties) = (own.unevaluated_items.take(), own.unevaluated_properties.take());
                let mut both = self.both(merged, own)?;
                // Of two the inner one has evaluated everything.
                both.unevaluated_items = both.unevaluated_items.or(items);
                both.unevaluated_properties = both.unevaluated_properties.or(properties);
                Some(both)
            }
        }
    }

    /// What both schemas say, as one of them where that one already says everything, so that a name survives; else as a
    /// conjunction, which [`Self::settle`] merges once everything is known that belongs to it.
    fn schema(&self, a: &Schema, b: &Schema) -> Option<Schema> {
        if a == b || self.implies(b, a) {
            return Some(b.clone());
        }
        if self.implies(a, b) {
            return Some(a.clone());
        }
        if matches!(a, Schema::Bool(false)) || matches!(b, Schema::Bool(false)) {
            return Some(Schema::Bool(false));
        }
        let mut parts = parts(a).to_vec();
        for part in self::parts(b) {
            if !parts.contains(part) {
                parts.push(part.clone());
            }
        }
        let extensions = IndexMap::from([(CONJUNCTION.to_owned(), Value::Null)]);
        Some(Schema::Object(Box::new(SchemaObject { all_of: parts, extensions, ..SchemaObject::default() })))
    }

    /// Merges the conjunctions that merging left inside of the schema.
    fn settle(&self, mut object: SchemaObject, depth: usize) -> Option<SchemaObject> {
        let items = object.items.as_mut().and_then(|items| match items {
            Items::All(schema) => Some(schema),
            Items::Tuple(_) => None,
        });
        let inside = object.properties.values_mut().chain(items).chain(&mut object.additional_properties);
        for schema in inside {
            if let Schema::Object(conjunction) = schema
                && conjunction.extensions.shift_remove(CONJUNCTION).is_some()
                && let Some(merged) = self.conjunction(conjunction, depth)?
            {
                **conjunction = merged;
            }
        }
        Some(object)
    }

    /// The conjunction as one object. `Some(None)` where it stays an `allOf`, which says the same: below itself, so that
    /// recursion ends, and where it would become too large.
    fn conjunction(&self, conjunction: &SchemaObject, depth: usize) -> Option<Option<SchemaObject>> {
        let parts = &conjunction.all_of;
        let same = |known: &Vec<Schema>| known.len() == parts.len() && parts.iter().all(|part| known.contains(part));
        if depth == MAX_DEPTH || self.merging.borrow().iter().any(same) {
            return Some(None);
        }
        self.merging.borrow_mut().push(parts.clone());
        let schema = Schema::Object(Box::new(conjunction.clone()));
        let merged = self.flat(&schema, 0).and_then(|object| self.settle(object, depth + 1));
        self.merging.borrow_mut().pop();
        match merged {
            None if self.fuel.get() == 0 => Some(None),
            merged => merged.map(Some),
        }
    }
}

/// What the schema is the conjunction of: the parts of its `allOf`, where it has no other keyword.
fn parts(schema: &Schema) -> &[Schema] {
    if let Schema::Object(object) = schema
        && !object.all_of.is_empty()
    {
        let rest = SchemaObject { all_of: Vec::new(), extensions: IndexMap::new(), ..(**object).clone() };
        if rest == SchemaObject::default() && object.extensions.keys().all(|key| key == CONJUNCTION) {
            return &object.all_of;
        }
    }
    std::slice::from_ref(schema)
}
