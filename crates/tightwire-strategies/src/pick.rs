//! Which of many possible values to make.

use fastrand::Rng;

/// Which of many possible values to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// The smallest.
    Smallest,
    /// The largest that there may be.
    Largest,
    /// Any.
    Any,
}

impl Pick {
    /// Mostly any, often one of the ends.
    pub(crate) fn random(rng: &mut Rng) -> Self {
        match rng.u8(..8) {
            0 | 1 => Self::Smallest,
            2 => Self::Largest,
            _ => Self::Any,
        }
    }
}

/// Longer than this is long.
const LONG: usize = 1 << 17;
/// Longer than this is never made.
const TOO_LONG: usize = 1 << 24;

/// How many of something there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// At least.
    pub(crate) min: usize,
    /// At most; `usize::MAX` for any number.
    pub(crate) max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { min: 0, max: usize::MAX }
    }
}

impl Bounds {
    /// Whether there can be that many.
    pub(crate) fn contains(self, count: usize) -> bool {
        (self.min..=self.max).contains(&count)
    }

    /// Whether any number is in it.
    pub(crate) fn is_any(self) -> bool {
        self == Self::default()
    }

    /// Whether no number is in it.
    pub(crate) fn is_empty(self) -> bool {
        self.min > self.max
    }

    /// What is in both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { min: self.min.max(other.min), max: self.max.min(other.max) }
    }

    /// A number in it: an end, one off an end, or any; where there is no end, up to `usual` more than the least. A large
    /// end is taken more seldom, so that long frames do not take all the time.
    pub(crate) fn pick(self, rng: &mut Rng, usual: usize) -> usize {
        let usual_max = self.max.min(self.min.saturating_add(usual));
        match Pick::random(rng) {
            Pick::Smallest if rng.bool() => self.min,
            Pick::Smallest => self.max.min(self.min + 1),
            Pick::Largest if rng.usize(..self.rarity(usual)) == 0 => {
                if rng.u8(..4) > 0 || self.max == self.min {
                    self.max
                } else {
                    self.max - 1
                }
            }
            _ => rng.usize(self.min..=usual_max),
        }
    }

    /// How seldom the end is taken: every time, or every so many times.
    fn rarity(self, usual: usize) -> usize {
        match self.max {
            0..LONG => (self.max / usual.max(1)).clamp(1, 16),
            LONG..TOO_LONG => 4096,
            _ => usize::MAX,
        }
    }
}
