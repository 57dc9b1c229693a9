//! What a server did wrong.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

macro_rules! classes {
    ($($(#[doc = $doc:literal])+ $class:ident = $id:literal,)+) => {
        /// The kinds of findings. Their ids do not change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum Class {
            $($(#[doc = $doc])+ $class,)+
        }

        impl Class {
            /// Every class.
            pub const ALL: &'static [Self] = &[$(Self::$class),+];

            /// The id: the name in kebab case.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$class => $id,)+
                }
            }

            /// What the class is about, in a sentence.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$class => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }
    };
}

classes! {
    /// The connection was lost without a close code, closed with 1011, or a valid frame was answered with an internal error.
    Panic = "panic",
    /// No connection can be had, or no handshake.
    Unreachable = "unreachable",
    /// What the contract promises as an answer did not come.
    NoReply = "no-reply",
    /// An answer came later than allowed.
    LateReply = "late-reply",
    /// A frame of the server does not follow its schema, or is not JSON.
    InvalidFrame = "invalid-frame",
    /// A message came that the contract does not allow as that answer, or on that topic.
    WrongType = "wrong-type",
    /// An answer does not say which frame it answers, or names one that this client has not sent.
    WrongCorrelation = "wrong-correlation",
    /// A frame was answered more than once, or a frame came twice.
    DuplicateReply = "duplicate-reply",
    /// Frames came in another order than promised: of a sequence, of a topic, or before the first frame of the connection.
    Order = "order",
    /// A frame came on a topic that the client has left.
    UnsubscribedFrame = "unsubscribed-frame",
    /// A frame came on a topic that the client never asked for, or an answer on another topic than that of the question.
    WrongTopic = "wrong-topic",
    /// The server's list of subscriptions is not sorted, not unique, or not what the client asked for.
    WrongSubscriptions = "wrong-subscriptions",
    /// A frame that violates the contract was taken.
    AcceptedInvalid = "accepted-invalid",
    /// A frame that follows the contract was refused as a violation.
    RejectedValid = "rejected-valid",
    /// An error does not say what it should say.
    WrongError = "wrong-error",
    /// More frames were taken than the rate allows.
    RateNotKept = "rate-not-kept",
    /// The connection was closed with a code that the document does not list, or that does not belong to what happened.
    CloseCode = "close-code",
    /// Subscribers of a topic were sent different frames, or not the same ones.
    SubscribersDiffer = "subscribers-differ",
    /// A history is not what was seen live.
    HistoryDiffers = "history-differs",
    /// A replay is not what was seen live.
    ReplayDiffers = "replay-differs",
    /// What an application checks besides.
    Application = "application",
    /// A new connection did not work any more.
    ProbeFailed = "probe-failed",
    /// Memory, tasks or descriptors were not given back.
    Leak = "leak",
}

impl Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Something that a server did wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its kind.
    pub class: Class,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The client that saw it.
    pub client: usize,
    /// The step of the plan that it is about, as far as that is known; counted from 0.
    pub step: Option<usize>,
    /// What the contract promises.
    pub expected: String,
    /// What the server did.
    pub actual: String,
    /// What went over the connections, both ways; the newest lines.
    pub transcript: String,
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (client {}", self.class, self.message, self.client)?;
        if let Some(step) = self.step {
            write!(f, ", step {step}")?;
        }
        writeln!(f, ")\n  expected: {}\n    actual: {}", self.expected, self.actual)?;
        if !self.transcript.is_empty() {
            write!(f, "transcript (→ sent, ← received, oldest first):\n{}", self.transcript)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_what_serde_writes() {
        for class in Class::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.id());
            assert!(class.description().ends_with('.'), "{class}");
        }
    }
}
