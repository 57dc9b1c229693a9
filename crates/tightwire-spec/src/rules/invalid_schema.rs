//! Keywords of a schema that hold something else than they should.

use super::{Report, Rule, Subject};
use crate::diagnostic::{Diagnostic, Severity};
use crate::schema::JsonType;
use crate::suggest::did_you_mean;
use crate::tree::{Kind, Node};

pub(super) const RULE: Rule = Rule {
    id: "invalid-schema",
    severity: Severity::Error,
    summary: "Each keyword of a schema must hold what JSON Schema draft-07 says it holds.",
    explanation: "For instance a number in `minimum`, a list of names in `required`, and in `pattern` a regular \
        expression of ECMA-262 without look-around and back-references, since patterns are matched in linear time. \
        Bounds that no value can meet (`minLength` above `maxLength`) are found too.",
    check,
};

/// What a keyword holds.
enum Holds {
    Text,
    Count,
    Number,
    Flag,
    Names,
    Schema,
    Schemas,
    SchemaMap,
    Items,
    Dependencies,
    Types,
    Values,
    Pattern,
    MultipleOf,
    List,
}

fn holds(keyword: &str) -> Option<Holds> {
    Some(match keyword {
        "$id" | "$ref" | "$schema" | "$comment" | "title" | "description" | "format" | "contentEncoding"
        | "contentMediaType" => Holds::Text,
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => Holds::Count,
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => Holds::Number,
        "uniqueItems" | "deprecated" | "readOnly" | "writeOnly" => Holds::Flag,
        "required" => Holds::Names,
        "additionalItems" | "contains" | "additionalProperties" | "propertyNames" | "not" | "if" | "then" | "else" => {
            Holds::Schema
        }
        "allOf" | "anyOf" | "oneOf" => Holds::Schemas,
        "properties" | "definitions" | "patternProperties" => Holds::SchemaMap,
        "items" => Holds::Items,
        "dependencies" => Holds::Dependencies,
        "type" => Holds::Types,
        "enum" => Holds::Values,
        "pattern" => Holds::Pattern,
        "multipleOf" => Holds::MultipleOf,
        "examples" => Holds::List,
        _ => return None,
    })
}

/// Pairs of keywords of which the first must not exceed the second.
const BOUNDS: [(&str, &str); 4] =
    [("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties"), ("minimum", "maximum")];

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for &schema in &subject.walk.schemas {
        for (keyword, _, value) in schema.members() {
            if let Some(holds) = holds(keyword) {
                check_keyword(keyword, &holds, value, report);
            }
        }
        for (low, high) in BOUNDS {
            let (Some(from), Some(to)) = (schema.get(low), schema.get(high)) else { continue };
            let bounds = from.as_number().and_then(|from| from.as_f64()).zip(to.as_number().and_then(|to| to.as_f64()));
            if bounds.is_some_and(|(from, to)| from > to) {
                report
                    .at(from.span(), format!("no value can meet this: `{low}` is above `{high}`"))
                    .also(to.span(), format!("`{high}`"));
            }
        }
    }
}

fn check_keyword(keyword: &str, holds: &Holds, value: Node<'_>, report: &mut Report<'_>) {
    let is_schema = |node: Node<'_>| node.is_object() || node.as_bool().is_some();
    let texts = |node: Node<'_>| node.is_array() && node.items().all(|item| item.as_str().is_some());
    match holds {
        Holds::Text if value.as_str().is_none() => wrong(report, value, keyword, "text"),
        Holds::Count if value.as_u64().is_none() => wrong(report, value, keyword, "a whole number from 0"),
        Holds::Number if value.as_number().is_none() => {
            let found = wrong(report, value, keyword, "a number");
            if value.as_bool().is_some() {
                found.help(format!("since draft-06 `{keyword}` is itself the bound"));
            }
            return;
        }
        Holds::Flag if value.as_bool().is_none() => wrong(report, value, keyword, "`true` or `false`"),
        Holds::Names if !texts(value) => {
            let found = wrong(report, value, keyword, "a list of property names");
            if value.as_bool().is_some() {
                found.help("`required` stands beside `properties` and lists the names of those that must be there");
            }
            return;
        }
        Holds::Schema if !is_schema(value) => wrong(report, value, keyword, "a schema"),
        Holds::Schemas if !value.is_array() || value.items().next().is_none() => {
            wrong(report, value, keyword, "a list of schemas that is not empty")
        }
        Holds::SchemaMap if !value.is_object() => wrong(report, value, keyword, "an object of schemas"),
        Holds::SchemaMap if keyword == "patternProperties" => {
            for (pattern, span, _) in value.members() {
                if let Some(problem) = pattern_problem(pattern) {
                    report.at(span, format!("the pattern `{pattern}` cannot be used: {problem}"));
                }
            }
            return;
        }
        Holds::Items if !(is_schema(value) || value.is_array()) => {
            wrong(report, value, keyword, "a schema, or a list of schemas for a tuple")
        }
        Holds::Dependencies if !value.is_object() => wrong(report, value, keyword, "an object"),
        Holds::Dependencies => {
            for (key, _, dependency) in value.members() {
                if !is_schema(dependency) && !texts(dependency) {
                    wrong(report, dependency, key, "a list of property names or a schema");
                }
            }
            return;
        }
        Holds::Types => return check_types(value, report),
        Holds::Values if !value.is_array() || value.items().next().is_none() => {
            wrong(report, value, keyword, "a list of values that is not empty")
        }
        Holds::Values => {
            let mut seen: Vec<(serde_json::Value, Node<'_>)> = Vec::new();
            for item in value.items().take(1000) {
                let json = item.to_json();
                match seen.iter().find(|(known, _)| *known == json) {
                    Some((_, first)) => {
                        let first = first.span();
                        report.at(item.span(), "this value of `enum` appears twice").also(first, "first here");
                    }
                    None => seen.push((json, item)),
                }
            }
            return;
        }
        Holds::Pattern => {
            let Some(pattern) = value.as_str() else {
                wrong(report, value, keyword, "a regular expression");
                return;
            };
            if let Some(problem) = pattern_problem(pattern) {
                report
                    .at(value.span(), format!("the pattern cannot be used: {problem}"))
                    .help("patterns are ECMA-262 without look-around and back-references");
            }
            return;
        }
        Holds::MultipleOf if !value.as_number().and_then(|number| number.as_f64()).is_some_and(|of| of > 0.0) => {
            wrong(report, value, keyword, "a number above 0")
        }
        Holds::List if !value.is_array() => wrong(report, value, keyword, "a list"),
        _ => return,
    };
}

fn wrong<'r>(report: &'r mut Report<'_>, value: Node<'_>, keyword: &str, wanted: &str) -> &'r mut Diagnostic {
    report.at(value.span(), format!("`{keyword}` must be {wanted}, found {}", value.type_name()))
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
                let found = report.at(node.span(), format!("`{name}` is not a type of JSON Schema"));
                let list = known.clone().collect::<Vec<_>>().join(", ");
                found.help(did_you_mean(name, known).unwrap_or_else(|| format!("types are {list}")));
            }
            None => {
                let found = wrong(report, node, "type", "the name of a type");
                if matches!(node.kind(), Kind::Null) {
                    found.help("put it into quotes: `'null'`");
                }
            }
        }
    }
}

/// What is wrong with a regular expression.
fn pattern_problem(pattern: &str) -> Option<String> {
    let Ok(translated) = jsonschema_regex::to_rust_regex(pattern) else {
        return Some("it is not a regular expression that can be matched in linear time".to_owned());
    };
    match regex::Regex::new(&translated) {
        Ok(_) => None,
        Err(regex::Error::CompiledTooBig(_)) => Some("it is too large".to_owned()),
        // The last line of the message says what is wrong; the lines before it draw the translated pattern.
        Err(error) => {
            Some(error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned())
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
            ("enum: []", "15 `enum` must be a list of values that is not empty, found an array"),
            ("enum: [1, 1.5, 1]", "24 this value of `enum` appears twice"),
            ("allOf: {}", "16 `allOf` must be a list of schemas that is not empty, found an object"),
            ("properties: []", "21 `properties` must be an object of schemas, found an array"),
            ("items: 1", "16 `items` must be a schema, or a list of schemas for a tuple, found a number"),
            ("uniqueItems: yes", "22 `uniqueItems` must be `true` or `false`, found a string"),
            ("dependencies: {a: 1}", "27 `a` must be a list of property names or a schema, found a number"),
            (
                "pattern: '['",
                "18 the pattern cannot be used: it is not a regular expression that can be matched in linear time",
            ),
            (
                "pattern: '(?=a)b'",
                "18 the pattern cannot be used: look-around, including look-ahead and look-behind, is not supported",
            ),
            ("minLength: 3, maxLength: 2", "20 no value can meet this: `minLength` is above `maxLength`"),
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
        ] {
            check_schema(schema, &[]);
        }
    }
}
