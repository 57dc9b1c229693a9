//! References that lead nowhere.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::reference::Broken;
use crate::suggest::nearest;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "unknown-ref",
    severity: Severity::Error,
    summary: "A `$ref` must lead to something that exists.",
    explanation: "A reference is a JSON Pointer into the same file (`#/components/schemas/User`), a file next to the \
        one it stands in (`common.yml`), or both (`common.yml#/User`). In a pointer, `/` in a name is written `~1` and \
        `~` is written `~0`. What follows `#` may also be the \
        `$anchor` of a schema, and a reference may name a schema by its `$id`.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let references = subject.walk.references.iter();
    for (&reference, keyword) in references.flat_map(|node| [(node, "$ref"), (node, "$dynamicRef")]) {
        let Some(text) = reference.text(keyword) else { continue };
        let Err(broken) = subject.model.documents.target(reference, text) else { continue };
        let span = reference.get(keyword).map_or(reference.span(), Node::span);
        match broken {
            Broken::Missing { at, token } => {
                let place = match at.pointer() {
                    pointer if pointer.is_empty() => "the document".to_owned(),
                    pointer => format!("`#{pointer}`"),
                };
                let found = report.at(span, format!("`{text}` does not exist"));
                found.label(format!("{place} has no `{token}`"));
                if let Some(name) = nearest(&token, at.members().map(|(key, ..)| key)) {
                    let end = text.rfind(&token).map_or(text, |end| &text[..end]);
                    found.help(format!("did you mean `{end}{name}`?"));
                } else if at.is_object() && at.members().count() <= 12 {
                    let names: Vec<_> = at.members().map(|(key, ..)| format!("`{key}`")).collect();
                    if !names.is_empty() {
                        found.help(format!("it has {}", names.join(", ")));
                    }
                }
            }
            Broken::File { path, reason } => {
                let found = report.at(span, format!("`{text}` cannot be used: {reason}"));
                if subject.model.root.get("components").is_some_and(|components| knows(components, text)) {
                    found.help(format!("to refer to something in this file write `#/components/…/{text}`"));
                } else {
                    found.help(format!("this is the file {}", path.display()));
                }
            }
            Broken::Pointer => {
                report
                    .at(span, format!("`{text}` is not a JSON Pointer"))
                    .help(
                        "what follows `#` is empty, begins with `/` as in `#/components/schemas/User`, or is the `$anchor` of \
                         a schema there",
                    );
            }
            // Rules of their own.
            Broken::Remote | Broken::Cycle => {}
        }
    }
}

fn knows(components: Node<'_>, name: &str) -> bool {
    components.members().any(|(_, _, kind)| kind.get(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn references_lead_somewhere() {
        check(RULE, "components:\n  schemas:\n    A: {$ref: '#/components/schemas/B'}\n    B: {}\n", &[]);
        check(
            RULE,
            "components:\n  schemas:\n    A: {$ref: '#/components/schemas/C'}\n    B: {}\n",
            &["3:15 `#/components/schemas/C` does not exist"],
        );
        check(
            RULE,
            "channels:\n  a: {messages: {m: {$ref: 'm.yml#/M'}}}\n",
            &["2:28 `m.yml#/M` cannot be used: entity not found"],
        );
        check(RULE, "components:\n  schemas:\n    A: {$ref: '#A'}\n", &["3:15 `#A` is not a JSON Pointer"]);
        check(RULE, "components:\n  messages:\n    m: {examples: [{payload: {$ref: '#/nothing'}}]}\n", &[]);
    }
}
