//! Keywords of a schema that hold something else than they should.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::dialect::Dialect;
use crate::schema::JsonType;
use crate::suggest::did_you_mean;
use crate::tree::{Kind, Node};

pub(super) const RULE: Rule = Rule {
    id: "invalid-schema",
    severity: Severity::Error,
    summary: "Each keyword of a schema must hold what JSON Schema draft-07 says it holds.",
    explanation: "For instance a number in `minimum`, a list of names in `required`, the names of types in `type` \
        (`'null'` in quotes: without them YAML reads null itself).",
    check,
};

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for schema in &subject.walk.schemas {
        let later = subject.walk.dialects.get(schema) == Some(&Dialect::Later);
        for (keyword, _, value) in schema.members() {
            let is_flag = subject.walk.dialects.get(schema) == Some(&Dialect::OpenApi)
                && matches!(keyword, "exclusiveMinimum" | "exclusiveMaximum")
                && value.as_bool().is_some();
            if is_flag {
                continue;
            }
            if keyword == "type" {
                check_types(value, report);
            } else if let Some(wanted) =
                wanted(keyword, value).or_else(|| later.then(|| wanted_later(keyword, value))?)
            {
                let found =
                    report.at(value.span(), format!("`{keyword}` must be {wanted}, found {}", value.type_name()));
                if let (Some(help), Some(_)) = (instead_of_a_flag(keyword), value.as_bool()) {
                    found.help(help);
                }
            }
        }
        for (key, _, value) in schema.get("dependencies").into_iter().flat_map(Node::members) {
            if !is_schema(value) && !are_texts(value) {
                let found = value.type_name();
                report.at(value.span(), format!("`{key}` must be a list of property names or a schema, found {found}"));
            }
        }
    }
}

/// What a keyword must hold, if that is not what it holds.
fn wanted(keyword: &str, value: Node<'_>) -> Option<&'static str> {
    let (fits, wanted) = match keyword {
        "$id" | "$schema" | "$comment" | "title" | "description" | "format" | "contentEncoding"
        | "contentMediaType" => (value.as_str().is_some(), "text"),
        "$ref" => (value.as_str().is_some(), "the text of a reference"),
        "pattern" => (value.as_str().is_some(), "a regular expression"),
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
            (value.as_u64().is_some(), "a whole number from 0")
        }
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => (value.as_number().is_some(), "a number"),
        "multipleOf" => {
            let number = value.as_number().and_then(|number| number.as_f64());
            (number.is_some_and(|of| of > 0.0), "a number above 0")
        }
        "uniqueItems" | "deprecated" | "readOnly" | "writeOnly" => (value.as_bool().is_some(), "`true` or `false`"),
        "required" => (are_texts(value), "a list of property names"),
        "additionalItems" | "contains" | "additionalProperties" | "propertyNames" | "not" | "if" | "then" | "else" => {
            (is_schema(value), "a schema")
        }
        "allOf" | "anyOf" | "oneOf" => {
            (value.is_array() && value.items().next().is_some(), "a list of schemas that is not empty")
        }
        "properties" | "definitions" | "patternProperties" => (value.is_object(), "an object of schemas"),
        "dependencies" => (value.is_object(), "an object"),
        "items" => (is_schema(value) || value.is_array(), "a schema, or a list of schemas for a tuple"),
        "enum" => (value.is_array(), "a list of values"),
        "examples" => (value.is_array(), "a list"),
        _ => return None,
    };
    (!fits).then_some(wanted)
}

/// [`wanted`] for the keywords that only 2019-09 and 2020-12 know.
fn wanted_later(keyword: &str, value: Node<'_>) -> Option<&'static str> {
    let (fits, wanted) = match keyword {
        "minContains" | "maxContains" => (value.as_u64().is_some(), "a whole number from 0"),
        "unevaluatedItems" | "unevaluatedProperties" => (is_schema(value), "a schema"),
        "prefixItems" => (value.is_array() && value.items().next().is_some(), "a list of schemas that is not empty"),
        "dependentSchemas" | "$defs" => (value.is_object(), "an object of schemas"),
        "dependentRequired" => {
            (value.members().all(|(_, _, names)| are_texts(names)) && value.is_object(), "lists of property names")
        }
        _ => return None,
    };
    (!fits).then_some(wanted)
}

/// What older drafts said by a flag.
fn instead_of_a_flag(keyword: &str) -> Option<&'static str> {
    match keyword {
        "required" => Some("`required` stands beside `properties` and lists the names of those that must be there"),
        "exclusiveMinimum" | "exclusiveMaximum" => Some("since draft-06 the keyword is itself the bound"),
        _ => None,
    }
}

fn is_schema(node: Node<'_>) -> bool {
    node.is_object() || node.as_bool().is_some()
}

fn are_texts(node: Node<'_>) -> bool {
    node.is_array() && node.items().all(|item| item.as_str().is_some())
}

fn check_types(value: Node<'_>, report: &mut Report<'_>) {
    let names = match value.kind() {
        Kind::Array(_) => value.items().collect(),
        _ => vec![value],
    };
    if names.is_empty() {
        report.at(value.span(), "`type` must name at least one type");
    }
    for node in names {
        let known = JsonType::ALL.iter().map(|(name, _)| *name);
        match node.as_str() {
            Some(name) if JsonType::parse(name).is_some() => {}
            Some(name) => {
                let list = known.clone().collect::<Vec<_>>().join(", ");
                let help = did_you_mean(name, known).unwrap_or_else(|| format!("types are {list}"));
                report.at(node.span(), format!("`{name}` is not a type of JSON Schema")).help(help);
            }
            None => {
                let message = format!("`type` must be the name of a type, found {}", node.type_name());
                let found = report.at(node.span(), message);
                if matches!(node.kind(), Kind::Null) {
                    found.help("put it into quotes: `'null'`");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[track_caller]
    fn check_schema(schema: &str, expected: &[&str]) {
        let expected: Vec<_> = expected.iter().map(|message| format!("3:{message}")).collect();
        let expected: Vec<_> = expected.iter().map(String::as_str).collect();
        check(RULE, &format!("components:\n  schemas:\n    A: {{{schema}}}\n"), &expected);
    }

    #[test]
    fn keywords_hold_what_they_should() {
        for (schema, expected) in [
            ("type: strin", "15 `strin` is not a type of JSON Schema"),
            ("type: [string, null]", "24 `type` must be the name of a type, found null"),
            ("type: []", "15 `type` must name at least one type"),
            ("minLength: -1", "20 `minLength` must be a whole number from 0, found a number"),
            ("minLength: 1.5", "20 `minLength` must be a whole number from 0, found a number"),
            ("exclusiveMinimum: true", "27 `exclusiveMinimum` must be a number, found a boolean"),
            ("multipleOf: 0", "21 `multipleOf` must be a number above 0, found a number"),
            ("required: true", "19 `required` must be a list of property names, found a boolean"),
            ("enum: {}", "15 `enum` must be a list of values, found an object"),
            ("allOf: {}", "16 `allOf` must be a list of schemas that is not empty, found an object"),
            ("properties: []", "21 `properties` must be an object of schemas, found an array"),
            ("items: 1", "16 `items` must be a schema, or a list of schemas for a tuple, found a number"),
            ("uniqueItems: yes", "22 `uniqueItems` must be `true` or `false`, found a string"),
            ("dependencies: {a: 1}", "27 `a` must be a list of property names or a schema, found a number"),
        ] {
            check_schema(schema, &[expected]);
        }
    }

    #[test]
    fn sound_schemas() {
        for schema in [
            "type: [string, 'null'], minLength: 0, maxLength: 1.0e2",
            "pattern: '^\\d{4}-[a-z]+$'",
            "items: [{}, true], additionalItems: false",
            "dependencies: {a: [b], c: {}}",
            "properties: {type: {type: string}}",
            "enum: []",
        ] {
            check_schema(schema, &[]);
        }
    }
}
