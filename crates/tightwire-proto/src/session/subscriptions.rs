//! The topics of a connection: sorted, unique, bounded.

use std::collections::BTreeSet;
use std::sync::Arc;

/// The longest topic that an error names, and how many it names at most.
const NAMED_TOPIC_BYTES: usize = 200;
const NAMED_TOPICS: usize = 20;

/// The topics that a connection is subscribed to.
#[derive(Debug)]
pub struct Subscriptions {
    /// Sorted: a list is smaller than a tree, and most connections have few topics.
    topics: Vec<Arc<str>>,
    max: usize,
}

/// Why a topic is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refused {
    /// There is no such topic.
    Invalid,
    /// The application does not allow it.
    Forbidden,
    /// The client's token does not allow it, and never will.
    NotInToken,
    /// The connection has as many as it may have.
    TooMany,
}

/// The topics of a frame that were refused: one error names them all.
#[derive(Debug, Default)]
pub struct RefusedTopics {
    /// By topic; sorted, so that equal frames get equal errors.
    topics: Vec<(Refused, String)>,
}

impl Subscriptions {
    /// No topics; room for `max`.
    #[must_use]
    pub fn new(max: u64) -> Self {
        Self { topics: Vec::new(), max: usize::try_from(max).unwrap_or(usize::MAX) }
    }

    /// Sorts a frame's topics, removes duplicates and refuses those that do not exist.
    pub fn normalise(topics: &[String], exists: impl Fn(&str) -> bool) -> (Vec<Arc<str>>, RefusedTopics) {
        let unique: BTreeSet<&str> = topics.iter().map(String::as_str).collect();
        let mut refused = RefusedTopics::default();
        let mut valid = Vec::with_capacity(unique.len());
        for topic in unique {
            if exists(topic) {
                valid.push(Arc::from(topic));
            } else {
                refused.push(Refused::Invalid, topic);
            }
        }
        (valid, refused)
    }

    /// Adds a topic. `Ok(true)` if it is new.
    ///
    /// # Errors
    /// If the connection has as many as it may have.
    pub fn add(&mut self, topic: &Arc<str>) -> Result<bool, Refused> {
        match self.find(topic) {
            Ok(_) => Ok(false),
            Err(_) if self.topics.len() >= self.max => Err(Refused::TooMany),
            Err(place) => {
                if self.topics.is_empty() {
                    // Often the only one.
                    self.topics.reserve_exact(1);
                }
                self.topics.insert(place, Arc::clone(topic));
                Ok(true)
            }
        }
    }

    /// Removes a topic. True if it was there.
    pub fn remove(&mut self, topic: &str) -> bool {
        let place = self.find(topic);
        if let Ok(place) = place {
            self.topics.remove(place);
        }
        place.is_ok()
    }

    /// Whether another topic may be added.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.topics.len() < self.max
    }

    /// Whether the connection is subscribed to the topic.
    #[must_use]
    pub fn contains(&self, topic: &str) -> bool {
        self.find(topic).is_ok()
    }

    /// All topics, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<str>> {
        self.topics.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.topics.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    /// Takes all topics out, sorted, and lets none in any more: the connection ends, a handler may still be at work.
    pub fn close(&mut self) -> Vec<Arc<str>> {
        self.max = 0;
        std::mem::take(&mut self.topics)
    }

    /// Where the topic is, or where it would be.
    fn find(&self, topic: &str) -> Result<usize, usize> {
        self.topics.binary_search_by(|present| (**present).cmp(topic))
    }
}

impl RefusedTopics {
    /// Adds a topic.
    pub fn push(&mut self, why: Refused, topic: &str) {
        self.topics.push((why, topic.to_owned()));
    }

    /// Whether none was refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    /// Whether the client's token is why a topic was refused: asking again will not help.
    #[must_use]
    pub fn is_for_good(&self) -> bool {
        self.topics.iter().any(|(why, _)| *why == Refused::NotInToken)
    }

    /// The error's code: that of the first kind there is, in the order in which the checks are made.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.topics.iter().map(|(why, _)| *why).min() {
            Some(Refused::Forbidden | Refused::NotInToken) => super::code::TOPIC_FORBIDDEN,
            Some(Refused::TooMany) => super::code::TOO_MANY_SUBSCRIPTIONS,
            Some(Refused::Invalid) | None => super::code::INVALID_TOPIC,
        }
    }

    /// The error's text.
    #[must_use]
    pub fn message(&self) -> String {
        let count = |kind| self.topics.iter().filter(|(why, _)| *why == kind).count();
        let parts = [
            (count(Refused::Invalid), "not a topic of this protocol"),
            (count(Refused::Forbidden), "not allowed for this connection"),
            (count(Refused::NotInToken), "not allowed by the token"),
            (count(Refused::TooMany), "over the connection's limit of subscriptions"),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        format!("topics refused: {}; the others were applied", parts.join(", "))
    }

    /// The topics that may be named: short, and of characters that topics are made of. A client could otherwise have
    /// anything it likes sent back and logged.
    #[must_use]
    pub fn named(&self) -> Vec<String> {
        let well_formed = |topic: &&String| {
            (1..=NAMED_TOPIC_BYTES).contains(&topic.len())
                && topic.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte))
        };
        let mut named: Vec<String> =
            self.topics.iter().map(|(_, topic)| topic).filter(well_formed).take(NAMED_TOPICS).cloned().collect();
        named.sort_unstable();
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Topics that begin with `t` exist; there is room for three. `topics` are separated by spaces.
    #[track_caller]
    fn check(topics: &str, expected: &str, code: Option<&str>, named: &str) {
        let asked: Vec<String> = topics.split(' ').map(str::to_owned).collect();
        let (valid, mut refused) = Subscriptions::normalise(&asked, |topic| topic.starts_with('t'));
        let mut subscriptions = Subscriptions::new(3);
        for topic in &valid {
            if let Err(why) = subscriptions.add(topic) {
                refused.push(why, topic);
            }
        }
        let current: Vec<&str> = subscriptions.iter().map(|topic| &**topic).collect();
        assert_eq!(current.join(" "), expected);
        assert_eq!((!refused.is_empty()).then(|| refused.code()), code);
        assert_eq!(refused.named().join(" "), named);
    }

    #[test]
    fn topics_are_sorted_unique_and_bounded() {
        check("t2 t1 t2", "t1 t2", None, "");
        check("t2 x t1", "t1 t2", Some("invalid_topic"), "x");
        check("t4 t3 t2 t1", "t1 t2 t3", Some("too_many_subscriptions"), "t4");
        check("t4 t3 t2 t1 x", "t1 t2 t3", Some("invalid_topic"), "t4 x");
    }

    #[test]
    fn topics_come_and_go() {
        let [one, two, three] = ["t1", "t2", "t3"].map(Arc::<str>::from);
        let mut subscriptions = Subscriptions::new(2);
        assert!(subscriptions.is_empty() && subscriptions.has_room());
        assert_eq!(subscriptions.add(&two), Ok(true));
        assert_eq!(subscriptions.add(&two), Ok(false));
        assert!(subscriptions.contains("t2") && !subscriptions.contains("t1") && subscriptions.has_room());
        assert_eq!(subscriptions.add(&one), Ok(true));
        assert!(!subscriptions.is_empty() && !subscriptions.has_room());
        assert_eq!(subscriptions.len(), 2);
        assert_eq!(subscriptions.add(&three), Err(Refused::TooMany));

        assert!(!subscriptions.remove("t3"));
        assert!(subscriptions.remove("t1") && !subscriptions.remove("t1"));
        assert_eq!(subscriptions.len(), 1);
        assert_eq!(subscriptions.add(&three), Ok(true));

        // Once the connection ends, none comes back.
        assert_eq!(subscriptions.close(), [two, Arc::clone(&three)]);
        assert!(subscriptions.is_empty() && !subscriptions.has_room());
        assert_eq!(subscriptions.add(&three), Err(Refused::TooMany));
        assert!(subscriptions.close().is_empty());
    }

    #[test]
    fn what_is_not_well_formed_is_not_named() {
        check("<script>", "", Some("invalid_topic"), "");
        check(&format!("x {}", "y".repeat(201)), "", Some("invalid_topic"), "x");
    }

    #[test]
    fn the_message_counts_by_kind() {
        let mut refused = RefusedTopics::default();
        refused.push(Refused::Forbidden, "a");
        refused.push(Refused::Invalid, "b");
        assert_eq!(
            refused.message(),
            "topics refused: 1 not a topic of this protocol, 1 not allowed for this connection; the others were applied"
        );
        assert_eq!(refused.code(), "invalid_topic");
        assert!(!refused.is_for_good());
    }

    #[test]
    fn what_the_token_does_not_allow_is_refused_for_good() {
        let mut refused = RefusedTopics::default();
        refused.push(Refused::TooMany, "a");
        refused.push(Refused::NotInToken, "b");
        assert_eq!(refused.code(), "topic_forbidden");
        assert!(refused.message().starts_with("topics refused: 1 not allowed by the token, 1 over"));
        assert!(refused.is_for_good());
    }
}
