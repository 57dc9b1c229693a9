//! One rule held against one value.

use serde_json::{Map, Value};

use super::super::rule::RuleKind;
use super::{counted, datetime};
use crate::json;

const UNKNOWN: &str = "the rule is not one of the specification, so it cannot be checked";

/// A value that is neither an object nor an array in the example.
pub(super) fn scalar(rule: &RuleKind, expected: &Value, actual: &Value, cascaded: bool) -> Result<(), String> {
    let asked = |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("expected {what}")) };
    match rule {
        RuleKind::Equality | RuleKind::Values => asked(expected == actual, &json::one_line(expected)),
        RuleKind::Type { .. } => asked(same_type(expected, actual), type_of(expected)),
        RuleKind::Regex(pattern) => match regex(pattern) {
            Ok(regex) => asked(regex.is_match(&text(actual)), &format!("text that matches /{pattern}/ as a whole")),
            Err(reason) => Err(reason),
        },
        RuleKind::Include(part) => asked(text(actual).contains(part), &format!("text that contains `{part}`")),
        RuleKind::Integer => asked(actual.is_i64() || actual.is_u64(), "a whole number"),
        RuleKind::Decimal => asked(actual.is_f64(), "a number with decimal places"),
        RuleKind::Number => asked(actual.is_number(), "a number"),
        RuleKind::Boolean => {
            let holds = actual.is_boolean() || matches!(actual.as_str(), Some("true" | "false"));
            asked(holds, "`true` or `false`")
        }
        RuleKind::Null => asked(actual.is_null(), "`null`"),
        RuleKind::Date(format) => datetime::check(&text(actual), or(format, "yyyy-MM-dd"), "a date"),
        RuleKind::Time(format) => datetime::check(&text(actual), or(format, "HH:mm:ss"), "a time"),
        RuleKind::DateTime(format) => {
            datetime::check(&text(actual), or(format, "yyyy-MM-dd'T'HH:mm:ssXXX"), "a date with a time")
        }
        RuleKind::NotEmpty => asked(!is_empty(actual), "a value that is not empty"),
        RuleKind::Semver => asked(actual.as_str().is_some_and(is_semver), "a version such as 1.2.3"),
        RuleKind::ContentType(content_type) => match content_type.as_str() {
            "application/json" => asked(serde_json::from_str::<Value>(&text(actual)).is_ok(), "text that is JSON"),
            "text/plain" => asked(actual.is_string(), "text"),
            other => Err(format!("expected data of the type {other}, which is not recognised here")),
        },
        // What they say, they say of the whole that the value is in.
        RuleKind::EachKey(_) | RuleKind::EachValue(_) | RuleKind::ArrayContains(_) => {
            asked(cascaded || same_type(expected, actual), type_of(expected))
        }
        RuleKind::Unknown => Err(UNKNOWN.to_owned()),
    }
}

/// An object, apart from its members.
pub(super) fn object(
    rule: &RuleKind,
    expected: &Map<String, Value>,
    actual: &Map<String, Value>,
    cascaded: bool,
) -> Result<(), String> {
    match rule {
        RuleKind::Equality if expected == actual => Ok(()),
        RuleKind::Equality => Err("expected the same object as in the example".to_owned()),
        RuleKind::Type { min, max } if !cascaded => bounds(actual.len(), *min, *max, "entries"),
        RuleKind::NotEmpty if actual.is_empty() => Err("expected an object that is not empty".to_owned()),
        RuleKind::Integer | RuleKind::Decimal | RuleKind::Number => {
            Err("expected a number and not an object".to_owned())
        }
        RuleKind::Boolean => Err("expected `true` or `false` and not an object".to_owned()),
        RuleKind::Null => Err("expected `null` and not an object".to_owned()),
        RuleKind::Date(_) | RuleKind::Time(_) | RuleKind::DateTime(_) => {
            Err("expected a date or a time and not an object".to_owned())
        }
        RuleKind::Include(_) | RuleKind::Semver | RuleKind::ContentType(_) => {
            Err("expected text and not an object".to_owned())
        }
        RuleKind::Unknown => Err(UNKNOWN.to_owned()),
        // A regular expression is for the values below; the others are not about the object itself.
        _ => Ok(()),
    }
}

/// An array, apart from its items.
pub(super) fn array(rule: &RuleKind, expected: &[Value], actual: &[Value], cascaded: bool) -> Result<(), String> {
    match rule {
        RuleKind::Equality if expected == actual => Ok(()),
        RuleKind::Equality => Err(format!("expected the same {} as in the example", counted(expected.len()))),
        RuleKind::Type { min, max } if !cascaded => bounds(actual.len(), *min, *max, "items"),
        RuleKind::NotEmpty if actual.is_empty() => Err("expected an array that is not empty".to_owned()),
        RuleKind::Null => Err("expected `null` and not an array".to_owned()),
        RuleKind::Unknown => Err(UNKNOWN.to_owned()),
        // All others are about the items.
        _ => Ok(()),
    }
}

fn bounds(len: usize, min: Option<usize>, max: Option<usize>, what: &str) -> Result<(), String> {
    match (min, max) {
        (Some(min), _) if len < min => Err(format!("expected at least {min} {what}, not {len}")),
        (_, Some(max)) if len > max => Err(format!("expected at most {max} {what}, not {len}")),
        _ => Ok(()),
    }
}

/// The regular expression, read as JavaScript does where that is another way; the whole text has to match.
pub(crate) fn regex(pattern: &str) -> Result<regex::Regex, String> {
    let refused = || format!("the rule's regular expression /{pattern}/ cannot be used");
    let translated = jsonschema_regex::to_rust_regex(pattern).map_err(|()| refused())?;
    regex::Regex::new(&format!(r"\A(?:{translated})\z")).map_err(|_| refused())
}

/// The text that a regular expression is held against.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn same_type(one: &Value, other: &Value) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "`null`",
        Value::Bool(_) => "`true` or `false`",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn or<'a>(format: &'a str, usual: &'a str) -> &'a str {
    if format.is_empty() { usual } else { format }
}

/// <https://semver.org>, items 2, 9 and 10.
fn is_semver(text: &str) -> bool {
    let (rest, build) = text.split_once('+').map_or((text, None), |(rest, build)| (rest, Some(build)));
    let (core, pre) = rest.split_once('-').map_or((rest, None), |(core, pre)| (core, Some(pre)));
    let is_identifier =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_number = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'))
    };
    let is_pre =
        |part: &str| is_identifier(part) && (!part.bytes().all(|byte| byte.is_ascii_digit()) || is_number(part));
    let core: Vec<&str> = core.split('.').collect();
    core.len() == 3
        && core.into_iter().all(is_number)
        && pre.is_none_or(|pre| pre.split('.').all(is_pre))
        && build.is_none_or(|build| build.split('.').all(is_identifier))
}
