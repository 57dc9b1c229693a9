//! All defects that are planted.

use tightwire_testkit::fuzz::Class;

use super::{Kind, Mutant, answers, streams, topics, values};

/// A defect.
pub(super) struct Planted {
    pub(super) name: &'static str,
    /// What the server does, in a few words.
    pub(super) what: &'static str,
    /// What it has to be found as: one of these.
    pub(super) classes: &'static [Class],
    pub(super) plant: fn() -> Box<dyn Mutant>,
}

/// Those that are planted on Redis, too: defects of what goes through it.
const ON_REDIS: [&str; 6] =
    ["position-gap", "leak-to-everyone", "after-unsubscribe", "stale-history", "replayed-anew", "gap-for-nothing"];

/// The defects that are planted there.
pub(super) fn planted_on(kind: Kind) -> impl Iterator<Item = &'static Planted> {
    let is_memory = kind == Kind::Memory;
    PLANTED.iter().filter(move |planted| is_memory || ON_REDIS.contains(&planted.name))
}

macro_rules! planted {
    ($($name:literal, $what:literal, $($class:ident)|+, $mutant:expr;)+) => {
        /// The defects.
        const PLANTED: &[Planted] = &[
            $(Planted { name: $name, what: $what, classes: &[$(Class::$class),+], plant: || Box::new($mutant) },)+
        ];
    };
}

planted! {
    "lost-correlation", "a data response answers a frame that nobody sent", WrongCorrelation, answers::LostCorrelation;
    "correlation-of-another", "a list of subscriptions answers another client's frame", WrongCorrelation, answers::CorrelationOfAnother::default();
    "answer-to-everyone", "a data response goes to every client", WrongCorrelation, answers::AnswerToEveryone::default();
    "reply-twice", "a data response comes twice", DuplicateReply, answers::ReplyTwice;
    "frame-twice", "the same list of subscriptions comes twice", DuplicateReply, answers::FrameTwice;
    "wrong-reply-type", "metrics of a window are answered with a pong", WrongType, answers::WrongReplyType::default();
    "late-reply", "a data response takes 150 ms", LateReply, answers::LateReply;
    "swallowed-error", "a violation closes without the error that says why", NoReply, answers::SwallowedError;
    "swallowed-refusal", "a topic that does not exist is passed over", WrongSubscriptions, answers::SwallowedRefusal;
    "wrong-place", "an error names a place where nothing is wrong", WrongError, answers::WrongPlace;
    "invalid-frame", "the system's health is not in the enum", InvalidFrame, answers::InvalidFrame;
    "wrong-data-set", "metrics are answered with the system's health", Application, answers::WrongDataSet;
    "wedged", "after a refused topic the connection is dead", NoReply, answers::Wedged::default();

    "duplicate-chunk", "the first chunk comes twice", Order, streams::DuplicateChunk;
    "repeated-chunk", "the second chunk has the first one's text", HistoryDiffers, streams::RepeatedChunk::default();
    "index-gap", "the chunks' indexes go from 0 to 2", Application, streams::IndexGap;
    "mixed-streams", "a chunk has another stream's id", Application, streams::MixedStreams;
    "wrong-count", "the end counts one chunk too many", Application, streams::WrongCount;
    "end-too-soon", "the end comes before the last chunk", Order, streams::EndTooSoon::default();
    "no-end", "an answer has no end", NoReply, streams::NoEnd;
    "position-gap", "a chunk is lost, and its position with it", Order, streams::PositionGap;

    "leak-to-everyone", "a thread's messages go to every client", WrongTopic, topics::LeakToEveryone::default();
    "on-another-topic", "a stream begins on another thread's topic", WrongTopic, topics::OnAnotherTopic;
    "after-unsubscribe", "unsubscribing is confirmed and not done", UnsubscribedFrame, topics::AfterUnsubscribe::default();
    "unsorted", "the list of subscriptions is backwards", WrongSubscriptions, topics::Unsorted;
    "first-topic-only", "of several topics the first is subscribed to", WrongSubscriptions, topics::FirstTopicOnly;
    "refused-and-kept", "a refused topic is in the list of subscriptions", WrongSubscriptions, topics::RefusedAndKept::default();
    "stale-history", "the history lacks the newest message", HistoryDiffers, topics::StaleHistory;
    "forgotten-metadata", "the history has no metadata", HistoryDiffers, topics::ForgottenMetadata;
    "texts-of-their-own", "two subscribers get different chunks", SubscribersDiffer, topics::TextsOfTheirOwn::default();
    "lost-for-others", "only the asker gets the end of an answer", SubscribersDiffer | Order, topics::LostForOthers::default();
    "replayed-twice", "a replay's first frame comes twice", Order, topics::ReplayedTwice::default();
    "replayed-anew", "a replayed frame has another id than it had live", ReplayDiffers | SubscribersDiffer, topics::ReplayedAnew::default();
    "gap-for-nothing", "what is still kept is said to be lost", ReplayDiffers | Order, topics::GapForNothing::default();

    "accepted-enum", "an unknown data set is taken for another", AcceptedInvalid, values::AcceptedEnum;
    "accepted-beyond-maximum", "a limit of maximum + 1 is taken", AcceptedInvalid, values::AcceptedBeyondMaximum;
    "rejected-maximum", "a limit of exactly the maximum is refused", RejectedValid, values::RejectedMaximum;
    "accepted-beyond-length", "a content of maxLength + 1 is cut", AcceptedInvalid, values::AcceptedBeyondLength;
    "accepted-unknown", "unknown properties are passed over", AcceptedInvalid, values::AcceptedUnknown;
    "panic-on-rare-value", "the connection breaks off at window_s = 86400", Panic, values::PanicOnRareValue;
    "internal-error-on-rare-value", "close 1011 at 32 metadata properties", Panic, values::InternalErrorOnRareValue;
    "wrong-close-code", "a violation is closed with 1000", CloseCode, values::WrongCloseCode;
    "undocumented-close-code", "a violation is closed with 4999", CloseCode, values::UndocumentedCloseCode;
    "no-close", "after a violation the connection stays", CloseCode, values::NoClose;
}
