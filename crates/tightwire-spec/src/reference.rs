//! `$ref`: what it says and where it leads.

use std::path::PathBuf;

use crate::documents::Documents;
use crate::resources::Location;
use crate::tree::Node;

/// A chain of references longer than this is taken for a cycle.
const MAX_HOPS: usize = 64;
/// How often pointers may lead through references that have pointers themselves.
const MAX_DETOURS: usize = 4;

/// Why a reference leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Broken<'a> {
    /// The place does not exist. `at` is the last node on the way and `token` what it does not have.
    Missing { at: Node<'a>, token: String },
    /// The file cannot be used.
    File { path: PathBuf, reason: String },
    /// It names a URL that no copy is known of.
    Remote,
    /// The fragment is no JSON Pointer, and nothing there has it as its name.
    Pointer,
    /// It leads back to itself.
    Cycle,
}

/// Where a reference leads.
struct Found<'a> {
    /// The root of the file, or of the part with an `$id`.
    root: Node<'a>,
    node: Node<'a>,
}

impl Documents {
    /// The node that a `$ref` object leads to in one step.
    pub(crate) fn target<'a>(&'a self, reference: Node<'a>, text: &str) -> Result<Node<'a>, Broken<'a>> {
        self.target_within(reference, text, MAX_DETOURS).map(|found| found.node)
    }

    /// Where a `$dynamicRef` leads if nothing overrides it, and the name under which something may: only a place that
    /// `$dynamicAnchor` names can be overridden.
    pub(crate) fn dynamic_target<'a>(
        &'a self,
        reference: Node<'a>,
        text: &'a str,
    ) -> Result<(Node<'a>, Option<&'a str>), Broken<'a>> {
        let target = self.target(reference, text)?;
        let name = text.split_once('#').map(|(_, name)| name);
        Ok((target, name.filter(|name| target.text("$dynamicAnchor") == Some(name))))
    }

    /// Everything that a `$dynamicRef` may lead to.
    pub(crate) fn dynamic_targets<'a>(&'a self, reference: Node<'a>, text: &'a str) -> Vec<Node<'a>> {
        let Ok((target, name)) = self.dynamic_target(reference, text) else { return Vec::new() };
        let others = name.map_or(&[][..], |name| self.resources.dynamic_anchors_named(name));
        std::iter::once(target).chain(others.iter().map(|&id| self.node(id))).collect()
    }

    /// The root of the file that a node stands in, or of the part with an `$id`.
    pub(crate) fn part_of<'a>(&'a self, node: Node<'a>) -> Option<u32> {
        self.resources.part(node).or_else(|| self.root_of(node).map(Node::id))
    }

    /// Whether a reference leads somewhere only because the `$id` around it is taken for a label.
    pub(crate) fn is_beside_base(&self, reference: Node<'_>, text: &str) -> bool {
        let Some(base) = self.resources.base(reference) else { return false };
        self.target_from(base, reference, text, MAX_DETOURS).is_err() && self.target(reference, text).is_ok()
    }

    fn target_within<'a>(&'a self, reference: Node<'a>, text: &str, hops: usize) -> Result<Found<'a>, Broken<'a>> {
        let own = self.location(reference);
        let Some(base) = self.resources.base(reference) else { return self.target_from(own, reference, text, hops) };
        self.target_from(base, reference, text, hops).or_else(|broken| {
            let beside = self.target_from(own, reference, text, hops);
            beside.map_err(|other| if matches!(base, Location::File(_)) { other } else { broken })
        })
    }

    /// Where a reference leads from a base, which is the URI around it or the location of its file.
    fn target_from<'a>(
        &'a self,
        base: &Location,
        reference: Node<'a>,
        text: &str,
        hops: usize,
    ) -> Result<Found<'a>, Broken<'a>> {
        let (path, pointer) = text.split_once('#').unwrap_or((text, ""));
        let pointer = percent_decoded(pointer);
        let root = self.part_named(base, reference, path)?;
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let node = self.resources.anchor(root.id(), &pointer).ok_or(Broken::Pointer)?;
            return Ok(Found { root, node: self.node(node) });
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
        Ok(Found { root, node })
    }

    /// The file that a reference without its fragment names, or the part with an `$id`.
    fn part_named<'a>(&'a self, base: &Location, reference: Node<'a>, path: &str) -> Result<Node<'a>, Broken<'a>> {
        if path.is_empty() {
            let part = self.resources.part(reference).filter(|_| self.resources.base(reference) == Some(base));
            return part.map(|id| self.node(id)).or_else(|| self.root_of(reference)).ok_or(Broken::Pointer);
        }
        let location = base.resolve(path);
        if let Some(part) = self.resources.find_in(reference.file(), &location) {
            return Ok(self.node(part));
        }
        let reason = match self.file(&location) {
            Some(Ok(root)) => return Ok(root),
            Some(Err(reason)) => reason,
            None => "the file was not read".to_owned(),
        };
        if let Some(part) = self.resources.find_anywhere(&location) {
            return Ok(self.node(part));
        }
        Err(self.path(&location).map_or(Broken::Remote, |path| Broken::File { path, reason }))
    }

    /// The text that a reference should have, where it leads somewhere only because a `/` in a name was taken for one.
    pub(crate) fn escaped(&self, reference: Node<'_>, text: &str) -> Option<String> {
        let Found { root, node: target } = self.target_within(reference, text, MAX_DETOURS).ok()?;
        let (file, pointer) = text.split_once('#')?;
        let pointer = percent_decoded(pointer);
        // With names as they are, every token is one name.
        let mut names = Vec::new();
        let mut node = target;
        while let (true, Some(token), Some(parent)) = (node != root, node.token(), node.parent()) {
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
                Some(text) => node = self.target_within(node, text, hops)?.node,
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
