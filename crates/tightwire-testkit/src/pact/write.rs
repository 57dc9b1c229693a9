//! Writing pact files, always in the same way: interactions by description, members by name, two spaces, one newline at the
//! end. The same pact is the same bytes on every run.

use serde_json::{Map, Value, json};

use super::model::{About, Comments, Contents, Interaction, Pact, ProviderState};
use super::ws::{Place, XWs};

/// `metadata.pactSpecification.version`.
const SPECIFICATION: &str = "4.0";

impl Pact {
    /// The text of the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{:#}\n", self.to_json())
    }

    /// The pact as JSON, members sorted by name. Interactions without a key get one.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut interactions: Vec<&Interaction> = self.interactions.iter().collect();
        interactions.sort_by_key(|interaction| {
            (interaction.description(), interaction.about().and_then(|about| about.key.as_deref()))
        });
        let mut metadata = self.metadata.clone();
        metadata.insert("pactSpecification".to_owned(), json!({"version": SPECIFICATION}));
        let mut members = self.extra.clone();
        members.insert("consumer".to_owned(), json!({"name": self.consumer}));
        members.insert("provider".to_owned(), json!({"name": self.provider}));
        members.insert("interactions".to_owned(), interactions.into_iter().map(interaction).collect());
        members.insert("metadata".to_owned(), Value::Object(metadata));
        sorted(&Value::Object(members))
    }
}

/// The value with the members of all objects sorted by name.
pub(crate) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_unstable();
            names.into_iter().map(|name| (name.clone(), sorted(&members[name]))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        scalar => scalar.clone(),
    }
}

pub(crate) fn provider_state(state: &ProviderState) -> Value {
    let mut members = Map::new();
    members.insert("name".to_owned(), Value::from(state.name.as_str()));
    put_object(&mut members, "params", &state.params);
    Value::Object(members)
}

fn interaction(interaction: &Interaction) -> Value {
    let mut members = match interaction {
        Interaction::Sync(interaction) => {
            let mut members = about(&interaction.about);
            members.insert("request".to_owned(), Value::Object(contents(&interaction.request)));
            let response = interaction.response.iter().map(|response| Value::Object(contents(response)));
            members.insert("response".to_owned(), response.collect());
            members
        }
        Interaction::Async(interaction) => {
            let mut members = about(&interaction.about);
            members.extend(contents(&interaction.contents));
            members
        }
        Interaction::Other(members) => return Value::Object(members.clone()),
    };
    members.insert("type".to_owned(), Value::from(interaction.kind()));
    Value::Object(members)
}

fn about(about: &About) -> Map<String, Value> {
    let mut members = about.extra.clone();
    let key = about.key.clone().unwrap_or_else(|| about.derived_key());
    members.insert("key".to_owned(), Value::from(key));
    members.insert("description".to_owned(), Value::from(about.description.as_str()));
    members.insert("pending".to_owned(), Value::from(about.pending));
    if !about.provider_states.is_empty() {
        members.insert("providerStates".to_owned(), about.provider_states.iter().map(provider_state).collect());
    }
    put_object(&mut members, "comments", &comments(&about.comments));
    members
}

fn comments(comments: &Comments) -> Map<String, Value> {
    let mut members = comments.extra.clone();
    put_object(&mut members, "references", &comments.references);
    put_object(&mut members, "x-ws", &x_ws(&comments.ws));
    if let Some(testname) = &comments.testname {
        members.insert("testname".to_owned(), Value::from(testname.as_str()));
    }
    if !comments.text.is_empty() {
        members.insert("text".to_owned(), Value::from(comments.text.clone()));
    }
    members
}

fn x_ws(ws: &XWs) -> Map<String, Value> {
    let mut members = ws.extra.clone();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    let place = |place: &Place| Value::from(place.to_string());
    put("sequence", ws.sequence.as_deref().map(Value::from));
    put("deadline_ms", ws.deadline_ms.map(Value::from));
    put("first_ms", ws.first_ms.map(Value::from));
    put("trigger", ws.trigger.as_ref().map(provider_state));
    put("close", ws.close.map(Value::from));
    put("subscribe", (!ws.subscribe.is_empty()).then(|| Value::from(ws.subscribe.clone())));
    let bind = ws.bind.iter().map(|(name, places)| (name.clone(), places.iter().map(place).collect()));
    put("bind", (!ws.bind.is_empty()).then(|| Value::Object(bind.collect())));
    let count = ws.count.iter().map(|count| match &count.total {
        Some(total) => json!({"index": place(&count.index), "total": place(total)}),
        None => json!({"index": place(&count.index)}),
    });
    put("count", (!ws.count.is_empty()).then(|| count.collect()));
    members
}

fn contents(contents: &Contents) -> Map<String, Value> {
    let mut members = contents.extra.clone();
    let mut inner = contents.contents_extra.clone();
    inner.insert("content".to_owned(), contents.content.clone());
    if let Some(content_type) = &contents.content_type {
        inner.insert("contentType".to_owned(), Value::from(content_type.as_str()));
    }
    let encoded = if contents.encoded.is_null() { Value::Bool(false) } else { contents.encoded.clone() };
    inner.insert("encoded".to_owned(), encoded);
    members.insert("contents".to_owned(), Value::Object(inner));
    put_object(&mut members, "metadata", &contents.metadata);
    put_object(&mut members, "generators", &contents.generators);
    let mut rules = contents.matching_rules.extra.clone();
    let body: Map<String, Value> =
        contents.matching_rules.body.iter().map(|(path, list)| (path.to_string(), list.to_json())).collect();
    put_object(&mut rules, "body", &body);
    put_object(&mut members, "matchingRules", &rules);
    members
}

fn put_object(members: &mut Map<String, Value>, name: &str, object: &Map<String, Value>) {
    if !object.is_empty() {
        members.insert(name.to_owned(), Value::Object(object.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::{Contents, SyncMessages};
    use super::super::rule::{Rule, RuleList};
    use super::*;

    fn example() -> Value {
        json!({
            "consumer": {"name": "frontend"},
            "provider": {"name": "chat"},
            "x-own": [1],
            "interactions": [
                {
                    "type": "Asynchronous/Messages",
                    "key": "b",
                    "description": "an alert",
                    "pending": true,
                    "interactionMarkup": {"markup": "x", "markupType": "HTML"},
                    "contents": {"content": {"type": "critical_alert"}, "contentType": "application/json", "encoded": false, "contentTypeHint": "TEXT"},
                    "metadata": {"topic": "dashboard"},
                    "matchingRules": {"body": {"$.id": {"combine": "OR", "matchers": [{"match": "type", "x-more": 1}]}}},
                    "comments": {"x-ws": {"subscribe": ["dashboard"], "trigger": {"name": "an alert is raised", "params": {"severity": "critical"}}}}
                },
                {
                    "type": "Synchronous/Messages",
                    "key": "a",
                    "description": "asking",
                    "pending": false,
                    "providerStates": [{"name": "a thread", "params": {"id": "welcome"}}, {"name": "nobody else"}],
                    "comments": {
                        "references": {"AsyncAPI": {"operationId": "send_message", "channel": "thread"}, "Other": 1},
                        "testname": "asks",
                        "text": ["a comment"],
                        "x-other": {},
                        "x-ws": {
                            "sequence": "stream_start, stream_chunk+, stream_end",
                            "deadline_ms": 5000,
                            "first_ms": 100,
                            "bind": {"request": ["$request#/id", "*#/correlation_id"]},
                            "count": [{"index": "stream_chunk#/data/index", "total": "stream_end#/data/chunks"}, {"index": "a#/b"}],
                            "close": 1002,
                            "x-more": true
                        }
                    },
                    "request": {
                        "contents": {"content": {"b": 1, "a": 2}, "contentType": "application/json", "encoded": false},
                        "generators": {"body": {"$.id": {"type": "Uuid"}}}
                    },
                    "response": [
                        {
                            "contents": {"content": "{}", "contentType": "application/json", "encoded": "JSON"},
                            "matchingRules": {"metadata": {"topic": {"combine": "AND", "matchers": []}}},
                            "x-own": 2
                        }
                    ]
                },
                {"type": "Synchronous/HTTP", "description": "by HTTP", "request": {"path": "/"}}
            ],
            "metadata": {"pactSpecification": {"version": "4.0"}, "tightwire": {"version": "0.1.0"}}
        })
    }

    #[test]
    fn nothing_is_lost_between_reading_and_writing() {
        let pact = Pact::from_json(example()).unwrap();
        assert_eq!(pact.to_json(), example());
        assert_eq!(Pact::from_text(&pact.to_text()).unwrap(), pact);
    }

    #[test]
    fn the_order_in_memory_is_not_the_order_in_the_file() {
        let pact = Pact::from_json(example()).unwrap();
        let mut other = pact.clone();
        other.interactions.reverse();
        other.metadata.sort_keys();
        assert_eq!(other.to_text(), pact.to_text());
        assert!(
            pact.to_text().starts_with("{\n  \"consumer\": {\n    \"name\": \"frontend\"\n  },\n  \"interactions\": [")
        );
        assert!(pact.to_text().ends_with("}\n"));
    }

    #[test]
    fn an_interaction_without_a_key_gets_the_same_one_on_every_run() {
        let mut interaction = SyncMessages::default();
        interaction.about.description = "ping".to_owned();
        interaction.request = Contents::json(json!({"type": "ping"}));
        interaction.request.matching_rules.body.insert("$.id".parse().unwrap(), RuleList::of(Rule::of_type()));
        let pact = |interaction: &SyncMessages| Pact {
            interactions: vec![Interaction::Sync(interaction.clone())],
            ..Pact::default()
        };
        let key = |interaction: &SyncMessages| pact(interaction).to_json()["interactions"][0]["key"].clone();
        assert_eq!(key(&interaction), "c55d7a1edbbb79e1");
        interaction
            .about
            .provider_states
            .push(ProviderState { name: "a thread".to_owned(), ..ProviderState::default() });
        assert_ne!(key(&interaction), "c55d7a1edbbb79e1");
    }
}
