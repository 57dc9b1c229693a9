//! The contract as a page for people: one HTML file that works without a script, a style sheet, a script for search and
//! console, and the contract as the console reads it.
//!
//! Nothing in the page is inline, so that `script-src 'self'; style-src 'self'` holds. What a document says is text or
//! Markdown without HTML: it cannot bring markup of its own.

mod anchors;
mod channels;
mod contract;
mod facts;
mod markdown;
mod messages;
mod operations;
mod page;
mod places;
mod schemas;
mod tables;

use tightwire_spec::ir::Ir;

use crate::config::Config;
use crate::error::Error;
use crate::output::OutputFile;

/// The page's files, by their names: those that `tightwire::include_docs!` looks for.
pub const FILES: [&str; 4] = ["index.html", "contract.json", "docs.css", "docs.js"];

const STYLE: &str = include_str!("assets/docs.css");
/// Built from `frontend/docs`, whose tests see to it that this is what its sources give.
const SCRIPT: &str = include_str!("assets/docs.js");

/// Generates `generated/docs`.
///
/// # Errors
/// None so far.
pub fn emit(ir: &Ir, config: &Config) -> Result<Vec<OutputFile>, Error> {
    let files = files(ir, config).into_iter();
    Ok(files.map(|(name, contents)| OutputFile::new(format!("generated/docs/{name}"), contents)).collect())
}

/// The files and their names.
pub(crate) fn files(ir: &Ir, config: &Config) -> [(&'static str, String); 4] {
    let [page, contract, style, script] = FILES;
    [
        (page, page::write(ir, config)),
        (contract, contract::write(ir, config)),
        (style, STYLE.to_owned()),
        (script, SCRIPT.to_owned()),
    ]
}
