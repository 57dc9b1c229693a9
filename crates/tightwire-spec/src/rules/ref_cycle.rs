//! References and `allOf` that lead back to themselves without ever arriving.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "ref-cycle",
    severity: Severity::Error,
    summary: "References must arrive somewhere: a schema may contain itself, but not consist of itself.",
    explanation: "A tree whose nodes have `children` of the same schema is fine: each step goes into the value. A \
        `$ref` that leads to itself, or a schema that is `allOf` itself, describes nothing, and a validator would run \
        in circles on one and the same value.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for (from, to) in &subject.expansion.cycles {
        let what = if from.text("$ref").is_some() { "this `$ref` leads" } else { "this schema leads" };
        let span = from.get("$ref").map_or(from.name_span(), Node::span);
        report
            .at(span, format!("{what} back to itself"))
            .also(to.name_span(), "from here")
            .help("let one of the steps describe something of its own");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn cycles() {
        check(
            RULE,
            "components:\n  schemas:\n    A: {$ref: '#/components/schemas/A'}\n",
            &["3:15 this `$ref` leads back to itself"],
        );
        check(
            RULE,
            "components:\n  schemas:\n    A: {$ref: '#/components/schemas/B'}\n    B: {$ref: '#/components/schemas/A'}\n",
            &["4:15 this `$ref` leads back to itself"],
        );
        check(
            RULE,
            "components:\n  schemas:\n    A:\n      allOf:\n        - $ref: '#/components/schemas/A'\n",
            &["5:17 this `$ref` leads back to itself"],
        );
        check(
            RULE,
            "channels: {a: {messages: {m: {payload: {$ref: '#/components/schemas/A'}, examples: [{payload: 1}]}}}}\n\
             components: {schemas: {A: {not: {$ref: '#/components/schemas/A'}}}}\n",
            &["2:40 this `$ref` leads back to itself"],
        );
        check(
            RULE,
            "components:\n  schemas:\n    A: {properties: {children: {items: {$ref: '#/components/schemas/A'}}}}\n",
            &[],
        );
    }
}
