//! Texts that match a `pattern`, and texts that do not.
//!
//! A pattern of ECMA-262 is translated as the validators of this project do it, and made into a machine that is asked two
//! things: whether a text matches, and which characters may stand next in a text of a certain length. So a text of every
//! length that the pattern allows can be made without guessing, the shortest and the longest first.

mod automaton;
mod characters;

use std::borrow::Cow;
use std::fmt::{self, Debug};
use std::sync::{Arc, OnceLock};

use fastrand::Rng;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use regex::Regex;
use regex_syntax::ParserBuilder;

use self::automaton::Automaton;
use self::characters::Palette;

/// What `.` matches (ECMA-262, section 22.2): anything but a line terminator.
const ANY: &str = r"[^\n\r\u2028\u2029]";

/// How much longer than necessary a text becomes where nothing bounds it.
const BEYOND: usize = 64;
/// How much is spent on finding out which lengths there are: states times lengths.
const MAX_EFFORT: usize = 8_000_000;
/// Longer texts are not made for a pattern.
const MAX_LENGTH: usize = 8_192;
/// How many characters of a text are chosen; the choices are used again for the rest.
const CHOICES: usize = 24;
/// Word boundaries depend on both neighbours: so often another text is tried.
const ATTEMPTS: u32 = 16;

/// In so many ways, a text is made that does not match.
const WAYS: u8 = 7;

/// Stand in where a text must not match.
const FOREIGN: [char; 12] = ['a', ' ', '!', '0', 'A', '-', 'é', '🦀', '\n', '\0', '~', '\u{2028}'];

/// A pattern of ECMA-262, which finds what it describes anywhere in a text unless it is anchored. Cheap to clone.
#[derive(Clone)]
pub struct Pattern {
    source: Arc<str>,
    machine: Result<Arc<Machine>, String>,
}

/// A pattern that could be read.
struct Machine {
    regex: Regex,
    automaton: Automaton,
    /// Texts of any length.
    texts: OnceLock<Option<Texts>>,
}

/// Texts for a pattern, between two lengths.
#[derive(Clone)]
pub struct Texts {
    machine: Arc<Machine>,
    reach: Arc<automaton::Reach>,
    lengths: Arc<[usize]>,
}

/// Texts that a pattern does not match, between two lengths.
#[derive(Clone)]
pub struct Others {
    pattern: Pattern,
    near: Option<Texts>,
    lengths: Arc<[usize]>,
    /// One of them, where none can be made as it was asked for.
    known: String,
}

impl Pattern {
    /// Reads a pattern. One that cannot be read matches nothing, and there are no texts of it.
    pub fn new(source: &str) -> Self {
        Self { source: source.into(), machine: Machine::new(source).map(Arc::new) }
    }

    /// The pattern as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Why the pattern cannot be used; `None` if it can.
    pub fn problem(&self) -> Option<&str> {
        self.machine.as_ref().err().map(String::as_str)
    }

    /// Whether the pattern is found in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.machine.as_ref().is_ok_and(|machine| machine.regex.is_match(text))
    }

    /// A text that matches, of any length; `None` if there is none.
    pub fn sample(&self, rng: &mut Rng) -> Option<String> {
        let machine = self.machine.as_ref().ok()?;
        machine.texts.get_or_init(|| self.texts(0, None)).as_ref().map(|texts| texts.sample(rng))
    }

    /// What matches and has so many characters; `None` if nothing does. Without a longest length, texts become somewhat
    /// longer than they have to be.
    pub fn texts(&self, shortest: usize, longest: Option<usize>) -> Option<Texts> {
        let machine = self.machine.as_ref().ok()?;
        let automaton = &machine.automaton;
        let most = (MAX_EFFORT / automaton.size()).clamp(256, MAX_LENGTH);
        let mut upper = longest.unwrap_or(shortest + BEYOND).min(most);
        let mut reach = automaton.reach(upper);
        let lengths = |reach: &automaton::Reach, upper: usize| -> Vec<usize> {
            (shortest..=upper).filter(|&length| automaton.can_match(reach, length)).collect()
        };
        let mut found = lengths(&reach, upper);
        if found.is_empty() && longest.is_none() {
            // The shortest match may be longer than it was looked for.
            upper = most;
            reach = automaton.reach(upper);
            found = lengths(&reach, upper);
            let first = found.first().copied()?;
            found.retain(|&length| length <= first + BEYOND);
        }
        let texts = Texts { machine: machine.clone(), reach: Arc::new(reach), lengths: found.into() };
        // Word boundaries may contradict each other, which only shows in a text.
        (!texts.lengths.is_empty() && texts.lengths.iter().any(|&length| texts.text(length, &[]).is_some()))
            .then_some(texts)
    }

    /// Texts of so many characters that do not match; `None` if all of them do.
    pub fn others(&self, shortest: usize, longest: Option<usize>) -> Option<Others> {
        let upper = longest.unwrap_or(shortest + BEYOND).min(MAX_LENGTH.max(shortest));
        // A match of another length, cut or extended, is the likeliest to be wrong in one place only.
        let near = self.texts(0, Some(upper + 1)).filter(|near| near.lengths.iter().any(|length| *length >= shortest));
        let lengths: Vec<usize> = (shortest..=upper).collect();
        let mut others = Others { pattern: self.clone(), near, lengths: lengths.into(), known: String::new() };
        let known = boundaries(&others.lengths).into_iter().find_map(|length| others.at(length, 0, &[]))?;
        others.known = known;
        Some(others)
    }
}

impl Machine {
    fn new(source: &str) -> Result<Self, String> {
        let exact = spelled_out(source);
        let translated = jsonschema_regex::to_rust_regex(&exact)
            .map_err(|()| "it is not a regular expression of ECMA-262".to_owned())?;
        let hir = ParserBuilder::new().build().parse(&translated).map_err(|cause| {
            let cause = cause.to_string();
            cause.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })?;
        let automaton = Automaton::new(&hir)?;
        let regex = Regex::new(&translated).map_err(|_| "it is too large".to_owned())?;
        Ok(Self { regex, automaton, texts: OnceLock::new() })
    }
}

impl Texts {
    /// The lengths there are, the shortest first.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// The text of that length that the choices mean; without any, the plainest.
    pub fn text(&self, length: usize, choices: &[u32]) -> Option<String> {
        (0..ATTEMPTS).find_map(|attempt| self.attempt(length, choices, attempt))
    }

    /// All of them: the boundaries often, and shrinking towards the shortest and plainest.
    pub fn strategy(&self) -> BoxedStrategy<String> {
        let texts = self.clone();
        let fallback = self.smallest().unwrap_or_default();
        (by_length(&self.lengths), vec(any::<u32>(), 0..=CHOICES))
            .prop_map(move |(length, choices)| texts.text(length, &choices).unwrap_or_else(|| fallback.clone()))
            .boxed()
    }

    /// The shortest and plainest.
    pub fn smallest(&self) -> Option<String> {
        self.lengths.iter().find_map(|&length| self.text(length, &[]))
    }

    /// One of them: often the shortest or the longest.
    pub fn sample(&self, rng: &mut Rng) -> String {
        let length = sample_length(&self.lengths, rng);
        let choices: Vec<u32> = (0..CHOICES.min(length)).map(|_| rng.u32(..)).collect();
        self.text(length, &choices).or_else(|| self.smallest()).unwrap_or_default()
    }

    fn attempt(&self, length: usize, choices: &[u32], attempt: u32) -> Option<String> {
        let automaton = &self.machine.automaton;
        let mut states = automaton.begin(length);
        let mut text = String::new();
        for position in 0..length {
            let rest = length - position;
            let choice = choices.get(position % choices.len().max(1)).copied().unwrap_or_default();
            let varied = choice.wrapping_add((attempt << 8).wrapping_mul(position as u32 + 1));
            let character = automaton.pick(&self.reach, &states, rest, varied)?;
            states = automaton.advance(&states, character, rest - 1);
            text.push(character);
        }
        (!automaton.looks_around() || self.machine.regex.is_match(&text)).then_some(text)
    }
}

impl Others {
    /// All of them: the boundaries often, and shrinking towards the shortest and plainest.
    pub fn strategy(&self) -> BoxedStrategy<String> {
        let others = self.clone();
        (by_length(&self.lengths), 0..WAYS, vec(any::<u32>(), 0..=CHOICES))
            .prop_map(move |(length, way, choices)| others.text(length, way, &choices))
            .boxed()
    }

    /// One of them.
    pub fn sample(&self, rng: &mut Rng) -> String {
        let (length, way) = (sample_length(&self.lengths, rng), rng.u8(..WAYS));
        let choices: Vec<u32> = (0..CHOICES).map(|_| rng.u32(..)).collect();
        self.text(length, way, &choices)
    }

    fn text(&self, length: usize, way: u8, choices: &[u32]) -> String {
        self.at(length, way, choices).unwrap_or_else(|| self.known.clone())
    }

    /// A text of that length that does not match, made in that way or else in another.
    fn at(&self, length: usize, way: u8, choices: &[u32]) -> Option<String> {
        let same = |character: char| character.to_string().repeat(length);
        let plain = || FOREIGN.into_iter().map(same).find(|text| !self.pattern.is_match(text));
        (0..WAYS).find_map(|turn| self.made(length, (way + turn) % WAYS, choices)).or_else(plain)
    }

    fn made(&self, length: usize, way: u8, choices: &[u32]) -> Option<String> {
        let choice = |index: usize| choices.get(index % choices.len().max(1)).copied().unwrap_or_default();
        let foreign = FOREIGN[choice(0) as usize % FOREIGN.len()];
        let near = |length: usize| self.near.as_ref()?.text(length, choices);
        let text = match way {
            // The same character throughout.
            0 => foreign.to_string().repeat(length),
            // A match with another character in one place.
            1 | 2 => {
                let mut text: Vec<char> = near(length)?.chars().collect();
                let place = if way == 1 { text.len().checked_sub(1)? } else { choice(1) as usize % text.len().max(1) };
                *text.get_mut(place)? = foreign;
                text.into_iter().collect()
            }
            // A match that goes on, or begins earlier.
            3 => format!("{}{foreign}", near(length.checked_sub(1)?)?),
            4 => format!("{foreign}{}", near(length.checked_sub(1)?)?),
            // A match that breaks off.
            5 => near(length + 1)?.chars().take(length).collect(),
            _ => {
                let any = Palette::new(vec![('\0', char::MAX)]);
                (0..length).filter_map(|index| any.pick(choice(index))).collect()
            }
        };
        (text.chars().count() == length && !self.pattern.is_match(&text)).then_some(text)
    }
}

/// A length of these: first the shortest and longest, and their neighbours.
pub(crate) fn by_length(lengths: &[usize]) -> Union<BoxedStrategy<usize>> {
    let boundaries = boundaries(lengths).into_iter().map(|length| (2, Just(length).boxed()));
    Union::new_weighted(boundaries.chain([(4, select(lengths.to_vec()).boxed())]).collect())
}

/// A length of these as [`by_length`] has it.
fn sample_length(lengths: &[usize], rng: &mut Rng) -> usize {
    let boundaries = boundaries(lengths);
    let boundary = rng.usize(..boundaries.len() + 2);
    let any = |rng: &mut Rng| rng.choice(lengths).copied().unwrap_or_default();
    boundaries.get(boundary).copied().unwrap_or_else(|| any(rng))
}

/// The shortest, the longest and their neighbours.
fn boundaries(lengths: &[usize]) -> Vec<usize> {
    let last = lengths.len().saturating_sub(1);
    let mut boundaries: Vec<usize> =
        [0, last, 1, last.saturating_sub(1)].into_iter().filter_map(|index| lengths.get(index).copied()).collect();
    let mut seen = Vec::new();
    boundaries.retain(|length| {
        !seen.contains(length) && {
            seen.push(*length);
            true
        }
    });
    boundaries
}

/// The same pattern without a `.` that stands for a character: engines differ in what that is.
fn spelled_out(pattern: &str) -> Cow<'_, str> {
    if !pattern.contains('.') {
        return Cow::Borrowed(pattern);
    }
    let mut out = String::with_capacity(pattern.len());
    let mut in_class = false;
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '.' if !in_class => {
                out.push_str(ANY);
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    Cow::Owned(out)
}

impl Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.source).finish()
    }
}

impl Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Texts").field("lengths", &self.lengths).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
