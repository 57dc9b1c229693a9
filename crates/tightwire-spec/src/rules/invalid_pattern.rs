//! Regular expressions that cannot be used.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;

pub(super) const RULE: Rule = Rule {
    id: "invalid-pattern",
    severity: Severity::Error,
    summary: "A `pattern` must be a regular expression of ECMA-262 that can be matched in linear time.",
    explanation: "Look-around and back-references are not supported: they make the time of a match depend on the \
        input in ways that an attacker can use. The same holds for the keys of `patternProperties`.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for &schema in &subject.walk.schemas {
        let keys = schema.get("patternProperties").into_iter().flat_map(|patterns| patterns.members());
        let keys = keys.map(|(pattern, span, _)| (pattern, span));
        let pattern = schema.get("pattern").and_then(|node| Some((node.as_str()?, node.span())));
        for (pattern, span) in keys.chain(pattern) {
            if let Some(problem) = problem(pattern) {
                report.at(span, format!("this pattern cannot be used: {problem}"));
            }
        }
    }
}

/// What is wrong with a regular expression.
fn problem(pattern: &str) -> Option<String> {
    let Ok(translated) = jsonschema_regex::to_rust_regex(pattern) else {
        return Some("it is not a regular expression that can be matched in linear time".to_owned());
    };
    match regex::Regex::new(&translated) {
        Ok(_) => None,
        Err(regex::Error::CompiledTooBig(_)) => Some("it is too large".to_owned()),
        // The last line of the message says what is wrong; the lines before it draw the translated pattern.
        Err(error) => {
            let error = error.to_string();
            Some(error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[track_caller]
    fn check_schema(schema: &str, expected: &[&str]) {
        check(RULE, &format!("components:\n  schemas:\n    A: {{{schema}}}\n"), expected);
    }

    #[test]
    fn patterns() {
        check_schema("pattern: '^\\d{4}-[a-z]+$'", &[]);
        check_schema(
            "pattern: '['",
            &["3:18 this pattern cannot be used: it is not a regular expression that can be matched in linear time"],
        );
        check_schema(
            "pattern: '(?=a)b'",
            &["3:18 this pattern cannot be used: look-around, including look-ahead and look-behind, is not supported"],
        );
        check_schema("pattern: '((a{1000}){1000}){1000}'", &["3:18 this pattern cannot be used: it is too large"]);
        check_schema(
            "patternProperties: {'^(': true}",
            &["3:29 this pattern cannot be used: it is not a regular expression that can be matched in linear time"],
        );
    }
}
