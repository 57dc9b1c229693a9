//! Texts that have a `format`, and texts that do not.
//!
//! Each format is a row of a table: patterns that describe the usual texts, texts at its edges, and texts beyond them. So
//! lengths are kept where a schema has both.

mod table;

use std::fmt::{self, Debug};
use std::sync::{Arc, LazyLock};

use fastrand::Rng;
use proptest::prelude::*;
use proptest::strategy::Union;

use self::table::Row;
use crate::pattern::{Pattern, Texts};

/// The patterns of all rows, read once: those of texts that have the format, and of texts that do not.
static PATTERNS: LazyLock<Vec<(Vec<Pattern>, Vec<Pattern>)>> = LazyLock::new(|| {
    let read = |sources: &[&str]| sources.iter().map(|source| Pattern::new(source)).collect();
    table::ROWS.iter().map(|row| (read(row.usual), read(row.usually_wrong))).collect()
});

/// Texts that have a format, or that do not, between two lengths.
#[derive(Clone, Debug)]
pub struct FormatTexts {
    edges: Arc<[String]>,
    usual: Arc<[Texts]>,
}

/// A format that texts can be made for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Format(usize);

impl Format {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..table::ROWS.len()).map(Self)
    }

    /// The format of that name; `None` for one that nothing is known of.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|format| format.name() == name)
    }

    /// What `format` calls it.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Whether the validators of this project refuse a text that does not have the format. They leave durations and
    /// international names alone.
    pub fn is_judged(self) -> bool {
        self.row().judged
    }

    /// Texts that have the format and so many characters; `None` if there are none.
    pub fn texts(self, shortest: usize, longest: Option<usize>) -> Option<FormatTexts> {
        FormatTexts::new(self.row().edges, &PATTERNS[self.0].0, shortest, longest)
    }

    /// Texts that do not have the format, of so many characters; `None` if there are none.
    pub fn others(self, shortest: usize, longest: Option<usize>) -> Option<FormatTexts> {
        FormatTexts::new(self.row().wrong, &PATTERNS[self.0].1, shortest, longest)
    }

    fn row(self) -> &'static Row {
        &table::ROWS[self.0]
    }
}

impl Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FormatTexts {
    fn new(edges: &[&str], usual: &[Pattern], shortest: usize, longest: Option<usize>) -> Option<Self> {
        let in_bounds = |edge: &&&str| {
            let length = edge.chars().count();
            length >= shortest && longest.is_none_or(|longest| length <= longest)
        };
        let edges: Arc<[String]> = edges.iter().filter(in_bounds).map(|edge| (*edge).to_owned()).collect();
        let usual: Arc<[Texts]> = usual.iter().filter_map(|pattern| pattern.texts(shortest, longest)).collect();
        (!edges.is_empty() || !usual.is_empty()).then_some(Self { edges, usual })
    }

    /// All of them: every other one is at the edge of the format. They shrink towards the plainest.
    pub fn strategy(&self) -> BoxedStrategy<String> {
        let usual = self.usual.iter().map(|texts| (4, texts.strategy()));
        let edges = (!self.edges.is_empty()).then(|| (4, proptest::sample::select(self.edges.to_vec()).boxed()));
        Union::new_weighted(usual.chain(edges).collect()).boxed()
    }

    /// The shortest and plainest of the usual ones.
    pub fn smallest(&self) -> Option<String> {
        self.usual.iter().find_map(Texts::smallest).or_else(|| self.edges.first().cloned())
    }

    /// One of them.
    pub fn sample(&self, rng: &mut Rng) -> String {
        let edge = rng.choice(&*self.edges).filter(|_| self.usual.is_empty() || rng.u8(..4) == 0);
        let usual = |rng: &mut Rng| Some(rng.choice(&*self.usual)?.sample(rng));
        edge.cloned().or_else(|| usual(rng)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
