//! Which keywords of a bundle have been exercised, and which have not.

mod places;
mod walk;

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Display};

use serde_json::Value;

use crate::frames::{Direction, Frames};
use crate::schema::NodeId;

/// The keywords of a bundle, where they stand, and how often frames have had to do with them.
///
/// A keyword is exercised by a valid frame that has a value which the keyword judges; at its boundary, if the keyword has one
/// and a value one further would be wrong; and by a frame that breaks it.
#[derive(Clone, Debug)]
pub struct Coverage {
    frames: Frames,
    places: Vec<(Place, Exercise)>,
    /// Where they are, by schema and keyword.
    by_schema: HashMap<(NodeId, &'static str), usize>,
}

/// A keyword of a schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The schema: a JSON Pointer into the bundle.
    pub schema: String,
    /// The keyword. What draft-07 calls `dependencies` is `dependentRequired` or `dependentSchemas`.
    pub keyword: &'static str,
}

/// How often a keyword has been exercised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exercise {
    /// By values that it judges and that are valid.
    pub valid: u64,
    /// By values at its boundary; `None` for a keyword that has none.
    pub boundary: Option<u64>,
    /// By values that break it.
    pub negative: u64,
}

impl Coverage {
    /// Nothing of this bundle has been exercised yet.
    #[must_use]
    pub fn new(frames: &Frames) -> Self {
        let found = places::of(&frames.inner.plans.schemas, frames.inner.roots());
        let by_schema = found.keys().enumerate().map(|(index, (place, id))| ((*id, place.keyword), index)).collect();
        let places = found.into_iter().map(|((place, _), exercise)| (place, exercise)).collect();
        Self { frames: frames.clone(), places, by_schema }
    }

    /// Notes what a valid frame exercises.
    ///
    /// # Panics
    /// If there is no such message.
    pub fn valid(&mut self, direction: Direction, key: &str, frame: &Value) {
        let root = self.frames.inner.root(direction, key);
        let Self { places, by_schema, .. } = self;
        walk::walk(&self.frames.inner.plans.schemas, root, frame, &mut |schema, keyword, at_boundary| {
            let Some(&index) = by_schema.get(&(schema, keyword)) else { return };
            let exercise = &mut places[index].1;
            exercise.valid += 1;
            if let (true, Some(count)) = (at_boundary, &mut exercise.boundary) {
                *count += 1;
            }
        });
    }

    /// Notes that a frame broke a keyword of the schema at a pointer; says whether there is one.
    pub fn negative(&mut self, schema: &str, keyword: &str) -> bool {
        let node = self.frames.inner.plans.schemas.at(schema);
        let keyword = self.places.iter().map(|(place, _)| place.keyword).find(|known| *known == keyword);
        let index = node.zip(keyword).and_then(|at| self.by_schema.get(&at));
        index.map(|&index| self.places[index].1.negative += 1).is_some()
    }

    /// All keywords, with how often they have been exercised.
    pub fn places(&self) -> impl Iterator<Item = (&Place, Exercise)> {
        self.places.iter().map(|(place, exercise)| (place, *exercise))
    }

    /// The keywords that no valid frame has exercised, and those at whose boundary none was.
    pub fn missing(&self) -> impl Iterator<Item = &Place> {
        self.places()
            .filter(|(_, exercise)| exercise.valid == 0 || exercise.boundary == Some(0))
            .map(|(place, _)| place)
    }

    /// The keywords that no frame has broken.
    pub fn unbroken(&self) -> impl Iterator<Item = &Place> {
        self.places().filter(|(_, exercise)| exercise.negative == 0).map(|(place, _)| place)
    }
}

/// A table by keyword: in how many places it stands, and in how many of them it has been exercised in which way.
impl Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: BTreeMap<&str, [usize; 5]> = BTreeMap::new();
        for (place, exercise) in self.places() {
            let row = rows.entry(place.keyword).or_default();
            row[0] += 1;
            row[1] += usize::from(exercise.valid > 0);
            row[2] += usize::from(exercise.boundary.is_some());
            row[3] += usize::from(exercise.boundary.is_some_and(|count| count > 0));
            row[4] += usize::from(exercise.negative > 0);
        }
        writeln!(f, "| keyword | places | valid | at the boundary | broken |")?;
        writeln!(f, "|---|---:|---:|---:|---:|")?;
        let mut total = [0; 5];
        for (keyword, row) in &rows {
            row.iter().zip(&mut total).for_each(|(count, sum)| *sum += count);
            write_row(f, &format!("`{keyword}`"), row)?;
        }
        write_row(f, "all", &total)
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, name: &str, row: &[usize; 5]) -> fmt::Result {
    let [places, valid, with_boundary, boundary, negative] = row;
    let boundary = if *with_boundary == 0 { "–".to_owned() } else { format!("{boundary} of {with_boundary}") };
    writeln!(f, "| {name} | {places} | {valid} | {boundary} | {negative} |")
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.schema, self.keyword)
    }
}
