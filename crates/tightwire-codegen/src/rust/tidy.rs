//! Puts typify's items into the form that readers and the wire expect.
//!
//! For readers: fields in the order of the document, plain doc comments, names that do not collide. For the wire: what
//! was read is written as it came. typify reads an absent list as an empty one and `null` as absent, and takes the first
//! alternative of a union that fits at all; here each of these is told apart.

use std::collections::BTreeSet;

use quote::{format_ident, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Field, Fields, Item, ItemEnum, Meta, Path, Token, Type, parse_quote};

use super::normalise::{Remarks, Shapes};
use super::{docs, readback, runtime_paths};

/// Puts an item into the form that readers and the wire expect; what must stand beside it comes after it.
pub(super) fn tidy(mut item: Item, shapes: &Shapes) -> Vec<Item> {
    let mut beside = Vec::new();
    match &mut item {
        Item::Struct(item) => {
            let name = item.ident.to_string();
            tidy_docs(&mut item.attrs);
            item.attrs.push(parse_quote!(#[serde(crate = "::tightwire::__rt::serde")]));
            tidy_fields(&mut item.fields, shapes, &name);
        }
        Item::Enum(item) => {
            tidy_docs(&mut item.attrs);
            item.attrs.push(parse_quote!(#[serde(crate = "::tightwire::__rt::serde")]));
            for variant in &mut item.variants {
                tidy_docs(&mut variant.attrs);
                let tag = readback::wire_name(&variant.attrs, &variant.ident);
                tidy_fields(&mut variant.fields, shapes, &format!("{}::{tag}", item.ident));
            }
            if shapes.overlapping.contains(&item.ident.to_string()) {
                beside.extend(overlapping(item));
            }
        }
        Item::Mod(module) if module.ident == "defaults" => {
            if let Some((_, items)) = &mut module.content {
                items.insert(0, Item::Verbatim(runtime_paths::imports()));
            }
        }
        _ => {}
    }
    std::iter::once(item).chain(beside).collect()
}

/// Takes the derived `Deserialize` from a union and gives it one that looks at all alternatives.
fn overlapping(item: &mut ItemEnum) -> Option<Item> {
    for attribute in item.attrs.iter_mut().filter(|attribute| attribute.path().is_ident("derive")) {
        let derives = attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).ok()?;
        let kept = derives.iter().filter(|path| path.segments.last().is_none_or(|last| last.ident != "Deserialize"));
        let kept: Vec<&Path> = kept.collect();
        *attribute = parse_quote!(#[derive(#(#kept),*)]);
    }
    let name = &item.ident;
    let alternatives = item.variants.iter().map(|variant| {
        let (ident, fields) = (&variant.ident, &variant.fields);
        let types: Vec<&Type> = fields.iter().map(|field| &field.ty).collect();
        let values: Vec<_> = (0..types.len()).map(|number| format_ident!("value_{number}")).collect();
        quote!(|value| ::serde::Deserialize::deserialize(value).map(|(#(#values),*): (#(#types),*)| Self::#ident(#(#values),*)))
    });
    Some(parse_quote! {
        impl<'de> serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                ::tightwire::__rt::union::deserialize(deserializer, &[#(#alternatives),*])
            }
        }
    })
}

fn tidy_fields(fields: &mut Fields, shapes: &Shapes, place: &str) {
    let Fields::Named(named) = fields else { return };
    let mut list: Vec<Field> = std::mem::take(&mut named.named).into_iter().collect();
    if let Some(order) = shapes.properties.get(place) {
        list.sort_by_cached_key(|field| {
            order.iter().position(|property| Some(property) == name_of_field(field).as_ref()).unwrap_or(usize::MAX)
        });
    }
    let mut seen = BTreeSet::new();
    for field in &mut list {
        tidy_docs(&mut field.attrs);
        if let Some(remarks) = shapes.remarks.get(place) {
            tell_absent(field, remarks);
        }
        let Some(ident) = field.ident.clone() else { continue };
        // `fooBar` and `foo_bar` are one name in Rust.
        let numbered = (2..).map(|number| format!("{ident}_{number}"));
        let free = std::iter::once(ident.to_string()).chain(numbered).find(|candidate| !seen.contains(candidate));
        let free = free.unwrap_or_default();
        if ident != free.as_str() {
            if name_of_field(field).is_some_and(|name| ident == name.as_str()) {
                let name = ident.to_string();
                field.attrs.push(parse_quote!(#[serde(rename = #name)]));
            }
            field.ident = Some(syn::Ident::new(&free, ident.span()));
        }
        seen.insert(free);
    }
    named.named = Punctuated::<Field, Token![,]>::from_iter(list);
}

/// Makes a field that may be absent an `Option`, of an `Option` where `null` is something else than absence.
fn tell_absent(field: &mut Field, remarks: &Remarks) {
    let Some(name) = name_of_field(field) else { return };
    if !readback::is_optional(&field.attrs) {
        return;
    }
    let is_option = readback::last_segment(&field.ty).is_some_and(|last| last == "Option");
    let nullable = remarks.nullable.contains(&name);
    if is_option && !nullable {
        return;
    }
    let ty = &field.ty;
    let any = quote!(#ty).to_string().contains("serde_json :: Value >");
    if !is_option || (nullable && !any) {
        field.ty = parse_quote!(::std::option::Option<#ty>);
    }
    field.attrs.retain(|attribute| !attribute.path().is_ident("serde"));
    let renamed = (field.ident.as_ref().is_none_or(|ident| *ident != name)).then(|| quote!(rename = #name,));
    let present = nullable.then(|| quote!(, deserialize_with = "::tightwire::__rt::present"));
    field.attrs.push(
        parse_quote!(#[serde(#renamed default, skip_serializing_if = "::std::option::Option::is_none" #present)]),
    );
}

/// The property of a field; `None` for a flattened one, which has many.
fn name_of_field(field: &Field) -> Option<String> {
    if readback::is_flattened(&field.attrs) {
        return None;
    }
    field.ident.as_ref().map(|ident| readback::wire_name(&field.attrs, ident))
}

/// One attribute per line, so that doc comments come out as `/// …`.
fn tidy_docs(attributes: &mut Vec<Attribute>) {
    let mut tidied = Vec::new();
    for attribute in std::mem::take(attributes) {
        let text = match &attribute.meta {
            Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
                syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        };
        match text {
            Some(text) => tidied.extend(docs::attributes(&text)),
            None => tidied.push(attribute),
        }
    }
    *attributes = tidied;
}
