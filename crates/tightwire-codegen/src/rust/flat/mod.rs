//! Protocols without an envelope: a frame is a message's payload and nothing else.
//!
//! There are no topics and no session messages, so frames are enums of payloads, handlers take the payload alone, and
//! replies go back on the connection. A document of the server's side gives a service, one of the client's a client.

mod client;
mod frames;
pub(super) mod operations;
mod service;

use proc_macro2::TokenStream;
use quote::quote;
use tightwire_spec::ir::{Direction, Ir, Role};

use super::model::RustTypes;
use crate::config::Config;
use crate::error::Error;

/// Generates everything but the data types, the contract and the decoders.
pub(super) fn emit(ir: &Ir, config: &Config, types: &RustTypes) -> Result<TokenStream, Error> {
    let side = match ir.role {
        Role::Server => service::emit(ir, config, types)?,
        Role::Client => client::emit(ir, config, types)?,
    };
    let clients = frames::emit(ir, types, Direction::ToServer)?;
    let servers = frames::emit(ir, types, Direction::ToClient)?;
    let messages = frames::plain_messages(ir, types)?;
    Ok(quote! {
        #side
        #clients
        #servers
        #messages
    })
}
