//! Values with matchers in them, as consumer tests write them: Pact's integration JSON. A matcher is an object that has
//! `pact:matcher:type`, an example in `value`, and what else that kind of matcher needs:
//!
//! ```json
//! {"message_id": {"pact:matcher:type": "regex", "regex": "^[0-9a-f-]{36}$", "value": "0190b6a2-…"}}
//! ```
//!
//! Taken apart, it is the example and the matching rules of a Pact, by path. Whether a rule is one is not judged here.

use serde_json::{Map, Value, json};

/// What makes an object a matcher.
const MATCHER: &str = "pact:matcher:type";

/// A value taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Template {
    /// The value with each matcher's example in its place.
    pub(super) example: Value,
    /// The matchers: `{"$.data.index": {"combine": "AND", "matchers": [{"match": "integer"}]}}`.
    pub(super) rules: Map<String, Value>,
}

impl Template {
    /// Takes a value apart that stands at `path`, for instance `$`.
    ///
    /// # Errors
    /// Says which matcher is not one, and why.
    pub(super) fn read(value: &Value, path: &str) -> Result<Self, String> {
        let mut rules = Map::new();
        let example = take_apart(value, path, &mut rules)?;
        Ok(Self { example, rules })
    }
}

fn take_apart(value: &Value, path: &str, rules: &mut Map<String, Value>) -> Result<Value, String> {
    match value {
        Value::Object(entries) => match entries.get(MATCHER) {
            Some(Value::String(kind)) => matcher(kind, entries, path, rules),
            Some(other) => Err(format!("{path}: `{MATCHER}` is {other} and not the name of a matcher")),
            None => {
                let mut example = Map::new();
                for (key, value) in entries {
                    example.insert(key.clone(), take_apart(value, &member(path, key)?, rules)?);
                }
                Ok(Value::Object(example))
            }
        },
        Value::Array(items) => {
            let item = |(at, item)| take_apart(item, &format!("{path}[{at}]"), rules);
            items.iter().enumerate().map(item).collect::<Result<Vec<_>, _>>().map(Value::Array)
        }
        scalar => Ok(scalar.clone()),
    }
}

fn matcher(
    kind: &str,
    entries: &Map<String, Value>,
    path: &str,
    rules: &mut Map<String, Value>,
) -> Result<Value, String> {
    let value =
        entries.get("value").ok_or_else(|| format!("{path}: the matcher `{kind}` has no example in `value`"))?;
    let mut rule = Map::from_iter([("match".to_owned(), json!(kind))]);
    let rest = entries.iter().filter(|(key, _)| !matches!(key.as_str(), MATCHER | "value"));
    rule.extend(rest.map(|(key, value)| (key.clone(), value.clone())));
    let counts = rule.contains_key("min") || rule.contains_key("max");
    rules.insert(path.to_owned(), json!({"combine": "AND", "matchers": [rule]}));
    match value {
        // Each item is as the first one: what is said of it holds for all.
        Value::Array(items) if kind == "type" && counts => {
            let Some(first) = items.first() else {
                return Err(format!("{path}: there is no item to say what each is like"));
            };
            let every = format!("{path}[*]");
            let mut examples = vec![take_apart(first, &every, rules)?];
            for item in &items[1..] {
                let mut own = Map::new();
                examples.push(take_apart(item, &every, &mut own)?);
                if own.iter().any(|(path, rule)| rules.get(path) != Some(rule)) {
                    return Err(format!("{path}: all items have to have the matchers of the first"));
                }
            }
            Ok(examples.into())
        }
        Value::Object(inner) if inner.contains_key(MATCHER) => {
            Err(format!("{path}: a matcher stands in a matcher; say both with one"))
        }
        other => take_apart(other, path, rules),
    }
}

fn member(path: &str, key: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if key.chars().all(plain) && key.starts_with(|first: char| !first.is_ascii_digit()) {
        return Ok(format!("{path}.{key}"));
    }
    if key.is_empty() || key.contains('\'') {
        return Err(format!("{path}: no path of a Pact leads to a member with the name `{key}`"));
    }
    Ok(format!("{path}['{key}']"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: Value, example: Value, rules: Value) {
        let template = Template::read(&value, "$").unwrap();
        assert_eq!((template.example, Value::Object(template.rules)), (example, rules));
    }

    #[track_caller]
    fn check_refused(value: Value, expected: &str) {
        assert_eq!(Template::read(&value, "$").unwrap_err(), expected);
    }

    #[test]
    fn takes_matchers_out_at_every_depth() {
        check(
            json!({"a": 1, "b": [{"c d": {"pact:matcher:type": "integer", "value": 2}}]}),
            json!({"a": 1, "b": [{"c d": 2}]}),
            json!({"$.b[0]['c d']": {"combine": "AND", "matchers": [{"match": "integer"}]}}),
        );
        check(
            json!({"pact:matcher:type": "type", "value": {"a": {"pact:matcher:type": "regex", "regex": "^x$", "value": "x"}}}),
            json!({"a": "x"}),
            json!({
                "$": {"combine": "AND", "matchers": [{"match": "type"}]},
                "$.a": {"combine": "AND", "matchers": [{"match": "regex", "regex": "^x$"}]},
            }),
        );
    }

    #[test]
    fn each_item_is_like_the_first() {
        let item = |n: u8| json!({"n": {"pact:matcher:type": "integer", "value": n}});
        check(
            json!({"pact:matcher:type": "type", "min": 1, "value": [item(1), item(2)]}),
            json!([{"n": 1}, {"n": 2}]),
            json!({
                "$": {"combine": "AND", "matchers": [{"match": "type", "min": 1}]},
                "$[*].n": {"combine": "AND", "matchers": [{"match": "integer"}]},
            }),
        );
        check_refused(
            json!({"pact:matcher:type": "type", "min": 1, "value": [1, {"pact:matcher:type": "integer", "value": 1}]}),
            "$: all items have to have the matchers of the first",
        );
        check_refused(
            json!({"pact:matcher:type": "type", "min": 0, "value": []}),
            "$: there is no item to say what each is like",
        );
    }

    #[test]
    fn refuses_what_is_no_matcher() {
        check_refused(json!({"a": {"pact:matcher:type": "type"}}), "$.a: the matcher `type` has no example in `value`");
        check_refused(json!({"pact:matcher:type": 1}), "$: `pact:matcher:type` is 1 and not the name of a matcher");
        check_refused(
            json!({"pact:matcher:type": "type", "value": {"pact:matcher:type": "integer", "value": 1}}),
            "$: a matcher stands in a matcher; say both with one",
        );
    }
}
