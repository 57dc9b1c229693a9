//! How many schemas judge one value: `$ref`, `allOf` and their like, followed to the end.
//!
//! Where the way leads back to itself there is no end, and where each step doubles the number a small document keeps a
//! validator busy for years. Both are found here, once, before anything is validated.

use std::collections::HashMap;

use crate::dialect::Dialect;
use crate::documents::Documents;
use crate::tree::Node;
use crate::walk::Walk;

/// More schemas than this for one value are refused.
pub(crate) const MAX_SCHEMAS: u64 = 100_000;

/// What was found.
#[derive(Default)]
pub(crate) struct Expansion<'a> {
    /// Steps that lead back: from a node to one that leads to it.
    pub(crate) cycles: Vec<(Node<'a>, Node<'a>)>,
    /// Schemas that consist of too many others, although none of those does.
    pub(crate) huge: Vec<Node<'a>>,
}

/// A node on the way, the steps not taken from it yet, and what was counted so far.
struct Step<'a> {
    node: Node<'a>,
    left: Vec<Node<'a>>,
    count: u64,
    /// One of its parts is too large already.
    blamed: bool,
}

impl<'a> Expansion<'a> {
    pub(crate) fn measure(documents: &'a Documents, walk: &Walk<'a>) -> Self {
        let mut expansion = Self::default();
        let mut starts: Vec<_> = walk.references.iter().chain(&walk.schemas).copied().collect();
        starts.sort_by_key(|node| node.span());
        // `None` while a node is on the way, then its count.
        let mut counts: HashMap<Node<'a>, Option<u64>> = HashMap::new();
        for start in starts {
            if !counts.contains_key(&start) {
                expansion.follow(documents, walk, start, &mut counts);
            }
        }
        expansion
    }

    /// Whether validators can be run on the document's schemas.
    pub(crate) fn is_bounded(&self) -> bool {
        self.cycles.is_empty() && self.huge.is_empty()
    }

    /// Depth first, with a list instead of recursion: no chain of references exhausts the stack.
    fn follow(
        &mut self,
        documents: &'a Documents,
        walk: &Walk<'a>,
        start: Node<'a>,
        counts: &mut HashMap<Node<'a>, Option<u64>>,
    ) {
        let step = |node| Step { node, left: same_value(documents, walk, node), count: 1, blamed: false };
        counts.insert(start, None);
        let mut path = vec![step(start)];
        while let Some(top) = path.last_mut() {
            if let Some(next) = top.left.pop() {
                match counts.get(&next) {
                    Some(Some(count)) => {
                        top.count = top.count.saturating_add(*count);
                        top.blamed |= *count > MAX_SCHEMAS;
                    }
                    Some(None) => self.cycles.push((top.node, next)),
                    None => {
                        counts.insert(next, None);
                        path.push(step(next));
                    }
                }
                continue;
            }
            let Some(Step { node, count, blamed, .. }) = path.pop() else { break };
            counts.insert(node, Some(count));
            if count > MAX_SCHEMAS && !blamed {
                self.huge.push(node);
            }
            if let Some(above) = path.last_mut() {
                above.count = above.count.saturating_add(count);
                above.blamed |= count > MAX_SCHEMAS;
            }
        }
    }
}

/// The schemas that judge the same value as this one.
fn same_value<'a>(documents: &'a Documents, walk: &Walk<'a>, node: Node<'a>) -> Vec<Node<'a>> {
    let target = node.text("$ref").and_then(|text| documents.target(node, text).ok());
    // Since 2019-09 the keywords beside a reference count.
    if node.text("$ref").is_some() && walk.dialects.get(&node) != Some(&Dialect::Later) {
        return target.into_iter().collect();
    }
    let later = walk.dialects.get(&node) == Some(&Dialect::Later);
    let dynamic = node.text("$dynamicRef").filter(|_| later);
    let dynamic = dynamic.map(|text| documents.dynamic_targets(node, text)).unwrap_or_default();
    let lists = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|key| node.get(key)).flat_map(Node::items);
    let single = ["not", "if", "then", "else"].into_iter().filter_map(|key| node.get(key));
    let dependencies = ["dependencies", "dependentSchemas"].into_iter().filter_map(|key| node.get(key));
    let dependencies = dependencies.flat_map(Node::members).map(|(_, _, schema)| schema);
    let targets = target.into_iter().chain(dynamic);
    targets.chain(lists).chain(single).chain(dependencies).filter(|schema| schema.is_object()).collect()
}
