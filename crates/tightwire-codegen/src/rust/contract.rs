//! The protocol as constants: what the runtime reads instead of the document, and what handlers may want to name.

use heck::ToShoutySnakeCase;
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use tightwire_spec::ir::{Direction, Ir, LIMITS, SessionRole};

use super::{docs, frames, names};
use crate::schema_bundle;

/// Generates `CONTRACT`, `CONTRACT_VERSION` and the module `close_code`.
pub(super) fn emit(ir: &Ir) -> TokenStream {
    let (title, version) = (&ir.info.title, &ir.info.version);
    let to_server = messages(ir, Direction::ToServer);
    let to_client = messages(ir, Direction::ToClient);
    let channels = ir.channels.values().map(|channel| {
        let (id, address) = (&channel.id, &channel.address);
        quote!(__rt::ChannelInfo { id: #id, address: #address })
    });
    let close_codes = ir.close_codes.iter().map(|entry| {
        let (name, meaning, reconnect) = (&entry.name, &entry.meaning, entry.reconnect);
        let code = Literal::u16_unsuffixed(entry.code);
        quote!(__rt::CloseCodeInfo { code: #code, name: #name, meaning: #meaning, reconnect: #reconnect })
    });
    let limits = LIMITS.iter().filter_map(|limit| {
        let (field, value) = (names::ident(limit), Literal::u64_unsuffixed(*ir.limits.get(*limit)?));
        Some(quote!(#field: #value,))
    });
    // A struct update that updates nothing is a lint.
    let silent = LIMITS.iter().any(|limit| !ir.limits.contains_key(*limit));
    let rest = silent.then(|| quote!(..__rt::Limits::DEFAULT));
    let heartbeat = match ir.heartbeat {
        Some(heartbeat) => {
            let interval = Literal::u64_unsuffixed(heartbeat.ping_interval_ms);
            let timeout = Literal::u64_unsuffixed(heartbeat.pong_timeout_ms);
            quote!(__rt::Heartbeat { ping_interval_ms: #interval, pong_timeout_ms: #timeout })
        }
        None => quote!(__rt::Heartbeat::DEFAULT),
    };
    let framing = match ir.envelope {
        Some(_) => names::ident("Enveloped"),
        None => names::ident("Flat"),
    };
    let messages = ir.messages_by_route(Direction::ToServer).into_iter().zip(ir.messages_by_route(Direction::ToClient));
    let routes = ir.routes.keys().zip(messages).map(|(path, (to_server, to_client))| {
        quote! {
            __rt::RouteInfo { path: #path, to_server: &[#(#to_server),*], to_client: &[#(#to_client),*] }
        }
    });
    let bundle = schema_bundle::text(ir);
    let codes = ir.close_codes.iter().map(|entry| {
        let name = names::ident(&entry.name.to_shouty_snake_case());
        let (docs, code) = (docs::tokens(&entry.meaning), Literal::u16_unsuffixed(entry.code));
        quote!(#docs pub const #name: u16 = #code;)
    });
    let contract_docs = docs::tokens("The protocol as the runtime knows it.");
    let version_docs = docs::tokens("The version of the contract: `info.version` of the document.");
    let codes_docs = docs::tokens("The codes with which a connection is closed.");
    quote! {
        #version_docs
        pub const CONTRACT_VERSION: &str = #version;
        #codes_docs
        pub mod close_code {
            #(#codes)*
        }
        #contract_docs
        pub static CONTRACT: __rt::Contract = __rt::Contract {
            title: #title,
            version: CONTRACT_VERSION,
            framing: __rt::Framing::#framing,
            routes: &[#(#routes),*],
            to_server: &[#(#to_server),*],
            to_client: &[#(#to_client),*],
            channels: &[#(#channels),*],
            close_codes: &[#(#close_codes),*],
            limits: __rt::Limits { #(#limits)* #rest },
            heartbeat: #heartbeat,
            schema_bundle: #bundle,
        };
    }
}

fn messages(ir: &Ir, direction: Direction) -> Vec<TokenStream> {
    let message = |(message, wire_type): (&tightwire_spec::ir::Message, &str)| {
        let id = &message.id;
        let delivery = frames::delivery(message.delivery);
        let session = match message.session {
            Some(role) => {
                let role = session_role(role);
                quote!(Some(#role))
            }
            None => quote!(None),
        };
        quote!(__rt::MessageInfo { wire_type: #wire_type, id: #id, delivery: #delivery, session: #session })
    };
    frames::messages(ir, direction).map(message).collect()
}

/// `x-session` as code.
pub(super) fn session_role(role: SessionRole) -> TokenStream {
    let variant = match role {
        SessionRole::Subscribe => quote!(Subscribe),
        SessionRole::Unsubscribe => quote!(Unsubscribe),
        SessionRole::Ping => quote!(Ping),
        SessionRole::Pong => quote!(Pong),
        SessionRole::Authenticate => quote!(Authenticate),
        SessionRole::ConnectionEstablished => quote!(ConnectionEstablished),
        SessionRole::SubscriptionUpdated => quote!(SubscriptionUpdated),
        SessionRole::Error => quote!(Error),
        SessionRole::Authenticated => quote!(Authenticated),
        SessionRole::ReplayGap => quote!(ReplayGap),
        SessionRole::DisconnectNotice => quote!(DisconnectNotice),
    };
    quote!(__rt::SessionRole::#variant)
}
