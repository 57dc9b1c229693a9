//! `$ref`: what it says and where it leads.

use std::path::PathBuf;

use crate::documents::Documents;
use crate::tree::Node;

/// A chain of references longer than this is taken for a cycle.
const MAX_HOPS: usize = 64;
/// How often pointers may lead through references that have pointers themselves.
const MAX_DETOURS: usize = 4;

/// What the text of a `$ref` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// `#/pointer`: a place in the same file.
    Here { pointer: String },
    /// `path` or `path#/pointer`: a place in another file.
    File { path: String, pointer: String },
    /// `https://…`: nothing that this crate reads.
    Remote,
}

/// Why a reference leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Broken<'a> {
    /// The place does not exist. `at` is the last node on the way and `token` what it does not have.
    Missing { at: Node<'a>, token: String },
    /// The file cannot be used.
    File { path: PathBuf, reason: String },
    /// It names a URL.
    Remote,
    /// The fragment is no JSON Pointer.
    Pointer,
    /// It leads back to itself.
    Cycle,
}

impl Target {
    pub(crate) fn parse(text: &str) -> Self {
        let (path, pointer) = text.split_once('#').unwrap_or((text, ""));
        let pointer = percent_decoded(pointer);
        if path.is_empty() {
            Self::Here { pointer }
        } else if path.contains("://") || path.starts_with("//") {
            Self::Remote
        } else {
            Self::File { path: percent_decoded(path), pointer }
        }
    }
}

impl Documents {
    /// The node that a `$ref` object leads to in one step.
    pub(crate) fn target<'a>(&'a self, reference: Node<'a>, text: &str) -> Result<Node<'a>, Broken<'a>> {
        self.target_within(reference, text, MAX_DETOURS)
    }

    fn target_within<'a>(&'a self, reference: Node<'a>, text: &str, hops: usize) -> Result<Node<'a>, Broken<'a>> {
        let (root, pointer) = match Target::parse(text) {
            Target::Here { pointer } => (self.root_of(reference).ok_or(Broken::Pointer)?, pointer),
            Target::File { path, pointer } => {
                let path = self.join(reference.file(), &path);
                match self.file(&path) {
                    Ok(root) => (root, pointer),
                    Err(reason) => return Err(Broken::File { path, reason }),
                }
            }
            Target::Remote => return Err(Broken::Remote),
        };
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(Broken::Pointer);
        }
        let mut node = root;
        let tokens: Vec<String> =
            pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect();
        let mut rest = tokens.as_slice();
        while let Some((token, after)) = rest.split_first() {
            let (child, after) = match node.child(token) {
                Some(child) => (child, after),
                // The way may lead through references: `#/channels/echo/messages/ping` where `echo` is one.
                None if hops > 0 && node.text("$ref").is_some() => {
                    let at = self.resolve_within(node, hops - 1)?;
                    step(at, rest).ok_or(Broken::Missing { at, token: token.clone() })?
                }
                None => step(node, rest).ok_or(Broken::Missing { at: node, token: token.clone() })?,
            };
            (node, rest) = (child, after);
        }
        Ok(node)
    }

    /// The text that a reference should have, where it leads somewhere only because a `/` in a name was taken for one.
    pub(crate) fn escaped(&self, reference: Node<'_>, text: &str) -> Option<String> {
        let target = self.target(reference, text).ok()?;
        let (file, pointer) = text.split_once('#')?;
        let pointer = percent_decoded(pointer);
        // With names as they are, every token is one name.
        let mut names = Vec::new();
        let mut node = target;
        while let (Some(token), Some(parent)) = (node.token(), node.parent()) {
            names.push(token);
            node = parent;
        }
        let plain: usize = pointer.matches('/').count();
        let unescaped = names.iter().any(|name| name.contains('/') && pointer.contains(name.as_str()));
        if !unescaped || plain <= names.len() {
            return None;
        }
        let pointer: String =
            names.iter().rev().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect();
        Some(format!("{file}#{pointer}"))
    }

    /// The node itself, or what it leads to if it is a `$ref`, however many steps that takes.
    pub(crate) fn resolve<'a>(&'a self, node: Node<'a>) -> Result<Node<'a>, Broken<'a>> {
        self.resolve_within(node, MAX_DETOURS)
    }

    fn resolve_within<'a>(&'a self, node: Node<'a>, hops: usize) -> Result<Node<'a>, Broken<'a>> {
        let mut node = node;
        for _ in 0..MAX_HOPS {
            match node.text("$ref") {
                Some(text) => node = self.target_within(node, text, hops)?,
                None => return Ok(node),
            }
        }
        Err(Broken::Cycle)
    }
}

/// The child that the first of the tokens names, or the first few of them together: a `/` in a name that should have
/// been written `~1`.
fn step<'a, 't>(node: Node<'a>, tokens: &'t [String]) -> Option<(Node<'a>, &'t [String])> {
    const LONGEST: usize = 16;
    (1..=tokens.len().min(LONGEST)).find_map(|count| {
        let child = node.child(&tokens[..count].join("/"))?;
        Some((child, &tokens[count..]))
    })
}

pub(crate) fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expected: Target) {
        assert_eq!(Target::parse(input), expected, "{input}");
    }

    #[test]
    fn texts_of_references() {
        let here = |pointer: &str| Target::Here { pointer: pointer.into() };
        let file = |path: &str, pointer: &str| Target::File { path: path.into(), pointer: pointer.into() };
        check("#/components/schemas/A", here("/components/schemas/A"));
        check("#", here(""));
        check("#/a%20b/c~1d", here("/a b/c~1d"));
        check("#/100%", here("/100%"));
        check("common.yml", file("common.yml", ""));
        check("../x%20y.yml#/A", file("../x y.yml", "/A"));
        check("https://example.com/a.yml#/A", Target::Remote);
    }
}
