//! Numbers that look random and follow from a seed, so that a run can be repeated.

/// Xorshift.
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of one of many who share a seed.
    pub(crate) fn new(seed: u64, number: usize) -> Self {
        Self((seed ^ (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1)
    }

    pub(crate) fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}
