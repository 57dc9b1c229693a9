//! `unevaluatedProperties` and `unevaluatedItems` in the words of draft-07, where those can say the same.
//!
//! What is evaluated mostly does not depend on the value: the properties that a schema, its `allOf` and what its `$ref`
//! leads to name. Then the keyword is `additionalProperties` beside all these names, and every validator, type and
//! decoder knows what that is. What depends on the value (an alternative that evaluates properties of its own) is left.

use std::cell::Cell;

use indexmap::{IndexMap, IndexSet};

use crate::ir::SchemaName;
use crate::schema::{Dependency, Items, Schema, SchemaObject};

/// References and `allOf` deeper than this are a cycle.
const MAX_DEPTH: usize = 64;
/// Schemas that are looked at for one keyword.
const FUEL: usize = 4_000;

/// Rewrites the keywords in the named schemas and in the others that refer to them.
pub(super) fn simplify<'a>(named: &mut IndexMap<SchemaName, Schema>, others: impl IntoIterator<Item = &'a mut Schema>) {
    let mut others: Vec<&mut Schema> = others.into_iter().collect();
    if !named.values().chain(others.iter().map(|schema| &**schema)).any(uses) {
        return;
    }
    // Rewriting changes nothing about what is evaluated, so it does not matter who comes first.
    let before = named.clone();
    named.values_mut().chain(others.iter_mut().map(|schema| &mut **schema)).for_each(|schema| rewrite(&before, schema));
}

fn uses(schema: &Schema) -> bool {
    let own = match schema {
        Schema::Object(object) => object.unevaluated_properties.is_some() || object.unevaluated_items.is_some(),
        _ => false,
    };
    own || schema.subschemas().any(uses)
}

fn rewrite(named: &IndexMap<SchemaName, Schema>, schema: &mut Schema) {
    let Schema::Object(object) = schema else { return };
    object.subschemas_mut().for_each(|schema| rewrite(named, schema));
    if object.unevaluated_properties.is_some()
        && let Some(evaluated) = Search::over(named, object)
    {
        properties(object, evaluated.always, &evaluated.sometimes);
    }
    if object.unevaluated_items.is_some()
        && let Some(evaluated) = Search::over(named, object)
    {
        items(object, &evaluated.always, &evaluated.sometimes);
    }
}

fn properties(object: &mut SchemaObject, always: Evaluated, sometimes: &Evaluated) {
    if always.all_properties {
        object.unevaluated_properties = None;
        return;
    }
    let known = sometimes.names.is_subset(&always.names) && sometimes.patterns.is_subset(&always.patterns);
    if sometimes.all_properties || !known {
        return;
    }
    for name in always.names {
        object.properties.entry(name).or_insert(Schema::Bool(true));
    }
    for pattern in always.patterns {
        object.pattern_properties.entry(pattern).or_insert(Schema::Bool(true));
    }
    object.additional_properties = object.unevaluated_properties.take();
}

fn items(object: &mut SchemaObject, always: &Evaluated, sometimes: &Evaluated) {
    if always.all_items {
        object.unevaluated_items = None;
        return;
    }
    if sometimes.all_items || sometimes.first_items > always.first_items {
        return;
    }
    let further = object.unevaluated_items.take();
    if always.first_items == 0 {
        object.items = further.map(Items::All);
        return;
    }
    let mut tuple = match object.items.take() {
        Some(Items::Tuple(tuple)) => tuple,
        _ => Vec::new(),
    };
    tuple.resize(always.first_items, Schema::Bool(true));
    object.items = Some(Items::Tuple(tuple));
    object.additional_items = further;
}

/// What schemas evaluate of an object and of a list.
#[derive(Debug, Default)]
struct Evaluated {
    names: IndexSet<String>,
    patterns: IndexSet<String>,
    all_properties: bool,
    first_items: usize,
    all_items: bool,
}

/// What a schema evaluates of every value that it accepts, and what of some of them only.
struct Search<'a> {
    named: &'a IndexMap<SchemaName, Schema>,
    fuel: Cell<usize>,
    always: Evaluated,
    sometimes: Evaluated,
}

impl<'a> Search<'a> {
    /// What is evaluated before the schema's own `unevaluated…` look; `None` where that is too much to find out.
    fn over(named: &'a IndexMap<SchemaName, Schema>, object: &SchemaObject) -> Option<Self> {
        let (always, sometimes) = (Evaluated::default(), Evaluated::default());
        let mut search = Self { named, fuel: Cell::new(FUEL), always, sometimes };
        search.object(object, true, true, 0)?;
        Some(search)
    }

    fn schema(&mut self, schema: &Schema, always: bool, depth: usize) -> Option<()> {
        match schema {
            Schema::Bool(_) => Some(()),
            Schema::Ref(reference) => {
                let target = self.named.get(&reference.name)?;
                self.step(depth)?;
                self.schema(target, always, depth + 1)
            }
            Schema::Object(object) => self.object(object, false, always, depth),
        }
    }

    fn object(&mut self, object: &SchemaObject, own: bool, always: bool, depth: usize) -> Option<()> {
        self.step(depth)?;
        let evaluated = if always { &mut self.always } else { &mut self.sometimes };
        evaluated.names.extend(object.properties.keys().cloned());
        evaluated.patterns.extend(object.pattern_properties.keys().cloned());
        let rest = object.additional_properties.is_some() || !own && object.unevaluated_properties.is_some();
        evaluated.all_properties |= rest;
        evaluated.all_items |= !own && object.unevaluated_items.is_some();
        match &object.items {
            Some(Items::All(_)) => evaluated.all_items = true,
            Some(Items::Tuple(items)) => {
                evaluated.first_items = evaluated.first_items.max(items.len());
                evaluated.all_items |= object.additional_items.is_some();
            }
            None => {}
        }
        // The items that `contains` finds are evaluated, wherever they stand.
        self.sometimes.all_items |= object.contains.is_some();
        for schema in &object.all_of {
            self.schema(schema, always, depth + 1)?;
        }
        // What `not` evaluates does not count.
        let conditional = [&object.if_schema, &object.then_schema, &object.else_schema].into_iter().flatten();
        let dependent = object.dependencies.values().filter_map(|dependency| match dependency {
            Dependency::Schema(schema) => Some(schema),
            Dependency::Required(_) => None,
        });
        for schema in object.any_of.iter().chain(&object.one_of).chain(conditional).chain(dependent) {
            self.schema(schema, false, depth + 1)?;
        }
        Some(())
    }

    fn step(&self, depth: usize) -> Option<()> {
        self.fuel.set(self.fuel.get().checked_sub(1)?);
        (depth < MAX_DEPTH).then_some(())
    }
}
