//! The entry point of a `build.rs`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use tightwire_spec::ir::Role;
use tightwire_spec::{Formats, Source};

use crate::config::Config;
use crate::error::Error;
use crate::{docs, input, rust, stack};

/// Generates `$OUT_DIR/<module>.rs` from the document, with the options of the `tightwire.toml` beside it, and in
/// `$OUT_DIR/<module>.docs` the page that `tightwire::include_docs!` includes.
///
/// The path is relative to the package. Cargo runs the build script again when the document, a file that it refers to
/// or the options change.
///
/// # Errors
/// What is wrong with the document, as text for people.
pub fn compile(document: impl AsRef<Path>) -> Result<(), Error> {
    configure().compile(document)
}

/// Options for [`compile`], in code. The same can stand in a `tightwire.toml` beside the document, where the
/// `tightwire` command sees it too.
pub fn configure() -> Builder {
    Builder::default()
}

/// Options for [`compile`], in code.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    config: Config,
}

impl Builder {
    /// The module's name, which is also the output's. Default: the document's file name without its extension.
    pub fn module(mut self, name: impl Into<String>) -> Self {
        self.config.module = name.into();
        self
    }

    /// Which side the document describes. Default: what the document says, or the server.
    pub fn role(mut self, role: Role) -> Self {
        self.config.role = Some(role);
        self
    }

    /// A rule whose errors are not to keep code from being generated, for instance `example-invalid`; only rules that
    /// leave the document's meaning plain.
    pub fn allow(mut self, rule: impl Into<String>) -> Self {
        self.config.allow.push(rule.into());
        self
    }

    /// Whether `format` judges values. Default: it does.
    pub fn formats(mut self, formats: Formats) -> Self {
        self.config.formats = Some(formats);
        self
    }

    /// Whether there is a typed client. Default: yes.
    pub fn client(mut self, wanted: bool) -> Self {
        self.config.rust.client = Some(wanted);
        self
    }

    /// Whether there is a service trait with its server. Default: yes, unless the document describes a client.
    pub fn service(mut self, wanted: bool) -> Self {
        self.config.rust.service = Some(wanted);
        self
    }

    /// Whether there are `ClientFrameView` and `ServerFrameView`, which borrow from the bytes of a frame. Default: no.
    pub fn views(mut self, wanted: bool) -> Self {
        self.config.rust.views = Some(wanted);
        self
    }

    /// Lines of comment to put under the preamble.
    pub fn header(mut self, text: impl Into<String>) -> Self {
        self.config.rust.header = Some(text.into());
        self
    }

    /// A derive to add to every data type.
    pub fn derive(mut self, path: impl Into<String>) -> Self {
        self.config.rust.derives.push(path.into());
        self
    }

    /// An attribute to add to every data type.
    pub fn attribute(mut self, attribute: impl Into<String>) -> Self {
        self.config.rust.attributes.push(attribute.into());
        self
    }

    /// A derive to add to one data type.
    pub fn type_derive(mut self, name: impl Into<String>, path: impl Into<String>) -> Self {
        self.config.rust.types.entry(name.into()).or_default().derives.push(path.into());
        self
    }

    /// An attribute to add to one data type.
    pub fn type_attribute(mut self, name: impl Into<String>, attribute: impl Into<String>) -> Self {
        self.config.rust.types.entry(name.into()).or_default().attributes.push(attribute.into());
        self
    }

    /// A type to use in place of a generated one. It must be `Serialize` and `Deserialize` in the same shape, `Clone`,
    /// `Debug` and `PartialEq`.
    pub fn with_type(mut self, name: impl Into<String>, path: impl Into<String>) -> Self {
        self.config.rust.types.entry(name.into()).or_default().replace_with = Some(path.into());
        self
    }

    /// Generates `$OUT_DIR/<module>.rs` from the document, and the page in `$OUT_DIR/<module>.docs`.
    ///
    /// # Errors
    /// What is wrong with the document or the options, as text for people.
    pub fn compile(self, document: impl AsRef<Path>) -> Result<(), Error> {
        let (package, out) = (variable("CARGO_MANIFEST_DIR")?, variable("OUT_DIR")?);
        self.run(document.as_ref(), &Package(package), &out, &mut io::stdout().lock())
    }

    fn run(self, document: &Path, package: &Package, out: &Path, cargo: &mut dyn Write) -> Result<(), Error> {
        self.config.check().map_err(|message| Error::Config { path: "build.rs".into(), message })?;
        let input = input::read(document, package, self.config);
        let mut instructions: Vec<String> =
            input.files.iter().map(|file| format!("cargo::rerun-if-changed={}", file.display())).collect();
        if input.files.is_empty() {
            instructions.push(format!("cargo::rerun-if-changed={}", document.display()));
        }
        if !input.warnings.is_empty() {
            // One line: whoever only builds a server should not read about missing descriptions every time.
            let warnings = match input.warnings.len() {
                1 => "1 warning".to_owned(),
                count => format!("{count} warnings"),
            };
            let document = document.display();
            instructions
                .push(format!("cargo::warning={document}: {warnings}; `tightwire validate {document}` shows them"));
        }
        let text = instructions.join("\n") + "\n";
        cargo.write_all(text.as_bytes()).map_err(|source| Error::Io { path: "standard output".into(), source })?;
        let (ir, config) = input.protocol?;
        let module = rust::module(&ir, &config)?;
        // One line per reason: a document without a property that tells messages apart may have hundreds of them.
        let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for slow in module.slow_messages.into_iter().filter(|slow| slow.whole) {
            reasons.entry(slow.reason).or_default().push(slow.message);
        }
        for (reason, messages) in reasons {
            let (document, named) = (document.display(), messages.join(", "));
            let note = format!(
                "cargo::warning={document}: no fast path for {named}: such frames are validated as JSON values, because {reason}\n"
            );
            cargo.write_all(note.as_bytes()).map_err(|source| Error::Io { path: "standard output".into(), source })?;
        }
        for untyped in module.untyped {
            let (document, place, reason) = (document.display(), untyped.place, untyped.reason);
            let note = format!("cargo::warning={document}: {place} has no type of its own and is any JSON: {reason}\n");
            cargo.write_all(note.as_bytes()).map_err(|source| Error::Io { path: "standard output".into(), source })?;
        }
        write(&out.join(format!("{}.rs", config.module)), &module.text)?;
        let docs = out.join(format!("{}.docs", config.module));
        fs::create_dir_all(&docs).map_err(|source| Error::Io { path: docs.clone(), source })?;
        let files = stack::with_room(&ir, || Ok(docs::files(&ir, &config)))?;
        files.iter().try_for_each(|(name, contents)| write(&docs.join(name), contents))
    }
}

/// Writes the file if its contents differ, so that nothing is compiled again for nothing.
fn write(path: &Path, contents: &str) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|known| known == contents.as_bytes()) {
        return Ok(());
    }
    fs::write(path, contents).map_err(|source| Error::Io { path: path.to_owned(), source })
}

fn variable(variable: &'static str) -> Result<PathBuf, Error> {
    env::var_os(variable).map(PathBuf::from).ok_or(Error::NotInBuildScript { variable })
}

/// Reads files by their paths in the package, so that these are what diagnostics show.
#[derive(Debug)]
struct Package(PathBuf);

impl Source for Package {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(self.0.join(path))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const DOCUMENT: &str = include_str!("../tests/rust/push.yml");

    /// Runs a build script in a package with these files; gives what it told cargo, the output and the error.
    #[track_caller]
    fn check(files: &[(&str, &str)], told: &str, output: Option<&str>, error: Option<&str>) {
        let package = tempfile::tempdir().unwrap();
        let out = tempfile::tempdir().unwrap();
        fs::create_dir(package.path().join("api")).unwrap();
        for (path, contents) in files {
            fs::write(package.path().join(path), contents).unwrap();
        }
        let mut cargo = Vec::new();
        let package = Package(package.path().to_owned());
        let result = configure().run(Path::new("api/push.yml"), &package, out.path(), &mut cargo);
        let text = String::from_utf8(cargo).unwrap();
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("cargo::warning=")).collect();
        assert_eq!(lines.join(" "), told.replace("FILE:", "cargo::rerun-if-changed="));
        let found = fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let found: BTreeSet<String> = found.collect();
        let expected = output.map(|module| [format!("{module}.docs"), format!("{module}.rs")]);
        assert_eq!(found, expected.into_iter().flatten().collect());
        if let Some(module) = output {
            for name in docs::FILES {
                assert!(out.path().join(format!("{module}.docs")).join(name).is_file(), "{name}");
            }
        }
        match (result, error) {
            (Ok(()), None) => {}
            (Err(error), Some(expected)) => assert!(format!("{error:?}").contains(expected), "{error:?}"),
            (result, expected) => panic!("{result:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn cargo_learns_every_file_and_gets_the_module() {
        check(&[("api/push.yml", DOCUMENT)], "FILE:api/push.yml", Some("push"), None);
        check(
            &[("api/push.yml", DOCUMENT), ("api/tightwire.toml", "module = 'news'")],
            "FILE:api/tightwire.toml FILE:api/push.yml",
            Some("news"),
            None,
        );
        let split = DOCUMENT.replace("text: {type: string}", "text: {$ref: 'text.yml#/Text'}");
        check(
            &[("api/push.yml", &split), ("api/text.yml", "Text: {type: string}")],
            "FILE:api/push.yml FILE:api/text.yml",
            Some("push"),
            None,
        );
    }

    #[test]
    fn what_is_wrong_is_shown_with_its_place() {
        check(&[], "FILE:api/push.yml", None, Some("api/push.yml"));
        let broken = DOCUMENT.replace("$ref: '#/channels/news'", "$ref: '#/channels/nws'");
        check(&[("api/push.yml", &broken)], "FILE:api/push.yml", None, Some("--> api/push.yml:15:21"));
        check(
            &[("api/push.yml", DOCUMENT), ("api/tightwire.toml", "module = 1")],
            "FILE:api/tightwire.toml",
            None,
            Some("api/tightwire.toml"),
        );
    }
}
