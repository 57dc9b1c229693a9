//! The typed client: what the clients of both kinds of protocols have in common.
//!
//! `…Client` receives and owns the connection; `…Sender` has a method per operation, can be cloned into other tasks, and
//! is what the client derefs to. The methods themselves come from [`enveloped`] and from `flat::client`.

pub(super) mod enveloped;

use proc_macro2::TokenStream;
use quote::quote;
use tightwire_spec::ir::Ir;

use super::handshake::Handshakes;
use super::{docs, names};
use crate::config::Config;

/// What the client has beside the operations' methods, so that none of these may be called so.
pub(super) const METHODS: [&str; 8] =
    ["clone", "close", "connect", "connect_with", "next", "next_inbound", "sender", "within"];

/// What differs between protocols.
pub(super) struct Parts {
    /// The methods of the sender.
    pub(super) methods: Vec<TokenStream>,
    /// The items of `ClientProtocol` that do not look the same everywhere.
    pub(super) protocol: TokenStream,
}

/// Generates the client around its methods.
pub(super) fn emit(ir: &Ir, config: &Config, parts: &Parts) -> TokenStream {
    let Parts { methods, protocol: items } = parts;
    let (client, sender, protocol) = (names::client(config), names::sender(config), names::protocol(config));
    let client_docs = docs::tokens(&format!(
        "A client of the protocol \"{}\". It has the methods of [`{sender}`]: one for each operation that a client can \
         start.",
        ir.info.title
    ));
    let sender_docs =
        docs::tokens("The sending side of a client: a method for each operation. Clones send on the same connection.");
    let protocol_docs = docs::tokens("The protocol, seen from the client. It has no values.");
    let connect = Handshakes::of(ir, config).connect();
    let next = docs::tokens(
        "The next frame that no request waits for; `None` after the last. An error about one frame leaves the \
         connection alive.",
    );
    let next_inbound =
        docs::tokens("As [`Self::next`], with the frame's envelope: its id, and its position for a replay.");
    let handle = docs::tokens("A handle that sends, for other tasks.");
    let within = docs::tokens("The same, with another time that a request waits for its reply.");
    let close = docs::tokens("Closes the connection, and says how it ended.");
    let next_inbound = ir.envelope.map(|_| {
        quote! {
            #next_inbound
            pub async fn next_inbound(
                &mut self,
            ) -> Option<Result<__rt::Inbound<ServerFrame>, __rt::client::ClientError>> {
                self.client.next_inbound().await
            }
        }
    });
    quote! {
        #client_docs
        #[derive(Debug)]
        pub struct #client {
            client: __rt::client::Client<#protocol>,
            sender: #sender,
        }
        impl #client {
            #connect
            #next
            pub async fn next(&mut self) -> Option<Result<ServerFrame, __rt::client::ClientError>> {
                self.client.next().await
            }
            #next_inbound
            #handle
            pub fn sender(&self) -> #sender {
                self.sender.clone()
            }
            #close
            pub async fn close(self) -> __rt::client::ClientError {
                self.client.close().await
            }
        }
        impl ::std::convert::From<__rt::client::Client<#protocol>> for #client {
            fn from(client: __rt::client::Client<#protocol>) -> Self {
                let sender = #sender { sender: client.sender() };
                Self { client, sender }
            }
        }
        impl ::std::ops::Deref for #client {
            type Target = #sender;
            fn deref(&self) -> &#sender {
                &self.sender
            }
        }
        #sender_docs
        #[derive(Clone, Debug)]
        pub struct #sender {
            sender: __rt::client::ClientSender<#protocol>,
        }
        impl #sender {
            #within
            pub fn within(&self, request_timeout: ::std::time::Duration) -> Self {
                Self { sender: self.sender.within(request_timeout) }
            }
            #(#methods)*
        }
        #protocol_docs
        #[derive(Clone, Copy, Debug)]
        pub enum #protocol {}
        impl __rt::client::ClientProtocol for #protocol {
            type In = ServerFrame;
            type Out = ClientFrame;
            fn contract() -> &'static __rt::Contract {
                &CONTRACT
            }
            fn prepare() {
                ServerFrame::prepare();
            }
            fn decode(text: &[u8]) -> Result<__rt::Inbound<ServerFrame>, __rt::Rejection> {
                ServerFrame::decode(text)
            }
            #items
        }
    }
}
