//! Test data that stands beside the repository, where it is there: tests that need it say so and pass without.

use std::fs;
use std::path::{Path, PathBuf};

use super::say;

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder of `../shared`; `None`, with a printed reason, where there is none.
pub fn folder(name: &str) -> Option<PathBuf> {
    let path = repository().join("../shared").join(name);
    if path.is_dir() {
        return Some(path);
    }
    say(format!("skipped: there is no {}", path.display()));
    None
}

/// Every AsyncAPI document below a folder, by path relative to it.
pub fn documents(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found: Vec<_> = files(folder).into_iter().filter(|path| is_document(path)).collect();
    found.sort();
    found
        .into_iter()
        .map(|path| (path.strip_prefix(folder).expect("it is below").to_string_lossy().into_owned(), path))
        .collect()
}

/// All files below a folder. Links are not followed: one could lead back to a folder above.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found
}

fn is_document(path: &Path) -> bool {
    let known = path.extension().is_some_and(|ending| ["json", "yaml", "yml"].iter().any(|known| ending == *known));
    let Ok(text) = fs::read_to_string(path) else { return false };
    known && text.lines().any(|line| line.starts_with("asyncapi:") || line.trim_start().starts_with("\"asyncapi\":"))
}
