//! Bounds that no value can meet.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::tree::Node;

pub(super) const RULE: Rule = Rule {
    id: "impossible-bounds",
    severity: Severity::Error,
    summary: "A lower bound must not be above the upper bound beside it.",
    explanation: "A schema with `minLength: 3` and `maxLength: 2` accepts no string at all, which is never what was \
        meant.",
    check,
};

const BOUNDS: [(&str, &str); 4] =
    [("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties"), ("minimum", "maximum")];

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    let number = |node: Node<'_>| node.as_number().and_then(|number| number.as_f64());
    for schema in &subject.walk.schemas {
        for (low, high) in BOUNDS {
            let (Some(from), Some(to)) = (schema.get(low), schema.get(high)) else { continue };
            if number(from).zip(number(to)).is_some_and(|(from, to)| from > to) {
                report
                    .at(from.span(), format!("no value can meet this: `{low}` is above `{high}`"))
                    .also(to.span(), format!("`{high}`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn bounds() {
        check(
            RULE,
            "components: {schemas: {A: {minLength: 3, maxLength: 2}}}\n",
            &["1:39 no value can meet this: `minLength` is above `maxLength`"],
        );
        check(RULE, "components: {schemas: {A: {minimum: 2, maximum: 2.0}}}\n", &[]);
    }
}
