//! Why nothing was generated.

use std::fmt;
use std::path::PathBuf;

/// Why nothing was generated. Both `Debug` and `Display` give text for people, so that `fn main() -> Result<(), Error>`
/// in a `build.rs` prints something readable.
#[derive(thiserror::Error)]
pub enum Error {
    /// The document has errors; the text shows each of them. Mend the document.
    #[error("{document} cannot be generated from\n\n{rendered}")]
    Document {
        /// The document.
        document: String,
        /// The diagnostics, as `tightwire validate` prints them.
        rendered: String,
    },
    /// The document is valid but says something that an emitter cannot express. The text says what, where and what to
    /// do instead.
    #[error("{place}: {message}")]
    Unsupported {
        /// What cannot be expressed, as a place in the protocol: `message send_message`, `schema Foo`.
        place: String,
        /// Why, and what to do instead.
        message: String,
    },
    /// `tightwire.toml` cannot be read as configuration. Mend it.
    #[error("{}: {message}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The build script was not run by cargo. Call [`compile`](crate::compile) from a `build.rs`.
    #[error("{variable} is not set: tightwire_codegen::compile is meant to be called from a build.rs, by cargo")]
    NotInBuildScript {
        /// The missing variable.
        variable: &'static str,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The generator itself is wrong: what it made is not Rust. Report it with the document.
    #[error(
        "the generator made something that is not Rust, which is a bug in it ({0}); please report it with the document"
    )]
    Internal(String),
}

impl Error {
    /// An [`Error::Unsupported`].
    pub fn unsupported(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Unsupported { place: place.into(), message: message.into() }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
