//! `tightwire new`: a project that builds and passes its tests, from a document.

mod document;
mod name;
mod templates;
mod toolkit;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use tightwire_codegen::{Error, generate_all, scaffold};
use tightwire_spec::ir::{Ir, Role};

use self::document::Document;
use self::name::Name;
use self::templates::Project;
use self::toolkit::Toolkit;
use crate::cli::{Exit, NewArguments};
use crate::output::Output;

/// Runs the command.
pub(crate) fn run<O: Write, E: Write>(arguments: &NewArguments, output: &mut Output<O, E>) -> Exit {
    match attempt(arguments) {
        Ok(made) => {
            output.result(&made.summary());
            Exit::Clean
        }
        Err(Problem { exit, message }) => {
            output.complaint(&message);
            exit
        }
    }
}

/// Why there is no project.
struct Problem {
    exit: Exit,
    message: String,
}

impl Problem {
    fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into() }
    }

    fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self { exit: Exit::Unreadable, message: format!("{}: {error}", path.display()) }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let exit = if matches!(error, Error::Io { .. }) { Exit::Unreadable } else { Exit::Faulty };
        Self { exit, message: error.to_string() }
    }
}

/// A project that was made, as far as the summary tells of it.
struct Made {
    directory: PathBuf,
    document: PathBuf,
    protocol: String,
    warnings: usize,
    side: Role,
    /// The URL of the server, for a client.
    url: String,
    methods: Vec<String>,
    files: usize,
    toolkit: Toolkit,
}

fn attempt(arguments: &NewArguments) -> Result<Made, Problem> {
    let directory = &arguments.name;
    let name = directory.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = Name::parse(&name).map_err(Problem::usage)?;
    if let Some(entry) = first_entry(directory).map_err(|error| Problem::unreadable(directory, &error))? {
        return Err(Problem::usage(format!(
            "{} is not empty (it has {entry}): nothing was written. Choose another name, or empty it first",
            directory.display()
        )));
    }
    let here = env::current_dir().map_err(|error| Problem::unreadable(Path::new("."), &error))?;
    let toolkit = Toolkit::find(arguments.path.as_deref(), &here).map_err(Problem::usage)?;
    let over = arguments.read.config();
    let document = Document::read(arguments.spec.as_deref(), &over, arguments.side, &here)?;
    let side = arguments.side.unwrap_or(document.ir.role);

    // Everything is made before anything is written.
    let scaffold = scaffold::emit(&document.ir, &document.config, &name.library(), side)?;
    let project = Project { name: &name, toolkit: &toolkit, document: &document, side };
    let mut files: BTreeMap<PathBuf, Vec<u8>> = project.files();
    let generated = generate_all(&document.ir, &document.config)?;
    files.extend(scaffold.files.into_iter().chain(generated).map(|file| (file.path, file.contents.into_bytes())));
    if let Some(lock) = toolkit.lock_file() {
        files.insert("Cargo.lock".into(), lock);
    }
    let made = Made {
        directory: directory.clone(),
        protocol: protocol(&document.ir),
        warnings: document.warnings,
        side,
        url: project.url(),
        methods: scaffold.methods,
        files: files.len() + document.files.len(),
        document: document.path.clone(),
        toolkit,
    };
    files.extend(document.files);
    for (path, contents) in files {
        let path = directory.join(path);
        write(&path, &contents).map_err(|error| Problem::unreadable(&path, &error))?;
    }
    format(directory);
    Ok(made)
}

/// Lays the sources out as `cargo fmt` would, where rustfmt is installed; without it they are only less tidy.
fn format(directory: &Path) {
    let sources = ["build.rs", "src/main.rs", "src/lib.rs", "src/handlers.rs", "tests/contract.rs"];
    let sources = sources.iter().filter(|source| directory.join(source).is_file());
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--edition", "2024"]).args(sources).current_dir(directory);
    let _ = rustfmt.stdout(Stdio::null()).stderr(Stdio::null()).status();
}

impl Made {
    fn summary(&self) -> String {
        let directory = self.directory.display();
        let document = templates::slashed(&self.document);
        let warnings = match self.warnings {
            0 => String::new(),
            1 => "; 1 warning, see `tightwire validate`".to_owned(),
            count => format!("; {count} warnings, see `tightwire validate`"),
        };
        let methods = self.methods.join(", ");
        let (source, methods, tests, run) = match self.side {
            Role::Server => (
                "src/handlers.rs",
                match self.methods.is_empty() {
                    true => "no handlers: clients of this protocol only listen".to_owned(),
                    false => format!("a handler each for {methods}, with example answers"),
                },
                "a conversation for everything that a client can send",
                "serves on ws://127.0.0.1:8080".to_owned(),
            ),
            Role::Client => (
                "src/lib.rs",
                match self.methods.is_empty() {
                    true => "a client that only listens".to_owned(),
                    false => format!("a client with a method each for {methods}"),
                },
                "everything that it can send, and everything that a server can",
                format!("connects to {} and prints what comes", self.url),
            ),
        };
        let toolkit = match &self.toolkit {
            Toolkit::Checkout(root) => format!("by path, from the checkout in {}", root.display()),
            Toolkit::Version(version) => format!("version {version}"),
        };
        let rows = [
            (document.as_str(), format!("{}{warnings}", self.protocol)),
            (source, methods),
            ("tests/contract.rs", tests.to_owned()),
            ("Cargo.toml", format!("the tightwire crates {toolkit}")),
        ];
        let width = rows.iter().map(|(path, _)| path.chars().count()).max().unwrap_or(0);
        let rows: String = rows.iter().map(|(path, what)| format!("  {path:width$}  {what}\n")).collect();
        format!(
            "created {directory} ({} files)\n{rows}\nnext:\n  cd {directory}\n  cargo test    # builds it and holds its \
             conversations\n  make run      # {run}\n  make          # lists the other commands\n",
            self.files
        )
    }
}

fn protocol(ir: &Ir) -> String {
    let plural = |count: usize, name: &str| format!("{count} {name}{}", if count == 1 { "" } else { "s" });
    let (title, version) = (&ir.info.title, &ir.info.version);
    format!("{title} {version} ({}, {})", plural(ir.channels.len(), "channel"), plural(ir.messages.len(), "message"))
}

/// Something that is in the directory already.
fn first_entry(directory: &Path) -> io::Result<Option<String>> {
    match fs::read_dir(directory) {
        Ok(mut entries) => {
            entries.next().transpose().map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(path, contents)
}
