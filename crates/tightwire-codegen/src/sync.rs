//! Keeps a directory in step with what is generated: finds out what differs, and mends it.
//!
//! Looking and writing are two steps, so that a check can look only.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::config::Config;
use crate::error::Error;
use crate::output::{OutputFile, Target};

/// What is wrong with a file of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The file, relative to the output directory.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: Kind,
}

/// What is wrong with a file of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is not there; this is what it should hold.
    Missing(String),
    /// It holds something else; this is what it should hold.
    Different(String),
    /// It was generated from this document once and is not any more.
    Stale,
}

/// Compares the generated files with those in a directory.
///
/// # Errors
/// A file or directory that cannot be read.
pub fn compare(
    out: &Path,
    config: &Config,
    targets: &[Target],
    files: &[OutputFile],
) -> Result<Vec<Difference>, Error> {
    let mut differences = Vec::new();
    for file in files {
        let kind = match fs::read(out.join(&file.path)) {
            Ok(known) if known == file.contents.as_bytes() => continue,
            Ok(_) => Kind::Different(file.contents.clone()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Kind::Missing(file.contents.clone()),
            Err(source) => return Err(Error::Io { path: out.join(&file.path), source }),
        };
        differences.push(Difference { path: file.path.clone(), kind });
    }
    let mark = config.mark();
    for target in targets {
        let mut found = Vec::new();
        files_below(out, Path::new(target.directory()), &mut found)?;
        found.retain(|path| files.iter().all(|file| file.path != *path));
        for path in found {
            if is_marked(&out.join(&path), &mark)? {
                differences.push(Difference { path, kind: Kind::Stale });
            }
        }
    }
    differences.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(differences)
}

/// Mends the differences: writes what is missing or different and removes what is stale.
///
/// # Errors
/// A file that cannot be written or removed; those before it have been mended.
pub fn mend(out: &Path, differences: &[Difference]) -> Result<(), Error> {
    for difference in differences {
        let path = out.join(&difference.path);
        let done = match &difference.kind {
            Kind::Missing(contents) | Kind::Different(contents) => {
                path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, contents))
            }
            Kind::Stale => fs::remove_file(&path),
        };
        done.map_err(|source| Error::Io { path, source })?;
    }
    Ok(())
}

/// The files in a directory, relative to `out`. A directory that is not there has none.
fn files_below(out: &Path, directory: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |source| Error::Io { path: out.join(directory), source };
    let entries = match fs::read_dir(out.join(directory)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let path = directory.join(entry.file_name());
        if entry.file_type().map_err(failed)?.is_dir() {
            files_below(out, &path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether a file says near its beginning that it was generated from this document: only such a file may be removed.
fn is_marked(path: &Path, mark: &str) -> Result<bool, Error> {
    let contents = fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let beginning = &contents[..contents.len().min(1024)];
    Ok(String::from_utf8_lossy(beginning).contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with these files, compared with what should be generated; then mended and compared again.
    #[track_caller]
    fn check(present: &[(&str, &str)], generated: &[(&str, &str)], expected: &[(&str, &str)]) {
        let directory = tempfile::tempdir().unwrap();
        let config = Config { document: "chat.yml".to_owned(), ..Config::default() };
        for (path, contents) in present {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, contents.replace("MARK", &config.preamble("//"))).unwrap();
        }
        let files: Vec<_> = generated.iter().map(|(path, contents)| OutputFile::new(*path, *contents)).collect();
        let differences = compare(directory.path(), &config, &[Target::Rust], &files).unwrap();
        let found: Vec<_> = differences
            .iter()
            .map(|difference| {
                let kind = match difference.kind {
                    Kind::Missing(_) => "missing",
                    Kind::Different(_) => "different",
                    Kind::Stale => "stale",
                };
                (difference.path.to_str().unwrap(), kind)
            })
            .collect();
        assert_eq!(found, expected);
        mend(directory.path(), &differences).unwrap();
        assert_eq!(compare(directory.path(), &config, &[Target::Rust], &files).unwrap(), []);
    }

    #[test]
    fn what_differs_is_named_and_mended() {
        check(&[], &[], &[]);
        check(&[], &[("generated/rust/chat.rs", "a")], &[("generated/rust/chat.rs", "missing")]);
        check(
            &[("generated/rust/chat.rs", "b")],
            &[("generated/rust/chat.rs", "a")],
            &[("generated/rust/chat.rs", "different")],
        );
        check(&[("generated/rust/chat.rs", "a")], &[("generated/rust/chat.rs", "a")], &[]);
    }

    #[test]
    fn only_what_was_generated_from_this_document_is_stale() {
        check(&[("generated/rust/old.rs", "MARK\nmod old {}")], &[], &[("generated/rust/old.rs", "stale")]);
        check(&[("generated/rust/deep/old.rs", "MARK")], &[], &[("generated/rust/deep/old.rs", "stale")]);
        check(&[("generated/rust/mine.rs", "// written by hand")], &[], &[]);
        check(&[("generated/rust/other.rs", "// @generated by tightwire from other.yml; do not edit.")], &[], &[]);
        check(&[("generated/typescript/old.ts", "MARK")], &[], &[]);
    }
}
