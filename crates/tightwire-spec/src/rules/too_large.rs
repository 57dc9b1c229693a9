//! Documents that are larger than anything a person writes.

use super::{Rule, checked_while_reading};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    id: "too-large",
    severity: Severity::Error,
    summary: "A document must stay within bounds of size and depth.",
    explanation: "A file may have 32 MiB, 128 levels of nesting, and all files together a million nodes, aliases \
        counted as often as they are used. The bounds keep a hostile document from taking the machine.",
    check: checked_while_reading,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check_whole;

    #[test]
    fn bombs_end_in_a_diagnostic() {
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (name, inner) in ["b", "c", "d", "e", "f", "g", "h"].iter().zip(["a", "b", "c", "d", "e", "f", "g"]) {
            let aliases = vec![format!("*{inner}"); 10].join(", ");
            bomb.push_str(&format!("{name}: &{name} [{aliases}]\n"));
        }
        check_whole(RULE, &bomb, 0, &["6:36 the document has more than 1000000 nodes"]);
        let deep = "[".repeat(200) + &"]".repeat(200);
        check_whole(RULE, &deep, 0, &["1:129 nested more than 128 levels deep"]);
    }
}
