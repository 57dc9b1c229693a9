//! Texts: of a pattern, of a format, or of any characters.

use fastrand::Rng;

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

/// What texts of a pattern or a format are made from.
#[derive(Debug)]
pub(crate) enum Made {
    Format(FormatTexts),
    Pattern(Texts),
}

impl Made {
    /// The source of texts that have the first format, else the first pattern.
    fn of(shape: &TextShape) -> Option<Self> {
        let longest = (shape.length.max < usize::MAX).then_some(shape.length.max);
        if let [first, others @ ..] = &shape.formats[..] {
            if others.iter().any(|other| other != first) {
                return None;
            }
            return first.texts(shape.length.min, longest).map(Self::Format);
        }
        shape.patterns.first()?.texts(shape.length.min, longest).map(Self::Pattern)
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
    let fits = |text: &str| {
        shape.patterns.iter().all(|pattern| pattern.is_match(text)) && shape.length.contains(text.chars().count())
    };
    if !shape.patterns.is_empty() || !shape.formats.is_empty() {
        let made = shape.made.get_or_init(|| Made::of(shape)).as_ref()?;
        return match pick {
            Pick::Smallest => made.smallest().filter(|text| fits(text)),
            _ => None,
        }
        .or_else(|| (0..ATTEMPTS).map(|_| made.sample(rng)).find(|text| fits(text)));
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
