//! What was tried and what was found, for people and for programs.

mod json;
mod junit;
mod sarif;
mod text;

use std::path::Path;

use tightwire_spec::SourceMap;

use super::contract::Contract;
use super::coverage::Coverage;
use super::engine::Outcome;
use super::found::exit_code;
use crate::cli::FuzzFormat;

/// All that a report is about.
pub(super) struct Report<'r, 'ir> {
    pub(super) url: &'r str,
    pub(super) spec: &'r Path,
    /// The texts of the document's files, in which places are shown.
    pub(super) sources: &'r SourceMap,
    pub(super) seed: u64,
    pub(super) contract: &'r Contract<'ir>,
    pub(super) coverage: &'r Coverage,
    pub(super) outcome: &'r Outcome,
    pub(super) frames: u64,
    pub(super) connections: u64,
    pub(super) put_off: u64,
}

impl Report<'_, '_> {
    /// The report in a format.
    pub(super) fn write(&self, format: FuzzFormat) -> String {
        match format {
            FuzzFormat::Text => text::write(self),
            FuzzFormat::Json => json::write(self),
            FuzzFormat::Sarif => sarif::write(self),
            FuzzFormat::Junit => junit::write(self),
        }
    }

    /// The exit code: that of the gravest finding.
    pub(super) fn exit_code(&self) -> u8 {
        self.outcome.found.iter().map(|found| exit_code(found.finding.class)).min().unwrap_or(0)
    }

    /// How many findings there are, in words.
    fn count(&self) -> String {
        match self.outcome.found.len() {
            0 => "none".to_owned(),
            1 => "1".to_owned(),
            count => count.to_string(),
        }
    }
}
