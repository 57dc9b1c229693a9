//! Texts: of a pattern, of a format, or of any characters.

use std::sync::OnceLock;

use fastrand::Rng;

use crate::check::has_format;
use crate::formats::FormatTexts;
use crate::pattern::Texts;
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

/// So often a text is made that may have all that it has to have.
const ATTEMPTS: usize = 16;

/// So many texts of a pattern or a format are kept and used again: to make one takes longer than all the rest of a frame.
const POOL: u8 = 64;

/// What texts of a pattern or a format are made from.
#[derive(Debug)]
pub(crate) enum Made {
    Format(FormatTexts),
    Pattern(Texts),
}

impl Made {
    /// The sources of texts that have a format or follow a pattern of the shape, each.
    fn of(shape: &TextShape) -> Vec<Self> {
        let (shortest, longest) = (shape.length.min, shape.length.max);
        let longest = (longest < usize::MAX).then_some(longest);
        let formats = shape.formats.iter().filter_map(|format| format.texts(shortest, longest).map(Self::Format));
        let patterns = shape.patterns.iter().filter_map(|pattern| pattern.texts(shortest, longest).map(Self::Pattern));
        formats.chain(patterns).collect()
    }

    fn smallest(&self) -> Option<String> {
        match self {
            Self::Format(texts) => texts.smallest(),
            Self::Pattern(texts) => texts.smallest(),
        }
    }

    fn sample(&self, rng: &mut Rng) -> String {
        match self {
            Self::Format(texts) => texts.sample(rng),
            Self::Pattern(texts) => texts.sample(rng),
        }
    }
}

/// A text of a shape.
pub(crate) fn text(shape: &TextShape, rng: &mut Rng, pick: Pick) -> Option<String> {
    if shape.length.is_empty() {
        return None;
    }
    if !shape.patterns.is_empty() || !shape.formats.is_empty() {
        return special(shape, rng, pick);
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

/// A text that follows patterns and formats: made from one of them, and kept if it follows all others.
fn special(shape: &TextShape, rng: &mut Rng, pick: Pick) -> Option<String> {
    let made = shape.made.get_or_init(|| Made::of(shape));
    let alone = shape.patterns.len() + shape.formats.len() == 1;
    let fits = |text: &String| {
        alone
            || (shape.length.contains(text.chars().count())
                && shape.patterns.iter().all(|pattern| pattern.is_match(text))
                && shape.formats.iter().all(|&format| has_format(format, text)))
    };
    if pick == Pick::Smallest
        && let Some(smallest) = made.iter().filter_map(Made::smallest).find(fits)
    {
        return Some(smallest);
    }
    let fresh = |rng: &mut Rng| (0..ATTEMPTS).find_map(|_| Some(rng.choice(made)?.sample(rng)).filter(fits));
    if alone && shape.formats.first().is_some_and(|format| format.name() == "uuid") && rng.u8(..8) > 0 {
        return Some(uuid(rng)).filter(|text| shape.length.contains(text.len()));
    }
    if rng.u8(..8) == 0 {
        return fresh(rng);
    }
    // Each place always has the same one: what a seed makes must not depend on what was made before.
    let place = rng.u8(..POOL);
    let kept = shape.pool.get_or_init(|| (0..POOL).map(|_| OnceLock::new()).collect());
    kept[usize::from(place)].get_or_init(|| fresh(&mut Rng::with_seed(place.into()))).clone()
}

/// A UUID, which is what identifies frames: another one each time.
fn uuid(rng: &mut Rng) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut bits = rng.u128(..);
    let mut text = String::with_capacity(36);
    for place in 0..32 {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(char::from(DIGITS[(bits & 0xf) as usize]));
        bits >>= 4;
    }
    text
}

/// A name of a property that has none: mostly a plain one.
pub(super) fn name(rng: &mut Rng, number: usize) -> String {
    match rng.u8(..8) {
        0 => String::new(),
        1 => (0..rng.usize(1..4)).map(|_| SPECIAL[rng.usize(..SPECIAL.len())]).collect(),
        _ => format!("x{number}"),
    }
}
