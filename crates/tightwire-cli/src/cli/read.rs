//! What the document does not say about itself, for every command that reads one.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;
use tightwire_codegen::{Config, input};
use tightwire_spec::ir::Role;
use tightwire_spec::rules::TOLERABLE;
use tightwire_spec::{FileSystem, Formats, Loaded, load_with};

/// What the document does not say about itself.
#[derive(Args, Debug)]
pub(crate) struct ReadArguments {
    /// Which side the document describes: what that side receives, the other one sends. It wins over the document's
    /// `x-role`; the default is `server`.
    #[arg(long, value_name = "SIDE", value_parser = role)]
    pub(crate) role: Option<Role>,

    /// Make the errors of a rule warnings, where the rule leaves the document's meaning plain, for instance
    /// `example-invalid`. May be given more than once.
    #[arg(long, value_name = "RULE", value_parser = PossibleValuesParser::new(TOLERABLE))]
    pub(crate) allow: Vec<String>,

    /// Where copies are of schemas that the document names by URL, which are never fetched: the beginning of a URL and a
    /// folder, or a whole URL and a file, for instance `https://example.com/schemas/=vendor/schemas`. May be given more
    /// than once.
    #[arg(long, value_name = "URL=PATH", value_parser = copies)]
    pub(crate) schemas: Vec<(String, PathBuf)>,

    /// Whether `format` judges values, `assert`, or is only a note to people, `annotate`. It wins over the
    /// `tightwire.toml`; the default is `assert`.
    #[arg(long, value_name = "MEANING", value_parser = formats)]
    pub(crate) formats: Option<Formats>,
}

impl ReadArguments {
    /// Reads a document as these arguments and the `tightwire.toml` beside it say.
    pub(crate) fn load(&self, document: &Path) -> Result<Loaded, String> {
        let options = input::load_options(document, &FileSystem, self.config()).map_err(|error| error.to_string())?;
        load_with(document, &FileSystem, &options).map_err(|error| error.to_string())
    }

    /// The same as options of the generator.
    pub(crate) fn config(&self) -> Config {
        let schemas = self.schemas.iter().cloned().collect();
        let (role, formats) = (self.role, self.formats);
        Config { role, allow: self.allow.clone(), schemas, formats, ..Config::default() }
    }
}

fn copies(text: &str) -> Result<(String, PathBuf), String> {
    // A URL may have a `=` in it, a path hardly ever.
    let (url, path) = text.rsplit_once('=').unwrap_or_default();
    if !url.contains(':') || path.is_empty() {
        return Err("expected the beginning of a URL, `=` and a path".to_owned());
    }
    Ok((url.to_owned(), path.into()))
}

pub(super) fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "the sides are `server` and `client`".to_owned())
}

fn formats(text: &str) -> Result<Formats, String> {
    Formats::parse(text).ok_or_else(|| "the meanings are `assert` and `annotate`".to_owned())
}
