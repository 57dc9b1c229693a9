//! What a schema evaluates of a value: the properties and items that `unevaluatedProperties` and `unevaluatedItems` of
//! later drafts leave alone.
//!
//! The answer depends on the value where alternatives name properties of their own, so it is a function of the output: a
//! collector, which adds to a set what a schema evaluates of a value that it accepts. Guards and checks have collectors of
//! their own, which differ in how they ask whether an alternative accepts. Where the answer does not depend on the value,
//! the reader of documents has already written `additionalProperties` or `additionalItems` instead.

use std::collections::HashSet;

use tightwire_spec::ir::Ir;
use tightwire_spec::schema::{Dependency, Items, Schema, SchemaObject};

use super::names::{pascal, shouty, string};
use super::shape;
use super::writer::Writer;
use crate::error::Error;

/// How the statements of a collector ask about schemas.
pub(super) trait Asks {
    /// The protocol.
    fn ir(&self) -> &Ir;

    /// Whether a schema accepts `value`, as an expression; `None` where it accepts everything.
    fn accepts(&mut self, schema: &Schema, hint: &str) -> Result<Option<String>, Error>;

    /// A function that says whether a schema accepts an item.
    fn item(&mut self, schema: &Schema, hint: &str) -> Result<String, Error>;

    /// The call of the collector of a named schema.
    fn call(&mut self, schema: &str) -> Result<String, Error>;

    /// The constant that holds a pattern.
    fn pattern(&mut self, text: &str, hint: &str) -> Result<String, Error>;

    /// The constant that holds the names of some properties.
    fn keys(&mut self, hint: &str, keys: &[String]) -> String;

    /// Notes that a function of `runtime.ts` is called.
    fn calls(&mut self, function: &'static str);
}

/// Writes the statements that collect what a schema evaluates of `value`. `own` leaves out its `unevaluated…` keywords, for
/// the collector that these ask themselves.
pub(super) fn emit<A: Asks>(
    asks: &mut A,
    object: &SchemaObject,
    own: bool,
    hint: &str,
    w: &mut Writer,
) -> Result<(), Error> {
    properties(asks, object, own, hint, w)?;
    items(asks, object, own, hint, w)?;
    for (index, part) in object.all_of.iter().enumerate() {
        whole(asks, part, &format!("{hint}Part{}", index + 1), w)?;
    }
    for alternatives in [&object.any_of, &object.one_of] {
        for (alternative, hint) in alternatives.iter().zip(shape::alternatives(asks.ir(), hint, alternatives)) {
            let mut inner = w.deeper();
            whole(asks, alternative, &hint, &mut inner)?;
            if inner.is_empty() {
                continue;
            }
            match asks.accepts(alternative, &hint)? {
                Some(test) => conditional(&test, inner, w),
                None => whole(asks, alternative, &hint, w)?,
            }
        }
    }
    branches(asks, object, hint, w)?;
    for (key, dependency) in &object.dependencies {
        let Dependency::Schema(schema) = dependency else { continue };
        let mut inner = w.deeper();
        whole(asks, schema, &format!("{hint}With{}", pascal(key)), &mut inner)?;
        if !inner.is_empty() {
            asks.calls("has");
            asks.calls("isObject");
            conditional(&format!("isObject(value) && has(value, {})", string(key)), inner, w);
        }
    }
    Ok(())
}

/// Whether a named schema leads to itself about the same value: nobody can say what such a schema evaluates.
pub(super) fn is_endless(ir: &Ir, name: &str) -> bool {
    let mut met = HashSet::new();
    let mut waiting: Vec<&Schema> = ir.schemas.get(name).into_iter().collect();
    while let Some(schema) = waiting.pop() {
        match schema {
            Schema::Bool(_) => {}
            Schema::Ref(reference) if reference.name == name => return true,
            Schema::Ref(reference) if met.insert(&reference.name) => waiting.extend(ir.schemas.get(&reference.name)),
            Schema::Ref(_) => {}
            Schema::Object(object) => {
                let dependent = object.dependencies.values().filter_map(|dependency| match dependency {
                    Dependency::Schema(schema) => Some(schema),
                    Dependency::Required(_) => None,
                });
                let conditional = [&object.if_schema, &object.then_schema, &object.else_schema];
                waiting.extend(object.all_of.iter().chain(&object.any_of).chain(&object.one_of));
                waiting.extend(conditional.into_iter().flatten().chain(dependent));
            }
        }
    }
    false
}

/// All that a schema evaluates.
pub(super) fn whole<A: Asks>(asks: &mut A, schema: &Schema, hint: &str, w: &mut Writer) -> Result<(), Error> {
    match schema {
        Schema::Bool(_) => {}
        Schema::Ref(reference) => {
            let call = asks.call(&reference.name)?;
            w.line(format!("{call};"));
        }
        Schema::Object(object) => emit(asks, object, false, hint, w)?,
    }
    Ok(())
}

fn properties<A: Asks>(
    asks: &mut A,
    object: &SchemaObject,
    own: bool,
    hint: &str,
    w: &mut Writer,
) -> Result<(), Error> {
    let mut known = Vec::new();
    if object.additional_properties.is_some() || !own && object.unevaluated_properties.is_some() {
        known.push("true".to_owned());
    } else {
        if !object.properties.is_empty() {
            let keys: Vec<String> = object.properties.keys().map(|key| string(key)).collect();
            known.push(format!("{}.includes(key)", asks.keys(&format!("{}_KEYS", shouty(hint)), &keys)));
        }
        for (index, pattern) in object.pattern_properties.keys().enumerate() {
            known.push(format!("{}.test(key)", asks.pattern(pattern, &format!("{hint}Pattern{}", index + 1))?));
        }
    }
    if !known.is_empty() {
        asks.calls("seeKeys");
        let key = if known == ["true"] { "" } else { "key" };
        w.line(format!("seeKeys(value, seen, ({key}) => {});", known.join(" || ")));
    }
    Ok(())
}

fn items<A: Asks>(asks: &mut A, object: &SchemaObject, own: bool, hint: &str, w: &mut Writer) -> Result<(), Error> {
    let first = match &object.items {
        Some(Items::All(_)) => None,
        Some(Items::Tuple(_)) if object.additional_items.is_some() => None,
        Some(Items::Tuple(items)) => Some(items.len()),
        None => Some(0),
    };
    match first.filter(|_| own || object.unevaluated_items.is_none()) {
        None => {
            asks.calls("seeItems");
            w.line("seeItems(value, seen);");
        }
        Some(0) => {}
        Some(first) => {
            asks.calls("seeItems");
            w.line(format!("seeItems(value, seen, (_, index) => index < {first});"));
        }
    }
    if let Some(contained) = &object.contains {
        let guard = asks.item(contained, &format!("{hint}Contained"))?;
        asks.calls("seeItems");
        w.line(format!("seeItems(value, seen, {guard});"));
    }
    Ok(())
}

/// `if`: what it evaluates counts where it accepts.
fn branches<A: Asks>(asks: &mut A, object: &SchemaObject, hint: &str, w: &mut Writer) -> Result<(), Error> {
    let Some(condition) = &object.if_schema else { return Ok(()) };
    let (mut then, mut otherwise) = (w.deeper(), w.deeper());
    whole(asks, condition, &format!("{hint}If"), &mut then)?;
    if let Some(schema) = &object.then_schema {
        whole(asks, schema, &format!("{hint}Then"), &mut then)?;
    }
    if let Some(schema) = &object.else_schema {
        whole(asks, schema, &format!("{hint}Else"), &mut otherwise)?;
    }
    if then.is_empty() && otherwise.is_empty() {
        return Ok(());
    }
    let test = asks.accepts(condition, &format!("{hint}If"))?.unwrap_or_else(|| "true".to_owned());
    if !then.is_empty() {
        conditional(&test, then, w);
    }
    if !otherwise.is_empty() {
        conditional(&format!("!({test})"), otherwise, w);
    }
    Ok(())
}

fn conditional(test: &str, inner: Writer, w: &mut Writer) {
    w.line(format!("if ({test}) {{"));
    w.extend(inner);
    w.line("}");
}
