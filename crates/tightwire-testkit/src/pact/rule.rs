//! Matching rules: how a value is compared with the example.

mod parse;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use self::parse::{kind, rules};
use super::path::Path;

pub(crate) use self::parse::by_path;

/// `matchingRules` of a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MatchingRules {
    /// `body`: by the path of the value. The specification also calls it `content`; it is read as either and written so.
    pub body: BTreeMap<Path, RuleList>,
    /// Other categories, for instance `metadata`, as they stand in the file.
    pub extra: Map<String, Value>,
}

/// The rules of one path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleList {
    /// How they are combined.
    pub combine: Combine,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// How several rules of a path are combined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Combine {
    /// All must hold.
    #[default]
    And,
    /// One must hold.
    Or,
}

/// A matching rule, with its JSON, so that what is not known of it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    kind: RuleKind,
    json: Map<String, Value>,
}

/// What a rule asks of a value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RuleKind {
    /// To be equal to the example.
    Equality,
    /// To be of the same type as the example; an array may have another length, within these bounds.
    Type {
        /// The least number of items.
        min: Option<usize>,
        /// The greatest number of items.
        max: Option<usize>,
    },
    /// That its whole text matches a regular expression.
    Regex(String),
    /// That its text contains this.
    Include(String),
    /// To be a whole number.
    Integer,
    /// To be a number with decimal places.
    Decimal,
    /// To be a number.
    Number,
    /// To be `true` or `false`, also as text.
    Boolean,
    /// To be `null`.
    Null,
    /// To be a date in this format.
    Date(String),
    /// To be a time in this format.
    Time(String),
    /// To be a date with a time in this format.
    DateTime(String),
    /// To be neither `null` nor empty.
    NotEmpty,
    /// To be a version as <https://semver.org> has it.
    Semver,
    /// To be data of this content type.
    ContentType(String),
    /// That its values are compared with those of the example, whatever their keys.
    Values,
    /// That each of its keys fulfils these.
    EachKey(Vec<Rule>),
    /// That each of its values fulfils these.
    EachValue(Vec<Rule>),
    /// That an item can be found in the array for each of these.
    ArrayContains(Vec<Variant>),
    /// A rule of a plugin, which nothing is known about.
    Unknown,
}

/// An item that an array must have.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Its example: the position in the array of the example.
    pub index: usize,
    /// How it is compared. The paths begin at the item.
    pub rules: BTreeMap<Path, RuleList>,
}

/// Why a rule cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuleError {
    /// Where, as a JSON Pointer into what was read.
    pub pointer: String,
    /// What is wrong there, and what to write instead.
    pub message: String,
}

impl Rule {
    /// A rule from its JSON.
    ///
    /// # Errors
    /// Where the rule lacks something, or has something of the wrong kind.
    pub fn from_json(json: &Value) -> Result<Self, RuleError> {
        let members = json.as_object().ok_or_else(|| error("", "a rule is an object with `match`"))?;
        Ok(Self { kind: kind(members)?, json: members.clone() })
    }

    /// What it asks.
    #[must_use]
    pub fn kind(&self) -> &RuleKind {
        &self.kind
    }

    /// Its name in the specification: `type`, `regex` …
    #[must_use]
    pub fn name(&self) -> &str {
        self.json.get("match").and_then(Value::as_str).unwrap_or("type")
    }

    /// Its JSON.
    #[must_use]
    pub fn json(&self) -> &Map<String, Value> {
        &self.json
    }

    /// To be equal to the example, as is everything without a rule.
    #[must_use]
    pub fn equality() -> Self {
        Self::made(RuleKind::Equality, json!({"match": "equality"}))
    }

    /// To be of the same type as the example.
    #[must_use]
    pub fn of_type() -> Self {
        Self::made(RuleKind::Type { min: None, max: None }, json!({"match": "type"}))
    }

    /// To be an array with at least so many items, each like the first of the example.
    #[must_use]
    pub fn min_type(min: usize) -> Self {
        Self::made(RuleKind::Type { min: Some(min), max: None }, json!({"match": "type", "min": min}))
    }

    /// That its whole text matches a regular expression.
    #[must_use]
    pub fn regex(regex: &str) -> Self {
        Self::made(RuleKind::Regex(regex.to_owned()), json!({"match": "regex", "regex": regex}))
    }

    /// To be a whole number.
    #[must_use]
    pub fn integer() -> Self {
        Self::made(RuleKind::Integer, json!({"match": "integer"}))
    }

    /// To be a date with a time, in a format such as `yyyy-MM-dd'T'HH:mm:ssXXX`.
    #[must_use]
    pub fn datetime(format: &str) -> Self {
        Self::made(RuleKind::DateTime(format.to_owned()), json!({"match": "datetime", "format": format}))
    }

    fn made(kind: RuleKind, json: Value) -> Self {
        let Value::Object(json) = json else { unreachable!("made of an object") };
        Self { kind, json }
    }
}

impl RuleKind {
    /// Whether it is about each key or value of an object, whatever keys the example has.
    pub(crate) fn is_about_each(&self) -> bool {
        matches!(self, Self::Values | Self::EachKey(_) | Self::EachValue(_))
    }
}

impl RuleList {
    /// One rule.
    #[must_use]
    pub fn of(rule: Rule) -> Self {
        Self { combine: Combine::And, rules: vec![rule] }
    }

    /// The rules of one path from their JSON: `{"combine": "AND", "matchers": […]}`.
    ///
    /// # Errors
    /// Where that is not such an object, or one of the rules is none.
    pub fn from_json(json: &Value) -> Result<Self, RuleError> {
        let members = json.as_object().ok_or_else(|| error("", "expected an object with `matchers`"))?;
        let combine = match members.get("combine").map(|combine| combine.as_str().map(str::to_ascii_uppercase)) {
            None => Combine::And,
            Some(Some(combine)) if combine == "AND" => Combine::And,
            Some(Some(combine)) if combine == "OR" => Combine::Or,
            Some(_) => return Err(error("/combine", "expected `AND` or `OR`")),
        };
        let matchers = match members.get("matchers") {
            Some(Value::Array(matchers)) => matchers,
            _ => return Err(error("/matchers", "expected an array of rules")),
        };
        Ok(Self { combine, rules: rules(matchers, "/matchers")? })
    }

    pub(crate) fn to_json(&self) -> Value {
        let combine = match self.combine {
            Combine::And => "AND",
            Combine::Or => "OR",
        };
        let matchers: Vec<Value> = self.rules.iter().map(|rule| Value::Object(rule.json.clone())).collect();
        json!({"combine": combine, "matchers": matchers})
    }
}

impl RuleError {
    pub(crate) fn below(self, pointer: &str) -> Self {
        Self { pointer: format!("{pointer}{}", self.pointer), message: self.message }
    }
}

fn error(pointer: &str, message: &str) -> RuleError {
    RuleError { pointer: pointer.to_owned(), message: message.to_owned() }
}

/// A token of a JSON Pointer.
pub(crate) fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}
