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
    /// Where the frame has the property, its value is one of these.
    pub(super) values: IndexSet<ValueKey>,
    /// Every valid frame has the property.
    pub(super) certain: bool,
}

/// The properties whose values a schema fixes, in document order.
pub(super) fn of(named: &IndexMap<SchemaName, Schema>, schema: &Schema) -> IndexMap<Path, Facts> {
    let mut search = Search { named, fuel: FUEL };
    let mut found = search.facts(&[schema], 0);
    found.shift_remove(&Path::new());
    found
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
        for values in conjunction.objects.iter().filter_map(|object| values(object)) {
            narrow(&mut found, Path::new(), Facts { values, certain: true });
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
                narrow(found, path, Facts { values: facts.values, certain });
            }
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
            for values in part.objects.iter().filter_map(|object| values(object)) {
                narrow(&mut found, Path::new(), Facts { values, certain: true });
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
                        facts.values.extend(other.values.iter().cloned());
                        facts.certain &= other.certain;
                        facts.values.len() <= MAX_VALUES
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

/// Adds what is known: both must hold.
fn narrow(found: &mut IndexMap<Path, Facts>, path: Path, facts: Facts) {
    match found.get_mut(&path) {
        Some(known) => {
            known.values.retain(|value| facts.values.contains(value));
            known.certain |= facts.certain;
        }
        None => {
            found.insert(path, facts);
        }
    }
}
