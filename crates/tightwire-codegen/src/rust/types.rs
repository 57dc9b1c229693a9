//! The data types: typify makes them from the normalised shapes.
//!
//! What is done to its output here is for readers (fields in the order of the document, plain doc comments), for the
//! crate that includes it (nothing is named but `::tightwire::__rt`), and for names that collide in Rust.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use indexmap::IndexMap;
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Map, Value, json};
use syn::punctuated::Punctuated;
use syn::{Attribute, Field, Fields, File, Item, ItemImpl, Token, parse_quote};
use tightwire_spec::ir::Ir;
use typify::{TypeSpace, TypeSpaceImpl, TypeSpacePatch, TypeSpaceSettings};

use super::model::RustTypes;
use super::normalise::Shapes;
use super::{normalise, readback, runtime_paths};
use crate::config::{Config, RustConfig};
use crate::error::Error;

/// The data types, as code and as a model of it.
pub(super) struct DataTypes {
    /// `pub mod messages { … }`.
    pub(super) module: TokenStream,
    /// What the module defines.
    pub(super) types: RustTypes,
}

/// Generates the module `messages`.
pub(super) fn emit(ir: &Ir, config: &Config) -> Result<DataTypes, Error> {
    let shapes = normalise::shapes(ir, config);
    let stream = run(&shapes, &config.rust)?;
    let file: File = syn::parse2(stream).map_err(|error| Error::Internal(format!("the data types: {error}")))?;
    let mut groups = group(file.items);
    for items in groups.values_mut() {
        for item in items {
            tidy(item, &shapes.properties);
        }
    }
    // typify sorts by name; a reader looks for the order of the document.
    groups.sort_by_cached_key(|name, _| shapes.definitions.get_index_of(name).unwrap_or(usize::MAX));
    let items: Vec<Item> = groups.into_values().flatten().collect();
    let types = RustTypes::new(readback::types(&items)?, shapes.messages);
    let imports = runtime_paths::imports();
    let items = runtime_paths::rewrite(quote!(#(#items)*));
    let module = quote! {
        #[doc = " The data of the messages."]
        pub mod messages {
            #imports
            #items
        }
    };
    Ok(DataTypes { module, types })
}

/// Runs typify; where it fails, finds out on which type.
fn run(shapes: &Shapes, options: &RustConfig) -> Result<TokenStream, Error> {
    let message = match typify(shapes.definitions.clone(), options) {
        Ok(stream) => return Ok(stream),
        Err(message) => message,
    };
    let culprit = shapes.definitions.iter().find_map(|(name, shape)| {
        let alone = IndexMap::from([(name.clone(), without_references(shape.clone()))]);
        typify(alone, options).err().map(|message| (name, message))
    });
    let advice = "its shape has no Rust type; simplify the schema, or name a type of your own for it in tightwire.toml \
                  ([rust.types.<Name>] replace_with)";
    Err(match culprit {
        Some((name, message)) => Error::unsupported(format!("type {name}"), format!("{message}: {advice}")),
        None => Error::unsupported("the data types", format!("{message}: {advice}")),
    })
}

fn typify(definitions: IndexMap<String, Value>, options: &RustConfig) -> Result<TokenStream, String> {
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
    let definitions: Map<String, Value> = definitions.into_iter().collect();
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

fn implements(item: &ItemImpl, name: &str) -> bool {
    item.trait_.as_ref().and_then(|implemented| implemented.0.segments.last()).is_some_and(|last| last.ident == name)
}

/// Puts an item into the form that readers expect; `orders` are the properties of objects, see [`Shapes`].
fn tidy(item: &mut Item, orders: &IndexMap<String, Vec<String>>) {
    match item {
        Item::Struct(item) => {
            tidy_docs(&mut item.attrs);
            item.attrs.push(parse_quote!(#[serde(crate = "::tightwire::__rt::serde")]));
            tidy_fields(&mut item.fields, orders.get(&item.ident.to_string()));
        }
        Item::Enum(item) => {
            tidy_docs(&mut item.attrs);
            item.attrs.push(parse_quote!(#[serde(crate = "::tightwire::__rt::serde")]));
            for variant in &mut item.variants {
                tidy_docs(&mut variant.attrs);
                let tag = readback::wire_name(&variant.attrs, &variant.ident);
                tidy_fields(&mut variant.fields, orders.get(&format!("{}::{tag}", item.ident)));
            }
        }
        Item::Mod(module) if module.ident == "defaults" => {
            if let Some((_, items)) = &mut module.content {
                for item in items.iter_mut() {
                    if let Item::Fn(function) = item {
                        // The decoder, outside `messages`, fills in defaults too.
                        function.vis = parse_quote!(pub(in super::super));
                    }
                }
                items.insert(0, Item::Verbatim(runtime_paths::imports()));
            }
        }
        _ => {}
    }
}

fn tidy_fields(fields: &mut Fields, order: Option<&Vec<String>>) {
    let Fields::Named(named) = fields else { return };
    let mut list: Vec<Field> = std::mem::take(&mut named.named).into_iter().collect();
    if let Some(order) = order {
        list.sort_by_cached_key(|field| {
            order.iter().position(|property| Some(property) == name_of_field(field).as_ref()).unwrap_or(usize::MAX)
        });
    }
    let mut seen = BTreeSet::new();
    for field in &mut list {
        tidy_docs(&mut field.attrs);
        let (Some(ident), Some(name)) = (field.ident.clone(), name_of_field(field)) else { continue };
        // `fooBar` and `foo_bar` are one name in Rust.
        let numbered = (2..).map(|number| format!("{ident}_{number}"));
        let free = std::iter::once(ident.to_string()).chain(numbered).find(|candidate| !seen.contains(candidate));
        let free = free.unwrap_or_default();
        if ident != free.as_str() {
            let renamed = syn::Ident::new(&free, ident.span());
            if ident == name.as_str() {
                field.attrs.push(parse_quote!(#[serde(rename = #name)]));
            }
            field.ident = Some(renamed);
        }
        seen.insert(free);
    }
    named.named = Punctuated::<Field, Token![,]>::from_iter(list);
}

fn name_of_field(field: &Field) -> Option<String> {
    field.ident.as_ref().map(|ident| readback::wire_name(&field.attrs, ident))
}

/// One attribute per line, so that doc comments come out as `/// …`.
fn tidy_docs(attributes: &mut Vec<Attribute>) {
    let mut tidied = Vec::new();
    for attribute in std::mem::take(attributes) {
        let text = match &attribute.meta {
            syn::Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        };
        match text {
            Some(text) => tidied.extend(super::docs::attributes(&text)),
            None => tidied.push(attribute),
        }
    }
    *attributes = tidied;
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
