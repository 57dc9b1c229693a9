//! Examples that their own schema rejects.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::documents::Documents;
use crate::sources::Span;
use crate::tree::Node;
use crate::validator::{is_additional, keyword, said};

pub(super) const RULE: Rule = Rule {
    id: "example-invalid",
    severity: Severity::Error,
    summary: "Each example of a message must be valid against the message's payload.",
    explanation: "Readers copy examples, and contract cases begin with them. The diagnostic points at the value that \
        is wrong and names its JSON Pointer and the keyword. Formats count: `uuid`, `date-time` and the others of \
        draft-07 are checked.",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    // A validator would run in circles; whatever makes it do so has been reported.
    if !subject.expansion.is_bounded() {
        return;
    }
    for message in &subject.model.messages {
        let Some(lowered) = subject.ir.messages.get(&message.id).filter(|_| message.payload.is_some()) else {
            continue;
        };
        let examples = subject.model.field(message.node, "examples").into_iter().flat_map(Node::items);
        let examples: Vec<_> = examples.filter_map(|example| Some((example, example.get("payload")?))).collect();
        if examples.is_empty() {
            continue;
        }
        // A schema that cannot be compiled is reported as such, where it stands.
        let Ok(validator) = subject.ir.validator(&lowered.payload) else { continue };
        for (index, (example, payload)) in examples.into_iter().enumerate() {
            let name = example.text("name").map_or_else(|| format!("{}", index + 1), |name| format!("`{name}`"));
            let value = payload.to_json();
            for error in validator.iter_errors(&value) {
                for (pointer, span) in places(subject.model.documents, &error, payload) {
                    let at = if pointer.is_empty() { String::new() } else { format!(" at `{pointer}`") };
                    let keyword = keyword(&error);
                    let said = said(&error);
                    let found = report.at(
                        span,
                        format!("example {name} of message `{}` violates its schema{at}: {said}", message.id),
                    );
                    found.label(format!("`{keyword}`"));
                    if let Some(help) = nearest_alternative(&error) {
                        found.help(help);
                    }
                }
            }
        }
    }
}

/// Where an error stands in the document: the value, or the keys that should not be there.
fn places(documents: &Documents, error: &ValidationError<'_>, payload: Node<'_>) -> Vec<(String, Span)> {
    let pointer = error.instance_path().as_str().to_owned();
    let node = payload.follow(&pointer).unwrap_or_else(|(nearest, _)| nearest);
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|key| (format!("{pointer}/{}", escaped(key)), node.key_span(key).unwrap_or(node.span())))
            .collect(),
        // An object that may have no property at all.
        ValidationErrorKind::FalseSchema if node.is_object() && is_additional(error) => {
            node.members().map(|(key, span, _)| (format!("{pointer}/{}", escaped(key)), span)).collect()
        }
        // Of a value over several lines, the key is a better place than the first line.
        _ if documents.is_long(node) => vec![(pointer, node.name_span())],
        _ => vec![(pointer, node.span())],
    }
}

/// A key as a token of a JSON Pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// For alternatives that all fail: what is wrong with the one that fails least.
fn nearest_alternative(error: &ValidationError<'_>) -> Option<String> {
    let (ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }) = error.kind() else {
        return None;
    };
    let (index, errors) = context
        .iter()
        .enumerate()
        .min_by_key(|(_, errors)| (errors.len(), usize::MAX - errors.iter().map(depth).max().unwrap_or(0)))?;
    let first = errors.first()?;
    let (at, keyword) = (first.instance_path().as_str(), keyword(first));
    let at = if at.is_empty() { String::new() } else { format!(" at `{at}`") };
    Some(format!(
        "the nearest of {} alternatives is number {}, which fails{at}: {} (`{keyword}`)",
        context.len(),
        index + 1,
        said(first)
    ))
}

fn depth(error: &ValidationError<'_>) -> usize {
    error.instance_path().as_str().matches('/').count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[track_caller]
    fn check_example(schema: &str, example: &str, expected: &[&str]) {
        let document = format!(
            "channels:\n  a:\n    messages:\n      m:\n        payload: {{{schema}}}\n        examples:\n          - name: e\n            \
             payload: {example}\n"
        );
        let expected: Vec<_> = expected
            .iter()
            .map(|expected| {
                let (place, said) = expected.split_once(' ').expect("a column and a text");
                let (pointer, said) = said.split_once(": ").unwrap_or(("", said));
                let at = if pointer.is_empty() { String::new() } else { format!(" at `{pointer}`") };
                format!("8:{place} example `e` of message `m` violates its schema{at}: {said}")
            })
            .collect();
        check(RULE, &document, &expected.iter().map(String::as_str).collect::<Vec<_>>());
    }

    #[test]
    fn valid_examples() {
        check_example("type: string, format: uuid", "0f5ae2f4-6a3e-4c55-9d1c-2f6f0a4d8b11", &[]);
        check_example("type: string, format: date-time", "'2026-01-01T00:00:00Z'", &[]);
        check_example("type: integer", "1.0", &[]);
        check_example("properties: {a: {type: string}}", "{b: 1}", &[]);
    }

    #[test]
    fn violations_are_found_where_they_stand() {
        check_example("type: string", "1", &["22 the value is not of type \"string\""]);
        check_example("type: string, format: uuid", "0f5ae2f4", &["22 the value is not a \"uuid\""]);
        check_example("type: string, format: date-time", "yesterday", &["22 the value is not a \"date-time\""]);
        check_example(
            "properties: {a: {items: {maximum: 3}}}",
            "{a: [1, 5]}",
            &["30 /a/1: the value is greater than the maximum of 3"],
        );
        check_example("additionalProperties: false", "{b/c: 1}", &["23 /b~1c: this property is not allowed"]);
        check_example("required: [a]", "{b: 1}", &["22 the required property \"a\" is missing"]);
    }
}
