//! What clients do, step by step: data that can be written down, shortened and repeated.
//!
//! Topics that are a plan's own carry [`MARKER`] in their names, which the driver replaces by something new for each run,
//! so that a plan finds nothing left over from the one before.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Stands in names for what is new for each run of a plan.
pub const MARKER: &str = "fuzz-0000000";

/// A sequence of steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What is done, in this order.
    pub steps: Vec<Step>,
}

/// One step. A client that is not connected connects first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The client sends something, and does not wait.
    Send {
        /// Which client, from 0.
        client: usize,
        /// What it sends.
        #[serde(flatten)]
        sent: Sent,
    },
    /// Everybody waits until what is owed has come: replies, and the ends of sequences where `sequences` says so.
    Settle {
        /// Whether sequences are waited for to their ends.
        sequences: bool,
    },
    /// Time passes.
    Wait {
        /// How much, in milliseconds.
        ms: u64,
    },
    /// The client closes with code 1000, and the server answers that.
    Close {
        /// Which client.
        client: usize,
    },
    /// The client is gone without a word.
    Vanish {
        /// Which client.
        client: usize,
    },
}

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// The key of the message that it is, or was before it was broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The bytes, or what they are made from.
    #[serde(flatten)]
    pub payload: Payload,
    /// What the server is to make of it.
    #[serde(default, skip_serializing_if = "Intent::is_valid")]
    pub intent: Intent,
}

/// What a client sends: the bytes, or what they are made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// A text frame with this value.
    Json(Value),
    /// A text frame of this text.
    Text(String),
    /// A text frame of bytes that are no text.
    Bytes(Vec<u8>),
    /// A text message in so many fragments, with a ping between two of them.
    Fragments {
        /// Its value.
        json: Value,
        /// How many.
        pieces: usize,
    },
    /// A binary frame.
    Binary(Vec<u8>),
    /// A ping of WebSocket, with this payload.
    Ping(Vec<u8>),
    /// These bytes on the wire, whatever they are.
    Raw(Vec<u8>),
    /// A text message of so many bytes that is JSON and nothing else.
    Large {
        /// How many.
        bytes: usize,
    },
    /// A subscription (`x-session: subscribe`) to a topic, resumed after a frame that somebody has seen.
    Resume {
        /// The topic.
        topic: String,
        /// How many frames before the newest one.
        back: usize,
        /// Whether the frame is named by its id instead of its position.
        by_id: bool,
    },
}

/// What the server is to make of what is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// It follows the contract.
    #[default]
    Valid,
    /// It violates the contract.
    Invalid {
        /// The keyword of JSON Schema that is violated; `json` for what is not JSON.
        keyword: String,
        /// Where, as a JSON Pointer into the frame. Empty for the frame itself.
        pointer: String,
    },
    /// It breaks the rules of WebSocket, or its limits: the connection is closed with this code.
    Breach {
        /// The code.
        code: u16,
    },
}

impl Intent {
    /// Whether it follows the contract.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        *self == Self::Valid
    }
}

impl Plan {
    /// How many frames clients send.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step, Step::Send { .. })).count()
    }
}

impl Sent {
    /// A frame of a message that follows the contract.
    #[must_use]
    pub fn valid(message: impl Into<String>, frame: Value) -> Self {
        Self { message: Some(message.into()), payload: Payload::Json(frame), intent: Intent::Valid }
    }

    /// A frame that violates the contract there.
    #[must_use]
    pub fn invalid(
        message: impl Into<String>,
        frame: Value,
        keyword: impl Into<String>,
        pointer: impl Into<String>,
    ) -> Self {
        let intent = Intent::Invalid { keyword: keyword.into(), pointer: pointer.into() };
        Self { message: Some(message.into()), payload: Payload::Json(frame), intent }
    }

    /// Something that breaks the rules of WebSocket, after which the server closes with this code.
    #[must_use]
    pub fn breach(payload: Payload, code: u16) -> Self {
        Self { message: None, payload, intent: Intent::Breach { code } }
    }
}

/// One step in a line.
impl Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { client, sent } => write!(f, "client {client} sends {sent}"),
            Self::Settle { sequences: false } => f.write_str("until every reply has come"),
            Self::Settle { sequences: true } => f.write_str("until every sequence has ended"),
            Self::Wait { ms } => write!(f, "{ms} ms pass"),
            Self::Close { client } => write!(f, "client {client} closes"),
            Self::Vanish { client } => write!(f, "client {client} vanishes"),
        }
    }
}

impl Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.payload {
            Payload::Json(value) => f.write_str(&crate::json::one_line(value))?,
            Payload::Text(text) => write!(f, "text {:?}", crate::json::shorten(text, 300))?,
            Payload::Bytes(bytes) => write!(f, "text of {} bytes that are no text", bytes.len())?,
            Payload::Fragments { json, pieces } => write!(f, "{} in {pieces} pieces", crate::json::one_line(json))?,
            Payload::Binary(bytes) => write!(f, "binary, {} bytes", bytes.len())?,
            Payload::Ping(bytes) => write!(f, "a WebSocket ping of {} bytes", bytes.len())?,
            Payload::Raw(bytes) => write!(f, "{} bytes as they are", bytes.len())?,
            Payload::Large { bytes } => write!(f, "text of {bytes} bytes")?,
            Payload::Resume { topic, back, by_id } => {
                let by = if *by_id { "id" } else { "position" };
                write!(f, "a subscription to {topic} after the frame {back} before the newest, by its {by}")?;
            }
        }
        match &self.intent {
            Intent::Valid => Ok(()),
            Intent::Invalid { keyword, pointer } => write!(f, "  (violates {keyword} at {pointer:?})"),
            Intent::Breach { code } => write!(f, "  (breaks WebSocket: {code})"),
        }
    }
}
