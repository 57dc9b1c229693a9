//! Reading one of several alternatives, where one look tells which: a property with a constant, or the JSON type.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use tightwire_spec::schema::JsonType;

use super::object::{self, Member};
use super::value::Readers;
use crate::rust::model::{FieldType, Payload, TaggedVariant, Tagging, TypeKind, UntaggedVariant};
use crate::view::{Obstacle, View};

/// The body of a function that reads an enum whose variant a property tells.
pub(super) fn tagged<'ir>(
    readers: &mut Readers<'ir>,
    path: &TokenStream,
    tagging: &Tagging,
    variants: &[TaggedVariant],
    view: &View<'ir>,
) -> Result<TokenStream, Obstacle> {
    let tag = match tagging {
        Tagging::External => {
            return Err(Obstacle::new("the alternatives are told apart by which property is there")
                .help("give each alternative the same property with a `const` of its own"));
        }
        Tagging::Internal { tag } | Tagging::Adjacent { tag, .. } => tag,
    };
    let alternatives = view.alternatives()?;
    let mut constants = BTreeSet::new();
    let mut arms = Vec::new();
    for alternative in &alternatives {
        // The constants differ and are required, so no value fits two alternatives.
        let constant = alternative.property(tag)?.constant().filter(|_| alternative.requires(tag));
        let constant =
            constant.ok_or_else(|| Obstacle::new(format!("`{tag}` does not tell the alternatives apart")))?;
        if !constants.insert(constant) {
            return Err(Obstacle::new(format!("two alternatives have the same `{tag}`")));
        }
        let variant = variants.iter().find(|variant| variant.name == constant);
        let variant = variant.ok_or_else(|| Obstacle::new(format!("`{constant}` has no variant")))?;
        let body = tagged_variant(readers, path, tagging, variant, alternative)?;
        arms.push(quote!(#constant => { #body }));
    }
    Ok(quote! {
        match cursor.find_tag(#tag)? {
            #(#arms)*
            _ => Err(json::Irregular),
        }
    })
}

fn tagged_variant<'ir>(
    readers: &mut Readers<'ir>,
    path: &TokenStream,
    tagging: &Tagging,
    TaggedVariant { ident, name: constant, payload }: &TaggedVariant,
    view: &View<'ir>,
) -> Result<TokenStream, Obstacle> {
    let tag_member = |tag: &str| {
        let local = format_ident!("tag_seen");
        Member { key: tag.to_owned(), local, read: quote!(json::ensure(cursor.plain_string()? == #constant)?) }
    };
    match (tagging, payload) {
        (Tagging::Adjacent { tag, content }, Payload::Newtype(ty)) => {
            if !view.requires(content) {
                return Err(Obstacle::new(format!("`{content}` may be absent")));
            }
            let read = readers.read_at(content, ty, &view.property(content)?)?;
            let members = [tag_member(tag), Member { key: content.clone(), local: format_ident!("content"), read }];
            let result = quote!(#path::#ident(content.ok_or(json::Irregular)?));
            object::members_loop(readers, &[], &members, view, &result)
        }
        (Tagging::Adjacent { tag, .. } | Tagging::Internal { tag }, Payload::Unit) => {
            object::members_loop(readers, &[], &[tag_member(tag)], view, &quote!(#path::#ident))
        }
        (Tagging::Internal { tag }, Payload::Struct(fields)) => {
            let (mut members, values) = object::fields_of(readers, fields, view)?;
            members.insert(0, tag_member(tag));
            object::members_loop(readers, fields, &members, view, &quote!(#path::#ident { #values }))
        }
        (Tagging::Internal { tag }, Payload::Newtype(FieldType::Named(inner))) => {
            let types = readers.types;
            let Some(TypeKind::Struct(fields)) = types.get(&inner.to_string()).map(|inner| &inner.kind) else {
                return Err(Obstacle::new(format!("{inner} is not a struct")));
            };
            let (mut members, values) = object::fields_of(readers, fields, view)?;
            members.insert(0, tag_member(tag));
            let inner = readers.path(inner);
            object::members_loop(readers, fields, &members, view, &quote!(#path::#ident(#inner { #values })))
        }
        _ => Err(Obstacle::new(format!("the alternative `{constant}` is not an object with properties"))),
    }
}

/// The body of a function that reads an enum whose variant the JSON type tells.
pub(super) fn untagged<'ir>(
    readers: &mut Readers<'ir>,
    path: &TokenStream,
    variants: &[UntaggedVariant],
    view: &View<'ir>,
) -> Result<TokenStream, Obstacle> {
    let alternatives = view.alternatives()?;
    if alternatives.len() != variants.len() {
        return Err(Obstacle::new("not every alternative has a variant"));
    }
    let mut kinds = Vec::new();
    let mut arms = Vec::new();
    for (variant, alternative) in variants.iter().zip(&alternatives) {
        let kind = kind(alternative)?;
        if kinds.contains(&kind) {
            return Err(Obstacle::new("two alternatives have the same JSON type")
                .help("give each alternative the same property with a `const` of its own"));
        }
        kinds.push(kind);
        let Payload::Newtype(ty) = &variant.payload else {
            return Err(Obstacle::new("an alternative is not one value"));
        };
        let (ident, kind) = (&variant.ident, format_ident!("{kind}"));
        let read = readers.read(ty, alternative)?;
        arms.push(quote!(json::JsonKind::#kind => Ok(#path::#ident(#read)),));
    }
    // serde would read a list as a struct, and the reference path reads with serde.
    if kinds.contains(&"Object") && kinds.contains(&"Array") {
        return Err(Obstacle::new("an object and a list are alternatives").help("always send a list"));
    }
    Ok(quote! {
        match cursor.peek()? {
            #(#arms)*
            _ => Err(json::Irregular),
        }
    })
}

/// The one kind of JSON value that the alternative allows.
fn kind(view: &View<'_>) -> Result<&'static str, Obstacle> {
    let mut types = view.parts().map(|part| part.types.as_slice()).filter(|types| !types.is_empty());
    match (types.next(), types.next()) {
        (Some([json_type]), None) => Ok(match json_type {
            JsonType::Null => "Null",
            JsonType::Boolean => "Boolean",
            JsonType::Integer | JsonType::Number => "Number",
            JsonType::String => "String",
            JsonType::Array => "Array",
            JsonType::Object => "Object",
        }),
        _ => Err(Obstacle::new("an alternative is not of one type").help("name the `type` of each alternative")),
    }
}
