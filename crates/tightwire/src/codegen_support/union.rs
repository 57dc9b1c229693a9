//! Reads a union whose alternatives have the same JSON type, such as two kinds of objects.
//!
//! Taking the first alternative that fits would lose what only a later one knows: an object with nothing but optional
//! properties fits everything. So the alternative is taken that keeps the most of the value; of several, the first.

use std::cell::Cell;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// Reads a value as one alternative.
pub type Alternative<T> = fn(&Value) -> Result<T, serde_json::Error>;

/// How often the parts of a value may be looked at. Unions in unions could otherwise take time that doubles with each
/// level of a frame that was made for it.
const LOOKS: usize = 64;

thread_local! {
    /// What is left of the looks for the value that is being read; `None` outside of any union.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Reads a value as the alternative that keeps the most of it.
///
/// # Errors
/// If no alternative fits, or if it takes too long to find out.
pub fn deserialize<'de, T, D>(deserializer: D, alternatives: &[Alternative<T>]) -> Result<T, D::Error>
where
    T: Serialize,
    D: Deserializer<'de>,
{
    let value = Value::deserialize(deserializer)?;
    let size = size(&value);
    let outermost = LEFT.get().is_none();
    if outermost {
        LEFT.set(Some(size.saturating_mul(LOOKS)));
    }
    let found = widest(&value, size, alternatives);
    if outermost {
        LEFT.set(None);
    }
    found.map_err(D::Error::custom)
}

fn widest<T: Serialize>(value: &Value, size: usize, alternatives: &[Alternative<T>]) -> Result<T, &'static str> {
    let mut best: Option<(usize, T)> = None;
    for alternative in alternatives {
        let left = LEFT.get().unwrap_or_default().checked_sub(size).ok_or("is too deep a union to be told apart")?;
        LEFT.set(Some(left));
        let Ok(candidate) = alternative(value) else { continue };
        let kept = serde_json::to_value(&candidate).map_or(0, |kept| self::size(&kept));
        if kept >= size {
            return Ok(candidate);
        }
        if best.as_ref().is_none_or(|(most, _)| kept > *most) {
            best = Some((kept, candidate));
        }
    }
    best.map(|(_, candidate)| candidate).ok_or("fits no alternative")
}

/// How many values there are in a value, itself included.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(size).sum::<usize>() + 1,
        Value::Object(members) => members.values().map(size).sum::<usize>() + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Serialize)]
    #[serde(untagged)]
    enum Tree {
        Leaf { name: Option<String> },
        Left(Left),
        Right(Right),
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Left {
        child: Option<Box<Tree>>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Right {
        child: Option<Box<Tree>>,
        right: bool,
    }

    impl<'de> Deserialize<'de> for Tree {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            #[derive(Deserialize)]
            struct Leaf {
                name: Option<String>,
            }
            super::deserialize(
                deserializer,
                &[
                    |value| Leaf::deserialize(value).map(|leaf| Self::Leaf { name: leaf.name }),
                    |value| Left::deserialize(value).map(Self::Left),
                    |value| Right::deserialize(value).map(Self::Right),
                ],
            )
        }
    }

    #[track_caller]
    fn check(value: &Value, expected: Option<Tree>) {
        assert_eq!(Tree::deserialize(value).ok(), expected);
    }

    #[test]
    fn the_alternative_that_keeps_the_most_is_taken() {
        let leaf = || Tree::Leaf { name: Some("a".to_owned()) };
        check(&json!({ "name": "a" }), Some(leaf()));
        check(&json!({ "name": "a", "other": 1 }), Some(leaf()));
        check(&json!({ "child": { "name": "a" } }), Some(Tree::Left(Left { child: Some(Box::new(leaf())) })));
        let right = Tree::Right(Right { child: Some(Box::new(leaf())), right: true });
        check(&json!({ "child": { "name": "a" }, "right": true }), Some(right));
        check(&json!([1]), None);
    }

    #[test]
    fn a_value_made_to_take_long_is_refused() {
        let mut value = json!({ "unknown": 1 });
        for _ in 0..60 {
            value = json!({ "child": value, "right": true, "unknown": 1 });
        }
        check(&value, None);
    }
}
