//! The data types: typify makes them from the normalised shapes.
//!
//! What becomes of its output is in `tidy`. A shape that typify refuses becomes any JSON: generation goes on, and the
//! build is told.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use indexmap::IndexMap;
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Map, Value, json};
use syn::{File, Item, ItemImpl};
use tightwire_spec::ir::Ir;
use typify::{TypeSpace, TypeSpaceImpl, TypeSpacePatch, TypeSpaceSettings};

use super::model::{RustType, RustTypes};
use super::normalise::{Shapes, UntypedSchema};
use super::printer::Printer;
use super::{batches, defaults, normalise, readback, runtime_paths, string_enum, tidy, variants};
use crate::config::{Config, RustConfig};
use crate::error::Error;

/// The data types, as code and as a model of it.
pub(super) struct DataTypes {
    /// `pub mod messages { … }`, one module deep.
    pub(super) text: String,
    /// What the module defines.
    pub(super) types: RustTypes,
    /// What became any JSON although it looks like more.
    pub(super) untyped: Vec<UntypedSchema>,
}

/// Generates the module `messages`.
pub(super) fn emit(ir: &Ir, config: &Config) -> Result<DataTypes, Error> {
    let mut shapes = normalise::shapes(ir, config);
    let mut groups = Groups::default();
    for names in batches::of(&shapes.definitions) {
        groups.add(&names, &mut shapes, &config.rust)?;
    }
    if groups.clash {
        // typify gave types of two batches the same name; where it sees all, it does not.
        groups = Groups::default();
        let all: Vec<String> = shapes.definitions.keys().cloned().collect();
        groups.add(&all, &mut shapes, &config.rust)?;
    }
    let (texts, types) = groups.finish(&shapes);
    let types = RustTypes::new(types, shapes.messages, shapes.handshakes);
    let mut printer = Printer::at_depth(1);
    printer.open(&quote!(#[doc = " The data of the messages."] pub mod messages))?;
    printer.items(runtime_paths::imports())?;
    texts.iter().for_each(|text| printer.append(text));
    printer.items(defaults::accessors(&types, &shapes.remarks))?;
    printer.close();
    Ok(DataTypes { text: printer.into_text(), types, untyped: shapes.untyped })
}

/// The data types that are done, by name: their text and what they are.
#[derive(Default)]
struct Groups {
    texts: IndexMap<String, String>,
    types: IndexMap<String, RustType>,
    /// Whether something implements `FromStr`, which the module `error` is for.
    parses: bool,
    /// Whether two batches made something of the same name.
    clash: bool,
}

/// The module of what can go wrong with `FromStr`; it is always the same.
const ERRORS: &str = "mod error";

impl Groups {
    /// Makes the types of some definitions, which refer to no others.
    fn add(&mut self, names: &[String], shapes: &mut Shapes, options: &RustConfig) -> Result<(), Error> {
        let stream = run(names, shapes, options)?;
        let file: File = syn::parse2(stream).map_err(|error| Error::Internal(format!("the data types: {error}")))?;
        self.parses |= file.items.iter().any(|item| matches!(item, Item::Impl(item) if implements(item, "FromStr")));
        let mut groups = group(file.items);
        for (name, items) in &mut groups {
            if let Some(names) = shapes.variants.get(name) {
                variants::rename(items, names)?;
            }
            *items = std::mem::take(items).into_iter().flat_map(|item| tidy::tidy(item, shapes)).collect();
        }
        for name in names {
            if let Some(string_enum) = shapes.string_enums.get(name) {
                groups.insert(name.clone(), string_enum::items(name, string_enum, options)?);
            }
        }
        self.types.extend(readback::types(groups.values().flatten())?);
        for (name, items) in groups {
            let mut printer = Printer::at_depth(2);
            printer.items(runtime_paths::rewrite(quote!(#(#items)*)))?;
            let known = self.texts.insert(name.clone(), printer.into_text());
            self.clash |= known.is_some() && name != ERRORS;
        }
        Ok(())
    }

    /// What was made, in the order of the document; what it does not name comes last, as typify sorts it.
    fn finish(mut self, shapes: &Shapes) -> (Vec<String>, IndexMap<String, RustType>) {
        if !self.parses {
            self.texts.shift_remove(ERRORS);
        }
        let place = |name: &str| match shapes.definitions.get_index_of(name) {
            Some(at) => (at, String::new()),
            None => (usize::MAX, name.to_owned()),
        };
        self.texts.sort_by_cached_key(|name, _| (name.starts_with("mod "), place(name)));
        self.types.sort_by_cached_key(|name, _| place(name));
        (self.texts.into_values().collect(), self.types)
    }
}

/// Runs typify on some definitions. Where it fails, the shapes that it cannot take become any JSON.
fn run(names: &[String], shapes: &mut Shapes, options: &RustConfig) -> Result<TokenStream, Error> {
    let message = match typify(shapes, names, options) {
        Ok(stream) => return Ok(stream),
        Err(message) => message,
    };
    let mut refused: Vec<(String, String)> = Vec::new();
    for name in names {
        let shape = shapes.definitions.get(name).cloned().unwrap_or_default();
        let alone = Map::from_iter([(name.clone(), without_references(shape))]);
        if let Err(message) = typify_definitions(shapes, alone, options) {
            refused.push((name.clone(), message));
        }
    }
    give_up(shapes, refused);
    if let Ok(stream) = typify(shapes, names, options) {
        return Ok(stream);
    }
    // Each is fine by itself, but not all together: the protocol is served, with values for types.
    let all = names.iter().map(|name| (name.clone(), message.clone())).collect();
    give_up(shapes, all);
    typify(shapes, names, options).map_err(|message| Error::unsupported("the data types", message))
}

fn typify(shapes: &Shapes, names: &[String], options: &RustConfig) -> Result<TokenStream, String> {
    let definitions = names.iter().filter_map(|name| Some((name.clone(), shapes.definitions.get(name)?.clone())));
    typify_definitions(shapes, definitions.collect(), options)
}

/// Makes these types any JSON.
fn give_up(shapes: &mut Shapes, refused: Vec<(String, String)>) {
    for (place, message) in refused {
        if let Some(shape) = shapes.definitions.get_mut(&place) {
            *shape = Value::Bool(true);
        }
        shapes.string_enums.shift_remove(&place);
        let reason = format!("its shape has no Rust type ({message})");
        shapes.untyped.push(UntypedSchema { place, reason });
    }
}

fn typify_definitions(
    shapes: &Shapes,
    definitions: Map<String, Value>,
    options: &RustConfig,
) -> Result<TokenStream, String> {
    let mut settings = TypeSpaceSettings::default();
    settings
        .with_struct_builder(false)
        .with_map_type("::std::collections::BTreeMap")
        .with_derive("PartialEq".to_owned());
    for derive in &options.derives {
        settings.with_derive(derive.clone());
    }
    for attribute in &options.attributes {
        settings.with_attr(attribute.clone());
    }
    for name in definitions.keys().filter(|name| shapes.string_enums.contains_key(*name)) {
        settings.with_replacement(name, name, [TypeSpaceImpl::Default; 0].into_iter());
    }
    for (name, options) in &options.types {
        if let Some(path) = &options.replace_with {
            settings.with_replacement(name, path, [TypeSpaceImpl::Default; 0].into_iter());
            continue;
        }
        let mut patch = TypeSpacePatch::default();
        for derive in &options.derives {
            patch.with_derive(derive);
        }
        for attribute in &options.attributes {
            patch.with_attr(attribute);
        }
        settings.with_patch(name, &patch);
    }
    let schema = json!({ "$schema": "http://json-schema.org/draft-07/schema#", "definitions": definitions });
    quietly(|| {
        let root = serde_json::from_value(schema).map_err(|error| error.to_string())?;
        let mut space = TypeSpace::new(&settings);
        space.add_root_schema(root).map_err(|error| error.to_string())?;
        Ok(space.to_stream())
    })
}

/// Turns a panic into an error, without the panic's own report on standard error.
fn quietly<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // The hook belongs to the process, so it must go on reporting what other threads do.
    thread_local!(static QUIET: Cell<bool> = const { Cell::new(false) });
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                report(panic);
            }
        }));
    });
    QUIET.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(false);
    outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(text.unwrap_or_else(|| "typify gave up".to_owned()))
    })
}

fn without_references(shape: Value) -> Value {
    match shape {
        Value::Object(shape) if shape.contains_key("$ref") => Value::Bool(true),
        Value::Object(shape) => shape.into_iter().map(|(key, value)| (key, without_references(value))).collect(),
        Value::Array(shapes) => shapes.into_iter().map(without_references).collect(),
        other => other,
    }
}

/// Each type with its impls, by name; modules come last under their own names.
fn group(items: Vec<Item>) -> IndexMap<String, Vec<Item>> {
    let mut groups: IndexMap<String, Vec<Item>> = IndexMap::new();
    let mut current = String::new();
    for item in items {
        match &item {
            Item::Mod(module) => current = format!("mod {}", module.ident),
            // `parse` does the same.
            Item::Impl(item) if implements(item, "TryFrom") => continue,
            _ => {}
        }
        if let Some(name) = readback::name_of(&item) {
            current = name;
        }
        groups.entry(current.clone()).or_default().push(item);
    }
    groups
}

/// Whether the item implements the trait of that name.
pub(super) fn implements(item: &ItemImpl, name: &str) -> bool {
    item.trait_.as_ref().and_then(|implemented| implemented.0.segments.last()).is_some_and(|last| last.ident == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_inside_typify_is_an_error() {
        #[track_caller]
        fn check(work: impl FnOnce() -> Result<(), String>, expected: Result<(), &str>) {
            assert_eq!(quietly(work), expected.map_err(str::to_owned));
        }
        check(|| Ok(()), Ok(()));
        check(|| Err("no".to_owned()), Err("no"));
        check(|| panic!("a text"), Err("a text"));
        check(|| panic!("a text with {}", 1), Err("a text with 1"));
        check(|| std::panic::panic_any(1), Err("typify gave up"));
    }
}
