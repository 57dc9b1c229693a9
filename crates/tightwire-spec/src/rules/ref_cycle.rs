//! References and `allOf` that lead back to themselves without ever arriving.

use std::collections::HashMap;

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "ref-cycle",
    severity: Severity::Error,
    summary: "References must arrive somewhere: a schema may contain itself, but not consist of itself.",
    explanation: "A tree whose nodes have `children` of the same schema is fine: each step goes into the value. A \
        `$ref` that leads to itself, or a schema that is `allOf` itself, describes nothing, and a validator would run \
        in circles on one and the same value.",
    check,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Open,
    Done,
}

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let mut starts: Vec<_> = subject.walk.references.iter().chain(&subject.walk.schemas).copied().collect();
    starts.sort_by_key(|node| node.span());
    let mut marks: HashMap<Node<'_>, Mark> = HashMap::new();
    for start in starts {
        if marks.contains_key(&start) {
            continue;
        }
        // Depth first, with a list instead of recursion: each entry is a node and the steps not yet taken from it.
        marks.insert(start, Mark::Open);
        let mut path = vec![(start, same_value(subject, start))];
        while let Some((node, steps)) = path.last_mut() {
            let Some(next) = steps.pop() else {
                marks.insert(*node, Mark::Done);
                path.pop();
                continue;
            };
            match marks.get(&next) {
                None => {
                    marks.insert(next, Mark::Open);
                    path.push((next, same_value(subject, next)));
                }
                Some(Mark::Open) => {
                    let from = *node;
                    let what = if from.text("$ref").is_some() { "this `$ref` leads" } else { "this schema leads" };
                    let span = from.get("$ref").map_or(from.name_span(), Node::span);
                    report
                        .at(span, format!("{what} back to itself"))
                        .also(next.name_span(), "from here")
                        .help("let one of the steps describe something of its own");
                }
                Some(Mark::Done) => {}
            }
        }
    }
}

/// The schemas that judge the same value as this one.
fn same_value<'a>(subject: &Subject<'_, 'a>, node: Node<'a>) -> Vec<Node<'a>> {
    if let Some(text) = node.text("$ref") {
        return subject.model.documents.target(node, text).into_iter().collect();
    }
    let lists = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|key| node.get(key)).flat_map(Node::items);
    let single = ["not", "if", "then", "else"].into_iter().filter_map(|key| node.get(key));
    let dependencies = node.get("dependencies").into_iter().flat_map(Node::members).map(|(_, _, schema)| schema);
    lists.chain(single).chain(dependencies).filter(|schema| schema.is_object()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn cycles() {
        check(
            RULE,
            "components:\n  schemas:\n    A: {$ref: '#/components/schemas/A'}\n",
            &["3:15 this `$ref` leads back to itself"],
        );
        check(
            RULE,
            "components:\n  schemas:\n    A: {$ref: '#/components/schemas/B'}\n    B: {$ref: '#/components/schemas/A'}\n",
            &["4:15 this `$ref` leads back to itself"],
        );
        check(
            RULE,
            "components:\n  schemas:\n    A:\n      allOf:\n        - $ref: '#/components/schemas/A'\n",
            &["5:17 this `$ref` leads back to itself"],
        );
        check(
            RULE,
            "components:\n  schemas:\n    A: {properties: {children: {items: {$ref: '#/components/schemas/A'}}}}\n",
            &[],
        );
    }
}
