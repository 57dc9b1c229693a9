//! Questions that wait for those before them, and are then asked together.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::publisher::PublishError;

/// Somebody who asks, and waits for the answer.
#[derive(Debug)]
pub(super) struct Asker<Q, A> {
    pub(super) question: Q,
    answer: oneshot::Sender<Result<A, PublishError>>,
}

/// The answer to come. It does not come if whoever was to give it has given up.
pub(super) type Answer<A> = oneshot::Receiver<Result<A, PublishError>>;

impl<Q, A> Asker<Q, A> {
    pub(super) fn new(question: Q) -> (Self, Answer<A>) {
        let (answer, receiver) = oneshot::channel();
        (Self { question, answer }, receiver)
    }

    /// Answers. Whether anybody has waited for it until now is not known.
    pub(super) fn tell(self, answer: Result<A, PublishError>) {
        drop(self.answer.send(answer));
    }
}

/// Who waits, for each of what is asked about. There is one who answers at a time: whoever asks while it is at work is
/// answered by the next question, which is asked later, and so knows all that was published before.
#[derive(Debug)]
pub(super) struct Waiting<K, Q, A>(Mutex<HashMap<K, Vec<Asker<Q, A>>>>);

/// Who answers, for as long as anybody asks. Whoever still waits when it is dropped gets no answer, and the next who asks
/// finds that there is nobody.
#[derive(Debug)]
pub(super) struct Duty<K: Clone + Eq + Hash, Q, A> {
    waiting: Arc<Waiting<K, Q, A>>,
    key: K,
    is_over: bool,
}

impl<K, Q, A> Default for Waiting<K, Q, A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash, Q, A> Waiting<K, Q, A> {
    /// Lets somebody wait. If nobody is there who answers, the caller sees to it.
    pub(super) fn ask(self: &Arc<Self>, key: K, asker: Asker<Q, A>) -> Option<Duty<K, Q, A>> {
        match self.lock().entry(key) {
            Entry::Occupied(mut known) => {
                known.get_mut().push(asker);
                None
            }
            Entry::Vacant(vacant) => {
                let key = vacant.key().clone();
                vacant.insert(vec![asker]);
                Some(Duty { waiting: Arc::clone(self), key, is_over: false })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Vec<Asker<Q, A>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash, Q, A> Duty<K, Q, A> {
    pub(super) fn key(&self) -> &K {
        &self.key
    }

    /// Who waits now. If there is nobody, this is over.
    pub(super) fn take(&mut self) -> Vec<Asker<Q, A>> {
        let mut waiting = self.waiting.lock();
        let mut askers = waiting.get_mut(&self.key).map(std::mem::take).unwrap_or_default();
        // Whoever has given up need not be answered.
        askers.retain(|asker| !asker.answer.is_closed());
        if askers.is_empty() {
            waiting.remove(&self.key);
            self.is_over = true;
        }
        askers
    }
}

impl<K: Clone + Eq + Hash, Q, A> Drop for Duty<K, Q, A> {
    fn drop(&mut self) {
        if !self.is_over {
            let unanswered = self.waiting.lock().remove(&self.key);
            // Not under the lock: it wakes those who wait.
            drop(unanswered);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_who_answers_as_long_as_anybody_asks() {
        let waiting = Arc::new(Waiting::<&str, u8, u8>::default());
        let ask = |question| {
            let (asker, answer) = Asker::new(question);
            (waiting.ask("a", asker), answer)
        };
        let ((duty, mut first), (none, mut second)) = (ask(1), ask(2));
        let mut duty = duty.expect("the first sees to it");
        assert!(none.is_none());
        for asker in duty.take() {
            let question = asker.question;
            asker.tell(Ok(10 * question));
        }
        assert_eq!([&mut first, &mut second].map(|answer| answer.try_recv().expect("told").expect("well")), [10, 20]);
        let (none, third) = ask(3);
        assert!(none.is_none(), "it is still at work");
        drop(third);
        assert!(duty.take().is_empty(), "the third has given up");
        let (next, mut fourth) = ask(4);
        drop(duty);
        assert!(ask(5).0.is_none(), "the fourth has seen to it");
        drop(next.expect("nobody was there"));
        assert!(matches!(fourth.try_recv(), Err(oneshot::error::TryRecvError::Closed)), "nobody answers any more");
        assert!(ask(6).0.is_some());
    }
}
