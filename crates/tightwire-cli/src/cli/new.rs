//! What `tightwire new` is asked for.

use std::path::PathBuf;

use clap::Args;
use tightwire_spec::ir::Role;

use super::read::{ReadArguments, role};

/// Start a project: a server or a client that builds, and passes its tests, at once.
#[derive(Args, Debug)]
#[command(after_help = NEW_EXIT_CODES)]
pub(crate) struct NewArguments {
    /// The project's directory, which must be empty or not exist. Its last part is the crate's name.
    #[arg(value_name = "NAME")]
    pub(crate) name: PathBuf,

    /// The document to build from. It is copied with every file that it refers to. Default: a chat protocol.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,

    /// Which side of the protocol the project is. Default: the side that the document describes.
    #[arg(long, value_name = "SIDE", value_parser = role)]
    pub(crate) side: Option<Role>,

    /// A checkout of the toolkit to take the tightwire crates from. Default: the one that this command runs in or was
    /// built in; without one, the published version.
    #[arg(long, value_name = "DIR")]
    pub(crate) path: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) read: ReadArguments,
}

const NEW_EXIT_CODES: &str = "\
Exit codes:
  0  the project is there
  1  the document has errors, or says what cannot be generated
  2  the command line is wrong, or the directory is not empty
  3  a file cannot be read or written";
