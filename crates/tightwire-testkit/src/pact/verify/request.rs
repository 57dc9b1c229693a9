//! The frame that is sent: the pact's example with fresh values where it has generators, and where its rules say that a frame
//! in an envelope has an id and a time of its own.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::frame;
use crate::pact::Contents;
use crate::pact::path::{At, Path, Step};

/// The frame to send. `values` are those of the provider states.
///
/// Generators whose values depend on a format (`Date`, `Time`, `DateTime`, `Regex`) leave the example as it is.
pub(super) fn prepare(contents: &Contents, is_enveloped: bool, values: &Map<String, Value>) -> Option<Value> {
    let mut request = contents.value()?;
    if is_enveloped {
        let (id, fresh) = frame::envelope("", "", Value::Null);
        for (name, value) in [("id", json!(id)), ("ts", fresh["ts"].clone())] {
            let place = [At::Member(name.to_owned())];
            if contents.matching_rules.body.keys().any(|path| path.is_exactly(&place)) {
                request[name] = value;
            }
        }
    }
    for category in ["body", "content"] {
        let generators = contents.generators.get(category).and_then(Value::as_object);
        for (path, generator) in generators.into_iter().flatten() {
            if let Ok(path) = path.parse::<Path>() {
                fill(&mut request, path.steps(), &|example| {
                    if let Some(value) = generate(generator, values) {
                        *example = value;
                    }
                });
            }
        }
    }
    Some(request)
}

/// Puts a value at every place that the path describes and that the example has.
fn fill(value: &mut Value, steps: &[Step], put: &impl Fn(&mut Value)) {
    let Some((step, rest)) = steps.split_first() else { return put(value) };
    match (step, value) {
        (Step::Member(name), Value::Object(members)) => {
            if let Some(member) = members.get_mut(name) {
                fill(member, rest, put);
            }
        }
        (Step::Item(index), Value::Array(items)) => {
            if let Some(item) = items.get_mut(*index) {
                fill(item, rest, put);
            }
        }
        (Step::Any | Step::AnyItem, Value::Array(items)) => items.iter_mut().for_each(|item| fill(item, rest, put)),
        (Step::Any, Value::Object(members)) => members.values_mut().for_each(|member| fill(member, rest, put)),
        _ => {}
    }
}

fn generate(generator: &Value, values: &Map<String, Value>) -> Option<Value> {
    let number = |name: &str, otherwise: u64| generator[name].as_u64().unwrap_or(otherwise);
    // Of these are few, and nobody guesses them: the randomness of a UUID is enough.
    let random = Uuid::new_v4().as_u128();
    let text = |letters: &[u8], length: u64| -> String {
        (0..length).map(|_| letters[(Uuid::new_v4().as_u128() % letters.len() as u128) as usize] as char).collect()
    };
    Some(match generator["type"].as_str()? {
        "Uuid" => json!(Uuid::new_v4()),
        "RandomInt" => {
            let (least, most) = (number("min", 0), number("max", 10));
            let span = u128::from(most.saturating_sub(least)) + 1;
            json!(least + u64::try_from(random % span).ok()?)
        }
        "RandomBoolean" => json!(random.is_multiple_of(2)),
        "RandomHexadecimal" => json!(text(b"0123456789abcdef", number("digits", 10))),
        "RandomString" => json!(text(b"abcdefghijklmnopqrstuvwxyz0123456789", number("size", 10))),
        "ProviderState" => of_state(generator["expression"].as_str()?, values)?,
        _ => return None,
    })
}

/// A value of a provider state: `${name}` or `name` is the value itself, `a/${name}` a text with it. `None` where the state has
/// not given it.
fn of_state(expression: &str, values: &Map<String, Value>) -> Option<Value> {
    let Some((before, rest)) = expression.split_once("${") else { return values.get(expression).cloned() };
    let (name, after) = rest.split_once('}')?;
    let value = values.get(name)?;
    if before.is_empty() && after.is_empty() {
        return Some(value.clone());
    }
    let after = if after.contains("${") { of_state(after, values)? } else { json!(after) };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(json!(format!("{before}{}{}", text(value), text(&after))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pact::Pact;

    /// The request of an interaction with these members beside its contents.
    fn contents(content: Value, more: Value) -> Contents {
        let mut request =
            json!({"contents": {"content": content, "contentType": "application/json", "encoded": false}});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let interaction =
            json!({"type": "Synchronous/Messages", "description": "d", "request": request, "response": []});
        let pact = json!({"consumer": {"name": "c"}, "provider": {"name": "p"}, "interactions": [interaction]});
        match Pact::from_json(pact).unwrap().interactions.remove(0) {
            crate::pact::Interaction::Sync(interaction) => interaction.request,
            other => panic!("{other:?}"),
        }
    }

    fn values() -> Map<String, Value> {
        Map::from_iter([("id".to_owned(), json!("t-1")), ("n".to_owned(), json!(7))])
    }

    #[test]
    fn an_id_is_fresh_where_a_rule_says_that_it_varies() {
        let frame = json!({"v": 1, "id": "old", "type": "say", "topic": "room", "ts": 1, "data": {}});
        let rules = json!({"matchingRules": {"body": {"$.id": {"matchers": [{"match": "type"}]}}}});
        let (fixed, varying) = (contents(frame.clone(), json!({})), contents(frame.clone(), rules));
        assert_eq!(prepare(&fixed, true, &values()).unwrap(), frame);
        assert_eq!(prepare(&varying, false, &values()).unwrap(), frame);
        let sent = prepare(&varying, true, &values()).unwrap();
        assert!(sent["id"].as_str().unwrap().parse::<Uuid>().is_ok() && sent["ts"] == 1, "{sent}");
    }

    #[test]
    fn generators_fill_in_values() {
        let example = json!({"a": "x", "list": [{"n": 1}, {"n": 2}], "topic": "t", "whole": 0, "date": "2026-01-01"});
        let generators = json!({"generators": {"body": {
            "$.a": {"type": "Uuid"},
            "$.list[*].n": {"type": "RandomInt", "min": 5, "max": 5},
            "$.topic": {"type": "ProviderState", "expression": "thread:${id}/${n}"},
            "$.whole": {"type": "ProviderState", "expression": "${n}"},
            "$.date": {"type": "Date"},
            "$.absent": {"type": "Uuid"},
        }}});
        let sent = prepare(&contents(example, generators), false, &values()).unwrap();
        assert_ne!(sent["a"], "x");
        assert_eq!(sent["list"], json!([{"n": 5}, {"n": 5}]));
        assert_eq!(
            (&sent["topic"], &sent["whole"], &sent["date"]),
            (&json!("thread:t-1/7"), &json!(7), &json!("2026-01-01"))
        );
        assert_eq!(sent.get("absent"), None);
    }
}
