//! `tightwire generate`: a document in, files out; with `--check`, the differences.

use std::io::Write;
use std::path::{Path, PathBuf};

use tightwire_codegen::sync::{Difference, Kind, compare, mend};
use tightwire_codegen::{Config, Error, Target, generate_targets, input};
use tightwire_spec::FileSystem;

use crate::cli::{Exit, GenerateArguments, What};
use crate::output::Output;

/// Runs the command.
pub(crate) fn run<O: Write, E: Write>(arguments: &GenerateArguments, output: &mut Output<O, E>) -> Exit {
    match attempt(arguments, output) {
        Ok(exit) => exit,
        Err(error) => {
            output.complaint(&error.to_string());
            match error {
                Error::Io { .. } => Exit::Unreadable,
                _ => Exit::Faulty,
            }
        }
    }
}

fn attempt<O: Write, E: Write>(arguments: &GenerateArguments, output: &mut Output<O, E>) -> Result<Exit, Error> {
    let over = arguments.read.config();
    let (ir, config) = input::read(&from_here(&arguments.file), &FileSystem, over).protocol?;
    let targets = targets(arguments.what);
    let files = generate_targets(&ir, &config, &targets)?;
    let differences = compare(&arguments.out, &config, &targets, &files)?;
    if arguments.check {
        output.result(&report(&differences, &config));
        return Ok(if differences.is_empty() { Exit::Clean } else { Exit::Faulty });
    }
    mend(&arguments.out, &differences)?;
    let mended: String = differences.iter().map(|difference| mended(difference) + "\n").collect();
    output.result(&mended);
    Ok(Exit::Clean)
}

fn targets(what: What) -> Vec<Target> {
    match what {
        What::Rust => vec![Target::Rust],
        What::TypeScript => vec![Target::TypeScript],
        What::Schema => vec![Target::Schema],
        What::Cases => vec![Target::Cases],
        What::Docs => vec![Target::Docs],
        What::All => Target::ALL.to_vec(),
    }
}

/// The path as seen from the working directory, so that the output does not tell where that is.
fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}

fn mended(Difference { path, kind }: &Difference) -> String {
    match kind {
        Kind::Missing(_) => format!("created {}", path.display()),
        Kind::Different(_) => format!("updated {}", path.display()),
        Kind::Stale => format!("removed {}", path.display()),
    }
}

fn report(differences: &[Difference], config: &Config) -> String {
    if differences.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    for Difference { path, kind } in differences {
        let what = match kind {
            Kind::Missing(_) => "is missing",
            Kind::Different(_) => "differs from what the document says",
            Kind::Stale => "is not generated any more",
        };
        text.push_str(&format!("{}: {what}\n", path.display()));
    }
    let count = match differences.len() {
        1 => "1 file is".to_owned(),
        count => format!("{count} files are"),
    };
    text + &format!("{count} out of step with {}; run `{}` and commit the result\n", config.document, config.command())
}
