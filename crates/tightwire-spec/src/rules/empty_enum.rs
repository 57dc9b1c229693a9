//! An `enum` without values.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "empty-enum",
    severity: Severity::Warning,
    summary: "An `enum` should list at least one value.",
    explanation: "Nothing is one of no values, so the schema refuses everything. `false` says the same; leave the keyword out \
        to accept everything.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for schema in &subject.walk.schemas {
        if let Some(values) = schema.get("enum").filter(|values| is_empty(*values)) {
            report.at(values.span(), "this `enum` has no values, so the schema refuses everything");
        }
    }
}

/// Whether this is a list of nothing.
fn is_empty(values: Node<'_>) -> bool {
    values.is_array() && values.items().next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn lists_hold_values() {
        check(
            RULE,
            "components: {schemas: {A: {enum: []}, B: {enum: [1]}}}\n",
            &["1:34 this `enum` has no values, so the schema refuses everything"],
        );
    }
}
