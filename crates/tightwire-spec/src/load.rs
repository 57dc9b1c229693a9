//! The one entry: a path in, a protocol and everything that is wrong with it out.

use std::path::Path;

use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Severity};
use crate::dispatch::ambiguity;
use crate::documents::{Documents, LoadError};
use crate::expansion::Expansion;
use crate::formats::Formats;
use crate::ir::{Ir, Role};
use crate::lower;
use crate::model::Model;
use crate::rules::{self, Subject};
use crate::source::Source;
use crate::sources::SourceMap;
use crate::version::Version;
use crate::walk::Walk;

/// What became of a document.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The protocol; there if no diagnostic is an error, or only such as leave its meaning plain
    /// ([`TOLERABLE`](rules::TOLERABLE)). Whether to go on in spite of those is the caller's choice.
    pub ir: Option<Ir>,
    /// Everything that is wrong, by file and position.
    pub diagnostics: Vec<Diagnostic>,
    /// The files that were read, for showing diagnostics and for knowing when to read again.
    pub sources: SourceMap,
}

/// What whoever loads a document knows about it that the document does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Which side the document describes; it wins over the document's `x-role`.
    pub role: Option<Role>,
    /// Rules whose errors are to be warnings, of [those that leave the meaning plain](rules::TOLERABLE).
    pub allow: Vec<String>,
    /// Where copies of schemas are that the document names by their URLs: nothing is ever fetched.
    pub schemas: Catalog,
    /// Whether `format` judges values.
    pub formats: Formats,
}

impl Loaded {
    /// Whether a diagnostic is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Reads a document and every file its `$ref`s name, judges it by all [rules](crate::rules), and lowers it to the IR.
///
/// Fails only where there is nothing to say about the document's content; anything wrong *in* it is a diagnostic.
pub fn load(path: &Path, source: &dyn Source) -> Result<Loaded, LoadError> {
    load_with(path, source, &LoadOptions::default())
}

/// [`load`] with options.
pub fn load_with(path: &Path, source: &dyn Source, options: &LoadOptions) -> Result<Loaded, LoadError> {
    let (documents, mut diagnostics) = Documents::read(path, source, &options.schemas)?;
    let mut ir = None;
    if let Some(root) = documents.root() {
        let model = Model::build(&documents, root, options.role);
        let walk = Walk::through(&documents, root);
        let mut expansion = Expansion::measure(&documents, &walk);
        let (mut lowered, scattered) = lower::lower(&model, options.formats);
        expansion.huge.extend(scattered);
        if expansion.is_bounded() {
            ambiguity::find(&mut lowered);
        }
        let subject = Subject { model: &model, walk: &walk, expansion: &expansion, ir: &lowered };
        match root.text("asyncapi") {
            Some(version) if Version::parse(version).is_none() => rules::judge_version(&subject, &mut diagnostics),
            _ => rules::judge(&subject, &mut diagnostics),
        }
        let hides_meaning =
            |found: &Diagnostic| found.severity == Severity::Error && !rules::TOLERABLE.contains(&found.rule);
        if !diagnostics.iter().any(hides_meaning) {
            ir = Some(lowered);
        }
        let allowed = |found: &&mut Diagnostic| {
            rules::TOLERABLE.contains(&found.rule) && options.allow.iter().any(|rule| rule == found.rule)
        };
        for found in diagnostics.iter_mut().filter(allowed) {
            found.severity = Severity::Warning;
        }
    }
    // What the metaschemas are like is not the document's fault.
    diagnostics.retain(|found| !documents.sources.file(found.span().file).is_built_in());
    diagnostics.sort_by(|a, b| (a.span(), a.rule, &a.message).cmp(&(b.span(), b.rule, &b.message)));
    diagnostics.dedup();
    Ok(Loaded { ir, diagnostics, sources: documents.sources })
}
