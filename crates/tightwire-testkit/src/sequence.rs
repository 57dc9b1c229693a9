//! Patterns of frames that follow each other: `stream_start, stream_chunk+, stream_end`.
//!
//! Pure: it is fed one `type` after the other and knows nothing of sockets or clocks. A pattern is a small regular
//! expression over message types, matched by following all ways at once, so that `[a?, a]` takes one `a` or two.

use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::str::FromStr;

/// A pattern of frames.
///
/// ```
/// use tightwire_testkit::sequence::Sequence;
///
/// let sequence: Sequence = "stream_start, stream_chunk+, stream_end".parse().unwrap();
/// let mut progress = sequence.progress();
/// assert!(progress.take("stream_start"));
/// assert!(!progress.take("stream_end"));
/// assert_eq!(progress.expected(), ["stream_chunk"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    steps: Vec<Step>,
}

/// How far a [`Sequence`] has been matched.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    steps: &'a [Step],
    /// The steps that may come next; `steps.len()` stands for the end. Never empty.
    next: BTreeSet<usize>,
}

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{step}` is not a step of a sequence: write a message type, with `+`, `*` or `?` after it where it may repeat"
)]
pub struct SequenceError {
    /// The step in question.
    pub step: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    wire_type: String,
    times: Times,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    Once,
    OnceOrMore,
    AnyNumber,
    Optional,
}

impl Sequence {
    /// A sequence of these messages, each with its suffix: `+`, `*`, `?`, or anything else for exactly once.
    #[must_use]
    pub fn of(steps: impl IntoIterator<Item = (String, char)>) -> Self {
        let step = |(wire_type, suffix)| {
            let times = match suffix {
                '+' => Times::OnceOrMore,
                '*' => Times::AnyNumber,
                '?' => Times::Optional,
                _ => Times::Once,
            };
            Step { wire_type, times }
        };
        Self { steps: steps.into_iter().map(step).collect() }
    }

    /// The messages that it names, in its order.
    pub fn messages(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.wire_type.as_str())
    }

    /// A match at its very beginning.
    #[must_use]
    pub fn progress(&self) -> Progress<'_> {
        let mut progress = Progress { steps: &self.steps, next: BTreeSet::new() };
        progress.enter(0);
        progress
    }
}

impl Progress<'_> {
    /// Takes a frame of that type, if one may come here; otherwise nothing changes and the answer is `false`.
    pub fn take(&mut self, wire_type: &str) -> bool {
        let steps = self.steps;
        let matched: Vec<usize> =
            self.next.iter().copied().filter(|&at| steps.get(at).is_some_and(|s| s.wire_type == wire_type)).collect();
        if matched.is_empty() {
            return false;
        }
        self.next.clear();
        for at in matched {
            if steps[at].times.repeats() {
                self.next.insert(at);
            }
            self.enter(at + 1);
        }
        true
    }

    /// Whether the sequence may end here.
    #[must_use]
    pub fn may_end(&self) -> bool {
        self.next.contains(&self.steps.len())
    }

    /// Whether nothing more can come.
    #[must_use]
    pub fn must_end(&self) -> bool {
        self.next.iter().all(|&at| at == self.steps.len())
    }

    /// The types that may come next, in the order of the sequence, each once.
    #[must_use]
    pub fn expected(&self) -> Vec<&str> {
        let mut types = Vec::new();
        for step in self.next.iter().filter_map(|&at| self.steps.get(at)) {
            if !types.contains(&step.wire_type.as_str()) {
                types.push(step.wire_type.as_str());
            }
        }
        types
    }

    /// Adds the step, and those behind it as far as steps may be left out.
    fn enter(&mut self, mut at: usize) {
        while self.next.insert(at) && self.steps.get(at).is_some_and(|step| step.times.may_be_absent()) {
            at += 1;
        }
    }
}

impl Times {
    fn repeats(self) -> bool {
        matches!(self, Self::OnceOrMore | Self::AnyNumber)
    }

    fn may_be_absent(self) -> bool {
        matches!(self, Self::AnyNumber | Self::Optional)
    }
}

impl Sequence {
    /// The same without the steps of some messages.
    #[must_use]
    pub fn without(mut self, is_left_out: impl Fn(&str) -> bool) -> Self {
        self.steps.retain(|step| !is_left_out(&step.wire_type));
        self
    }

    /// Frames that this sequence allows and the other one does not; `None` where there are none. A last `…` stands for frames
    /// that this one still asks for.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> Option<Vec<String>> {
        let mut seen = BTreeSet::new();
        let mut open = vec![(self.progress(), other.progress(), Vec::new())];
        while let Some((own, others, taken)) = open.pop() {
            if !seen.insert((own.next.clone(), others.next.clone())) {
                continue;
            }
            if own.may_end() && !others.may_end() {
                return Some(taken);
            }
            for wire_type in own.expected() {
                let (mut own, mut others, mut taken) = (own.clone(), others.clone(), taken.clone());
                taken.push(wire_type.to_owned());
                own.take(wire_type);
                if !others.take(wire_type) {
                    if !own.may_end() {
                        taken.push("…".to_owned());
                    }
                    return Some(taken);
                }
                open.push((own, others, taken));
            }
        }
        None
    }
}

impl FromStr for Sequence {
    type Err = SequenceError;

    fn from_str(text: &str) -> Result<Self, SequenceError> {
        let text = text.trim();
        let text = text.strip_suffix(',').unwrap_or(text);
        Ok(Self { steps: text.split(',').map(str::parse).collect::<Result<_, _>>()? })
    }
}

impl FromStr for Step {
    type Err = SequenceError;

    fn from_str(text: &str) -> Result<Self, SequenceError> {
        let text = text.trim();
        let (wire_type, times) = match text.char_indices().next_back() {
            Some((end, '+')) => (&text[..end], Times::OnceOrMore),
            Some((end, '*')) => (&text[..end], Times::AnyNumber),
            Some((end, '?')) => (&text[..end], Times::Optional),
            _ => (text, Times::Once),
        };
        let wire_type = wire_type.trim_end();
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/');
        if wire_type.is_empty() || !wire_type.chars().all(is_name) {
            return Err(SequenceError { step: text.to_owned() });
        }
        Ok(Self { wire_type: wire_type.to_owned(), times })
    }
}

impl Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (index, step) in self.steps.iter().enumerate() {
            let suffix = match step.times {
                Times::Once => "",
                Times::OnceOrMore => "+",
                Times::AnyNumber => "*",
                Times::Optional => "?",
            };
            write!(f, "{}{}{suffix}", if index > 0 { ", " } else { "" }, step.wire_type)?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `frames` (separated by spaces) and describes where the match stands: the frames that were taken, `|`,
    /// what may come next, `.` where the sequence may end, `!` where it must.
    #[track_caller]
    fn check(pattern: &str, frames: &str, expected: &str) {
        let sequence: Sequence = pattern.parse().unwrap();
        let mut progress = sequence.progress();
        let taken: Vec<&str> = frames.split_whitespace().take_while(|frame| progress.take(frame)).collect();
        let end = match (progress.may_end(), progress.must_end()) {
            (true, true) => "!",
            (true, false) => ".",
            (false, _) => "",
        };
        assert_eq!(format!("{}|{}{end}", taken.join(" "), progress.expected().join(" ")), expected);
    }

    #[test]
    fn single_steps() {
        check("a, b", "", "|a");
        check("a, b", "a", "a|b");
        check("a, b", "b", "|a");
        check("a, b", "a b c", "a b|!");
    }

    #[test]
    fn once_or_more() {
        check("a, b+, c", "a", "a|b");
        check("a, b+, c", "a c", "a|b");
        check("a, b+, c", "a b", "a b|b c");
        check("a, b+, c", "a b b b c", "a b b b c|!");
    }

    #[test]
    fn any_number() {
        check("a, b*, c", "a", "a|b c");
        check("a, b*, c", "a c", "a c|!");
        check("a, b*, c", "a b b c", "a b b c|!");
    }

    #[test]
    fn optional() {
        check("a, b?, c", "a", "a|b c");
        check("a, b?, c", "a b b", "a b|c");
        check("a?, b?", "", "|a b.");
        check("a?, b?", "b", "b|!");
    }

    #[test]
    fn an_open_end_may_go_on() {
        check("a, b*", "a", "a|b.");
        check("a, b+", "a b", "a b|b.");
    }

    #[test]
    fn ambiguous_patterns_keep_all_ways_open() {
        check("a?, a", "a", "a|a.");
        check("a?, a", "a a", "a a|!");
        check("a+, b?, a, c", "a a c", "a a c|!");
        check("a*, a*, b", "a a", "a a|a b");
    }

    #[track_caller]
    fn check_beyond(one: &str, other: &str, expected: Option<&str>) {
        let (one, other): (Sequence, Sequence) = (one.parse().unwrap(), other.parse().unwrap());
        assert_eq!(one.beyond(&other).map(|frames| frames.join(" ")).as_deref(), expected);
    }

    #[test]
    fn sequences_within_each_other() {
        check_beyond("a, b+, c", "a, b+, c", None);
        check_beyond("a, b, c", "a, b+, c", None);
        check_beyond("a, b, b, c", "a, b*, c?", None);
        check_beyond("a, b+, c", "a, b, c", Some("a b b …"));
        check_beyond("a, b*, c", "a, b+, c", Some("a c"));
        check_beyond("a", "a, b", Some("a"));
        check_beyond("b+, c", "a, b+, c", Some("b …"));
        check_beyond("a+, b?, a", "a*", Some("a b …"));
    }

    #[track_caller]
    fn check_text(text: &str, expected: Result<&str, &str>) {
        let parsed = text.parse::<Sequence>();
        assert_eq!(
            parsed.map(|s| s.to_string()).map_err(|e| e.step),
            expected.map(str::to_owned).map_err(str::to_owned)
        );
    }

    #[test]
    fn reads_and_writes_patterns() {
        check_text("a,b +, c_d* ,e?", Ok("[a, b+, c_d*, e?]"));
        check_text("a, b+,", Ok("[a, b+]"));
        check_text("", Err(""));
        check_text("a,,b", Err(""));
        check_text("a b", Err("a b"));
        check_text("a, +", Err("+"));
        check_text("a++", Err("a++"));
    }
}
