//! Keywords that draft-07 does not know.

use super::{Report, Rule, Subject};
use crate::diagnostic::Severity;
use crate::dialect::Dialect;
use crate::suggest::did_you_mean;

pub(super) const RULE: Rule = Rule {
    id: "unknown-schema-keyword",
    severity: Severity::Warning,
    summary: "Schemas should use the keywords of JSON Schema draft-07, and extensions (`x-…`).",
    explanation: "Validators ignore what they do not know, so a misspelt `minLenght` checks nothing. Keywords of \
        OpenAPI (`nullable`) and of later drafts (`prefixItems`, `$defs`) are not part of AsyncAPI's dialect either.",
    check,
};

/// Keywords of draft-07 and of AsyncAPI's schema object.
pub(super) const KEYWORDS: &[&str] = &[
    "$comment",
    "$id",
    "$ref",
    "$schema",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "default",
    "definitions",
    "dependencies",
    "deprecated",
    "description",
    "discriminator",
    "else",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "externalDocs",
    "format",
    "if",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "properties",
    "propertyNames",
    "readOnly",
    "required",
    "then",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
];

/// Keywords that are read in a payload whose `schemaFormat` is 2019-09 or 2020-12.
const LATER: &[&str] = &[
    "$anchor",
    "$defs",
    "$vocabulary",
    "contentSchema",
    "dependentRequired",
    "dependentSchemas",
    "maxContains",
    "minContains",
    "prefixItems",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords that are read in a payload whose `schemaFormat` is OpenAPI.
const OPEN_API: &[&str] = &["example", "nullable", "xml"];

fn check(subject: &Subject<'_, '_>, report: &mut Report<'_>) {
    for schema in &subject.walk.schemas {
        for (key, span, _) in schema.members() {
            let further = match subject.walk.dialects.get(schema) {
                Some(Dialect::Later) => LATER,
                Some(Dialect::OpenApi) => OPEN_API,
                _ => &[],
            };
            if KEYWORDS.contains(&key) || further.contains(&key) || key.starts_with("x-") {
                continue;
            }
            let is_full = report.is_full();
            let found = report.at(span, format!("`{key}` is not a keyword of JSON Schema draft-07"));
            if is_full {
                continue;
            }
            match instead(key) {
                Some(instead) => {
                    found.help(instead);
                }
                None => {
                    if let Some(help) = did_you_mean(key, KEYWORDS.iter().copied()) {
                        found.help(help);
                    }
                }
            }
        }
    }
}

/// What draft-07 says instead of a keyword of another dialect.
fn instead(key: &str) -> Option<&'static str> {
    Some(match key {
        "nullable" => "allow null by type: `type: [string, 'null']`",
        "prefixItems" => "for a tuple, give `items` a list of schemas",
        "$defs" => "write `definitions`",
        "example" => "write `examples`, a list",
        "dependentRequired" | "dependentSchemas" => "write `dependencies`",
        "unevaluatedProperties" => "write `additionalProperties`, which sees only the `properties` beside it",
        "unevaluatedItems" => "write `additionalItems`",
        "minContains" | "maxContains" => "draft-07 only has `contains`: at least one",
        "id" => "write `$id`",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::check;

    #[test]
    fn keywords_are_known() {
        assert!(KEYWORDS.is_sorted());
        check(
            RULE,
            "components:\n  schemas:\n    A: {minLenght: 1, x-mine: 2, pattern: a}\n",
            &["3:9 `minLenght` is not a keyword of JSON Schema draft-07"],
        );
        check(
            RULE,
            "components:\n  schemas:\n    A: {properties: {minLenght: {nullable: true}}}\n",
            &["3:34 `nullable` is not a keyword of JSON Schema draft-07"],
        );
    }
}
