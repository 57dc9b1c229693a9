//! The fast path of protocols without an envelope: one look for the property that tells messages apart, then the message's
//! own reader over the same bytes.
//!
//! A frame is the first candidate whose schema accepts it. That a reader gives up on a frame does not prove that its
//! schema refuses it, so a message is only read here where all candidates before it are provably disjoint from it.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use serde_json::Value;
use syn::Ident;
use tightwire_spec::ir::Message;

use super::disjoint::are_disjoint;
use super::{Decoder, Fast, SlowMessage, nothing};
use crate::view::View;

/// The reference path: a typed frame of one that it accepts.
pub(super) fn reference(decoder: &Decoder<'_>, frame: &Ident) -> TokenStream {
    let arms = decoder.messages.iter().filter_map(|(message, id)| {
        let variant = format_ident!("{}", decoder.readers.types.message(&message.id)?);
        Some(quote!(#id => #frame::#variant(frame.payload()?),))
    });
    quote! {
        let frame = Self::reference().check_flat(bytes)?;
        let typed = match frame.message() {
            #(#arms)*
            _ => return Err(frame.refuse("", "enum", "is not a message of this direction")),
        };
        Ok(frame.inbound(typed))
    }
}

/// Keeps to the messages that the fast path may try at all, and notes the others.
pub(super) fn leave_out_unsafe(decoder: &mut Decoder<'_>) {
    let candidates = Candidates::of(decoder);
    let lists = candidates.values.iter().map(|(_, readers)| readers).chain([&candidates.others]);
    let tried: BTreeSet<Ident> = lists.flatten().cloned().collect();
    let (fast, left_out) =
        std::mem::take(&mut decoder.fast).into_iter().partition(|fast| tried.contains(&function(fast)));
    decoder.fast = fast;
    for Fast { message, .. } in left_out {
        decoder.slow.retain(|slow| slow.message != message.id);
        let reason = "a message that is tried before it may fit the same frames".to_owned();
        decoder.slow.push(SlowMessage { message: message.id.clone(), whole: true, reason });
    }
}

/// The module of the fast path.
pub(super) fn fast_path(decoder: Decoder<'_>, frame: &Ident) -> TokenStream {
    if decoder.fast.is_empty() {
        return nothing(frame);
    }
    let candidates = Candidates::of(&decoder).emit();
    let messages = decoder.fast.iter().map(|fast| {
        let (name, variant, data) = (function(fast), &fast.variant, &fast.data);
        quote! {
            fn #name(cursor: &mut json::Cursor<'_>) -> Result<#frame, json::Irregular> {
                Ok(#frame::#variant(#data))
            }
        }
    });
    let messages: Vec<TokenStream> = messages.collect();
    let functions = decoder.readers.into_functions();
    quote! {
        use ::tightwire::__rt::{Inbound, json};

        use super::*;

        #[inline]
        pub(super) fn read(bytes: &[u8]) -> Result<Inbound<#frame>, json::Irregular> {
            json::read_flat_frame(bytes, candidates)
        }

        fn candidates(cursor: &json::Cursor<'_>) -> Result<&'static [json::ReadMessage<#frame>], json::Irregular> {
            Ok(#candidates)
        }

        #(#messages)*

        #(#functions)*
    }
}

/// The function that reads a message.
fn function(fast: &Fast<'_>) -> Ident {
    format_ident!("message_{}", crate::rust::names::snake(&fast.variant.to_string()))
}

/// Which messages a frame can be, by the property that tells them apart.
struct Candidates<'a> {
    by: &'a [String],
    /// The readers to try for each value.
    values: Vec<(&'a Value, Vec<Ident>)>,
    /// The readers to try for all other frames.
    others: Vec<Ident>,
}

impl<'a> Candidates<'a> {
    fn of(decoder: &Decoder<'a>) -> Self {
        let dispatch = decoder.ir.dispatch.of(decoder.direction);
        let readers: BTreeMap<&str, Ident> =
            decoder.fast.iter().map(|fast| (fast.message.id.as_str(), function(fast))).collect();
        let views: BTreeMap<&str, View<'_>> = decoder
            .messages
            .iter()
            .filter_map(|(message, id): &(&Message, &str)| Some((*id, View::of(decoder.ir, [&message.payload]).ok()?)))
            .collect();
        let disjoint = |one: &str, other: &str| match (views.get(one), views.get(other)) {
            (Some(one), Some(other)) => are_disjoint(one, other),
            _ => false,
        };
        let safe = |value: Option<&Value>| -> Vec<Ident> {
            let candidates: Vec<&String> = dispatch.candidates(value).collect();
            let first = |at: usize| candidates[..at].iter().all(|earlier| disjoint(earlier, candidates[at]));
            let safe = (0..candidates.len()).filter(|at| first(*at));
            safe.filter_map(|at| readers.get(candidates[at].as_str()).cloned()).collect()
        };
        Self {
            by: &dispatch.by,
            values: dispatch.values.keys().map(|value| (value, safe(Some(value)))).collect(),
            others: safe(None),
        }
    }

    fn emit(&self) -> TokenStream {
        let others = &self.others;
        if self.by.is_empty() {
            return quote!(&[#(#others),*]);
        }
        let by = self.by;
        let arms = self.values.iter().map(|(value, readers)| {
            // A value that is written in an unusual way is irregular: then the reference path decides.
            scalar(value).map(|pattern| quote!(Some(#pattern) => &[#(#readers),*],))
        });
        let arms: Vec<TokenStream> = arms.flatten().collect();
        quote! {
            match cursor.find_scalar(&[#(#by),*])? {
                #(#arms)*
                _ => &[#(#others),*],
            }
        }
    }
}

/// A pattern of `json::Scalar`.
fn scalar(value: &Value) -> Option<TokenStream> {
    Some(match value {
        Value::String(text) => quote!(json::Scalar::Text(#text)),
        Value::Number(number) => {
            let integer = Literal::i64_unsuffixed(number.as_i64()?);
            quote!(json::Scalar::Integer(#integer))
        }
        Value::Bool(value) => quote!(json::Scalar::Boolean(#value)),
        Value::Null => quote!(json::Scalar::Null),
        Value::Array(_) | Value::Object(_) => return None,
    })
}
