//! Extensions of Tightwire that are misspelt or stand where nothing reads them.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::shape::{MESSAGE, MESSAGE_TRAIT, OPERATION, OPERATION_TRAIT, Object, REPLY, ROOT};
use crate::suggest::nearest;

pub(super) const RULE: Rule = Rule {
    id: "misplaced-extension",
    severity: Severity::Warning,
    summary: "Tightwire's extensions must be spelt right and stand on the object that they are about.",
    explanation: "`x-envelope`, `x-role`, `x-heartbeat`, `x-limits` and `x-close-codes` stand in the document's root, \
        `x-delivery` and `x-session` on a message, `x-subscribes` and `x-roles` on an operation, `x-sequence` on a \
        reply. Anywhere else, and under a name that is nearly theirs, they have no effect. Other `x-` keys are not \
        looked at.",
    check,
};

/// Every extension and the objects that may have it.
const EXTENSIONS: [(&str, &[&Object]); 10] = [
    ("x-envelope", &[&ROOT]),
    ("x-heartbeat", &[&ROOT]),
    ("x-role", &[&ROOT]),
    ("x-limits", &[&ROOT]),
    ("x-close-codes", &[&ROOT]),
    ("x-delivery", &[&MESSAGE, &MESSAGE_TRAIT]),
    ("x-session", &[&MESSAGE, &MESSAGE_TRAIT]),
    ("x-subscribes", &[&OPERATION, &OPERATION_TRAIT]),
    ("x-roles", &[&OPERATION, &OPERATION_TRAIT]),
    ("x-sequence", &[&REPLY]),
];

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for (node, object) in &subject.walk.objects {
        for (key, span, _) in node.members().filter(|(key, ..)| key.starts_with("x-")) {
            match EXTENSIONS.iter().find(|(name, _)| *name == key) {
                Some((_, places)) if places.iter().any(|place| place.name == object.name) => {}
                Some((_, places)) => {
                    report
                        .at(span, format!("`{key}` has no effect on {}", object.name))
                        .help(format!("it belongs to {}", places[0].name));
                }
                None => {
                    if let Some(name) = nearest(key, EXTENSIONS.iter().map(|(name, _)| *name)) {
                        report.at(span, format!("`{key}` is not an extension")).help(format!("did you mean `{name}`?"));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn extensions_stand_where_they_are_read() {
        check(RULE, "x-limit: {}\nx-mine: 1\n", &["1:1 `x-limit` is not an extension"]);
        check(RULE, "x-delivery: latest\n", &["1:1 `x-delivery` has no effect on the document"]);
        check(RULE, "x-limits: {}\nchannels: {a: {messages: {m: {x-delivery: latest}}}}\n", &[]);
    }
}
