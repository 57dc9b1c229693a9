//! References with a `/` in a name.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    id: "unescaped-ref",
    severity: Severity::Warning,
    summary: "A `/` in a name must be written `~1` in a `$ref`.",
    explanation: "In a JSON Pointer `/` separates names, so most tools do not find what such a reference means. It is \
        followed here where there is only one thing that it can mean.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for &reference in &subject.walk.references {
        let Some(node) = reference.get("$ref") else { continue };
        let Some(text) = node.as_str() else { continue };
        if let Some(escaped) = subject.model.documents.escaped(reference, text) {
            report
                .at(node.span(), format!("`{text}` has a `/` in a name"))
                .label("followed all the same")
                .help(format!("write `{escaped}`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn names_with_slashes() {
        let document = |reference: &str| {
            format!("components:\n  schemas:\n    a/b/c: {{properties: {{}}}}\n    D: {{$ref: '{reference}'}}\n")
        };
        check(
            RULE,
            &document("#/components/schemas/a/b/c"),
            &["4:15 `#/components/schemas/a/b/c` has a `/` in a name"],
        );
        check(
            RULE,
            &document("#/components/schemas/a/b/c/properties"),
            &["4:15 `#/components/schemas/a/b/c/properties` has a `/` in a name"],
        );
        check(RULE, &document("#/components/schemas/a~1b~1c"), &[]);
        check(RULE, &document("#/components/schemas/a/b"), &[]);
    }
}
