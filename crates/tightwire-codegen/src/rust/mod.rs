//! The Rust output: one module per document.
//!
//! `normalise` makes the IR's schemas digestible for typify, `types` runs it, `readback` reads what it made into the
//! `model`, and the other files each emit one part of the module. The output names only `::tightwire::__rt`.

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
mod readback;
mod runtime_paths;
mod service;
mod string_enum;
mod tidy;
mod topics;
mod types;

pub use normalise::UntypedSchema;
use proc_macro2::TokenStream;
use quote::quote;
use tightwire_spec::ir::{Direction, Ir};

use crate::config::Config;
use crate::error::Error;
use crate::output::OutputFile;

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
    let types::DataTypes { module: messages, types, untyped } = types::emit(ir, config)?;
    let name = names::ident(&config.module);
    let docs = docs::tokens(&docs::protocol(&ir.info));
    let framed = match ir.envelope {
        Some(_) => enveloped(ir, config, &types)?,
        None => {
            let flat = flat::emit(ir, config, &types)?;
            quote!(use ::tightwire::__rt; #flat)
        }
    };
    let handshake = handshake::Handshakes::of(ir, config).emit(&types);
    let contract = contract::emit(ir);
    let (client_decoder, mut slow_messages) = decoder::emit(ir, &types, Direction::ToServer)?;
    let (server_decoder, slow) = decoder::emit(ir, &types, Direction::ToClient)?;
    slow_messages.extend(slow);
    let module = quote! {
        #docs
        // The text is generated: its style is the generator's business, and whoever includes it uses some of it only.
        #[allow(clippy::all, clippy::pedantic, missing_docs, nonstandard_style, rustdoc::all, unreachable_pub, unused)]
        pub mod #name {
            pub use messages::*;
            #framed
            #handshake
            #messages
            #contract
            #client_decoder
            #server_decoder
        }
    };
    let file = syn::parse2(module).map_err(|error| Error::Internal(error.to_string()))?;
    let header: String = config.rust.header.iter().flat_map(|header| header.lines()).map(comment).collect();
    let text = format!("{}{header}\n{}", config.preamble("//"), prettyplease::unparse(&file));
    Ok(Module { text, slow_messages, untyped })
}

/// Everything of a protocol in the envelope but the data types, the contract and the decoders.
fn enveloped(ir: &Ir, config: &Config, types: &model::RustTypes) -> Result<TokenStream, Error> {
    let codes = error_code::ErrorCodes::of(ir, types)?;
    let topics = topics::emit(ir);
    let clients = frames::emit(ir, types, Direction::ToServer)?;
    let servers = frames::emit(ir, types, Direction::ToClient)?;
    let server_messages = frames::server_messages(ir, types)?;
    let error_code = codes.emit();
    let (service, client) = (config.rust.has_service(ir.role), config.rust.has_client());
    let handled = if service { operations::methods(ir, types)? } else { Default::default() };
    let started = client::enveloped::started(ir, types)?;
    let asked = handled.values().filter(|_| service);
    let replies = service::reply_enums(asked.chain(started.iter().filter(|_| client)), types)?;
    let service = if service { service::emit(ir, config, types, &codes, &handled)? } else { TokenStream::new() };
    let client = if client { client::enveloped::emit(ir, config, types, &started)? } else { TokenStream::new() };
    Ok(quote! {
        use ::tightwire::__rt::{self, topic::InvalidTopic};
        #service
        #client
        #replies
        #topics
        #clients
        #servers
        #error_code
        #server_messages
    })
}

fn comment(line: &str) -> String {
    format!("{}\n", format!("// {line}").trim_end())
}
