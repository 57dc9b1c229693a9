//! `x-role`.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::ir::Role;

pub(super) const RULE: Rule = Rule {
    id: "x-role",
    severity: Severity::Error,
    summary: "`x-role` must be `server` or `client`.",
    explanation: "It says which side of the protocol the document describes: what that side receives, the other one \
        sends. Default: `server`.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let Some(node) = subject.model.root.get("x-role") else { return };
    if node.as_str().and_then(Role::parse).is_none() {
        report.at(node.span(), "`x-role` must be `server` or `client`").help("`server` is the default");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn roles() {
        check(RULE, "x-role: client\n", &[]);
        check(RULE, "x-role: server\n", &[]);
        check(RULE, "x-role: broker\n", &["1:9 `x-role` must be `server` or `client`"]);
    }
}
