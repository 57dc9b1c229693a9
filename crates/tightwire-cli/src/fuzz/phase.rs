//! What is tried, and in which order.

use clap::ValueEnum;

/// A part of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Phase {
    /// The document's examples.
    Examples,
    /// Valid frames at the edge of each constraint.
    Boundaries,
    /// Valid frames in random order.
    Sequences,
    /// Frames that break one constraint.
    Negatives,
    /// What RFC 6455 says of frames.
    Wire,
    /// Several clients at once.
    Concurrency,
}

impl Phase {
    /// All of them, in the order in which they run.
    pub(crate) const ALL: [Self; 6] =
        [Self::Examples, Self::Boundaries, Self::Sequences, Self::Negatives, Self::Wire, Self::Concurrency];

    /// Its name on the command line and in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Examples => "examples",
            Self::Boundaries => "boundaries",
            Self::Sequences => "sequences",
            Self::Negatives => "negatives",
            Self::Wire => "wire",
            Self::Concurrency => "concurrency",
        }
    }

    /// How much of the time it should have, beside the others.
    fn weight(self) -> f64 {
        match self {
            Self::Examples => 1.0,
            Self::Concurrency => 3.0,
            Self::Wire => 4.0,
            Self::Boundaries | Self::Negatives => 5.0,
            Self::Sequences => 6.0,
        }
    }

    /// Which part of the time that is left belongs to it, with these still to come after it.
    pub(super) fn share(self, rest: &[Self]) -> f64 {
        self.weight() / (self.weight() + rest.iter().map(|phase| phase.weight()).sum::<f64>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_phase_has_all_that_is_left() {
        assert_eq!(Phase::Concurrency.share(&[]), 1.0);
        let shares: Vec<_> = (0..6).map(|at| Phase::ALL[at].share(&Phase::ALL[at + 1..])).collect();
        assert!(shares.is_sorted(), "{shares:?}");
    }
}
