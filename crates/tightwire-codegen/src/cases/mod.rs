//! Contract cases: for each message and each constraint a frame that is accepted and one that is rejected.

use tightwire_spec::ir::Ir;

use crate::config::Config;
use crate::error::Error;
use crate::output::OutputFile;

/// Generates `contracts/cases/`.
///
/// # Errors
/// Where no accepted frame can be made.
pub fn emit(ir: &Ir, config: &Config) -> Result<Vec<OutputFile>, Error> {
    let _ = (ir, config);
    Ok(Vec::new())
}
