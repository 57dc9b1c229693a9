//! The same value twice in an `enum`.

use std::collections::HashMap;

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "duplicate-enum-value",
    severity: Severity::Warning,
    summary: "The values of an `enum` should be different.",
    explanation: "The second one changes nothing; perhaps it should have been another value.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for schema in &subject.walk.schemas {
        let mut first = HashMap::new();
        for value in schema.get("enum").into_iter().flat_map(Node::items) {
            if let Some(other) = first.insert(value.to_json().to_string(), value.span()) {
                report.at(value.span(), "this value is there twice").also(other, "first here");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn values_are_different() {
        check(RULE, "components: {schemas: {A: {enum: [1, '1', a, 1]}}}\n", &["1:46 this value is there twice"]);
    }
}
