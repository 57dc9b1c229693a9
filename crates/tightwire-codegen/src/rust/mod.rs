//! The Rust output: one module per document.
//!
//! `normalise` makes the IR's schemas digestible for typify, `types` runs it on one batch of them after the other,
//! `readback` reads what it made into the `model`, and the other files each emit one part of the module, which `printer`
//! formats before the next part is made. The output names only `::tightwire::__rt`.

mod batches;
mod client;
mod contract;
pub mod decoder;
mod defaults;
pub(crate) mod docs;
mod error_code;
mod facts;
mod flat;
pub mod frames;
mod handshake;
pub mod model;
pub mod names;
mod normalise;
mod operations;
pub(crate) mod outline;
mod printer;
mod readback;
mod roles;
mod runtime_paths;
mod service;
mod strategies;
mod string_enum;
mod tidy;
mod topics;
mod types;
mod variants;

pub use normalise::UntypedSchema;
use quote::quote;
use tightwire_spec::ir::{Direction, Ir};

use self::printer::Printer;
use crate::config::Config;
use crate::error::Error;
use crate::output::OutputFile;
use crate::stack;

/// Generates `generated/rust/<module>.rs`.
///
/// # Errors
/// What Rust cannot express.
pub fn emit(ir: &Ir, config: &Config) -> Result<OutputFile, Error> {
    let path = format!("generated/rust/{}.rs", config.module);
    Ok(OutputFile::new(path, text(ir, config)?))
}

/// A generated module.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its text.
    pub text: String,
    /// The messages that have no fast path, with the reason: for notes at build time.
    pub slow_messages: Vec<decoder::SlowMessage>,
    /// The schemas that became any JSON although they look like more, with the reason: for notes at build time.
    pub untyped: Vec<UntypedSchema>,
}

/// The module as text.
///
/// # Errors
/// What Rust cannot express.
pub fn text(ir: &Ir, config: &Config) -> Result<String, Error> {
    Ok(module(ir, config)?.text)
}

/// The module, with what a build should tell about it.
///
/// # Errors
/// What Rust cannot express.
pub fn module(ir: &Ir, config: &Config) -> Result<Module, Error> {
    stack::with_room(ir, || write(ir, config))
}

fn write(ir: &Ir, config: &Config) -> Result<Module, Error> {
    let types::DataTypes { text: messages, types, untyped } = types::emit(ir, config)?;
    let name = names::ident(&config.module);
    let docs = docs::tokens(&docs::protocol(&ir.info));
    let mut printer = Printer::at_depth(0);
    // The text is generated: its style is the generator's business, and whoever includes it uses some of it only.
    printer.open(&quote! {
        #docs
        #[allow(clippy::all, clippy::pedantic, missing_docs, nonstandard_style, rustdoc::all, unreachable_pub, unused)]
        pub mod #name
    })?;
    printer.items(quote!(
        pub use messages::*;
    ))?;
    match ir.envelope {
        Some(_) => enveloped(ir, config, &types, &mut printer)?,
        None => flat::emit(ir, config, &types, &mut printer)?,
    }
    printer.items(handshake::Handshakes::of(ir, config).emit(&types))?;
    printer.append(&messages);
    printer.items(contract::emit(ir))?;
    printer.items(strategies::emit(ir))?;
    let slow_messages = decoder::emit(ir, &config.rust, &types, &mut printer)?;
    printer.close();
    let header: String = config.rust.header.iter().flat_map(|header| header.lines()).map(comment).collect();
    let text = format!("{}{header}\n{}", config.preamble("//"), printer.into_text());
    Ok(Module { text, slow_messages, untyped })
}

/// Everything of a protocol in the envelope but the data types, the contract and the decoders.
fn enveloped(ir: &Ir, config: &Config, types: &model::RustTypes, printer: &mut Printer) -> Result<(), Error> {
    let codes = error_code::ErrorCodes::of(ir, types)?;
    let (service, client) = (config.rust.has_service(ir.role), config.rust.has_client());
    let handled = if service { operations::methods(ir, types)? } else { Default::default() };
    let started = client::enveloped::started(ir, types)?;
    printer.items(quote!(
        use ::tightwire::__rt::{self, topic::InvalidTopic};
    ))?;
    if service {
        printer.items(service::emit(ir, config, types, &codes, &handled)?)?;
    }
    if client {
        printer.items(client::enveloped::emit(ir, config, types, &started)?)?;
    }
    let asked = handled.values().filter(|_| service);
    printer.items(service::reply_enums(asked.chain(started.iter().filter(|_| client)), types)?)?;
    printer.items(topics::emit(ir))?;
    printer.items(frames::emit(ir, types, Direction::ToServer)?)?;
    printer.items(frames::emit(ir, types, Direction::ToClient)?)?;
    printer.items(codes.emit())?;
    printer.items(frames::server_messages(ir, types)?)
}

fn comment(line: &str) -> String {
    format!("{}\n", format!("// {line}").trim_end())
}
