//! What a schema says about single properties: the values that each may have.

use indexmap::{IndexMap, IndexSet};

use crate::ir::{SchemaName, ValueKey, key};
use crate::schema::{JsonType, Schema, SchemaObject};

/// Property names from the frame's root.
pub(super) type Path = Vec<String>;

/// Properties deeper than this are not looked at.
const MAX_DEPTH: usize = 3;
/// An `enum` of more values than this tells no kinds apart.
const MAX_VALUES: usize = 64;
/// Schemas that may be looked at for one message.
const FUEL: usize = 4_000;

/// What is known about one property.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Facts {
    /// Where the frame has the property, its value is one of these; `None` where it may be any.
    pub(super) values: Option<IndexSet<ValueKey>>,
    /// Where the frame has the property, its value is of one of these types; `None` where it may be of any.
    types: Option<Vec<JsonType>>,
    /// Every valid frame has the property.
    pub(super) certain: bool,
}

impl Facts {
    /// Whether no value is one of both.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        let values = match (&self.values, &other.values) {
            (Some(own), Some(others)) => own.is_disjoint(others),
            _ => false,
        };
        let types = match (&self.types, &other.types) {
            (Some(own), Some(others)) => !own.iter().any(|own| others.iter().any(|other| overlap(*own, *other))),
            _ => false,
        };
        values || types
    }

    /// Whether it is fixed what the property can be.
    fn is_fixed(&self) -> bool {
        self.values.is_some()
    }
}

fn overlap(a: JsonType, b: JsonType) -> bool {
    let number = |json_type| matches!(json_type, JsonType::Integer | JsonType::Number);
    a == b || (number(a) && number(b))
}

/// The properties whose values a schema fixes, in document order.
pub(super) fn of(named: &IndexMap<SchemaName, Schema>, schema: &Schema) -> IndexMap<Path, Facts> {
    let mut found = all(named, schema);
    found.retain(|path, facts| !path.is_empty() && facts.is_fixed());
    found
}

/// Everything that a schema says about the first levels of a frame; the frame itself is the empty path.
pub(super) fn all(named: &IndexMap<SchemaName, Schema>, schema: &Schema) -> IndexMap<Path, Facts> {
    Search { named, fuel: FUEL }.facts(&[schema], 0)
}

/// The schemas that all judge one value.
struct Conjunction<'a> {
    objects: Vec<&'a SchemaObject>,
    /// `oneOf` and `anyOf`.
    alternatives: Vec<&'a [Schema]>,
    /// No value is valid.
    never: bool,
}

struct Search<'a> {
    named: &'a IndexMap<SchemaName, Schema>,
    fuel: usize,
}

impl<'a> Search<'a> {
    fn facts(&mut self, schemas: &[&'a Schema], depth: usize) -> IndexMap<Path, Facts> {
        let conjunction = self.conjunction(schemas);
        let mut found = IndexMap::new();
        if conjunction.never || self.fuel == 0 {
            return found;
        }
        for object in &conjunction.objects {
            narrow(&mut found, Path::new(), own(object));
        }
        if depth < MAX_DEPTH {
            self.properties(&conjunction, depth, &mut found);
        }
        for alternatives in &conjunction.alternatives {
            for (path, facts) in self.union(&conjunction, alternatives, depth) {
                narrow(&mut found, path, facts);
            }
        }
        found
    }

    fn properties(&mut self, conjunction: &Conjunction<'a>, depth: usize, found: &mut IndexMap<Path, Facts>) {
        let is_object = conjunction.objects.iter().any(|object| object.types == [JsonType::Object]);
        let names: IndexSet<&'a str> =
            conjunction.objects.iter().flat_map(|object| object.properties.keys().map(String::as_str)).collect();
        for name in names {
            let schemas: Vec<_> = conjunction.objects.iter().filter_map(|object| object.properties.get(name)).collect();
            let required = conjunction.objects.iter().any(|object| object.required.iter().any(|known| known == name));
            for (path, facts) in self.facts(&schemas, depth + 1) {
                let path = std::iter::once(name.to_owned()).chain(path).collect();
                let certain = facts.certain && required && is_object;
                narrow(found, path, Facts { certain, ..facts });
            }
        }
        // A property may be required without being described.
        for name in conjunction.objects.iter().flat_map(|object| &object.required) {
            narrow(found, vec![name.clone()], Facts { values: None, types: None, certain: is_object });
        }
    }

    /// What all alternatives say, each together with what holds for all of them.
    fn union(
        &mut self,
        conjunction: &Conjunction<'a>,
        alternatives: &'a [Schema],
        depth: usize,
    ) -> IndexMap<Path, Facts> {
        let mut union: Option<IndexMap<Path, Facts>> = None;
        for alternative in alternatives {
            let part = self.conjunction(&[alternative]);
            if part.never {
                continue;
            }
            let mut found = IndexMap::new();
            for object in &part.objects {
                narrow(&mut found, Path::new(), own(object));
            }
            let nested = part.alternatives.clone();
            let objects = conjunction.objects.iter().copied().chain(part.objects).collect();
            let both = Conjunction { objects, alternatives: Vec::new(), never: false };
            if depth < MAX_DEPTH {
                self.properties(&both, depth, &mut found);
            }
            for alternatives in nested {
                for (path, facts) in self.union(&both, alternatives, depth) {
                    narrow(&mut found, path, facts);
                }
            }
            match &mut union {
                None => union = Some(found),
                Some(known) => known.retain(|path, facts| match found.get(path) {
                    Some(other) => {
                        facts.widen(other);
                        true
                    }
                    None => false,
                }),
            }
        }
        union.unwrap_or_default()
    }

    /// The schemas themselves and everything that their `$ref` and `allOf` add.
    fn conjunction(&mut self, schemas: &[&'a Schema]) -> Conjunction<'a> {
        let mut conjunction = Conjunction { objects: Vec::new(), alternatives: Vec::new(), never: false };
        let mut waiting: Vec<_> = schemas.iter().rev().copied().collect();
        while let Some(schema) = waiting.pop() {
            if self.fuel == 0 {
                break;
            }
            self.fuel -= 1;
            match schema {
                Schema::Bool(value) => conjunction.never |= !value,
                Schema::Ref(reference) => waiting.extend(self.named.get(&reference.name)),
                Schema::Object(object) => {
                    conjunction.objects.push(object);
                    waiting.extend(object.all_of.iter().rev());
                    let alternatives = [&object.one_of, &object.any_of].into_iter().filter(|list| !list.is_empty());
                    conjunction.alternatives.extend(alternatives.map(Vec::as_slice));
                }
            }
        }
        conjunction
    }
}

/// The values of a schema with `const` or `enum`, if they are few and none has parts.
fn values(object: &SchemaObject) -> Option<IndexSet<ValueKey>> {
    let listed = match (&object.const_value, &object.enum_values) {
        (Some(value), _) => std::slice::from_ref(value),
        (None, Some(values)) => values.as_slice(),
        (None, None) => return None,
    };
    let scalar = listed.iter().all(|value| !value.is_object() && !value.is_array());
    (scalar && listed.len() <= MAX_VALUES).then(|| listed.iter().map(key).collect())
}

/// What a schema says about the value that it judges.
fn own(object: &SchemaObject) -> Facts {
    let types = (!object.types.is_empty()).then(|| object.types.clone());
    Facts { values: values(object), types, certain: true }
}

impl Facts {
    /// Either may hold.
    fn widen(&mut self, other: &Self) {
        self.values = match (self.values.take(), &other.values) {
            (Some(mut values), Some(others)) => {
                values.extend(others.iter().cloned());
                (values.len() <= MAX_VALUES).then_some(values)
            }
            _ => None,
        };
        self.types = match (self.types.take(), &other.types) {
            (Some(mut types), Some(others)) => {
                types.extend(others.iter().filter(|other| !types.contains(other)).copied().collect::<Vec<_>>());
                Some(types)
            }
            _ => None,
        };
        self.certain &= other.certain;
    }
}

/// Adds what is known: both must hold.
fn narrow(found: &mut IndexMap<Path, Facts>, path: Path, facts: Facts) {
    match found.get_mut(&path) {
        Some(known) => {
            known.values = match (known.values.take(), facts.values) {
                (Some(mut values), Some(others)) => {
                    values.retain(|value| others.contains(value));
                    Some(values)
                }
                (values, others) => values.or(others),
            };
            known.types = match (known.types.take(), facts.types) {
                (Some(mut types), Some(others)) => {
                    types.retain(|own| others.iter().any(|other| overlap(*own, *other)));
                    Some(types)
                }
                (types, others) => types.or(others),
            };
            known.certain |= facts.certain;
        }
        None => {
            found.insert(path, facts);
        }
    }
}
