//! Documents that are larger than anything a person writes.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::expansion::MAX_SCHEMAS;

pub(super) const RULE: Rule = Rule {
    id: "too-large",
    severity: Severity::Error,
    summary: "A document must stay within bounds of size and depth.",
    explanation: "A file may have 32 MiB, 128 levels of nesting, and all files together a million nodes, aliases \
        counted as often as they are used. No value may be judged by more than 100 000 schemas, which `allOf` and \
        its like reach when each step doubles the number. The bounds keep a hostile document from taking the machine.",
    check,
};

/// Files and their nodes are counted while they are read; this is about schemas that consist of others.
fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for schema in &subject.expansion.huge {
        report
            .at(schema.name_span(), format!("this schema consists of more than {MAX_SCHEMAS} others"))
            .help("they are counted as often as they are used; let the alternatives share less");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{HEAD, check_whole};

    #[test]
    fn bombs_end_in_a_diagnostic() {
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (name, inner) in ["b", "c", "d", "e", "f", "g", "h"].iter().zip(["a", "b", "c", "d", "e", "f", "g"]) {
            let aliases = vec![format!("*{inner}"); 10].join(", ");
            bomb.push_str(&format!("{name}: &{name} [{aliases}]\n"));
        }
        check_whole(RULE, &bomb, 0, &["6:36 the document has more than 1000000 nodes"]);
        let all_of = |next: usize| vec![format!("{{$ref: '#/components/schemas/S{next}'}}"); 10].join(", ");
        let mut schemas = format!("{HEAD}components:\n  schemas:\n    S9: {{}}\n");
        (0..9).for_each(|number| schemas.push_str(&format!("    S{number}: {{allOf: [{}]}}\n", all_of(number + 1))));
        check_whole(RULE, &schemas, 0, &["10:5 this schema consists of more than 100000 others"]);
        let deep = "[".repeat(200) + &"]".repeat(200);
        check_whole(RULE, &deep, 0, &["1:129 nested more than 128 levels deep"]);
    }
}
