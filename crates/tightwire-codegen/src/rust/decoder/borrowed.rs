//! The types of views: those of `messages` once more, with what they would own borrowed from the frame.
//!
//! A type that owns nothing (numbers, Booleans, UUIDs, enums of strings) has no view of its own: it is used as it is.

use std::collections::{BTreeSet, HashSet};

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use super::object::field_value;
use crate::rust::model::{Field, FieldType, Payload, RustType, RustTypes, TypeKind};

/// Which types have something to borrow.
#[derive(Debug)]
pub(super) struct Borrowing {
    names: HashSet<String>,
}

impl Borrowing {
    pub(super) fn of(types: &RustTypes) -> Self {
        let mut borrowing = Self { names: HashSet::new() };
        // A type borrows where one that it is made of does, so it takes as many rounds as types are nested.
        loop {
            let known = |rust_type: &&RustType| !borrowing.names.contains(&rust_type.ident.to_string());
            let found = types.iter().filter(known).filter(|rust_type| {
                let mut borrows = false;
                parts(rust_type, &mut |ty| borrows |= borrowing.type_borrows(ty));
                borrows
            });
            let found: Vec<String> = found.map(|rust_type| rust_type.ident.to_string()).collect();
            if found.is_empty() {
                return borrowing;
            }
            borrowing.names.extend(found);
        }
    }

    /// Whether the type has a view of its own.
    pub(super) fn borrows(&self, name: &Ident) -> bool {
        self.names.contains(&name.to_string())
    }

    fn type_borrows(&self, ty: &FieldType) -> bool {
        match ty {
            FieldType::String
            | FieldType::DateTime
            | FieldType::Value
            | FieldType::JsonMap
            | FieldType::Map(_)
            | FieldType::Vec(_) => true,
            FieldType::I64
            | FieldType::U64
            | FieldType::F64
            | FieldType::Bool
            | FieldType::Uuid
            | FieldType::Other(_) => false,
            FieldType::Option(inner) | FieldType::Boxed(inner) => self.type_borrows(inner),
            FieldType::Named(name) => self.borrows(name),
        }
    }

    /// The type as it stands in a view.
    fn view(&self, ty: &FieldType) -> TokenStream {
        match ty {
            FieldType::String => quote!(::std::borrow::Cow<'a, str>),
            FieldType::DateTime => quote!(json::Timestamp<'a>),
            FieldType::Value => quote!(json::Raw<'a>),
            FieldType::JsonMap => quote!(json::Members<'a, json::Raw<'a>>),
            FieldType::Map(inner) => {
                let inner = self.view(inner);
                quote!(json::Members<'a, #inner>)
            }
            FieldType::Vec(inner) => {
                let inner = self.view(inner);
                quote!(json::List<'a, #inner>)
            }
            FieldType::I64 => quote!(i64),
            FieldType::U64 => quote!(u64),
            FieldType::F64 => quote!(f64),
            FieldType::Bool => quote!(bool),
            FieldType::Uuid => quote!(::tightwire::__rt::uuid::Uuid),
            FieldType::Other(other) => quote!(#other),
            FieldType::Option(inner) => {
                let inner = self.view(inner);
                quote!(::std::option::Option<#inner>)
            }
            FieldType::Boxed(inner) => {
                let inner = self.view(inner);
                quote!(::std::boxed::Box<#inner>)
            }
            FieldType::Named(name) if self.borrows(name) => quote!(#name<'a>),
            FieldType::Named(name) => quote!(super::messages::#name),
        }
    }

    /// An expression of type `ty` made from `view`, an expression of the type that stands for it in a view.
    fn owned(&self, ty: &FieldType, view: TokenStream) -> TokenStream {
        match ty {
            _ if !self.type_borrows(ty) => view,
            FieldType::String => quote!(#view.into_owned()),
            FieldType::DateTime => quote!(#view.utc()),
            FieldType::Value => quote!(#view.value()),
            FieldType::JsonMap => quote!(#view.iter().map(|(key, value)| (key.to_owned(), value.value())).collect()),
            FieldType::Map(inner) => {
                let value = self.owned(inner, quote!(value));
                quote!(#view.iter().map(|(key, value)| (key.to_owned(), #value)).collect())
            }
            FieldType::Vec(inner) if self.type_borrows(inner) => {
                let value = self.owned(inner, quote!(value));
                quote!(#view.iter().map(|value| #value).collect())
            }
            FieldType::Vec(_) => quote!(#view.iter().collect()),
            FieldType::Option(inner) => {
                let value = self.owned(inner, quote!(value));
                quote!(#view.map(|value| #value))
            }
            FieldType::Boxed(inner) => {
                let value = self.owned(inner, quote!((*#view)));
                quote!(::std::boxed::Box::new(#value))
            }
            _ => quote!(#view.into()),
        }
    }

    /// The views of these types and of all that they are made of, in the order of the document.
    pub(super) fn emit<'a>(
        &'a self,
        types: &'a RustTypes,
        roots: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = TokenStream> + 'a {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<String> = roots.iter().cloned().collect();
        while let Some(name) = waiting.pop() {
            if let Some(rust_type) = types.get(&name).filter(|rust_type| self.borrows(&rust_type.ident))
                && reached.insert(name)
            {
                parts(rust_type, &mut |ty| names(ty, &mut waiting));
            }
        }
        types.iter().filter(move |rust_type| reached.contains(&rust_type.ident.to_string())).map(|ty| self.define(ty))
    }

    /// The view of a type, and how it becomes the type.
    fn define(&self, RustType { ident, kind }: &RustType) -> TokenStream {
        let docs = format!(" [`{ident}`](super::messages::{ident}) as it stands in a frame.");
        let (definition, owned) = match kind {
            TypeKind::Struct(fields) => {
                let (declared, names, values) = self.fields(fields, &quote!(pub));
                (
                    quote!(pub struct #ident<'a> { #declared }),
                    quote! {
                        let #ident { #names } = view;
                        Self { #values }
                    },
                )
            }
            TypeKind::Newtype(inner) => {
                let (ty, value) = (self.view(inner), self.owned(inner, quote!(view.0)));
                (quote!(pub struct #ident<'a>(pub #ty);), quote!(Self(#value)))
            }
            TypeKind::StringEnum(_) => return TokenStream::new(),
            TypeKind::TaggedEnum { variants, .. } => {
                self.variants(ident, variants.iter().map(|variant| (&variant.ident, &variant.payload)))
            }
            TypeKind::UntaggedEnum(variants) => {
                self.variants(ident, variants.iter().map(|variant| (&variant.ident, &variant.payload)))
            }
        };
        quote! {
            #[doc = #docs]
            #[derive(Clone, Debug, PartialEq)]
            #definition

            impl ::std::convert::From<#ident<'_>> for super::messages::#ident {
                fn from(view: #ident<'_>) -> Self {
                    #owned
                }
            }
        }
    }

    /// Fields as they are declared, their names, and the values that they become.
    fn fields(&self, fields: &[Field], visibility: &TokenStream) -> (TokenStream, TokenStream, TokenStream) {
        let idents: Vec<&Ident> = fields.iter().map(|field| &field.ident).collect();
        let types = fields.iter().map(|field| self.view(&field.ty));
        let values = fields.iter().map(|Field { ident, ty, .. }| field_value(ident, &self.owned(ty, quote!(#ident))));
        (quote!(#(#visibility #idents: #types,)*), quote!(#(#idents),*), quote!(#(#values),*))
    }

    fn variants<'a>(
        &self,
        name: &Ident,
        variants: impl Iterator<Item = (&'a Ident, &'a Payload)>,
    ) -> (TokenStream, TokenStream) {
        let (mut declared, mut arms) = (Vec::new(), Vec::new());
        for (ident, payload) in variants {
            match payload {
                Payload::Unit => {
                    declared.push(quote!(#ident));
                    arms.push(quote!(#name::#ident => Self::#ident));
                }
                Payload::Newtype(ty) => {
                    let (ty, value) = (self.view(ty), self.owned(ty, quote!(value)));
                    declared.push(quote!(#ident(#ty)));
                    arms.push(quote!(#name::#ident(value) => Self::#ident(#value)));
                }
                Payload::Tuple(types) => {
                    let values: Vec<Ident> =
                        (0..types.len()).map(|number| quote::format_ident!("value_{number}")).collect();
                    let owned = types.iter().zip(&values).map(|(ty, value)| self.owned(ty, quote!(#value)));
                    let types = types.iter().map(|ty| self.view(ty));
                    declared.push(quote!(#ident(#(#types),*)));
                    arms.push(quote!(#name::#ident(#(#values),*) => Self::#ident(#(#owned),*)));
                }
                Payload::Struct(fields) => {
                    let (types, names, values) = self.fields(fields, &TokenStream::new());
                    declared.push(quote!(#ident { #types }));
                    arms.push(quote!(#name::#ident { #names } => Self::#ident { #values }));
                }
            }
        }
        (quote!(pub enum #name<'a> { #(#declared,)* }), quote!(match view { #(#arms,)* }))
    }
}

/// The types that a type is made of.
fn parts(rust_type: &RustType, each: &mut impl FnMut(&FieldType)) {
    let payload = |payload: &Payload, each: &mut dyn FnMut(&FieldType)| match payload {
        Payload::Unit => {}
        Payload::Newtype(ty) => each(ty),
        Payload::Tuple(types) => types.iter().for_each(each),
        Payload::Struct(fields) => fields.iter().map(|field| &field.ty).for_each(each),
    };
    match &rust_type.kind {
        TypeKind::Struct(fields) => fields.iter().map(|field| &field.ty).for_each(each),
        TypeKind::StringEnum(_) => {}
        TypeKind::TaggedEnum { variants, .. } => variants.iter().for_each(|variant| payload(&variant.payload, each)),
        TypeKind::UntaggedEnum(variants) => variants.iter().for_each(|variant| payload(&variant.payload, each)),
        TypeKind::Newtype(inner) => each(inner),
    }
}

/// The named types in a type.
fn names(ty: &FieldType, found: &mut Vec<String>) {
    match ty {
        FieldType::Named(name) => found.push(name.to_string()),
        FieldType::Map(inner) | FieldType::Vec(inner) | FieldType::Option(inner) | FieldType::Boxed(inner) => {
            names(inner, found);
        }
        _ => {}
    }
}
