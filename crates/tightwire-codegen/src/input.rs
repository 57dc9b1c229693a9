//! From a path to what the emitters take: the protocol and its options.
//!
//! `build.rs` and the command both come through here, so that they cannot differ.

use std::io;
use std::path::{Path, PathBuf};

use tightwire_spec::ir::Ir;
use tightwire_spec::{LoadError, LoadOptions, Severity, Source, SourceMap};

use crate::config::Config;
use crate::error::Error;

/// The name of the file with options, beside the document.
pub const CONFIG_FILE: &str = "tightwire.toml";

/// What was read, before it is known to be good.
#[derive(Debug)]
pub struct Input {
    /// The protocol and its options, or why there are none.
    pub protocol: Result<(Ir, Config), Error>,
    /// Diagnostics that are no errors, one per line.
    pub warnings: Vec<String>,
    /// Every file that was read: when one changes, the output may.
    pub files: Vec<PathBuf>,
    /// The texts of the document's files, for showing places in them.
    pub sources: SourceMap,
}

/// Reads a document with its options. `over` is what the caller says in code: it wins over the file.
pub fn read(document: &Path, source: &dyn Source, over: Config) -> Input {
    let mut input = Input {
        protocol: Err(Error::Internal(String::new())),
        warnings: Vec::new(),
        files: Vec::new(),
        sources: SourceMap::default(),
    };
    input.protocol = input.protocol(document, source, over);
    input
}

/// How to read a document: what the caller says, and what the `tightwire.toml` beside the document does.
///
/// # Errors
/// If that file is there and cannot be read.
pub fn load_options(document: &Path, source: &dyn Source, over: Config) -> Result<LoadOptions, Error> {
    let mut input = Input {
        protocol: Err(Error::Internal(String::new())),
        warnings: Vec::new(),
        files: Vec::new(),
        sources: SourceMap::default(),
    };
    Ok(input.config(document, source)?.overridden_by(over).load_options())
}

impl Input {
    fn protocol(&mut self, document: &Path, source: &dyn Source, over: Config) -> Result<(Ir, Config), Error> {
        let config = self.config(document, source)?.overridden_by(over).completed(document);
        let options = config.load_options();
        let loaded = tightwire_spec::load_with(document, source, &options).map_err(|error| match error {
            LoadError::Read { path, source } => Error::Io { path, source },
            other => Error::Document { document: config.document.clone(), rendered: other.to_string() },
        })?;
        self.files.extend(loaded.sources.files().map(|file| file.path().to_owned()));
        let of = |severity| loaded.diagnostics.iter().filter(move |diagnostic| diagnostic.severity == severity);
        self.warnings = of(Severity::Warning).map(|diagnostic| diagnostic.one_line(&loaded.sources)).collect();
        let errors: Vec<_> = of(Severity::Error).map(|diagnostic| diagnostic.render(&loaded.sources, false)).collect();
        self.sources = loaded.sources;
        match loaded.ir {
            Some(ir) if errors.is_empty() => Ok((ir, config)),
            _ => Err(Error::Document { document: config.document, rendered: errors.join("\n") }),
        }
    }

    fn config(&mut self, document: &Path, source: &dyn Source) -> Result<Config, Error> {
        let path = document.with_file_name(CONFIG_FILE);
        let bytes = match source.read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Config::default()),
            Err(source) => return Err(Error::Io { path, source }),
        };
        self.files.push(path.clone());
        let invalid = |message: String| Error::Config { path: path.clone(), message };
        let text = std::str::from_utf8(&bytes).map_err(|error| invalid(error.to_string()))?;
        let mut config: Config = toml::from_str(text).map_err(|error| invalid(error.to_string()))?;
        config.check().map_err(invalid)?;
        if let Some(folder) = path.parent() {
            config.schemas.values_mut().for_each(|copies| *copies = folder.join(&copies));
        }
        Ok(config)
    }
}
