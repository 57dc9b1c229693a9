//! `limit_or_default()`: what a property is where a frame leaves it out.
//!
//! The field itself is an `Option`, so that a frame is written as it was read.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use serde_json::Value;

use indexmap::IndexMap;

use super::docs;
use super::model::{Field, FieldType, RustTypes, TypeKind};
use super::normalise::Remarks;

/// The accessors of all structs.
pub(super) fn accessors(types: &RustTypes, remarks: &IndexMap<String, Remarks>) -> TokenStream {
    let mut output = TokenStream::new();
    for rust_type in types.iter() {
        let (ident, TypeKind::Struct(fields)) = (&rust_type.ident, &rust_type.kind) else { continue };
        let Some(remarks) = remarks.get(&ident.to_string()) else { continue };
        let accessors = fields.iter().filter_map(|field| accessor(types, field, remarks.defaults.get(&field.name)?));
        let accessors: Vec<TokenStream> = accessors.collect();
        if !accessors.is_empty() {
            output.extend(quote!(impl #ident { #(#accessors)* }));
        }
    }
    output
}

/// `None` where the default is not of the field's type, or where the type has no such constants.
fn accessor(types: &RustTypes, field: &Field, default: &Value) -> Option<TokenStream> {
    let FieldType::Option(inner) = &field.ty else { return None };
    let ident = &field.ident;
    let (output, value) = match (&**inner, default) {
        (FieldType::U64, value) => (quote!(u64), literal(Literal::u64_unsuffixed(value.as_u64()?))),
        (FieldType::I64, value) => (quote!(i64), signed(value.as_i64()?)),
        (FieldType::F64, value) => (quote!(f64), float(value.as_f64()?)),
        (FieldType::Bool, Value::Bool(value)) => (quote!(bool), quote!(#value)),
        (FieldType::String, Value::String(text)) => {
            return Some(method(field, default, &quote!(&str), &quote!(self.#ident.as_deref().unwrap_or(#text))));
        }
        (FieldType::Named(name), Value::String(text)) => {
            let TypeKind::StringEnum(variants) = &types.get(&name.to_string())?.kind else { return None };
            let variant = &variants.iter().find(|variant| variant.name == *text)?.ident;
            (quote!(#name), quote!(#name::#variant))
        }
        _ => return None,
    };
    Some(method(field, default, &output, &quote!(self.#ident.unwrap_or(#value))))
}

fn method(field: &Field, default: &Value, output: &TokenStream, body: &TokenStream) -> TokenStream {
    let name = format_ident!("{}_or_default", field.ident);
    let docs = docs::tokens(&format!("`{}`, or the document's default: `{default}`.", field.name));
    quote! {
        #docs
        pub fn #name(&self) -> #output {
            #body
        }
    }
}

fn literal(literal: Literal) -> TokenStream {
    quote!(#literal)
}

fn signed(value: i64) -> TokenStream {
    let magnitude = literal(Literal::u64_unsuffixed(value.unsigned_abs()));
    if value < 0 { quote!(-#magnitude) } else { magnitude }
}

fn float(value: f64) -> TokenStream {
    let magnitude = literal(Literal::f64_unsuffixed(value.abs()));
    if value < 0.0 { quote!(-#magnitude) } else { magnitude }
}
