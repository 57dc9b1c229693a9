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

use super::model::RustTypes;
use super::normalise::{Shapes, UntypedSchema};
use super::{defaults, normalise, readback, runtime_paths, string_enum, tidy};
use crate::config::{Config, RustConfig};
use crate::error::Error;

/// The data types, as code and as a model of it.
pub(super) struct DataTypes {
    /// `pub mod messages { … }`.
    pub(super) module: TokenStream,
    /// What the module defines.
    pub(super) types: RustTypes,
    /// What became any JSON although it looks like more.
    pub(super) untyped: Vec<UntypedSchema>,
}

/// Generates the module `messages`.
pub(super) fn emit(ir: &Ir, config: &Config) -> Result<DataTypes, Error> {
    let mut shapes = normalise::shapes(ir, config);
    let stream = run(&mut shapes, &config.rust)?;
    let file: File = syn::parse2(stream).map_err(|error| Error::Internal(format!("the data types: {error}")))?;
    let mut groups = group(file.items);
    for items in groups.values_mut() {
        *items = std::mem::take(items).into_iter().flat_map(|item| tidy::tidy(item, &shapes)).collect();
    }
    for (name, string_enum) in &shapes.string_enums {
        groups.insert(name.clone(), string_enum::items(name, string_enum, &config.rust)?);
    }
    // typify sorts by name; a reader looks for the order of the document.
    groups.sort_by_cached_key(|name, _| shapes.definitions.get_index_of(name).unwrap_or(usize::MAX));
    let items: Vec<Item> = groups.into_values().flatten().collect();
    let types = RustTypes::new(readback::types(&items)?, shapes.messages, shapes.handshakes);
    let defaults = defaults::accessors(&types, &shapes.remarks);
    let imports = runtime_paths::imports();
    let items = runtime_paths::rewrite(quote!(#(#items)*));
    let module = quote! {
        #[doc = " The data of the messages."]
        pub mod messages {
            #imports
            #items
            #defaults
        }
    };
    Ok(DataTypes { module, types, untyped: shapes.untyped })
}

/// Runs typify. Where it fails, the shapes that it cannot take become any JSON.
fn run(shapes: &mut Shapes, options: &RustConfig) -> Result<TokenStream, Error> {
    let message = match typify(shapes, &shapes.definitions, options) {
        Ok(stream) => return Ok(stream),
        Err(message) => message,
    };
    let mut refused: Vec<(String, String)> = Vec::new();
    for (name, shape) in &shapes.definitions {
        let alone = IndexMap::from([(name.clone(), without_references(shape.clone()))]);
        if let Err(message) = typify(shapes, &alone, options) {
            refused.push((name.clone(), message));
        }
    }
    give_up(shapes, refused);
    if let Ok(stream) = typify(shapes, &shapes.definitions, options) {
        return Ok(stream);
    }
    // Each is fine by itself, but not all together: the protocol is served, with values for types.
    let all = shapes.definitions.keys().map(|name| (name.clone(), message.clone())).collect();
    give_up(shapes, all);
    typify(shapes, &shapes.definitions, options).map_err(|message| Error::unsupported("the data types", message))
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

fn typify(shapes: &Shapes, definitions: &IndexMap<String, Value>, options: &RustConfig) -> Result<TokenStream, String> {
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
    for name in shapes.string_enums.keys() {
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
    let definitions: Map<String, Value> =
        definitions.iter().map(|(name, shape)| (name.clone(), shape.clone())).collect();
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
    let parses = items.iter().any(|item| matches!(item, Item::Impl(item) if implements(item, "FromStr")));
    for item in items {
        match &item {
            Item::Mod(module) if module.ident == "error" && !parses => continue,
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
