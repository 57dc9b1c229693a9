//! When a map that was large is to give its memory back.

/// Below this a map is not worth making smaller.
const SMALL: usize = 64;

/// How large a map has been since it was last made smaller. Its capacity would not say: a hash table does not count the
/// places of what was removed.
#[derive(Debug, Default)]
pub(super) struct Peak(usize);

impl Peak {
    /// Something was added.
    pub(super) fn grown(&mut self, len: usize) {
        self.0 = self.0.max(len);
    }

    /// Something was removed. Says for how many there should be room from now on, where that is far less. Before it says so
    /// again, or the map has to grow, about as many are added or removed as have to be moved now.
    pub(super) fn shrunk(&mut self, len: usize) -> Option<usize> {
        if self.0 <= SMALL || len >= self.0 / 8 {
            return None;
        }
        self.0 = len * 2;
        Some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_ever_moved_is_less_than_what_is_removed() {
        let (mut peak, mut room, mut moved) = (Peak::default(), Vec::new(), 0);
        for len in 1..=10_000 {
            peak.grown(len);
        }
        for len in (0..10_000).rev() {
            if let Some(least) = peak.shrunk(len) {
                moved += len;
                room.push(least);
            }
        }
        assert_eq!(room, [2498, 622, 152, 36]);
        assert!(moved < 10_000, "{moved}");
    }

    #[test]
    fn what_comes_and_goes_moves_nothing() {
        let mut peak = Peak::default();
        for _ in 0..100 {
            (1..=1000).for_each(|len| peak.grown(len));
            assert!((125..1000).rev().all(|len| peak.shrunk(len).is_none()));
        }
        let mut small = Peak::default();
        (1..=SMALL).for_each(|len| small.grown(len));
        assert_eq!(small.shrunk(0), None);
    }
}
