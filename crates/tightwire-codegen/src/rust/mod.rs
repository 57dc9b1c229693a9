//! The Rust output: one module per document.
//!
//! `normalise` makes the IR's schemas digestible for typify, `types` runs it, `readback` reads what it made into the
//! `model`, and the other files each emit one part of the module. The output names only `::tightwire::__rt`.

pub mod decoder;
mod docs;
pub mod model;
pub mod names;
mod normalise;
mod readback;
mod runtime_paths;
mod types;

use tightwire_spec::ir::Ir;

use crate::config::Config;
use crate::error::Error;
use crate::output::OutputFile;

/// Generates `generated/rust/<module>.rs`.
///
/// # Errors
/// What Rust cannot express.
pub fn emit(ir: &Ir, config: &Config) -> Result<OutputFile, Error> {
    let types = types::emit(ir, config)?;
    let _ = types.types;
    let file = syn::parse2(types.module).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(OutputFile::new(format!("generated/rust/{}.rs", config.module), prettyplease::unparse(&file)))
}
