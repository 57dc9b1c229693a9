//! Requests that come twice: who did not get the answer to a publication asks again with the same key, and is answered
//! without publishing again.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use serde_json::Value;

use crate::clock;

/// How many keys are remembered, and for how long.
const KEYS: usize = 10_000;
const AGE: Duration = Duration::from_secs(600);

/// Who says it, and the key.
pub(super) type Key = (String, String);

/// The keys of late.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    hasher: RandomState,
    /// Oldest first.
    keys: Mutex<IndexMap<Key, Known>>,
}

#[derive(Debug)]
struct Known {
    at: Instant,
    /// Of what was said.
    hash: u64,
    /// None until it is published.
    answer: Option<Value>,
}

/// What is to be done with a key.
pub(super) enum Said<'a> {
    /// It is new: publish, and say what was answered.
    First(First<'a>),
    /// This was the answer.
    Again(Value),
    /// It came with something else.
    Otherwise,
    /// It is just being published.
    Unanswered,
}

/// A key that is new. Forgotten when this is dropped without an answer.
pub(super) struct First<'a> {
    repeats: &'a Repeats,
    key: Key,
}

impl Repeats {
    pub(super) fn say(&self, key: Key, said: impl Hash) -> Said<'_> {
        let (hash, now) = (self.hasher.hash_one(said), clock::now());
        let mut keys = self.keys();
        while keys.first().is_some_and(|(_, known)| now.duration_since(known.at) > AGE) {
            keys.shift_remove_index(0);
        }
        match keys.get(&key) {
            Some(known) if known.hash != hash => return Said::Otherwise,
            Some(Known { answer: Some(answer), .. }) => return Said::Again(answer.clone()),
            Some(_) => return Said::Unanswered,
            None => {}
        }
        if keys.len() >= KEYS {
            keys.shift_remove_index(0);
        }
        keys.insert(key.clone(), Known { at: now, hash, answer: None });
        Said::First(First { repeats: self, key })
    }

    fn keys(&self) -> MutexGuard<'_, IndexMap<Key, Known>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl First<'_> {
    /// It was published.
    pub(super) fn answered(self, answer: &Value) {
        if let Some(known) = self.repeats.keys().get_mut(&self.key) {
            known.answer = Some(answer.clone());
        }
    }
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        let mut keys = self.repeats.keys();
        if keys.get(&self.key).is_some_and(|known| known.answer.is_none()) {
            keys.shift_remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Says the key `k` of `subject`; the answer in one word.
    fn say(repeats: &Repeats, subject: &str, key: &str, said: &str, publish: bool) -> String {
        match repeats.say((subject.to_owned(), key.to_owned()), said) {
            Said::First(first) => {
                if publish {
                    first.answered(&json!(said));
                }
                "first".to_owned()
            }
            Said::Again(answer) => format!("again {answer}"),
            Said::Otherwise => "otherwise".to_owned(),
            Said::Unanswered => "unanswered".to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_stands_for_one_publication() {
        let repeats = Repeats::default();
        assert_eq!(say(&repeats, "ada", "k", "a", false), "first");
        assert_eq!(say(&repeats, "ada", "k", "a", true), "first", "it was not published before");
        assert_eq!(say(&repeats, "ada", "k", "a", true), "again \"a\"");
        assert_eq!(say(&repeats, "ada", "k", "b", true), "otherwise");
        assert_eq!(say(&repeats, "bob", "k", "b", true), "first");
        let pending = repeats.say(("ada".to_owned(), "l".to_owned()), "a");
        assert_eq!(say(&repeats, "ada", "l", "a", true), "unanswered");
        drop(pending);
        tokio::time::advance(AGE + Duration::from_secs(1)).await;
        assert_eq!(say(&repeats, "ada", "k", "b", true), "first");
        assert_eq!(repeats.keys().len(), 1);
    }

    #[test]
    fn only_so_many_are_remembered() {
        let repeats = Repeats::default();
        for number in 0..=KEYS {
            assert_eq!(say(&repeats, "", &number.to_string(), "a", true), "first");
        }
        assert_eq!(repeats.keys().len(), KEYS);
        assert_eq!(say(&repeats, "", &KEYS.to_string(), "a", true), "again \"a\"");
    }
}
