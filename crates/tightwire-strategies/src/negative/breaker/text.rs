//! Texts that are too short or too long, or that a pattern or a format does not know.

use fastrand::Rng;

use super::{MAX_COUNT, TRIES};
use crate::schema::Keywords;

/// Texts that the keyword refuses, in place of that one.
pub(super) fn of(keywords: &Keywords, keyword: &str, text: &str, rng: &mut Rng) -> Vec<String> {
    let length = keywords.length;
    let longest = (length.max < usize::MAX).then_some(length.max);
    let of_length = |count: usize, rng: &mut Rng| -> Vec<String> {
        if count > MAX_COUNT {
            return Vec::new();
        }
        let mut found: Vec<String> = Vec::new();
        // What the pattern and the format still accept.
        let pattern = keywords.pattern.as_ref().and_then(|pattern| pattern.texts(count, Some(count)));
        let format = keywords.format.and_then(|format| format.texts(count, Some(count)));
        found.extend(pattern.map(|texts| texts.sample(rng)));
        found.extend(format.map(|texts| texts.sample(rng)));
        let last = text.chars().last().unwrap_or('a');
        found.push(text.chars().chain(std::iter::repeat(last)).take(count).collect());
        // Of more bytes and UTF-16 units than characters, and of as few as can be.
        found.extend(["a", "🦀", "é"].map(|filler| filler.repeat(count)));
        found
    };
    match keyword {
        "minLength" => length.min.checked_sub(1).map_or_else(Vec::new, |count| of_length(count, rng)),
        "maxLength" => longest.map_or_else(Vec::new, |longest| of_length(longest + 1, rng)),
        "pattern" => {
            let others = keywords.pattern.as_ref().and_then(|pattern| pattern.others(length.min, longest));
            let mut found: Vec<String> =
                others.map_or_else(Vec::new, |others| (0..2 * TRIES).map(|_| others.sample(rng)).collect());
            // What has the format still, if it has one.
            let format = keywords.format.and_then(|format| format.texts(length.min, longest));
            found
                .extend(format.into_iter().flat_map(|texts| (0..TRIES).map(|_| texts.sample(rng)).collect::<Vec<_>>()));
            found
        }
        _ => {
            let others = keywords.format.filter(|format| format.is_judged());
            let others = others.and_then(|format| format.others(length.min, longest));
            others.map_or_else(Vec::new, |others| (0..2 * TRIES).map(|_| others.sample(rng)).collect())
        }
    }
}
