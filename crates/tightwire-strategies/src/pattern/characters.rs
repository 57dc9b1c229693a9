//! Which of many characters a choice means. The smallest choice is the plainest character, so that shrinking ends there.

/// The plainest characters first.
const PLAIN: &str = "a0A-_. bcdefghijklmnopqrstuvwxyz123456789BCDEFGHIJKLMNOPQRSTUVWXYZ~!@#$%^&*()+=[]{}|;:'\",<>/?`\\";

/// Below this, a choice means a plain character, if there is one.
const PLAIN_BELOW: u32 = 1 << 31;
/// Below this, it means the first or last character of a range.
const EDGE_BELOW: u32 = PLAIN_BELOW + (1 << 30);

/// The first character after those that UTF-16 keeps for its pairs.
const AFTER_SURROGATES: u32 = 0xE000;
/// How many they are.
const SURROGATES: u32 = 0x800;

/// Characters, in an order.
#[derive(Clone, Debug)]
pub(super) struct Palette {
    ranges: Vec<(char, char)>,
    plain: Vec<char>,
    total: u32,
}

impl Palette {
    /// The characters of these ranges, which do not overlap.
    pub(super) fn new(ranges: Vec<(char, char)>) -> Self {
        let total = ranges.iter().map(|&range| count(range)).sum();
        let plain = PLAIN.chars().filter(|&character| contains(&ranges, character)).collect();
        Self { ranges, plain, total }
    }

    pub(super) fn contains(&self, character: char) -> bool {
        contains(&self.ranges, character)
    }

    /// The character that the choice means; `None` if there is none.
    pub(super) fn pick(&self, choice: u32) -> Option<char> {
        // The lowest bits have been used to choose among palettes.
        let index = choice >> 8;
        if choice < PLAIN_BELOW && !self.plain.is_empty() {
            return self.plain.get(index as usize % self.plain.len()).copied();
        }
        if choice < EDGE_BELOW {
            let range = self.ranges.get(index as usize / 2 % self.ranges.len().max(1))?;
            return Some(if index.is_multiple_of(2) { range.0 } else { range.1 });
        }
        // Of the highest ones two are the same for all of these.
        let mut left = ((u64::from(choice - EDGE_BELOW) * u64::from(self.total)) >> 30) as u32;
        self.ranges.iter().find_map(|&range| {
            let count = count(range);
            let found = (left < count).then(|| nth(range.0, left));
            left = left.wrapping_sub(count);
            found.flatten()
        })
    }
}

fn contains(ranges: &[(char, char)], character: char) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&character))
}

/// How many characters there are in a range.
fn count((first, last): (char, char)) -> u32 {
    position(last) - position(first) + 1
}

/// The character so many places after `first`.
fn nth(first: char, places: u32) -> Option<char> {
    let position = position(first) + places;
    char::from_u32(if position >= AFTER_SURROGATES - SURROGATES { position + SURROGATES } else { position })
}

/// A character's place among all of them.
fn position(character: char) -> u32 {
    let code = u32::from(character);
    if code >= AFTER_SURROGATES { code - SURROGATES } else { code }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_means_a_character_of_the_ranges() {
        let palette = Palette::new(vec![('b', 'd'), ('\u{d7fe}', '\u{e001}'), ('🦀', '🦁')]);
        let choices = (0..=u32::MAX).step_by(0x0010_0100);
        let mut picked: Vec<char> = choices.filter_map(|choice| palette.pick(choice)).collect();
        picked.sort_unstable();
        picked.dedup();
        assert_eq!(picked, ['b', 'c', 'd', '\u{d7fe}', '\u{d7ff}', '\u{e000}', '\u{e001}', '🦀', '🦁']);
        assert_eq!(palette.pick(0), Some('b'), "the plainest");
        assert_eq!(Palette::new(Vec::new()).pick(0), None);
        assert_eq!(Palette::new(Vec::new()).pick(u32::MAX), None);
    }
}
