//! The same key twice in one object.

use super::{Rule, checked_while_reading};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    id: "duplicate-key",
    severity: Severity::Error,
    summary: "A key may appear only once in an object.",
    explanation: "Some readers take the first one, some the last, some refuse. Two channels, operations or messages \
        of one name are most often a copy that was not renamed.",
    check: checked_while_reading,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn keys_are_unique() {
        check(
            RULE,
            "channels:\n  a: {address: a}\n  a: {address: b}\n",
            &["3:3 the key `a` appears twice in one object"],
        );
        check(
            RULE,
            "channels:\n  a: {address: a, \"address\": b}\n",
            &["2:19 the key `address` appears twice in one object"],
        );
        check(RULE, "channels:\n  a: {address: a}\n  b: {address: b}\n", &[]);
    }
}
