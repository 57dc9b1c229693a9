//! Patterns of ECMA-262: whether a text matches, and texts that do.

use std::sync::Arc;

use fastrand::Rng;
use regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::pick::{Bounds, Pick};

/// Where there is no end, so many more than the least.
const USUAL: usize = 8;
/// So often a text is made that could be of the length that is asked for.
const ATTEMPTS: usize = 64;

/// A pattern, compiled.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    source: Arc<str>,
    compiled: Option<Arc<(Regex, Hir)>>,
}

impl Pattern {
    /// A pattern as a schema has it. One that cannot be read matches nothing and makes nothing.
    pub(crate) fn new(source: &str) -> Self {
        let compiled = jsonschema_regex::to_rust_regex(source).ok().and_then(|rust| {
            let regex = Regex::new(&rust).ok()?;
            let hir = regex_syntax::parse(&rust).ok()?;
            Some(Arc::new((regex, hir)))
        });
        Self { source: source.into(), compiled }
    }

    /// The pattern as it is written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether a text has what the pattern describes.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.compiled.as_ref().is_some_and(|compiled| compiled.0.is_match(text))
    }

    /// A text that matches and has so many characters (code points); `None` if none was found.
    pub(crate) fn sample(&self, rng: &mut Rng, length: Bounds, pick: Pick) -> Option<String> {
        let (regex, hir) = &**self.compiled.as_ref()?;
        for attempt in 0..ATTEMPTS {
            let mut text = String::new();
            let pick = if attempt == 0 { pick } else { Pick::random(rng) };
            write(hir, rng, pick, &mut text);
            let missing = length.min.saturating_sub(text.chars().count());
            text.extend(std::iter::repeat_n('a', missing));
            if length.contains(text.chars().count()) && regex.is_match(&text) {
                return Some(text);
            }
        }
        None
    }
}

fn write(hir: &Hir, rng: &mut Rng, pick: Pick, text: &mut String) {
    match hir.kind() {
        HirKind::Empty => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.ranges();
            if ranges.is_empty() {
                return;
            }
            let range = ranges[if pick == Pick::Smallest { 0 } else { rng.usize(..ranges.len()) }];
            let made = match pick {
                Pick::Smallest => range.start(),
                Pick::Largest => range.end(),
                Pick::Any => rng.char(range.start()..=range.end()),
            };
            text.push(made);
        }
        HirKind::Class(Class::Bytes(class)) => {
            text.extend(class.ranges().first().map(|range| char::from(range.start())));
        }
        HirKind::Look(_) => {}
        HirKind::Repetition(repetition) => {
            let min = repetition.min as usize;
            let max = repetition.max.map_or(min + USUAL, |max| max as usize);
            let count = match pick {
                Pick::Smallest => min,
                Pick::Largest => max,
                Pick::Any => rng.usize(min..=max),
            };
            for _ in 0..count {
                write(&repetition.sub, rng, pick, text);
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, rng, pick, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write(part, rng, pick, text)),
        HirKind::Alternation(parts) => {
            let index = if pick == Pick::Smallest { 0 } else { rng.usize(..parts.len()) };
            write(&parts[index], rng, pick, text);
        }
    }
}
