//! The document and every file that its `$ref`s name, read before anything is judged.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::reference::Target;
use crate::source::Source;
use crate::sources::{FileId, SourceMap, Span};
use crate::tree::{self, Arena, Kind, Node, fault};

/// More faults than this in one file are not kept.
const MAX_FAULTS: usize = 2_000;
/// More files than this are not read.
const MAX_FILES: usize = 1000;

/// Why a document could not be looked at at all. Everything else is a [`Diagnostic`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read: check the path and its permissions.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the source said.
        source: std::io::Error,
    },
}

/// All files of a document as trees.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    arena: Arena,
    pub(crate) sources: SourceMap,
    /// The root of each file; `None` where it cannot be parsed.
    roots: Vec<Option<u32>>,
    /// Which file each path is, or why it could not be read.
    paths: HashMap<PathBuf, Result<FileId, String>>,
}

impl Documents {
    /// Reads a document and all files it refers to. A file that cannot be read is an error only if it is the first;
    /// otherwise whoever follows the reference says so.
    pub(crate) fn read(path: &Path, source: &dyn Source) -> Result<(Self, Vec<Diagnostic>), LoadError> {
        let mut documents = Self::default();
        let mut diagnostics = Vec::new();
        let bytes = source.read(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
        let mut waiting = vec![documents.add(path.to_owned(), bytes, &mut diagnostics)];
        while let Some(file) = waiting.pop() {
            for path in documents.files_named_in(file) {
                if documents.paths.contains_key(&path) || documents.roots.len() >= MAX_FILES {
                    continue;
                }
                match source.read(&path) {
                    Ok(bytes) => waiting.push(documents.add(path, bytes, &mut diagnostics)),
                    Err(error) => {
                        documents.paths.insert(path, Err(error.to_string()));
                    }
                }
            }
        }
        Ok((documents, diagnostics))
    }

    /// The root of the document.
    pub(crate) fn root(&self) -> Option<Node<'_>> {
        self.roots.first().copied().flatten().map(|id| self.arena.node(id))
    }

    /// The root of a file, or why there is none.
    pub(crate) fn file(&self, path: &Path) -> Result<Node<'_>, String> {
        match self.paths.get(path) {
            Some(Ok(file)) => match self.roots[file.0 as usize] {
                Some(root) => Ok(self.arena.node(root)),
                None => Err("the file cannot be parsed".to_owned()),
            },
            Some(Err(error)) => Err(error.clone()),
            None => Err("the file was not read".to_owned()),
        }
    }

    /// The root of the file a node stands in.
    pub(crate) fn root_of(&self, node: Node<'_>) -> Option<Node<'_>> {
        self.roots[node.file().0 as usize].map(|id| self.arena.node(id))
    }

    /// The path that a reference means, seen from the file it stands in.
    pub(crate) fn join(&self, file: FileId, path: &str) -> PathBuf {
        let base = self.sources.file(file).path().parent().unwrap_or(Path::new(""));
        normalize(&base.join(path))
    }

    /// Where some text stands in a span, or the span where it is written otherwise (escaped).
    pub(crate) fn part(&self, span: Span, text: &str) -> Span {
        let Span { file, start, end } = span;
        let found = self.sources.file(file).text().get(start..end).and_then(|written| written.find(text));
        found.map_or(span, |at| Span { file, start: start + at, end: start + at + text.len() })
    }

    /// Whether a node takes more than one line.
    pub(crate) fn is_long(&self, node: Node<'_>) -> bool {
        let Span { file, start, end } = node.span();
        self.sources.file(file).text().get(start..end).is_some_and(|written| written.contains('\n'))
    }

    fn add(&mut self, path: PathBuf, bytes: Vec<u8>, diagnostics: &mut Vec<Diagnostic>) -> FileId {
        let size = bytes.len();
        // What is not read is not kept either.
        let bytes = if size > tree::MAX_BYTES { Vec::new() } else { bytes };
        let (text, bad) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(at))
            }
        };
        let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let file = self.sources.add(path.clone(), text);
        let text = self.sources.file(file).text();
        let (root, mut faults) = if let Some(start) = bad {
            let mut fault = fault::syntax(Span { file, start, end: start + 3 }, "this is not UTF-8");
            fault.help("save the file as UTF-8");
            (None, vec![fault])
        } else if size > tree::MAX_BYTES {
            let message = format!("the file has {size} bytes; at most {} are read", tree::MAX_BYTES);
            (None, vec![fault::too_large(Span { file, start: 0, end: 0 }, message)])
        } else if is_json {
            tree::json::parse(text, file, &mut self.arena)
        } else {
            tree::yaml::parse(text, file, &mut self.arena)
        };
        if root.is_none() && faults.is_empty() {
            let mut fault = fault::syntax(Span { file, start: 0, end: 0 }, "the file is empty");
            fault.help("a document starts with `asyncapi: 3.0.0`");
            faults.push(fault);
        }
        diagnostics.extend(faults.into_iter().take(MAX_FAULTS).map(|fault| *fault));
        self.roots.push(root);
        self.paths.insert(normalize(&path), Ok(file));
        file
    }

    /// The other files that `$ref`s of this file name. What only looks like a reference (in an example) costs an
    /// attempt to read it and nothing else.
    fn files_named_in(&self, file: FileId) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        let mut waiting: Vec<_> = self.roots[file.0 as usize].map(|id| self.arena.node(id)).into_iter().collect();
        while let Some(node) = waiting.pop() {
            if let Some(Target::File { path, .. }) = node.text("$ref").map(Target::parse) {
                paths.push(self.join(file, &path));
            }
            match node.kind() {
                Kind::Object(_) => waiting.extend(node.members().map(|(_, _, node)| node)),
                Kind::Array(_) => waiting.extend(node.items()),
                _ => {}
            }
        }
        paths.sort();
        paths.dedup();
        paths
    }
}

/// Takes `.` and `..` out of a path without asking the file system.
fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(normal.components().next_back(), Some(Component::Normal(_))) => {
                normal.pop();
            }
            component => normal.push(component),
        }
    }
    normal
}
