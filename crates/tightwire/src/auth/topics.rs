//! The claim `topics`: which topics a client may read, and to which it may send.
//!
//! ```json
//! "topics": ["thread:*", "dashboard"]
//! "topics": {"read": ["thread:*"], "write": ["thread:7"]}
//! ```
//!
//! `*` stands for any text, `:` included, also for none. A list is for both. Without the claim no topic is kept from the
//! client here, and only the application's `authorize` is asked; with it nothing else is allowed.

use serde_json::Value;

/// What the claim allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Topics {
    /// `None`: all.
    read: Option<Patterns>,
    write: Option<Patterns>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Patterns(Vec<String>);

impl Topics {
    /// Reads the claim. `None` if it is there and something else.
    pub(super) fn read(claim: Option<&Value>) -> Option<Self> {
        match claim {
            None => Some(Self::default()),
            Some(Value::Object(rights)) => {
                // A right that is misspelt must not be taken for one that is not given.
                let known = rights.keys().all(|name| matches!(&**name, "read" | "write"));
                let right = |name| rights.get(name).map_or(Some(Patterns::default()), Patterns::read);
                known.then_some(())?;
                Some(Self { read: Some(right("read")?), write: Some(right("write")?) })
            }
            Some(list) => {
                let patterns = Patterns::read(list)?;
                Some(Self { read: Some(patterns.clone()), write: Some(patterns) })
            }
        }
    }

    /// Exactly these.
    pub(super) fn of(
        read: impl IntoIterator<Item = impl Into<String>>,
        write: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let (read, write) = (read.into_iter().map(Into::into), write.into_iter().map(Into::into));
        Self { read: Some(Patterns(read.collect())), write: Some(Patterns(write.collect())) }
    }

    pub(super) fn may_read(&self, topic: &str) -> bool {
        self.read.as_ref().is_none_or(|patterns| patterns.contain(topic))
    }

    pub(super) fn may_write(&self, topic: &str) -> bool {
        self.write.as_ref().is_none_or(|patterns| patterns.contain(topic))
    }
}

impl Patterns {
    fn read(list: &Value) -> Option<Self> {
        let pattern = |pattern: &Value| pattern.as_str().map(str::to_owned);
        list.as_array()?.iter().map(pattern).collect::<Option<_>>().map(Self)
    }

    fn contain(&self, topic: &str) -> bool {
        self.0.iter().any(|pattern| matches(pattern, topic))
    }
}

/// Whether the whole topic is what the pattern says. Each piece between two stars is taken where it first occurs, which
/// is right because the star after it takes whatever follows: no pattern makes this try anything twice.
fn matches(pattern: &str, topic: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == topic };
    let Some(mut topic) = topic.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in middle.split('*') {
        let Some(at) = topic.find(piece) else { return false };
        topic = &topic[at + piece.len()..];
    }
    topic.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(claim: Value, topic: &str, read: bool, write: bool) {
        let topics = Topics::read(Some(&claim)).expect("a proper claim");
        assert_eq!((topics.may_read(topic), topics.may_write(topic)), (read, write), "{claim} {topic}");
    }

    #[test]
    fn a_list_is_for_both() {
        let claim = || json!(["thread:*", "dashboard", "*:log", "a*b*c"]);
        for topic in ["thread:7", "thread:", "dashboard", "agent:log", "abc", "a-b-b-c"] {
            check(claim(), topic, true, true);
        }
        for topic in ["thread", "dashboard2", "xdashboard", "log", "ab", "cba", "", "Thread:7"] {
            check(claim(), topic, false, false);
        }
        check(json!([]), "dashboard", false, false);
        check(json!(["*"]), "anything:at:all", true, true);
    }

    #[test]
    fn reading_and_writing_are_given_apart() {
        check(json!({"read": ["thread:*"], "write": ["thread:7"]}), "thread:7", true, true);
        check(json!({"read": ["thread:*"], "write": ["thread:7"]}), "thread:8", true, false);
        check(json!({"read": ["dashboard"]}), "dashboard", true, false);
        check(json!({"write": ["dashboard"]}), "dashboard", false, true);
    }

    #[test]
    fn without_the_claim_everything_is_the_applications() {
        let topics = Topics::read(None).expect("no claim");
        assert!(topics.may_read("a") && topics.may_write("a"));
    }

    #[test]
    fn what_cannot_be_understood_is_no_claim() {
        for claim in [json!("thread:*"), json!([7]), json!({"read": "*"}), json!({"raed": ["*"]}), json!(null)] {
            assert_eq!(Topics::read(Some(&claim)), None, "{claim}");
        }
    }

    proptest! {
        /// Against the definition: a star is any text.
        #[test]
        fn a_pattern_is_what_its_definition_says(pattern in "[ab*]{0,8}", topic in "[ab]{0,10}") {
            fn defined(pattern: &[u8], topic: &[u8]) -> bool {
                match pattern {
                    [] => topic.is_empty(),
                    [b'*', rest @ ..] => (0..=topic.len()).any(|taken| defined(rest, &topic[taken..])),
                    [one, rest @ ..] => topic.first() == Some(one) && defined(rest, &topic[1..]),
                }
            }
            prop_assert_eq!(matches(&pattern, &topic), defined(pattern.as_bytes(), topic.as_bytes()));
        }
    }
}
