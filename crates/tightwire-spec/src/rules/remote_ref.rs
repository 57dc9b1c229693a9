//! References to URLs.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::reference::Broken;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "remote-ref",
    severity: Severity::Error,
    summary: "A `$ref` to a URL must lead to a copy.",
    explanation: "Documents are read without a network: a build must not depend on one, nor change when somebody \
        else's file does. Save a copy and say where it is, in the `tightwire.toml` beside the document \
        (`[schemas]`, `\"https://example.com/schemas/\" = \"vendor/schemas\"`) or by `--schemas URL=PATH`; or refer to the \
        copy by its path. The metaschemas of draft-07 and 2020-12 are built in, and an `$id` in a file that is read \
        makes its URL known.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let references = subject.walk.references.iter();
    for (&reference, keyword) in references.flat_map(|node| [(node, "$ref"), (node, "$dynamicRef")]) {
        let Some(text) = reference.text(keyword) else { continue };
        if subject.model.documents.target(reference, text) == Err(Broken::Remote) {
            let span = reference.get(keyword).map_or(reference.span(), Node::span);
            let folder = text.split_once('#').map_or(text, |(url, _)| url);
            let folder = folder.rfind('/').map_or(folder, |end| &folder[..=end]);
            report.at(span, format!("`{text}` is on the network")).help(format!(
                "save a copy and say where: `\"{folder}\" = \"FOLDER\"` under `[schemas]` in tightwire.toml, or \
                     `--schemas {folder}=FOLDER`"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn urls_are_not_read() {
        check(
            RULE,
            "components:\n  schemas:\n    A: {$ref: 'https://example.com/a.yml#/A'}\n",
            &["3:15 `https://example.com/a.yml#/A` is on the network"],
        );
        check(RULE, "components:\n  schemas:\n    A: {$ref: 'http://json-schema.org/draft-07/schema#'}\n", &[]);
        check(RULE, "components:\n  schemas:\n    A: {$ref: 'urn:example:b'}\n    B: {$id: 'urn:example:b'}\n", &[]);
    }
}
