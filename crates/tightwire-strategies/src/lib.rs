//! Proptest strategies from JSON Schema: the frames of a protocol, as its schema bundle describes them.
//!
//! [`Frames`] reads a bundle once and then makes frames: as strategies that shrink ([`Frames::valid`]), or one at a time
//! from a generator of random numbers ([`Frames::sample`]), which is what takes little enough time for millions of them.
//!
//! Beside them stands what is wrong: frames that break exactly one keyword, with which and where ([`negative`]), and texts
//! of a frame that say the same or are broken ([`text`]). [`pattern`] and [`formats`] make texts alone.

mod bundle;
mod check;
mod conjunction;
mod coverage;
pub mod formats;
mod frames;
pub mod negative;
mod number;
pub mod pattern;
mod pick;
mod plans;
mod sample;
mod schema;
mod shape;
mod shrink;
mod strategy;
pub mod text;
mod types;

pub use bundle::BundleError;
pub use coverage::{Coverage, Exercise, Place};
pub use frames::{Direction, Frames, Impossible};
pub use proptest;
