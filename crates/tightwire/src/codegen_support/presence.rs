//! Tells a property that is `null` from one that is absent.

use serde::{Deserialize, Deserializer};

/// Reads a property that is there: `null` is a value, where absence is `None`.
///
/// # Errors
/// What the value's type says.
pub fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
