//! Who has taken over, as far as that is remembered.

use std::collections::HashMap;
use std::time::Instant;

use crate::broker::{FENCE_KEPT, Fence};

/// So many fences are there before it is looked for the first time for what is to be forgotten.
const FEW: usize = 64;

/// The fences of some topics where somebody has taken over.
#[derive(Debug, Default)]
pub(super) struct Fences {
    /// By topic and name: the newest term, and when it was last used.
    terms: HashMap<(Box<str>, Box<str>), (u64, Instant)>,
    /// How many there were when it was last looked for what is to be forgotten.
    looked_at: usize,
}

impl Fences {
    /// Whether nobody has taken over since.
    pub(super) fn lets_pass(&mut self, topic: &str, fence: &Fence, now: Instant) -> bool {
        if self.terms.is_empty() {
            return fence.term == 0;
        }
        match self.terms.get_mut(&(topic.into(), (&*fence.name).into())).filter(|(_, used)| is_kept(*used, now)) {
            None => fence.term == 0,
            Some((term, used)) if *term == fence.term => {
                *used = now;
                true
            }
            Some(_) => false,
        }
    }

    /// Shuts out whoever was there before, and gives the next term.
    pub(super) fn take_over(&mut self, topic: &str, name: &str, now: Instant) -> u64 {
        if self.terms.len() >= 2 * self.looked_at.max(FEW) {
            self.terms.retain(|_, (_, used)| is_kept(*used, now));
            self.looked_at = self.terms.len();
        }
        let (term, used) = self.terms.entry((topic.into(), name.into())).or_insert((0, now));
        *term += 1;
        *used = now;
        *term
    }
}

fn is_kept(used: Instant, now: Instant) -> bool {
    now.saturating_duration_since(used) < FENCE_KEPT
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn fence(name: &str, term: u64) -> Fence {
        Fence { name: name.into(), term }
    }

    #[test]
    fn only_the_newest_term_passes() {
        let (mut fences, now) = (Fences::default(), Instant::now());
        assert!(fences.lets_pass("t", &fence("a", 0), now));
        assert!(!fences.lets_pass("t", &fence("a", 1), now), "it is not known here");
        assert_eq!((fences.take_over("t", "a", now), fences.take_over("t", "a", now)), (1, 2));
        for (term, passes) in [(0, false), (1, false), (2, true), (3, false)] {
            assert_eq!(fences.lets_pass("t", &fence("a", term), now), passes, "{term}");
        }
        for (topic, name) in [("t", "b"), ("u", "a")] {
            assert!(fences.lets_pass(topic, &fence(name, 0), now), "of {topic} {name} nobody has taken over");
        }
    }

    #[test]
    fn it_is_remembered_for_a_day_after_its_use() {
        let (mut fences, began) = (Fences::default(), Instant::now());
        fences.take_over("t", "a", began);
        let later = began + FENCE_KEPT - Duration::from_secs(1);
        assert!(fences.lets_pass("t", &fence("a", 1), later));
        let later = later + FENCE_KEPT - Duration::from_secs(1);
        assert!(!fences.lets_pass("t", &fence("a", 0), later));
        let later = later + Duration::from_secs(1);
        assert!(!fences.lets_pass("t", &fence("a", 1), later), "it may have been taken over and forgotten");
        for number in 0..2 * FEW {
            fences.take_over("t", &number.to_string(), later);
        }
        assert!(!fences.terms.contains_key(&("t".into(), "a".into())), "what is forgotten takes no memory");
    }
}
