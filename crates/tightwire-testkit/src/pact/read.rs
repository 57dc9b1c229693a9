//! Reading pact files.

use std::path::Path;

use serde_json::{Map, Value};

use super::model::{About, AsyncMessage, Comments, Contents, Interaction, Pact, ProviderState, SyncMessages};
use super::rule::{MatchingRules, RuleError, by_path, escape};
use super::ws::{Count, Place, XWs};
use crate::json;

/// Why a file is not a pact.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", at(pointer))]
pub struct ReadError {
    /// Where, as a JSON Pointer into the file.
    pub pointer: String,
    /// What is wrong there, and what is expected.
    pub message: String,
}

impl Pact {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be read, or is not a pact.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let text = std::fs::read_to_string(path)
            .map_err(|why| error("", &format!("{} cannot be read: {why}", path.display())))?;
        Self::from_text(&text)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// Where it is not a pact.
    pub fn from_text(text: &str) -> Result<Self, ReadError> {
        let value = json::parse(text).map_err(|why| error(&why.pointer, &why.message))?;
        Self::from_json(value)
    }

    /// A pact from its JSON.
    ///
    /// # Errors
    /// Where it is not one.
    pub fn from_json(json: Value) -> Result<Self, ReadError> {
        let mut members = Members::of(json, String::new())?;
        let consumer = members.participant("consumer")?;
        let provider = members.participant("provider")?;
        let metadata = members.object("metadata")?;
        let interactions = members.list("interactions", interaction)?;
        Ok(Self { consumer, provider, interactions, metadata, extra: members.left })
    }
}

fn interaction(json: Value, pointer: String) -> Result<Interaction, ReadError> {
    let mut members = Members::of(json, pointer)?;
    let kind = members.left.get("type").cloned();
    match kind.as_ref().and_then(Value::as_str) {
        Some("Synchronous/Messages") => {
            members.left.shift_remove("type");
            let request = members.required("request")?;
            let request = contents(&mut Members::of(request, members.at("request"))?)?;
            if !members.left.contains_key("response") {
                return Err(error(&members.pointer, "`response` is missing: an array of the frames that answer"));
            }
            let response = members.list("response", |json, pointer| contents(&mut Members::of(json, pointer)?))?;
            Ok(Interaction::Sync(SyncMessages { about: about(members)?, request, response }))
        }
        Some("Asynchronous/Messages") => {
            members.left.shift_remove("type");
            let mut contents = contents(&mut members)?;
            // They stand beside those of the interaction.
            members.left = std::mem::take(&mut contents.extra);
            Ok(Interaction::Async(AsyncMessage { about: about(members)?, contents }))
        }
        Some(_) => Ok(Interaction::Other(members.left)),
        None => Err(error(&members.pointer, "`type` is missing: `Synchronous/Messages` or `Asynchronous/Messages`")),
    }
}

fn about(mut members: Members) -> Result<About, ReadError> {
    let description = members.required("description")?;
    let description = match description {
        Value::String(description) => description,
        _ => return Err(error(&members.at("description"), "expected a string")),
    };
    Ok(About {
        description,
        key: members.text("key")?,
        provider_states: members.list("providerStates", provider_state)?,
        pending: members.flag("pending")?,
        comments: comments(Members { left: members.object("comments")?, pointer: members.at("comments") })?,
        extra: members.left,
    })
}

fn provider_state(json: Value, pointer: String) -> Result<ProviderState, ReadError> {
    let mut members = Members::of(json, pointer)?;
    let name = members.text("name")?.ok_or_else(|| error(&members.pointer, "`name` is missing"))?;
    Ok(ProviderState { name, params: members.object("params")? })
}

fn comments(mut members: Members) -> Result<Comments, ReadError> {
    Ok(Comments {
        references: members.object("references")?,
        ws: x_ws(Members { left: members.object("x-ws")?, pointer: members.at("x-ws") })?,
        testname: members.text("testname")?,
        text: members.list("text", text)?,
        extra: members.left,
    })
}

fn x_ws(mut members: Members) -> Result<XWs, ReadError> {
    let mut bind = std::collections::BTreeMap::new();
    let pointer = members.at("bind");
    let mut names = Members { left: members.object("bind")?, pointer };
    for name in names.left.keys().cloned().collect::<Vec<_>>() {
        let places = names.list(&name, place)?;
        bind.insert(name, places);
    }
    let close = match members.number("close")? {
        None => None,
        Some(code) => Some(
            u16::try_from(code).map_err(|_| error(&members.at("close"), "expected a close code, for instance 1002"))?,
        ),
    };
    let trigger = match members.left.shift_remove("trigger") {
        None => None,
        Some(trigger) => Some(provider_state(trigger, members.at("trigger"))?),
    };
    Ok(XWs {
        sequence: members.text("sequence")?,
        deadline_ms: members.number("deadline_ms")?,
        first_ms: members.number("first_ms")?,
        bind,
        count: members.list("count", |json, pointer| {
            let mut members = Members::of(json, pointer)?;
            let index = place(members.required("index")?, members.at("index"))?;
            let total = members.left.shift_remove("total");
            let total = total.map(|total| place(total, members.at("total"))).transpose()?;
            Ok(Count { index, total })
        })?,
        subscribe: members.list("subscribe", text)?,
        trigger,
        close,
        extra: members.left,
    })
}

fn contents(members: &mut Members) -> Result<Contents, ReadError> {
    let mut inner = Members { left: members.object("contents")?, pointer: members.at("contents") };
    let content = inner.required("content")?;
    let content_type = inner.text("contentType")?;
    let encoded = inner.left.shift_remove("encoded").unwrap_or(Value::Bool(false));
    Ok(Contents {
        content,
        content_type,
        encoded,
        metadata: members.object("metadata")?,
        matching_rules: matching_rules(members.object("matchingRules")?, &members.at("matchingRules"))?,
        generators: members.object("generators")?,
        extra: std::mem::take(&mut members.left),
        contents_extra: inner.left,
    })
}

fn matching_rules(mut categories: Map<String, Value>, pointer: &str) -> Result<MatchingRules, ReadError> {
    let mut body = std::collections::BTreeMap::new();
    for name in ["body", "content", "contents"] {
        if let Some(rules) = categories.shift_remove(name) {
            let rules = by_path(&rules).map_err(|why| refused(why, &format!("{pointer}/{name}")))?;
            body.extend(rules);
        }
    }
    Ok(MatchingRules { body, extra: categories })
}

fn text(json: Value, pointer: String) -> Result<String, ReadError> {
    match json {
        Value::String(text) => Ok(text),
        _ => Err(error(&pointer, "expected a string")),
    }
}

fn place(json: Value, pointer: String) -> Result<Place, ReadError> {
    let text = text(json, pointer.clone())?;
    text.parse().map_err(|why: super::ws::PlaceError| error(&pointer, &why.to_string()))
}

/// An object that members are taken out of; what is left at the end is not known.
struct Members {
    left: Map<String, Value>,
    pointer: String,
}

impl Members {
    fn of(json: Value, pointer: String) -> Result<Self, ReadError> {
        match json {
            Value::Object(left) => Ok(Self { left, pointer }),
            _ => Err(error(&pointer, "expected an object")),
        }
    }

    fn at(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, escape(name))
    }

    fn required(&mut self, name: &str) -> Result<Value, ReadError> {
        let missing = || error(&self.pointer, &format!("`{name}` is missing"));
        self.left.shift_remove(name).ok_or_else(missing)
    }

    fn participant(&mut self, name: &str) -> Result<String, ReadError> {
        let pointer = self.at(name);
        let mut members = Self::of(self.required(name)?, pointer)?;
        text(members.required("name")?, members.at("name"))
    }

    fn object(&mut self, name: &str) -> Result<Map<String, Value>, ReadError> {
        match self.left.shift_remove(name) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(members)) => Ok(members),
            Some(_) => Err(error(&self.at(name), "expected an object")),
        }
    }

    fn list<T>(
        &mut self,
        name: &str,
        item: impl Fn(Value, String) -> Result<T, ReadError>,
    ) -> Result<Vec<T>, ReadError> {
        let pointer = self.at(name);
        match self.left.shift_remove(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                items.into_iter().enumerate().map(|(index, json)| item(json, format!("{pointer}/{index}"))).collect()
            }
            Some(_) => Err(error(&pointer, "expected an array")),
        }
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, ReadError> {
        match self.left.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(json) => text(json, self.at(name)).map(Some),
        }
    }

    fn number(&mut self, name: &str) -> Result<Option<u64>, ReadError> {
        match self.left.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(json) => match json.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(error(&self.at(name), "expected a whole number that is not negative")),
            },
        }
    }

    fn flag(&mut self, name: &str) -> Result<bool, ReadError> {
        match self.left.shift_remove(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(error(&self.at(name), "expected `true` or `false`")),
        }
    }
}

fn refused(why: RuleError, pointer: &str) -> ReadError {
    let why = why.below(pointer);
    ReadError { pointer: why.pointer, message: why.message }
}

fn error(pointer: &str, message: &str) -> ReadError {
    ReadError { pointer: pointer.to_owned(), message: message.to_owned() }
}

fn at(pointer: &str) -> String {
    if pointer.is_empty() { String::new() } else { format!("{pointer}: ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A pact with one interaction, changed at one place.
    fn changed(pointer: &str, value: Value) -> Value {
        let mut pact = json!({
            "consumer": {"name": "c"},
            "provider": {"name": "p"},
            "interactions": [{
                "type": "Synchronous/Messages",
                "description": "asking",
                "request": {"contents": {"content": {}}},
                "response": [{"contents": {"content": {}}, "matchingRules": {"body": {}}}],
                "comments": {"x-ws": {}}
            }]
        });
        let (above, name) = pointer.rsplit_once('/').unwrap();
        let name = name.replace("~1", "/");
        let members = pact.pointer_mut(above).unwrap().as_object_mut().unwrap();
        if value.is_null() {
            members.remove(&name);
        } else {
            members.insert(name, value);
        }
        pact
    }

    #[track_caller]
    fn check_refused(pointer: &str, value: Value, expected: &str) {
        assert_eq!(Pact::from_json(changed(pointer, value)).unwrap_err().to_string(), expected);
    }

    #[test]
    fn says_where_a_file_is_not_a_pact() {
        assert!(Pact::from_json(changed("/x-own", json!(1))).is_ok());
        check_refused("/consumer", Value::Null, "`consumer` is missing");
        check_refused("/provider", json!("chat"), "/provider: expected an object");
        let one = "/interactions/0";
        check_refused(
            &format!("{one}/type"),
            Value::Null,
            "/interactions/0: `type` is missing: `Synchronous/Messages` or `Asynchronous/Messages`",
        );
        check_refused(&format!("{one}/description"), json!(1), "/interactions/0/description: expected a string");
        check_refused(&format!("{one}/response"), json!({}), "/interactions/0/response: expected an array");
        check_refused(
            &format!("{one}/request/contents"),
            json!({}),
            "/interactions/0/request/contents: `content` is missing",
        );
        let x_ws = format!("{one}/comments/x-ws");
        check_refused(
            &format!("{x_ws}/close"),
            json!(70_000),
            "/interactions/0/comments/x-ws/close: expected a close code, for instance 1002",
        );
        check_refused(
            &format!("{x_ws}/deadline_ms"),
            json!(-1),
            "/interactions/0/comments/x-ws/deadline_ms: expected a whole number that is not negative",
        );
        let bind = Pact::from_json(changed(&format!("{x_ws}/bind"), json!({"a": ["id"]}))).unwrap_err();
        assert_eq!(bind.pointer, "/interactions/0/comments/x-ws/bind/a/0");
    }

    #[test]
    fn says_where_a_rule_is_none() {
        let body = "/interactions/0/response/0/matchingRules/body";
        let check = |rules: Value, pointer: &str, message: &str| {
            let error = Pact::from_json(changed(body, rules)).unwrap_err();
            assert_eq!(
                (error.pointer.as_str(), error.message.as_str()),
                (format!("{body}{pointer}").as_str(), message)
            );
        };
        check(
            json!({"$..a": {"matchers": []}}),
            "/$..a",
            "`$..a` is not a path expression: a name is missing behind `.`",
        );
        check(json!({"$": {}}), "/$/matchers", "expected an array of rules");
        check(json!({"$": {"matchers": [{"match": "regex"}]}}), "/$/matchers/0", "the rule needs `regex`");
        check(json!({"$": {"matchers": [], "combine": "XOR"}}), "/$/combine", "expected `AND` or `OR`");
        let nested = json!({"match": "eachKey", "rules": [{"match": "include"}]});
        check(json!({"$": {"matchers": [nested]}}), "/$/matchers/0/rules/0", "the rule needs `value`");
        let variant = json!({"match": "arrayContains", "variants": [{"index": -1}]});
        check(
            json!({"$": {"matchers": [variant]}}),
            "/$/matchers/0/variants/0/index",
            "expected a whole number that is not negative",
        );
    }

    #[test]
    fn keys_that_occur_twice_are_refused() {
        let error = Pact::from_text(r#"{"consumer": {"name": "a", "name": "b"}}"#).unwrap_err();
        assert_eq!(error.pointer, "/consumer/name");
    }
}
