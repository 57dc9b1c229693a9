//! Protocols without an envelope: a frame is a message's payload and nothing else.
//!
//! There are no topics and no session messages, so frames are enums of payloads, handlers take the payload alone, and
//! replies go back on the connection.

mod client;
mod frames;
pub(super) mod operations;
mod service;

use quote::quote;
use tightwire_spec::ir::{Direction, Ir};

use super::model::RustTypes;
use super::printer::Printer;
use super::service::reply_enums;
use crate::config::Config;
use crate::error::Error;

/// Generates everything but the data types, the contract and the decoders.
pub(super) fn emit(ir: &Ir, config: &Config, types: &RustTypes, printer: &mut Printer) -> Result<(), Error> {
    let (service, client) = (config.rust.has_service(ir.role), config.rust.has_client());
    let (handled, started) = (operations::handled(ir, types)?, operations::started(ir, types)?);
    printer.items(quote!(
        use ::tightwire::__rt;
    ))?;
    if service {
        printer.items(service::emit(ir, config, types, &handled)?)?;
    }
    if client {
        printer.items(client::emit(ir, config, types, &started)?)?;
    }
    // The replies of an operation are the same for both sides.
    let asked = handled.iter().filter(|_| service);
    printer.items(reply_enums(asked.chain(started.iter().filter(|_| client)), types)?)?;
    printer.items(frames::emit(ir, types, Direction::ToServer)?)?;
    printer.items(frames::emit(ir, types, Direction::ToClient)?)?;
    printer.items(frames::plain_messages(ir, types)?)
}
