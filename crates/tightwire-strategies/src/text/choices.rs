//! Numbers that decide what is done, from wherever they come. When there are none left, they are zero.

/// Numbers that are still to be used.
pub(super) struct Choices<'c>(std::slice::Iter<'c, u32>);

impl<'c> Choices<'c> {
    pub(super) fn new(choices: &'c [u32]) -> Self {
        Self(choices.iter())
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u32 {
        self.0.next().copied().unwrap_or_default()
    }

    /// A number less than that one, or zero.
    pub(super) fn below(&mut self, count: usize) -> usize {
        // The upper bits, so that what shrinks goes down step by step.
        ((u64::from(self.next()) * count as u64) >> 32) as usize
    }

    /// One of these.
    pub(super) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}
