//! Protocols without an envelope: a frame is a message's payload and nothing else.
//!
//! There are no topics and no session messages, so frames are enums of payloads, handlers take the payload alone, and
//! replies go back on the connection.

mod client;
mod frames;
pub(super) mod operations;
mod service;

use proc_macro2::TokenStream;
use quote::quote;
use tightwire_spec::ir::{Direction, Ir};

use super::model::RustTypes;
use super::service::reply_enums;
use crate::config::Config;
use crate::error::Error;

/// Generates everything but the data types, the contract and the decoders.
pub(super) fn emit(ir: &Ir, config: &Config, types: &RustTypes) -> Result<TokenStream, Error> {
    let (handled, started) = (operations::handled(ir, types)?, operations::started(ir, types)?);
    let service = match config.rust.has_service(ir.role) {
        true => service::emit(ir, config, types, &handled)?,
        false => TokenStream::new(),
    };
    let client = match config.rust.has_client() {
        true => client::emit(ir, config, types, &started)?,
        false => TokenStream::new(),
    };
    // The replies of an operation are the same for both sides.
    let asked = handled.iter().filter(|_| !service.is_empty());
    let replies = reply_enums(asked.chain(started.iter().filter(|_| !client.is_empty())), types)?;
    let clients = frames::emit(ir, types, Direction::ToServer)?;
    let servers = frames::emit(ir, types, Direction::ToClient)?;
    let messages = frames::plain_messages(ir, types)?;
    Ok(quote! {
        #service
        #client
        #replies
        #clients
        #servers
        #messages
    })
}
