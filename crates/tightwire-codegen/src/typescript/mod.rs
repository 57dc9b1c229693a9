//! The TypeScript output.

use tightwire_spec::ir::Ir;

use crate::config::Config;
use crate::error::Error;
use crate::output::OutputFile;

/// Generates `generated/typescript/`.
///
/// # Errors
/// What TypeScript cannot express.
pub fn emit(ir: &Ir, config: &Config) -> Result<Vec<OutputFile>, Error> {
    let _ = (ir, config);
    Ok(Vec::new())
}
