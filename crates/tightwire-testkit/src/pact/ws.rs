//! `comments.x-ws`: what Pact has no words for, since it knows one reply per request and no time.
//!
//! ```json
//! {
//!   "sequence": "thread_message_created, stream_start, stream_chunk+, stream_end",
//!   "deadline_ms": 5000,
//!   "first_ms": 1000,
//!   "bind": {
//!     "request": ["$request#/id", "*#/correlation_id"],
//!     "stream": ["stream_start#/data/stream_id", "stream_chunk#/data/stream_id", "stream_end#/data/stream_id"]
//!   },
//!   "count": [{"index": "stream_chunk#/data/index", "total": "stream_end#/data/chunks"}]
//! }
//! ```

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::str::FromStr;

use serde_json::{Map, Value};

use super::model::ProviderState;

/// `comments.x-ws`. Everything may be absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct XWs {
    /// `sequence`: the frames that answer, by `type`, in the language of [`crate::sequence`]. Without it, each response of
    /// the interaction comes once, in the order of the file.
    ///
    /// The n-th frame of a type is held against the n-th response of that type, and every further one against the last.
    pub sequence: Option<String>,
    /// `deadline_ms`: within so many milliseconds after the request was sent (or the trigger had done its work, or, without
    /// one, the last topic was subscribed to) the last frame has arrived.
    pub deadline_ms: Option<u64>,
    /// `first_ms`: the same for the first frame.
    pub first_ms: Option<u64>,
    /// `bind`: names for values that occur in several places. In all frames of the exchange, all places of a name hold the
    /// same value; frames without a value there do not bind it.
    pub bind: BTreeMap<String, Vec<Place>>,
    /// `count`: numbers that rise by 1 from frame to frame.
    pub count: Vec<Count>,
    /// `subscribe`: topics that the consumer has subscribed to before the interaction begins.
    pub subscribe: Vec<String>,
    /// `trigger`: what the hook is told when the consumer is connected and subscribed, so that the provider sends the frame.
    /// Without it the provider sends the frame of its own will, for instance after connecting.
    pub trigger: Option<ProviderState>,
    /// `close`: the code with which the provider closes the connection after the last frame.
    pub close: Option<u16>,
    /// Other members.
    pub extra: Map<String, Value>,
}

/// Where a value is: `stream_chunk#/data/index`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// In which frames.
    pub frames: Frames,
    /// Where in them, as a JSON Pointer.
    pub pointer: String,
}

/// The frames of an exchange that a [`Place`] is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frames {
    /// `$request`: the request.
    Request,
    /// `*`: every frame that answers.
    Responses,
    /// Every frame that answers and is of this `type`.
    OfType(String),
}

/// Numbers that rise by 1 from frame to frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// `index`: where the numbers are. The first is 0.
    pub index: Place,
    /// `total`: where it says how many there are.
    pub total: Option<Place>,
}

/// Why a text is not a [`Place`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a place in a frame: write a `type`, `*` or `$request`, then `#` and a JSON Pointer, for instance `stream_chunk#/data/index`"
)]
pub struct PlaceError(pub String);

impl XWs {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Frames {
    /// Whether a frame that answers is among these.
    #[must_use]
    pub fn answers(&self, wire_type: &str) -> bool {
        match self {
            Self::Request => false,
            Self::Responses => true,
            Self::OfType(own) => own == wire_type,
        }
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let refused = || PlaceError(text.to_owned());
        let (frames, pointer) = text.split_once('#').ok_or_else(refused)?;
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(refused());
        }
        let frames = match frames {
            "$request" => Frames::Request,
            "*" => Frames::Responses,
            "" => return Err(refused()),
            wire_type if wire_type.starts_with('$') || wire_type.contains(char::is_whitespace) => return Err(refused()),
            wire_type => Frames::OfType(wire_type.to_owned()),
        };
        Ok(Self { frames, pointer: pointer.to_owned() })
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.frames {
            Frames::Request => write!(f, "$request#{}", self.pointer),
            Frames::Responses => write!(f, "*#{}", self.pointer),
            Frames::OfType(wire_type) => write!(f, "{wire_type}#{}", self.pointer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_place(text: &str, frames: Frames, pointer: &str) {
        let place: Place = text.parse().unwrap();
        assert_eq!(place, Place { frames, pointer: pointer.to_owned() });
        assert_eq!(place.to_string(), text);
    }

    #[test]
    fn reads_places() {
        check_place("$request#/id", Frames::Request, "/id");
        check_place("*#/correlation_id", Frames::Responses, "/correlation_id");
        check_place("stream_chunk#/data/index", Frames::OfType("stream_chunk".to_owned()), "/data/index");
        check_place("echo#", Frames::OfType("echo".to_owned()), "");
    }

    #[test]
    fn refuses_what_is_not_a_place() {
        for text in ["", "/id", "#/id", "$reply#/id", "echo#id", "two words#/id"] {
            assert_eq!(text.parse::<Place>(), Err(PlaceError(text.to_owned())));
        }
    }
}
