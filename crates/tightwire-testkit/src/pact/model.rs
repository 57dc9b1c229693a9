//! A pact: what one consumer expects of one provider, interaction by interaction.
//!
//! The format is Pact V4 (<https://github.com/pact-foundation/pact-specification/tree/version-4>). What it does not name is
//! kept in `extra` and written again. Interactions over HTTP are kept as they are and never verified here.

use serde_json::{Map, Value};

use super::rule::MatchingRules;
use super::ws::XWs;

/// A pact file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pact {
    /// The name of who relies on the provider.
    pub consumer: String,
    /// The name of whom they rely on.
    pub provider: String,
    /// What they rely on.
    pub interactions: Vec<Interaction>,
    /// `metadata`; [`write`](mod@super::write) sets the version of the specification.
    pub metadata: Map<String, Value>,
    /// Members that the specification does not name.
    pub extra: Map<String, Value>,
}

/// One thing that a consumer relies on.
#[derive(Clone, Debug, PartialEq)]
pub enum Interaction {
    /// `Synchronous/Messages`: a request, and the frames that answer it.
    Sync(SyncMessages),
    /// `Asynchronous/Messages`: a frame that comes unasked.
    Async(AsyncMessage),
    /// Of another type, for instance `Synchronous/HTTP`, as it stands in the file.
    Other(Map<String, Value>),
}

/// A request, and the frames that answer it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncMessages {
    /// What every interaction has.
    pub about: About,
    /// What the consumer sends.
    pub request: Contents,
    /// What it gets, in the order in which it was recorded; [`XWs::sequence`] says how often each may come.
    pub response: Vec<Contents>,
}

/// A frame that comes unasked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AsyncMessage {
    /// What every interaction has.
    pub about: About,
    /// What the consumer gets.
    pub contents: Contents,
}

/// What every interaction has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Unique in the file and the same on every run.
    pub key: Option<String>,
    /// What the interaction is about; unique in the file.
    pub description: String,
    /// The states that the provider has to be in, in the order in which they are set up.
    pub provider_states: Vec<ProviderState>,
    /// A pending interaction is verified and reported, and never fails a run.
    pub pending: bool,
    /// Everything else, also what Pact has no words for.
    pub comments: Comments,
    /// Members that the specification does not name, or that are not needed here.
    pub extra: Map<String, Value>,
}

/// A state that the provider has to be in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProviderState {
    /// What the hook of the server under test goes by.
    pub name: String,
    /// What it is told.
    pub params: Map<String, Value>,
}

/// `comments`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comments {
    /// `references`: names of other descriptions of the same thing, by kind of description.
    pub references: Map<String, Value>,
    /// `x-ws`.
    pub ws: XWs,
    /// `testname`: the test that has recorded the interaction.
    pub testname: Option<String>,
    /// `text`: for people.
    pub text: Vec<String>,
    /// Other comments.
    pub extra: Map<String, Value>,
}

/// A frame as it is expected, or to be sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// `contents.content`: an example, whose values count where no rule says otherwise.
    pub content: Value,
    /// `contents.contentType`.
    pub content_type: Option<String>,
    /// `contents.encoded`: `false`, or how the content is made into a string.
    pub encoded: Value,
    /// `metadata` of the message.
    pub metadata: Map<String, Value>,
    /// How values are compared.
    pub matching_rules: MatchingRules,
    /// Where values come from when the frame is sent.
    pub generators: Map<String, Value>,
    /// Members beside these.
    pub extra: Map<String, Value>,
    /// Members of `contents` beside `content`, `contentType` and `encoded`.
    pub contents_extra: Map<String, Value>,
}

impl Interaction {
    /// What every interaction has; nothing of one of another type.
    #[must_use]
    pub fn about(&self) -> Option<&About> {
        match self {
            Self::Sync(interaction) => Some(&interaction.about),
            Self::Async(interaction) => Some(&interaction.about),
            Self::Other(_) => None,
        }
    }

    /// What every interaction has, to be changed.
    pub fn about_mut(&mut self) -> Option<&mut About> {
        match self {
            Self::Sync(interaction) => Some(&mut interaction.about),
            Self::Async(interaction) => Some(&mut interaction.about),
            Self::Other(_) => None,
        }
    }

    /// Its description.
    #[must_use]
    pub fn description(&self) -> &str {
        match self {
            Self::Other(members) => members.get("description").and_then(Value::as_str).unwrap_or_default(),
            _ => self.about().map_or("", |about| &about.description),
        }
    }

    /// The `type` of the specification.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Sync(_) => "Synchronous/Messages",
            Self::Async(_) => "Asynchronous/Messages",
            Self::Other(members) => members.get("type").and_then(Value::as_str).unwrap_or_default(),
        }
    }
}

impl About {
    /// The key that the interaction gets where it has none: the same for the same description and provider states.
    #[must_use]
    pub fn derived_key(&self) -> String {
        let states: Vec<Value> = self.provider_states.iter().map(super::write::provider_state).collect();
        let text =
            super::write::sorted(&Value::from(vec![Value::from(self.description.as_str()), Value::from(states)]));
        // FNV-1a: short, and the same in every version of every compiler.
        let hash = text
            .to_string()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        format!("{hash:016x}")
    }
}

impl Comments {
    /// `references.AsyncAPI.operationId`: the operation of the document that the interaction is about.
    #[must_use]
    pub fn operation_id(&self) -> Option<&str> {
        self.references.get("AsyncAPI")?.get("operationId")?.as_str()
    }

    /// Sets `references.AsyncAPI.operationId`.
    pub fn set_operation_id(&mut self, id: &str) {
        let reference = self.references.entry("AsyncAPI").or_insert_with(|| Value::Object(Map::new()));
        if !reference.is_object() {
            *reference = Value::Object(Map::new());
        }
        reference["operationId"] = Value::from(id);
    }
}

impl Contents {
    /// A frame of JSON.
    #[must_use]
    pub fn json(content: Value) -> Self {
        Self {
            content,
            content_type: Some("application/json".to_owned()),
            encoded: Value::Bool(false),
            ..Self::default()
        }
    }

    /// The frame. `None` where the content is not JSON, for instance `base64`.
    #[must_use]
    pub fn value(&self) -> Option<Value> {
        match &self.encoded {
            Value::Bool(false) | Value::Null => Some(self.content.clone()),
            Value::String(how) if how.eq_ignore_ascii_case("json") => crate::json::parse(self.content.as_str()?).ok(),
            _ => None,
        }
    }
}
