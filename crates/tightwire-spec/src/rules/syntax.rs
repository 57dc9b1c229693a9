//! Text that is not YAML or JSON.

use super::{Rule, checked_while_reading};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    id: "syntax",
    severity: Severity::Error,
    summary: "A file must be UTF-8 and YAML 1.2, or JSON if its name ends in `.json`.",
    explanation: "Nothing else can be said about a file that cannot be parsed. Common causes are tabs for \
        indentation, a `:` in text that is not quoted, and a bracket that is not closed. `yes` and `no` are text in \
        YAML 1.2; only `true` and `false` are booleans.",
    check: checked_while_reading,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check_whole;

    #[test]
    fn texts_that_are_no_documents() {
        check_whole(RULE, "", 0, &["1:1 the file is empty"]);
        check_whole(RULE, "# only a comment\n", 0, &["1:1 the file is empty"]);
        check_whole(RULE, "a: 1\n---\nb: 2\n", 0, &["2:1 a second YAML document starts here"]);
        check_whole(RULE, "a: !!int x\n", 0, &["1:4 `x` is not what its tag `!!int` says"]);
        check_whole(RULE, "? [a]\n: b\n", 0, &["1:3 a key must be text"]);
    }
}
