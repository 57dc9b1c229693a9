//! `allOf` as one schema, where that says the same.
//!
//! Emitters want one object with its properties, not a conjunction. Two schemas are merged keyword by keyword; where
//! no single keyword can say what two say together (two patterns, two `oneOf`), there is no merged schema.

use std::cell::{Cell, RefCell};

use indexmap::IndexMap;
use serde_json::{Number, Value};

use crate::ir::{Ir, SchemaName};
use crate::schema::{Dependency, Items, JsonType, Schema, SchemaObject};

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

    /// What both schemas say. The second one's annotations win.
    fn both(&self, a: SchemaObject, b: SchemaObject) -> Option<SchemaObject> {
        if hides_evaluated(&a, &b) || hides_evaluated(&b, &a) {
            return None;
        }
        let properties = self.properties(&a, &b)?;
        let mut required = a.required;
        required.extend(b.required.into_iter().filter(|name| !contains(&required, name)).collect::<Vec<_>>());
        let mut dependencies = a.dependencies;
        for (key, dependency) in b.dependencies {
            match (dependencies.get_mut(&key), dependency) {
                (None, dependency) => {
                    dependencies.insert(key, dependency);
                }
                (Some(Dependency::Required(names)), Dependency::Required(more)) => {
                    names.extend(more.into_iter().filter(|name| !contains(names, name)).collect::<Vec<_>>());
                }
                (Some(known), dependency) if *known == dependency => {}
                _ => return None,
            }
        }
        // What belongs together is not mixed: a tuple with what follows it, a condition with what follows from it.
        let (items, additional_items) = match ((a.items, a.additional_items), (b.items, b.additional_items)) {
            ((Some(Items::All(a)), _), (Some(Items::All(b)), _)) => (Some(Items::All(self.schema(&a, &b)?)), None),
            (a, b) => one_of_two(a, b, (None, None))?,
        };
        let (if_schema, then_schema, else_schema) = one_of_two(
            (a.if_schema, a.then_schema, a.else_schema),
            (b.if_schema, b.then_schema, b.else_schema),
            (None, None, None),
        )?;
        let (contains, min_contains, max_contains) = one_of_two(
            (a.contains, a.min_contains, a.max_contains),
            (b.contains, b.min_contains, b.max_contains),
            (None, None, None),
        )?;
        let mut extensions = a.extensions;
        extensions.extend(b.extensions);
        Some(SchemaObject {
            title: b.title.or(a.title),
            description: b.description.or(a.description),
            default: b.default.or(a.default),
            examples: if b.examples.is_empty() { a.examples } else { b.examples },
            deprecated: a.deprecated || b.deprecated,
            types: common_types(&a.types, &b.types)?,
            enum_values: match (a.enum_values, b.enum_values) {
                (Some(a), Some(b)) => Some(common_values(&a, &b)?),
                (a, b) => a.or(b),
            },
            const_value: same(a.const_value, b.const_value)?,
            format: same(a.format, b.format)?,
            pattern: same(a.pattern, b.pattern)?,
            min_length: a.min_length.max(b.min_length),
            max_length: least(a.max_length, b.max_length),
            minimum: tightest(a.minimum, b.minimum, f64::gt)?,
            maximum: tightest(a.maximum, b.maximum, f64::lt)?,
            exclusive_minimum: tightest(a.exclusive_minimum, b.exclusive_minimum, f64::gt)?,
            exclusive_maximum: tightest(a.exclusive_maximum, b.exclusive_maximum, f64::lt)?,
            multiple_of: same(a.multiple_of, b.multiple_of)?,
            items,
            additional_items,
            contains,
            min_contains,
            max_contains,
            unevaluated_items: a.unevaluated_items.or(b.unevaluated_items),
            min_items: a.min_items.max(b.min_items),
            max_items: least(a.max_items, b.max_items),
            unique_items: a.unique_items || b.unique_items,
            properties,
            required,
            additional_properties: match (a.additional_properties, b.additional_properties) {
                (Some(Schema::Bool(false)), _) | (_, Some(Schema::Bool(false))) => Some(Schema::Bool(false)),
                (Some(a), Some(b)) => Some(self.schema(&a, &b)?),
                (a, b) => a.or(b),
            },
            unevaluated_properties: a.unevaluated_properties.or(b.unevaluated_properties),
            pattern_properties: match (a.pattern_properties, b.pattern_properties) {
                (a, b) if a.is_empty() => b,
                (a, b) if b.is_empty() || a == b => a,
                _ => return None,
            },
            property_names: same(a.property_names, b.property_names)?,
            min_properties: a.min_properties.max(b.min_properties),
            max_properties: least(a.max_properties, b.max_properties),
            dependencies,
            all_of: Vec::new(),
            any_of: one_side(a.any_of, b.any_of)?,
            one_of: one_side(a.one_of, b.one_of)?,
            not: same(a.not, b.not)?,
            if_schema,
            then_schema,
            else_schema,
            extensions,
        })
    }

    /// The properties of both. A property that only one side names is judged by the other side's
    /// `additionalProperties` too.
    fn properties(&self, a: &SchemaObject, b: &SchemaObject) -> Option<IndexMap<String, Schema>> {
        let restricts = |schema: &Option<Schema>| !matches!(schema, None | Some(Schema::Bool(true)));
        let patterned = !a.pattern_properties.is_empty() || !b.pattern_properties.is_empty();
        if patterned && (restricts(&a.additional_properties) || restricts(&b.additional_properties)) {
            // What counts as additional is then decided by patterns of one side only.
            let same = a.pattern_properties == b.pattern_properties && a.properties.keys().eq(b.properties.keys());
            if !(same || says_nothing_of_properties(a) || says_nothing_of_properties(b)) {
                return None;
            }
        }
        let mut properties = IndexMap::new();
        for (key, schema) in &a.properties {
            let other = b
                .properties
                .get(key)
                .or_else(|| b.additional_properties.as_ref().filter(|_| restricts(&b.additional_properties)));
            let schema = match other {
                Some(other) => self.schema(schema, other)?,
                None => schema.clone(),
            };
            properties.insert(key.clone(), schema);
        }
        for (key, schema) in b.properties.iter().filter(|(key, _)| !a.properties.contains_key(*key)) {
            let schema = match a.additional_properties.as_ref().filter(|_| restricts(&a.additional_properties)) {
                Some(other) => self.schema(other, schema)?,
                None => schema.clone(),
            };
            properties.insert(key.clone(), schema);
        }
        Some(properties)
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

    /// Whether everything that `narrow` accepts is accepted by `wide`, as far as a glance can tell: `wide` says at
    /// most which types are allowed.
    fn implies(&self, narrow: &Schema, wide: &Schema) -> bool {
        let Some(wide) = self.only_types(wide, 0) else { return false };
        wide.is_empty()
            || self
                .types(narrow, 0)
                .is_some_and(|types| types.iter().all(|json_type| wide.iter().any(|wide| covers(*wide, *json_type))))
    }

    /// The types that a schema allows, empty where it allows all; `None` where it says anything else of values, too.
    fn only_types(&self, schema: &Schema, nesting: usize) -> Option<Vec<JsonType>> {
        self.step()?;
        if nesting > MAX_NESTING {
            return None;
        }
        let object = match schema {
            Schema::Bool(true) => return Some(Vec::new()),
            Schema::Bool(false) => return None,
            Schema::Ref(reference) => return self.only_types(self.named.get(&reference.name)?, nesting + 1),
            Schema::Object(object) => object,
        };
        let bare = SchemaObject {
            types: object.types.clone(),
            title: object.title.clone(),
            description: object.description.clone(),
            default: object.default.clone(),
            examples: object.examples.clone(),
            deprecated: object.deprecated,
            all_of: object.all_of.clone(),
            extensions: object.extensions.clone(),
            ..SchemaObject::default()
        };
        if bare != **object {
            return None;
        }
        let parts = object.all_of.iter().map(|part| self.only_types(part, nesting + 1));
        parts.chain([Some(object.types.clone())]).try_fold(Vec::new(), |all, types| common_types(&all, &types?))
    }

    /// The types that values of a schema can have; `None` where they can have any.
    fn types(&self, schema: &Schema, nesting: usize) -> Option<Vec<JsonType>> {
        self.step()?;
        if nesting > MAX_NESTING {
            return None;
        }
        let object = match self.resolve(schema) {
            Schema::Bool(false) => return Some(Vec::new()),
            Schema::Object(object) => object,
            _ => return None,
        };
        if !object.types.is_empty() {
            return Some(object.types.clone());
        }
        let values = object.const_value.as_ref().map(std::slice::from_ref).or(object.enum_values.as_deref());
        if let Some(values) = values {
            return Some(values.iter().map(type_of).collect());
        }
        let all_of = object.all_of.iter().find_map(|part| self.types(part, nesting + 1));
        all_of.or_else(|| {
            let parts = if object.one_of.is_empty() { &object.any_of } else { &object.one_of };
            if parts.is_empty() {
                return None;
            }
            let types = parts.iter().map(|part| self.types(part, nesting + 1)).collect::<Option<Vec<_>>>()?;
            Some(types.into_iter().flatten().collect())
        })
    }
}

/// Whether one of them must not see what the other evaluates: it would, once they are merged.
fn hides_evaluated(a: &SchemaObject, b: &SchemaObject) -> bool {
    let applies = |object: &SchemaObject| {
        let lists = [&object.all_of, &object.any_of, &object.one_of];
        lists.iter().any(|list| !list.is_empty()) || object.if_schema.is_some() || !object.dependencies.is_empty()
    };
    let properties = a.unevaluated_properties.is_some()
        && (applies(b) || !says_nothing_of_properties(b) || b.unevaluated_properties.is_some());
    let items = a.unevaluated_items.is_some()
        && (applies(b)
            || b.items.is_some()
            || b.additional_items.is_some()
            || b.contains.is_some()
            || b.unevaluated_items.is_some());
    properties || items
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

fn says_nothing_of_properties(object: &SchemaObject) -> bool {
    object.properties.is_empty() && object.additional_properties.is_none() && object.pattern_properties.is_empty()
}

fn contains(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known == name)
}

fn type_of(value: &Value) -> JsonType {
    match value {
        Value::Null => JsonType::Null,
        Value::Bool(_) => JsonType::Boolean,
        Value::Number(number) if number.is_f64() => JsonType::Number,
        Value::Number(_) => JsonType::Integer,
        Value::String(_) => JsonType::String,
        Value::Array(_) => JsonType::Array,
        Value::Object(_) => JsonType::Object,
    }
}

fn covers(wide: JsonType, narrow: JsonType) -> bool {
    wide == narrow || (wide == JsonType::Number && narrow == JsonType::Integer)
}

/// The types that both lists allow; `None` where there are none.
fn common_types(a: &[JsonType], b: &[JsonType]) -> Option<Vec<JsonType>> {
    if a.is_empty() || b.is_empty() {
        return Some(if a.is_empty() { b.to_vec() } else { a.to_vec() });
    }
    let mut common = Vec::new();
    for &a in a {
        for &b in b {
            let narrow = if covers(a, b) { b } else { a };
            if (covers(a, b) || covers(b, a)) && !common.contains(&narrow) {
                common.push(narrow);
            }
        }
    }
    (!common.is_empty()).then_some(common)
}

fn common_values(a: &[Value], b: &[Value]) -> Option<Vec<Value>> {
    let common: Vec<_> = a.iter().filter(|value| b.contains(value)).cloned().collect();
    (!common.is_empty()).then_some(common)
}

/// The one value there is; `None` where there are two that differ.
fn same<T: PartialEq>(a: Option<T>, b: Option<T>) -> Option<Option<T>> {
    match (a, b) {
        (Some(a), Some(b)) => (a == b).then_some(Some(a)),
        (a, b) => Some(a.or(b)),
    }
}

/// The one of the two that is not absent; `None` where both are there and differ.
fn one_of_two<T: PartialEq>(a: T, b: T, absent: T) -> Option<T> {
    if b == absent || a == b {
        return Some(a);
    }
    (a == absent).then_some(b)
}

fn one_side(a: Vec<Schema>, b: Vec<Schema>) -> Option<Vec<Schema>> {
    match (a.is_empty(), b.is_empty()) {
        (true, _) => Some(b),
        (_, true) => Some(a),
        _ => (a == b).then_some(a),
    }
}

fn least(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The tighter of two bounds; `None` where a bound is too large to be compared exactly.
fn tightest(a: Option<Number>, b: Option<Number>, tighter: fn(&f64, &f64) -> bool) -> Option<Option<Number>> {
    match (a, b) {
        (Some(a), Some(b)) if a == b => Some(Some(a)),
        (Some(a), Some(b)) => {
            let (x, y) = (a.as_f64()?, b.as_f64()?);
            if x == y && (a.is_f64() != b.is_f64() || x.abs() > 9_007_199_254_740_992.0) {
                return None;
            }
            Some(Some(if tighter(&x, &y) { a } else { b }))
        }
        (a, b) => Some(a.or(b)),
    }
}
