//! `x-envelope`.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    id: "x-envelope",
    severity: Severity::Error,
    summary: "`x-envelope` must be 1.",
    explanation: "It says that every frame of the protocol is the Tightwire envelope of that version. There is only \
        version 1.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    if let Some(node) = subject.model.root.get("x-envelope").filter(|node| node.as_u64() != Some(1)) {
        report
            .at(node.span(), "`x-envelope` must be 1")
            .help("remove the key if the protocol's frames are not in the envelope");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn versions_of_the_envelope() {
        check(RULE, "x-envelope: 1\n", &[]);
        check(RULE, "x-envelope: 2\n", &["1:13 `x-envelope` must be 1"]);
        check(RULE, "x-envelope: true\n", &["1:13 `x-envelope` must be 1"]);
    }
}
