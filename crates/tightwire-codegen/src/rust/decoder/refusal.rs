//! Whether the outline of a frame shows that a message's schema refuses it. Proves it or says no; it never guesses.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use tightwire_spec::schema::{JsonType, Schema};

use super::disjoint::{kinds, required};
use crate::view::View;

/// A Boolean expression over `outline`; `None` if nothing can be seen from an outline.
pub(super) fn refusal(view: &View<'_>) -> Option<TokenStream> {
    let mut reasons = Vec::new();
    let allowed = allowed_kinds(view);
    if let Some(pattern) = pattern(&allowed) {
        reasons.push(quote!(!matches!(outline.kind(), #pattern)));
    }
    let mut members = Vec::new();
    let names: BTreeSet<&str> = required(view).collect();
    members.extend(names.iter().map(|name| quote!(!outline.has(#name))));
    for part in view.parts() {
        if part.additional_properties == Some(Schema::Bool(false)) && part.pattern_properties.is_empty() {
            let names = part.properties.keys();
            members.push(quote!(!outline.has_only(&[#(#names),*])));
        }
    }
    for name in view.property_names() {
        if let Ok(property) = view.property(name) {
            members.extend(refused_member(name, &property));
        }
    }
    if allowed == [JsonType::Object] {
        // Anything else has been ruled out.
        reasons.append(&mut members);
    } else if !members.is_empty() {
        reasons.push(quote!(outline.kind() == json::JsonKind::Object && (#(#members)||*)));
    }
    (!reasons.is_empty()).then(|| quote!(#(#reasons)||*))
}

/// Why a member with this name and what is asked of it rules the message out.
fn refused_member(name: &str, property: &View<'_>) -> Vec<TokenStream> {
    if property.forbidden() {
        return vec![quote!(outline.has(#name))];
    }
    let mut reasons = Vec::new();
    if let Some(pattern) = pattern(&allowed_kinds(property)) {
        reasons.push(quote!(outline.kind_of(#name).is_some_and(|kind| !matches!(kind, #pattern))));
    }
    if let Some(values) = property.values() {
        let texts: Vec<&str> = values.iter().filter_map(|value| value.as_str()).collect();
        if !texts.is_empty() {
            reasons.push(quote!(outline.text(#name).is_some_and(|text| !matches!(text, #(#texts)|*))));
        }
    }
    reasons
}

/// The types that may stand here, by `type` and by the values that are listed.
fn allowed_kinds(view: &View<'_>) -> Vec<JsonType> {
    let mut kinds = kinds(view);
    if let Some(values) = view.values() {
        kinds.retain(|kind| values.iter().any(|value| JsonType::of(value) == *kind));
    }
    kinds
}

/// A pattern of `json::JsonKind`; `None` if all are allowed, or none.
fn pattern(kinds: &[JsonType]) -> Option<TokenStream> {
    if kinds.is_empty() || kinds.len() == JsonType::ALL.len() - 1 {
        return None;
    }
    let kinds = kinds.iter().map(|kind| match kind {
        JsonType::Null => quote!(json::JsonKind::Null),
        JsonType::Boolean => quote!(json::JsonKind::Boolean),
        JsonType::Integer | JsonType::Number => quote!(json::JsonKind::Number),
        JsonType::String => quote!(json::JsonKind::String),
        JsonType::Array => quote!(json::JsonKind::Array),
        JsonType::Object => quote!(json::JsonKind::Object),
    });
    Some(quote!(#(#kinds)|*))
}
