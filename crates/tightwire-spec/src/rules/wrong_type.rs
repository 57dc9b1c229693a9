//! Fields that hold something else than they should.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::shape::Shape;

pub(super) const RULE: Rule = Rule {
    id: "wrong-type",
    severity: Severity::Error,
    summary: "A field must hold what AsyncAPI says it holds.",
    explanation: "For instance an object of messages, not a list of them; a `$ref` to a channel, not its name; a \
        version in quotes where it would be a number (`version: '1.0'`).",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for (node, shape) in &subject.walk.mistyped {
        // The version has a rule of its own that says more.
        if node.parent() == Some(subject.model.root) && subject.model.root.get("asyncapi") == Some(*node) {
            continue;
        }
        let place = match node.token() {
            Some(token) if token.parse::<usize>().is_err() => format!("`{token}`"),
            Some(_) => "an item of the list".to_owned(),
            None => "the document".to_owned(),
        };
        let found = report.at(node.span(), format!("{place} must be {}, found {}", wanted(*shape), node.type_name()));
        match shape {
            Shape::Text | Shape::TextOrNull | Shape::Texts if node.as_number().is_some() => {
                found.help("put it into quotes");
            }
            Shape::Reference => {
                found.help("write `$ref: '#/channels/…'`");
            }
            Shape::Word(words) => {
                if let Some(help) =
                    crate::suggest::did_you_mean(node.as_str().unwrap_or_default(), words.iter().copied())
                {
                    found.help(help);
                }
            }
            _ => {}
        }
    }
}

fn wanted(shape: Shape) -> String {
    match shape {
        Shape::Any | Shape::Loose => "anything".to_owned(),
        Shape::Text => "text".to_owned(),
        Shape::TextOrNull => "text or null".to_owned(),
        Shape::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or "),
        Shape::Texts => "a list of texts".to_owned(),
        Shape::Reference => "a `$ref`".to_owned(),
        Shape::Object(object) | Shape::Alternatives(object) => format!("{}, an object", object.name),
        Shape::Map(_) => "an object".to_owned(),
        Shape::List(_) => "a list".to_owned(),
        Shape::Schema | Shape::Foreign(_) | Shape::Payload => "a schema: an object or a boolean".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{check, check_whole};

    #[test]
    fn fields_hold_what_they_should() {
        check(RULE, "channels: []\n", &["1:11 `channels` must be an object, found an array"]);
        check(RULE, "channels:\n  a: {address: 1}\n", &["2:16 `address` must be text or null, found a number"]);
        check(
            RULE,
            "operations:\n  a: {action: sned, channel: a}\n",
            &[
                "2:15 `action` must be `send` or `receive`, found a string",
                "2:30 `channel` must be a `$ref`, found a string",
            ],
        );
        check(
            RULE,
            "components:\n  schemas:\n    a: text\n",
            &["3:8 `a` must be a schema: an object or a boolean, found a string"],
        );
        check_whole(RULE, "[]\n", 0, &["1:1 the document must be the document, an object, found an array"]);
    }
}
