//! The module `strategies`: proptest strategies for the frames, where the runtime has the feature of that name.
//!
//! What is generated is a list of messages; the runtime's macro makes the module of it, or nothing.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use tightwire_spec::ir::{Direction, Ir};

use super::{frames, names};

/// Generates the list.
pub(super) fn emit(ir: &Ir) -> TokenStream {
    let to_server = of_direction(ir, Direction::ToServer);
    let to_client = of_direction(ir, Direction::ToClient);
    quote!(__rt::strategies! { #to_server #to_client })
}

fn of_direction(ir: &Ir, direction: Direction) -> Option<TokenStream> {
    let (way, side) = match direction {
        Direction::ToServer => (quote!(ToServer), "client"),
        Direction::ToClient => (quote!(ToClient), "server"),
    };
    let mut taken = BTreeSet::new();
    let messages: Vec<_> = frames::messages(ir, direction)
        .map(|(_, key)| {
            let mut name = names::snake(&names::variant(key).to_string());
            while !taken.insert(name.clone()) {
                name.push('_');
            }
            let name = names::ident(&name);
            quote!(#name #key,)
        })
        .collect();
    let named = |suffix: &str| names::ident(&format!("{side}_frame{suffix}"));
    let (typed, json, negative) = (named(""), named("_json"), named("_negative"));
    let (frame, side) = (frames::frame_enum(direction), names::ident(side));
    (!messages.is_empty()).then(|| quote!(#way #frame #side #typed #json #negative { #(#messages)* }))
}
