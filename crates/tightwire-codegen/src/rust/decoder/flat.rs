//! The fast path of protocols without an envelope: one look for the property that tells messages apart, then the message's
//! own reader over the same bytes.
//!
//! A frame is the first candidate whose schema accepts it. That a reader gives up on a frame does not prove that its
//! schema refuses it, so a message is only read here where all candidates before it are provably disjoint from it, or the
//! frame's outline shows that they refuse it.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};
use serde_json::Value;
use syn::Ident;

use super::disjoint::are_disjoint;
use super::refusal::refusal;
use super::{Decoder, Fast, SlowMessage, nothing, tells_routes_apart};
use crate::error::Error;
use crate::rust::names;
use crate::rust::printer::Printer;
use crate::view::View;

/// A message that overlaps more of those before it is left to the reference path.
const MAX_OVERLAPS: usize = 255;

/// The reference path: a typed frame of one that it accepts.
pub(super) fn reference(decoder: &Decoder<'_>, frame: &Ident, apart: bool) -> TokenStream {
    let check = match apart {
        true => quote!(check_flat_among(bytes, route.map(Self::travelling))),
        false => quote!(check_flat(bytes)),
    };
    let arms = decoder.messages.iter().filter_map(|(message, id)| {
        let variant = format_ident!("{}", decoder.readers.types.message(&message.id)?);
        Some(quote!(#id => #frame::#variant(frame.payload()?),))
    });
    quote! {
        let frame = Self::reference().#check?;
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
    let lists = candidates.values.iter().map(|(_, list)| list).chain([&candidates.others]);
    let tried: BTreeSet<&str> = lists.flatten().filter(|one| one.readable).map(|one| one.id).collect();
    let (fast, left_out): (Vec<_>, Vec<_>) =
        std::mem::take(&mut decoder.fast).into_iter().partition(|fast| tried.contains(fast.message.id.as_str()));
    decoder.fast = fast;
    decoder.candidates = Some(candidates);
    let ids: BTreeSet<&str> = left_out.iter().map(|fast| fast.message.id.as_str()).collect();
    decoder.slow.retain(|slow| !ids.contains(slow.message.as_str()));
    for Fast { message, .. } in left_out {
        let reason = "a message that is tried before it may fit the same frames".to_owned();
        let help = Some("give each message the same property with a `const` of its own");
        decoder.slow.push(SlowMessage { message: message.id.clone(), whole: true, place: String::new(), reason, help });
    }
}

/// The module of the fast path.
pub(super) fn fast_path(decoder: Decoder<'_>, frame: &Ident, printer: &mut Printer) -> Result<(), Error> {
    let apart = tells_routes_apart(decoder.ir, decoder.direction);
    let Some(candidates) = decoder.candidates.as_ref().filter(|_| !decoder.fast.is_empty()) else {
        return printer.items(nothing(frame, apart));
    };
    let (parameter, route) = match apart {
        true => (quote!(, route: Option<usize>), quote!(route)),
        false => (quote!(), quote!(None)),
    };
    let table = candidates.emit(&decoder);
    printer.items(quote! {
        use ::tightwire::__rt::{Inbound, json};

        use super::*;

        #[inline]
        pub(super) fn read(bytes: &[u8] #parameter) -> Result<Inbound<#frame>, json::Irregular> {
            json::read_flat_frame(bytes, #route, candidates)
        }

        fn candidates(cursor: &json::Cursor<'_>) -> Result<&'static [json::Candidate<#frame>], json::Irregular> {
            Ok(#table)
        }
    })?;
    let mut messages = decoder.fast.iter().map(|fast| {
        let (name, variant, data) = (function(fast), &fast.variant, &fast.data);
        quote! {
            fn #name(cursor: &mut json::Cursor<'_>) -> Result<#frame, json::Irregular> {
                Ok(#frame::#variant(#data))
            }
        }
    });
    messages.try_for_each(|function| printer.items(function))?;
    candidates.refusals().try_for_each(|function| printer.items(function))?;
    decoder.readers.into_functions().try_for_each(|function| printer.items(function))
}

/// The function that reads a message.
fn function(fast: &Fast<'_>) -> Ident {
    format_ident!("message_{}", names::snake(&fast.variant.to_string()))
}

/// Which messages a frame can be, by the property that tells them apart.
pub(super) struct Candidates<'a> {
    by: &'a [String],
    /// The messages to try for each value.
    values: Vec<(&'a Value, Vec<Candidate<'a>>)>,
    /// The messages to try for all other frames.
    others: Vec<Candidate<'a>>,
    /// What shows that a message's schema refuses a frame, by the message's key.
    refusals: BTreeMap<&'a str, (Ident, TokenStream)>,
    /// The routes on which each message travels; empty where that makes no difference.
    routes: BTreeMap<&'a str, Vec<usize>>,
}

struct Candidate<'a> {
    id: &'a str,
    /// Whether it may be read where all that it overlaps refuse.
    readable: bool,
    /// The candidates before it that are not provably disjoint from it.
    overlaps: Vec<u16>,
}

impl<'a> Candidates<'a> {
    fn of(decoder: &Decoder<'a>) -> Self {
        let dispatch = decoder.ir.dispatch.of(decoder.direction);
        let readers: BTreeSet<&str> = decoder.fast.iter().map(|fast| fast.message.id.as_str()).collect();
        let mut views: BTreeMap<&str, View<'_>> = BTreeMap::new();
        let mut refusals = BTreeMap::new();
        for (message, id) in &decoder.messages {
            let Ok(view) = View::of(decoder.ir, [&message.payload]) else { continue };
            if let (Some(refusal), Some(name)) = (refusal(&view), decoder.readers.types.message(&message.id)) {
                refusals.insert(*id, (format_ident!("refuses_{}", names::snake(name)), refusal));
            }
            views.insert(*id, view);
        }
        let mut known: BTreeMap<(&str, &str), bool> = BTreeMap::new();
        let mut disjoint = |one: &'a str, other: &'a str| {
            *known.entry((one, other)).or_insert_with(|| match (views.get(one), views.get(other)) {
                (Some(one), Some(other)) => are_disjoint(one, other),
                _ => false,
            })
        };
        let mut list = |value: Option<&Value>| -> Vec<Candidate<'a>> {
            let ids: Vec<&'a str> = dispatch.candidates(value).map(String::as_str).collect();
            let mut candidates: Vec<Candidate<'a>> = Vec::new();
            for (at, id) in ids.iter().enumerate() {
                let mut overlaps = Vec::new();
                let readable = readers.contains(id)
                    && (0..at).filter(|earlier| !disjoint(ids[*earlier], id)).all(|earlier| {
                        let Ok(place) = u16::try_from(earlier) else { return false };
                        overlaps.push(place);
                        // What is never seen to refuse is in the way of everything after it.
                        refusals.contains_key(ids[earlier]) && overlaps.len() <= MAX_OVERLAPS
                    });
                candidates.push(Candidate { id, readable, overlaps });
            }
            let end = candidates.iter().rposition(|candidate| candidate.readable).map_or(0, |last| last + 1);
            candidates.truncate(end);
            candidates
        };
        let mut routes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        if tells_routes_apart(decoder.ir, decoder.direction) {
            for (index, messages) in decoder.ir.messages_by_route(decoder.direction).into_iter().enumerate() {
                for id in messages {
                    routes.entry(id).or_default().push(index);
                }
            }
        }
        Self {
            routes,
            by: &dispatch.by,
            values: dispatch.values.keys().map(|value| (value, list(Some(value)))).collect(),
            others: list(None),
            refusals,
        }
    }

    /// The functions that say what shows that a message refuses a frame.
    fn refusals(&self) -> impl Iterator<Item = TokenStream> {
        let lists = self.values.iter().map(|(_, list)| list).chain([&self.others]);
        let used: BTreeSet<&str> = lists.flatten().map(|candidate| candidate.id).collect();
        self.refusals.iter().filter(move |(id, _)| used.contains(*id)).map(|(_, (name, refusal))| {
            quote! {
                fn #name(outline: &json::Outline<'_>) -> bool {
                    #refusal
                }
            }
        })
    }

    fn emit(&self, decoder: &Decoder<'_>) -> TokenStream {
        let readers: BTreeMap<&str, Ident> =
            decoder.fast.iter().map(|fast| (fast.message.id.as_str(), function(fast))).collect();
        let others = self.list(&self.others, &readers);
        if self.by.is_empty() {
            return others;
        }
        let by = self.by;
        let arms = self.values.iter().filter_map(|(value, candidates)| {
            // A value that is written in an unusual way is irregular: then the reference path decides.
            let (pattern, list) = (scalar(value)?, self.list(candidates, &readers));
            Some(quote!(Some(#pattern) => #list,))
        });
        quote! {
            match cursor.find_scalar(&[#(#by),*])? {
                #(#arms)*
                _ => #others,
            }
        }
    }

    fn list(&self, candidates: &[Candidate<'_>], readers: &BTreeMap<&str, Ident>) -> TokenStream {
        let candidates = candidates.iter().map(|Candidate { id, readable, overlaps }| {
            let reader = readers.get(id).filter(|_| *readable);
            let read = reader.map_or_else(|| quote!(None), |function| quote!(Some(#function)));
            let refuses = self.refusals.get(id).map_or_else(|| quote!(|_| false), |(name, _)| quote!(#name));
            let overlaps = if *readable { overlaps.as_slice() } else { &[] };
            let overlaps = overlaps.iter().map(|earlier| Literal::u16_unsuffixed(*earlier));
            let routes = self.routes.get(id).into_iter().flatten().map(|index| Literal::usize_unsuffixed(*index));
            quote! {
                json::Candidate { read: #read, refuses: #refuses, overlaps: &[#(#overlaps),*], routes: &[#(#routes),*] }
            }
        });
        quote!(&[#(#candidates),*])
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
