//! Texts: of a pattern, of a format, or of any characters.

use fastrand::Rng;

use crate::pick::Pick;
use crate::shape::TextShape;

/// Where there is no longest, so many characters more than the least.
const USUAL: usize = 24;

/// Characters that programs handle differently: of one to four bytes, escaped in JSON, beyond the basic plane.
const SPECIAL: [char; 20] = [
    'a',
    'Z',
    '0',
    ' ',
    '"',
    '\\',
    '/',
    '\n',
    '\t',
    '\u{0}',
    '\u{1f}',
    '\u{7f}',
    'é',
    'ß',
    '\u{2028}',
    '中',
    '\u{fffd}',
    '\u{ffff}',
    '😀',
    '\u{10ffff}',
];

/// A text of a shape.
pub(crate) fn text(shape: &TextShape, rng: &mut Rng, pick: Pick) -> Option<String> {
    if shape.length.is_empty() {
        return None;
    }
    let fits = |text: &str| {
        shape.patterns.iter().all(|pattern| pattern.is_match(text)) && shape.length.contains(text.chars().count())
    };
    if let [first, others @ ..] = &shape.formats[..] {
        if !others.iter().all(|other| other == first) {
            return None;
        }
        return (0..16).map(|_| first.sample(rng, pick)).find(|text| fits(text));
    }
    if let Some(first) = shape.patterns.first() {
        let text = first.sample(rng, shape.length, pick)?;
        return fits(&text).then_some(text);
    }
    let length = match pick {
        Pick::Smallest => shape.length.min,
        _ => shape.length.pick(rng, USUAL),
    };
    if pick == Pick::Smallest {
        return Some("a".repeat(length));
    }
    // Long texts are of one character and its neighbours: what they cost is what their length costs.
    if length > 4 * USUAL {
        let filling = SPECIAL[rng.usize(..SPECIAL.len())];
        return Some(std::iter::repeat_n(filling, length).collect());
    }
    let plain = rng.bool();
    Some((0..length).map(|_| if plain { rng.alphanumeric() } else { SPECIAL[rng.usize(..SPECIAL.len())] }).collect())
}
