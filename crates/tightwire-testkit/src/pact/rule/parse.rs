//! Rules from their JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::path::{Path, PathError};
use super::{Rule, RuleError, RuleKind, RuleList, Variant, error, escape};

/// The rules of a category, by path.
pub(crate) fn by_path(json: &Value) -> Result<BTreeMap<Path, RuleList>, RuleError> {
    let members = json.as_object().ok_or_else(|| error("", "expected an object of paths"))?;
    let list = |(path, list): (&String, &Value)| {
        let own = format!("/{}", escape(path));
        let path: Path = path.parse().map_err(|why: PathError| error(&own, &why.to_string()))?;
        Ok((path, RuleList::from_json(list).map_err(|error| error.below(&own))?))
    };
    members.iter().map(list).collect()
}

pub(super) fn kind(members: &Map<String, Value>) -> Result<RuleKind, RuleError> {
    let text = |name: &str| match members.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(error(&format!("/{name}"), "expected a string")),
        None => Err(error("", &format!("the rule needs `{name}`"))),
    };
    let format = || match members.get("format") {
        Some(_) => text("format"),
        None => Ok(String::new()),
    };
    let count = |name: &str| match members.get(name) {
        None => Ok(None),
        Some(value) => match value.as_u64().and_then(|count| usize::try_from(count).ok()) {
            Some(count) => Ok(Some(count)),
            None => Err(error(&format!("/{name}"), "expected a whole number that is not negative")),
        },
    };
    let nested = || match members.get("rules") {
        Some(Value::Array(nested)) => rules(nested, "/rules"),
        Some(_) => Err(error("/rules", "expected an array of rules")),
        None => Ok(Vec::new()),
    };
    let name = match members.get("match") {
        Some(Value::String(name)) => name.as_str(),
        Some(_) => return Err(error("/match", "expected a string")),
        // As in version 2, where `{"min": 1}` stood alone.
        None if members.contains_key("regex") => "regex",
        None if members.contains_key("min") || members.contains_key("max") => "type",
        None => return Err(error("", "the rule needs `match`")),
    };
    Ok(match name {
        "equality" => RuleKind::Equality,
        "type" => RuleKind::Type { min: count("min")?, max: count("max")? },
        "regex" => RuleKind::Regex(text("regex")?),
        "include" => RuleKind::Include(text("value")?),
        "integer" => RuleKind::Integer,
        "decimal" | "real" => RuleKind::Decimal,
        "number" => RuleKind::Number,
        "boolean" => RuleKind::Boolean,
        "null" => RuleKind::Null,
        "date" => RuleKind::Date(format()?),
        "time" => RuleKind::Time(format()?),
        "datetime" | "timestamp" => RuleKind::DateTime(format()?),
        "notEmpty" | "not-empty" => RuleKind::NotEmpty,
        "semver" => RuleKind::Semver,
        "contentType" | "content-type" => RuleKind::ContentType(text("value")?),
        "values" => RuleKind::Values,
        "eachKey" | "each-key" => RuleKind::EachKey(nested()?),
        "eachValue" | "each-value" => RuleKind::EachValue(nested()?),
        "arrayContains" | "array-contains" => RuleKind::ArrayContains(variants(members.get("variants"))?),
        "" => return Err(error("/match", "the rule has no name")),
        _ => RuleKind::Unknown,
    })
}

pub(super) fn rules(json: &[Value], pointer: &str) -> Result<Vec<Rule>, RuleError> {
    let rule = |(index, rule)| Rule::from_json(rule).map_err(|error| error.below(&format!("{pointer}/{index}")));
    json.iter().enumerate().map(rule).collect()
}

fn variants(json: Option<&Value>) -> Result<Vec<Variant>, RuleError> {
    let Some(Value::Array(variants)) = json else {
        return Err(error("/variants", "expected an array of variants"));
    };
    let variant = |(number, variant): (usize, &Value)| {
        let pointer = format!("/variants/{number}");
        let index = match variant.get("index") {
            None => number,
            Some(index) => index
                .as_u64()
                .and_then(|index| usize::try_from(index).ok())
                .ok_or_else(|| error(&format!("{pointer}/index"), "expected a whole number that is not negative"))?,
        };
        let rules = match variant.get("rules") {
            None => BTreeMap::new(),
            Some(rules) => by_path(rules).map_err(|error| error.below(&format!("{pointer}/rules")))?,
        };
        Ok(Variant { index, rules })
    };
    variants.iter().enumerate().map(variant).collect()
}
