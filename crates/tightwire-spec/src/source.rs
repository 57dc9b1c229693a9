//! Where documents come from: the only way this crate reads anything.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Larger files are refused before they are read.
const MAX_BYTES: u64 = crate::tree::MAX_BYTES as u64;

/// Reads the files that a document consists of.
///
/// Paths are the one given to [`load`](crate::load) and those that `$ref`s name, joined to the directory of the file
/// they stand in.
pub trait Source {
    /// The bytes of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
}

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSystem;

impl Source for FileSystem {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        // A reference to a device would never end.
        let metadata = std::fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
        }
        if metadata.len() > MAX_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {MAX_BYTES} bytes")));
        }
        std::fs::read(path)
    }
}

/// Files that exist only in memory: for tests and for editors.
#[derive(Clone, Debug, Default)]
pub struct InMemory {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl InMemory {
    /// A source with one file.
    pub fn file(path: impl Into<PathBuf>, content: impl Into<Vec<u8>>) -> Self {
        Self::default().with(path, content)
    }

    /// The same source with one more file.
    #[must_use]
    pub fn with(mut self, path: impl Into<PathBuf>, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.into(), content.into());
        self
    }
}

impl Source for InMemory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_read() {
        let error = FileSystem.read(Path::new(env!("CARGO_MANIFEST_DIR"))).expect_err("a directory");
        assert_eq!(error.to_string(), "it is not a file");
        assert!(FileSystem.read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).is_ok());
    }
}
