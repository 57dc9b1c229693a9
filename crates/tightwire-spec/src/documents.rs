//! The document and every file that its `$ref`s name, read before anything is judged.

use std::collections::HashMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::catalog::Catalog;
use crate::diagnostic::Diagnostic;
use crate::metaschemas;
use crate::resources::{Location, Resources};
use crate::source::Source;
use crate::sources::{FileId, SourceMap, Span};
use crate::tree::{self, Arena, Kind, Node, fault};
use crate::uri;

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
    /// Where each file is from.
    locations: Vec<Location>,
    /// Which file each location is, or why it could not be read.
    files: HashMap<Location, Result<FileId, String>>,
    pub(crate) resources: Resources,
    catalog: Catalog,
    /// Whether a metaschema of others is among the files.
    pub(crate) has_vocabularies: bool,
}

impl Documents {
    /// Reads a document and all files it refers to. A file that cannot be read is an error only if it is the first;
    /// otherwise whoever follows the reference says so.
    pub(crate) fn read(
        path: &Path,
        source: &dyn Source,
        catalog: &Catalog,
    ) -> Result<(Self, Vec<Diagnostic>), LoadError> {
        let mut documents = Self { catalog: catalog.clone(), ..Self::default() };
        let mut diagnostics = Vec::new();
        let bytes = source.read(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
        let location = Location::File(normalize(path));
        let mut waiting = vec![documents.add(location, path.to_owned(), bytes, &mut diagnostics)];
        while let Some(file) = waiting.pop() {
            for locations in documents.named_in(file) {
                // Where the first cannot be had, the reference may mean the second.
                for location in locations {
                    if documents.files.contains_key(&location) || documents.roots.len() >= MAX_FILES {
                        break;
                    }
                    let Some((path, bytes)) = documents.fetch(&location, source) else { continue };
                    match bytes {
                        Ok(bytes) => {
                            waiting.push(documents.add(location, path, bytes, &mut diagnostics));
                            break;
                        }
                        Err(error) => {
                            documents.files.insert(location, Err(error.to_string()));
                        }
                    }
                }
            }
        }
        Ok((documents, diagnostics))
    }

    /// The bytes of what is at a location, and the path that they have; `None` where nothing is known of it.
    fn fetch(&self, location: &Location, source: &dyn Source) -> Option<(PathBuf, io::Result<Vec<u8>>)> {
        let path = match location {
            Location::Uri(uri) => match metaschemas::text(uri) {
                Some(text) => return Some((PathBuf::from(uri), Ok(text.as_bytes().to_vec()))),
                None => self.catalog.path(uri)?,
            },
            Location::File(path) => path.clone(),
            Location::Nowhere => return None,
        };
        let bytes = source.read(&path);
        Some((path, bytes))
    }

    /// The root of the document.
    pub(crate) fn root(&self) -> Option<Node<'_>> {
        self.roots.first().copied().flatten().map(|id| self.arena.node(id))
    }

    /// The root of the file at a location, or why there is none; `None` where none was looked for.
    pub(crate) fn file(&self, location: &Location) -> Option<Result<Node<'_>, String>> {
        let root = |file: &FileId| {
            let root = self.roots[file.0 as usize].map(|id| self.arena.node(id));
            root.ok_or_else(|| "the file cannot be parsed".to_owned())
        };
        self.files.get(location).map(|file| file.as_ref().map_err(String::clone).and_then(root))
    }

    /// The metaschema of others with that URI, if it is among the files.
    pub(crate) fn metaschema(&self, uri: &str) -> Option<Node<'_>> {
        let location = Location::Uri(without_fragment(uri).to_owned());
        let file = self.file(&location).and_then(Result::ok);
        file.or_else(|| self.resources.find_anywhere(&location).map(|id| self.node(id)))
    }

    /// The path that a location has or would have.
    pub(crate) fn path(&self, location: &Location) -> Option<PathBuf> {
        match location {
            Location::File(path) => Some(path.clone()),
            Location::Uri(uri) => self.catalog.path(uri),
            Location::Nowhere => None,
        }
    }

    /// Where the file of a node is from.
    pub(crate) fn location(&self, node: Node<'_>) -> &Location {
        &self.locations[node.file().0 as usize]
    }

    /// The node with that id.
    pub(crate) fn node(&self, id: u32) -> Node<'_> {
        self.arena.node(id)
    }

    /// The root of the file a node stands in.
    pub(crate) fn root_of(&self, node: Node<'_>) -> Option<Node<'_>> {
        self.roots[node.file().0 as usize].map(|id| self.arena.node(id))
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

    fn add(&mut self, location: Location, path: PathBuf, bytes: Vec<u8>, diagnostics: &mut Vec<Diagnostic>) -> FileId {
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
        let built_in = matches!(&location, Location::Uri(uri) if metaschemas::text(uri).is_some());
        self.has_vocabularies |= !built_in && text.contains("$vocabulary");
        let file = self.sources.add(path, text, built_in);
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
        // Most files have none.
        let identified = ["$id", "$anchor", "$dynamicAnchor"].iter().any(|keyword| text.contains(keyword));
        if let Some(root) = root.filter(|_| identified) {
            self.resources.add(self.arena.node(root), location.clone());
        }
        self.locations.push(location.clone());
        self.files.insert(location, Ok(file));
        file
    }

    /// The other files that references of this file name, and the metaschemas of others, each with what it means where `$id` is no more than a label.
    /// What only looks like a reference (in an example) costs an attempt to read it and nothing else.
    fn named_in(&self, file: FileId) -> Vec<Vec<Location>> {
        let own = &self.locations[file.0 as usize];
        let mut named = Vec::new();
        let mut waiting: Vec<_> = self.roots[file.0 as usize].map(|id| self.arena.node(id)).into_iter().collect();
        while let Some(node) = waiting.pop() {
            for text in ["$ref", "$dynamicRef"].into_iter().filter_map(|keyword| node.text(keyword)) {
                let (text, _) = text.split_once('#').unwrap_or((text, ""));
                if text.is_empty() {
                    continue;
                }
                let bases = self.resources.base(node).into_iter().chain([own]);
                let mut locations: Vec<_> = bases.map(|base| base.resolve(text)).collect();
                locations.dedup();
                if !locations.iter().any(|location| self.resources.find_in(file, location).is_some()) {
                    named.push(locations);
                }
            }
            let dialect = node.text("$schema").map(without_fragment);
            if let Some(uri) = dialect.filter(|uri| uri::is_absolute(uri) && metaschemas::text(uri).is_none()) {
                named.push(vec![Location::Uri(uri.to_owned())]);
            }
            match node.kind() {
                Kind::Object(_) => waiting.extend(node.members().map(|(_, _, node)| node)),
                Kind::Array(_) => waiting.extend(node.items()),
                _ => {}
            }
        }
        named.sort();
        named.dedup();
        named
    }
}

fn without_fragment(uri: &str) -> &str {
    uri.split_once('#').map_or(uri, |(uri, _)| uri)
}

/// Takes `.` and `..` out of a path without asking the file system.
pub(crate) fn normalize(path: &Path) -> PathBuf {
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
