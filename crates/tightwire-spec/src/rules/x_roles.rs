//! `x-roles`.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    id: "x-roles",
    severity: Severity::Error,
    summary: "`x-roles` must list the names of roles, each once.",
    explanation: "Only connections with one of these roles may call the operation; without the key, everybody may. An \
        empty list would lock everybody out, so it is refused.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for operation in &subject.model.operations {
        let Some(node) = subject.model.field(operation.node, "x-roles") else { continue };
        if !node.is_array() || node.items().next().is_none() {
            report
                .at(node.span(), "`x-roles` must be a list of roles that is not empty")
                .help("remove the key to let everybody call the operation");
        }
        let mut seen = Vec::new();
        for role in node.items() {
            match role.as_str() {
                None | Some("") => {
                    report.at(role.span(), "a role must be text that is not empty");
                }
                Some(name) if seen.contains(&name) => {
                    report.at(role.span(), format!("the role `{name}` is there twice"));
                }
                Some(name) => seen.push(name),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn roles() {
        let document = |roles: &str| {
            format!("operations:\n  o:\n    action: receive\n    channel: {{$ref: '#/info'}}\n    x-roles: {roles}\n")
        };
        check(RULE, &document("[operator, admin]"), &[]);
        check(RULE, &document("operator"), &["5:14 `x-roles` must be a list of roles that is not empty"]);
        check(RULE, &document("[]"), &["5:14 `x-roles` must be a list of roles that is not empty"]);
        check(
            RULE,
            &document("[a, 1, a]"),
            &["5:18 a role must be text that is not empty", "5:21 the role `a` is there twice"],
        );
    }
}
