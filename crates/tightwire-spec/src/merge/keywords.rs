//! Two objects as one, keyword by keyword. There is none where no single keyword can say what two say together.

use indexmap::IndexMap;
use serde_json::{Number, Value};

use super::Schemas;
use super::types::common_types;
use crate::schema::{Dependency, Items, Schema, SchemaObject};

impl Schemas<'_> {
    /// What both schemas say. The second one's annotations win.
    pub(super) fn both(&self, a: SchemaObject, b: SchemaObject) -> Option<SchemaObject> {
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

fn says_nothing_of_properties(object: &SchemaObject) -> bool {
    object.properties.is_empty() && object.additional_properties.is_none() && object.pattern_properties.is_empty()
}

fn contains(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known == name)
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
