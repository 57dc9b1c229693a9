//! `$id`s that references are written past.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    id: "label-id",
    severity: Severity::Warning,
    summary: "An `$id` must be the base of the references in its schema, not only a label.",
    explanation: "An `$id` gives its schema a URI, and every `$ref` in the schema is resolved against that: a `#` there is \
        the schema and no longer the file. A reference that leads nowhere in this way, but does from the file, is \
        followed from the file; other tools may not find what it means. If the schema only needs a name, use `title`.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for &reference in &subject.walk.references {
        let Some(node) = reference.get("$ref") else { continue };
        let Some(text) = node.as_str() else { continue };
        if subject.model.documents.is_beside_base(reference, text) {
            report
                .at(node.span(), format!("`{text}` does not exist in the schema whose `$id` is around it"))
                .label("followed from the file")
                .help("use `title` if the schema only needs a name, or refer to the `$id` of what is meant");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn ids_and_labels() {
        let document = |id: &str, reference: &str| {
            format!(
                "components:\n  schemas:\n    A: {{{id}, properties: {{a: {{$ref: '{reference}'}}}}}}\n    B: {{}}\n"
            )
        };
        check(
            RULE,
            &document("$id: Label", "#/components/schemas/B"),
            &["3:44 `#/components/schemas/B` does not exist in the schema whose `$id` is around it"],
        );
        check(
            RULE,
            &document("$id: 'https://example.com/a'", "#/components/schemas/B"),
            &["3:62 `#/components/schemas/B` does not exist in the schema whose `$id` is around it"],
        );
        check(RULE, &document("title: Label", "#/components/schemas/B"), &[]);
        check(RULE, &document("$id: Label", "#"), &[]);
        check(RULE, &document("$id: Label", "#/properties/a"), &[]);
        check(RULE, &document("$id: Label", "#/components/schemas/C"), &[]);
    }
}
