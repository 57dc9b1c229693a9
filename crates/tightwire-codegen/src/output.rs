//! What the generator gives: files, by target.

use std::path::PathBuf;
use std::thread;

use tightwire_spec::ir::Ir;

use crate::config::Config;
use crate::error::Error;
use crate::{cases, docs, rust, schema_bundle, stack, typescript};

/// A generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    /// Where it belongs, relative to the output directory.
    pub path: PathBuf,
    /// Its contents.
    pub contents: String,
}

impl OutputFile {
    /// A file.
    pub fn new(path: impl Into<PathBuf>, contents: impl Into<String>) -> Self {
        Self { path: path.into(), contents: contents.into() }
    }
}

/// What can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `generated/rust/`.
    Rust,
    /// `generated/typescript/`.
    TypeScript,
    /// `generated/schema/`.
    Schema,
    /// `contracts/cases/`.
    Cases,
    /// `generated/docs/`.
    Docs,
}

impl Target {
    /// All targets, in the order in which they are generated.
    pub const ALL: [Self; 5] = [Self::Rust, Self::TypeScript, Self::Schema, Self::Cases, Self::Docs];

    /// The directory of the target's files, relative to the output directory.
    pub fn directory(self) -> &'static str {
        match self {
            Self::Rust => "generated/rust",
            Self::TypeScript => "generated/typescript",
            Self::Schema => "generated/schema",
            Self::Cases => "contracts/cases",
            Self::Docs => "generated/docs",
        }
    }
}

/// Generates one target.
///
/// # Errors
/// What the target cannot express.
pub fn generate(ir: &Ir, config: &Config, target: Target) -> Result<Vec<OutputFile>, Error> {
    stack::with_room(ir, || emit(ir, config, target))
}

fn emit(ir: &Ir, config: &Config, target: Target) -> Result<Vec<OutputFile>, Error> {
    match target {
        Target::Rust => rust::emit(ir, config).map(|file| vec![file]),
        Target::TypeScript => typescript::emit(ir, config),
        Target::Schema => schema_bundle::emit(ir, config).map(|file| vec![file]),
        Target::Cases => cases::emit(ir, config),
        Target::Docs => docs::emit(ir, config),
    }
}

/// Generates everything.
///
/// # Errors
/// What a target cannot express.
pub fn generate_all(ir: &Ir, config: &Config) -> Result<Vec<OutputFile>, Error> {
    generate_targets(ir, config, &Target::ALL)
}

/// Generates some targets, in this order. They have nothing to do with each other, so each has a thread of its own.
///
/// # Errors
/// What a target cannot express.
pub fn generate_targets(ir: &Ir, config: &Config, targets: &[Target]) -> Result<Vec<OutputFile>, Error> {
    thread::scope(|scope| {
        let start = |target: &Target| {
            let target = *target;
            stack::spawn(scope, ir, move || emit(ir, config, target))
        };
        let running: Vec<_> = targets.iter().map(start).collect::<Result<_, _>>()?;
        let mut files = Vec::new();
        for target in running {
            files.extend(stack::join(target)?);
        }
        Ok(files)
    })
}
