//! What `$id`, `$anchor` and `$dynamicAnchor` make of a file: parts with URIs of their own, and places with names.
//!
//! References are resolved against the URI of the part that they stand in. Keywords are found by where they stand: what
//! looks like one in an `enum` or an example is a value.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::rc::Rc;

use crate::reference::percent_decoded;
use crate::sources::FileId;
use crate::tree::Node;
use crate::uri;

/// What relative references are resolved against, and what they come to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Location {
    /// A file beside others.
    File(PathBuf),
    /// Something with a URI.
    Uri(String),
    /// `//host/path` in a file: there is no scheme to take over.
    Nowhere,
}

/// The parts with `$id`s and the places with names, of all files.
#[derive(Debug, Default)]
pub(crate) struct Resources {
    /// By the root of a part, its URI.
    bases: HashMap<u32, Location>,
    /// Of the parts with one URI the first of each file, and the first of all.
    in_file: HashMap<(FileId, Location), u32>,
    anywhere: HashMap<Location, u32>,
    /// By the root of a part and a name, the place.
    anchors: HashMap<(u32, String), u32>,
    /// By the root of a part, the places that `$dynamicAnchor` names in it.
    dynamic: HashMap<u32, Vec<(String, u32)>>,
    /// By name, the places that `$dynamicAnchor` names anywhere.
    dynamic_by_name: HashMap<String, Vec<u32>>,
}

/// Keywords whose value is a value and no schema.
const VALUES: [&str; 5] = ["enum", "const", "default", "example", "examples"];
/// Members that hold schemas, or what consists of some, under names that are free.
const NAMED: [&str; 10] = [
    "properties",
    "patternProperties",
    "definitions",
    "$defs",
    "dependencies",
    "dependentSchemas",
    "schemas",
    "messages",
    "channels",
    "operations",
];

impl Location {
    /// What a reference without a fragment means here.
    pub(crate) fn resolve(&self, reference: &str) -> Self {
        match self {
            _ if uri::is_absolute(reference) => Self::Uri(reference.to_owned()),
            _ if reference.is_empty() => self.clone(),
            Self::Uri(base) => Self::Uri(uri::resolve(base, reference)),
            _ if reference.starts_with("//") => Self::Nowhere,
            Self::File(path) => {
                let folder = path.parent().map(PathBuf::from).unwrap_or_default();
                Self::File(crate::documents::normalize(&folder.join(percent_decoded(reference))))
            }
            Self::Nowhere => Self::Nowhere,
        }
    }
}

impl Resources {
    /// Notes the parts and names of a file.
    pub(crate) fn add(&mut self, root: Node<'_>, location: Location) {
        /// A node to look at.
        struct Waiting<'a> {
            node: Node<'a>,
            part: u32,
            base: Rc<Location>,
            /// Since 2019-09 an `$id` beside a `$ref` counts.
            later: bool,
            /// Its members have free names.
            named: bool,
        }
        let base = Rc::new(location);
        // Level by level: of two parts with one URI the outer one counts, else the first.
        let mut waiting = VecDeque::from([Waiting { node: root, part: root.id(), base, later: false, named: false }]);
        while let Some(Waiting { node, mut part, mut base, mut later, named }) = waiting.pop_front() {
            if !named {
                let dialect = node.text("$schema").or_else(|| node.text("schemaFormat"));
                later = dialect.map_or(later, |text| text.contains("2019-09") || text.contains("2020-12"));
                let id = node.text("$id").filter(|_| later || node.text("$ref").is_none());
                let (id, fragment) = id.map_or(("", ""), |id| id.split_once('#').unwrap_or((id, "")));
                if !id.is_empty() {
                    base = Rc::new(base.resolve(id));
                    part = node.id();
                    self.bases.insert(part, (*base).clone());
                    self.in_file.entry((node.file(), (*base).clone())).or_insert(part);
                    self.anywhere.entry((*base).clone()).or_insert(part);
                }
                let fragment = Some(fragment).filter(|name| !name.is_empty());
                let dynamic = node.text("$dynamicAnchor");
                if let Some(name) = dynamic {
                    self.dynamic.entry(part).or_default().push((name.to_owned(), node.id()));
                    self.dynamic_by_name.entry(name.to_owned()).or_default().push(node.id());
                }
                let names = [fragment, node.text("$anchor"), dynamic];
                for name in names.into_iter().flatten() {
                    self.anchors.entry((part, name.to_owned())).or_insert(node.id());
                }
            }
            for (key, _, member) in node.members() {
                if named || !(VALUES.contains(&key) || key.starts_with("x-")) {
                    let named = !named && NAMED.contains(&key);
                    waiting.push_back(Waiting { node: member, part, base: Rc::clone(&base), later, named });
                }
            }
            for item in node.items() {
                waiting.push_back(Waiting { node: item, part, base: Rc::clone(&base), later, named: false });
            }
        }
    }

    /// The URI of the part that a node stands in, if that has one.
    pub(crate) fn base(&self, node: Node<'_>) -> Option<&Location> {
        self.bases.get(&self.part(node)?)
    }

    /// The root of the part with an `$id` that a node stands in.
    pub(crate) fn part(&self, node: Node<'_>) -> Option<u32> {
        if self.bases.is_empty() {
            return None;
        }
        std::iter::successors(Some(node), |node| node.parent()).map(Node::id).find(|id| self.bases.contains_key(id))
    }

    /// Whether a part with an `$id` begins at a node.
    pub(crate) fn is_part(&self, node: Node<'_>) -> bool {
        self.bases.contains_key(&node.id())
    }

    /// The places that `$dynamicAnchor` names in a part.
    pub(crate) fn dynamic_anchors(&self, part: u32) -> &[(String, u32)] {
        self.dynamic.get(&part).map_or(&[], Vec::as_slice)
    }

    /// The places of any part that `$dynamicAnchor` gives that name.
    pub(crate) fn dynamic_anchors_named(&self, name: &str) -> &[u32] {
        self.dynamic_by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The first part with that URI.
    pub(crate) fn find_anywhere(&self, location: &Location) -> Option<u32> {
        self.anywhere.get(location).copied()
    }

    /// The part of a file with that URI.
    pub(crate) fn find_in(&self, file: FileId, location: &Location) -> Option<u32> {
        self.in_file.get(&(file, location.clone())).copied()
    }

    /// The place with that name in a part.
    pub(crate) fn anchor(&self, part: u32, name: &str) -> Option<u32> {
        self.anchors.get(&(part, name.to_owned())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_between_files() {
        #[track_caller]
        fn check(reference: &str, expected: &str) {
            let file = Location::File(PathBuf::from("protocol/t.yml"));
            assert_eq!(file.resolve(reference), Location::File(PathBuf::from(expected)), "{reference}");
        }
        check("common.yml", "protocol/common.yml");
        check("../x%20y.yml", "x y.yml");
        check("./a/../b.yml", "protocol/b.yml");
        check("100%.yml", "protocol/100%.yml");
        check("a:b.yml", "protocol/a:b.yml");
        check("", "protocol/t.yml");
        let file = Location::File(PathBuf::from("t.yml"));
        assert_eq!(file.resolve("https://example.com/a.yml"), Location::Uri("https://example.com/a.yml".to_owned()));
        assert_eq!(file.resolve("//example.com/a.yml"), Location::Nowhere);
    }
}
