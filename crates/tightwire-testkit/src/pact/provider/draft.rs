//! What a consumer test writes down: an interaction in short, without what the envelope and the document say anyway.

use serde::Deserialize;
use serde_json::{Map, Value};

/// An interaction as a test says it. Values may have [matchers](super::matchers) in them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// What the interaction is about; unique in the file.
    pub description: String,
    /// The states that the provider has to be in.
    #[serde(default)]
    pub states: Vec<DraftState>,
    /// What the consumer sends: `Synchronous/Messages`.
    pub request: Option<DraftFrame>,
    /// What it is answered with, in this order.
    #[serde(default)]
    pub responses: Vec<DraftFrame>,
    /// What comes unasked: `Asynchronous/Messages`.
    pub push: Option<DraftFrame>,
    /// What Pact has no words for, as `comments.x-ws` has it; [`crate::pact::XWs`] lists the members. `sequence` is what the
    /// responses and their `times` say.
    #[serde(default, rename = "x-ws")]
    pub ws: Map<String, Value>,
    /// The test that says so.
    pub test: Option<String>,
    /// For people.
    #[serde(default)]
    pub text: Vec<String>,
}

/// A state that the provider has to be in.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftState {
    /// Its name.
    pub name: String,
    /// What varies.
    #[serde(default)]
    pub params: Map<String, Value>,
}

/// A frame. Its envelope is added: what is fixed in the file is new for each frame that is sent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftFrame {
    /// Its `type`.
    #[serde(rename = "type")]
    pub wire_type: String,
    /// Its `topic`.
    pub topic: String,
    /// Its payload.
    #[serde(default)]
    pub data: Value,
    /// How often frames like it come: nothing for once, or `+`, `*` or `?`.
    #[serde(default)]
    pub times: String,
}

impl Draft {
    /// An interaction of which nothing but its description is known.
    #[must_use]
    pub fn new(description: impl Into<String>) -> Self {
        Self { description: description.into(), ..Self::default() }
    }

    /// With a state of the provider; `params` is an object.
    #[must_use]
    pub fn given(mut self, name: impl Into<String>, params: Value) -> Self {
        let params = if let Value::Object(params) = params { params } else { Map::new() };
        self.states.push(DraftState { name: name.into(), params });
        self
    }

    /// With what the consumer sends.
    #[must_use]
    pub fn request(mut self, wire_type: &str, topic: &str, data: Value) -> Self {
        self.request = Some(DraftFrame::new(wire_type, topic, data));
        self
    }

    /// With a frame of the answer, which comes once.
    #[must_use]
    pub fn response(self, wire_type: &str, topic: &str, data: Value) -> Self {
        self.response_times("", wire_type, topic, data)
    }

    /// With a frame of the answer; `times` is `+`, `*`, `?`, or nothing for once.
    #[must_use]
    pub fn response_times(mut self, times: &str, wire_type: &str, topic: &str, data: Value) -> Self {
        let frame = DraftFrame { times: times.to_owned(), ..DraftFrame::new(wire_type, topic, data) };
        self.responses.push(frame);
        self
    }

    /// With a frame that comes unasked.
    #[must_use]
    pub fn push(mut self, wire_type: &str, topic: &str, data: Value) -> Self {
        self.push = Some(DraftFrame::new(wire_type, topic, data));
        self
    }

    /// With a member of `comments.x-ws`.
    #[must_use]
    pub fn ws(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.ws.insert(name.to_owned(), value.into());
        self
    }
}

impl DraftFrame {
    fn new(wire_type: &str, topic: &str, data: Value) -> Self {
        Self { wire_type: wire_type.to_owned(), topic: topic.to_owned(), data, times: String::new() }
    }
}
