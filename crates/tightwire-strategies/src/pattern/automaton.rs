//! A pattern as a machine without memory, which says which characters may stand where in a text of a given length.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::characters::Palette;

/// Larger machines are refused: a pattern like `(a{1000}){1000}` would take all memory.
const MAX_STATES: usize = 20_000;

/// A state, by its number.
pub(super) type State = usize;

/// What leaves a state.
#[derive(Clone, Debug)]
enum Step {
    /// One of these characters.
    Characters(Palette, State),
    /// Any of these, without a character.
    Either(Vec<State>),
    /// This one, where the assertion holds.
    Assert(Look, State),
    /// The pattern has matched.
    Accept,
}

/// The machine.
#[derive(Clone, Debug)]
pub(super) struct Automaton {
    steps: Vec<Step>,
    start: State,
    /// What each state leads to without a character, inside a text and at its end.
    inside: Vec<Vec<State>>,
    at_end: Vec<Vec<State>>,
    /// Whether there are assertions about neighbours, which only show in a text.
    looks_around: bool,
}

/// The states from which the rest of a text, by its length, leads to a match.
pub(super) struct Reach {
    by_rest: Vec<Vec<bool>>,
}

impl Automaton {
    /// The machine of a pattern that is searched for: anything may stand before and after what it matches.
    pub(super) fn new(hir: &Hir) -> Result<Self, String> {
        let mut automaton =
            Self { steps: vec![Step::Accept], start: 0, inside: Vec::new(), at_end: Vec::new(), looks_around: false };
        let suffix = automaton.any_number(0)?;
        let pattern = automaton.compile(hir, suffix)?;
        automaton.start = automaton.any_number(pattern)?;
        let states = 0..automaton.steps.len();
        automaton.inside =
            states.clone().map(|state| automaton.closure([state], |look| may_hold(look, false, false))).collect();
        automaton.at_end = states.map(|state| automaton.closure([state], |look| may_hold(look, false, true))).collect();
        Ok(automaton)
    }

    /// How many states there are.
    pub(super) fn size(&self) -> usize {
        self.steps.len()
    }

    /// For each length up to `longest`, the states from which a text of that length leads to a match. Word boundaries are
    /// taken to hold: they depend on characters that are not known here.
    pub(super) fn reach(&self, longest: usize) -> Reach {
        let mut by_rest: Vec<Vec<bool>> = Vec::with_capacity(longest + 1);
        for rest in 0..=longest {
            let mut reached: Vec<bool> = self
                .steps
                .iter()
                .map(|step| match step {
                    Step::Accept => rest == 0,
                    Step::Characters(_, next) => rest > 0 && by_rest[rest - 1][*next],
                    Step::Either(_) | Step::Assert(..) => false,
                })
                .collect();
            // States that lead to others without a character: until nothing changes.
            loop {
                let mut changed = false;
                for state in 0..self.steps.len() {
                    let now = match &self.steps[state] {
                        Step::Either(next) => next.iter().any(|&next| reached[next]),
                        // Where something has been read already: the start is behind.
                        Step::Assert(look, next) => may_hold(*look, false, rest == 0) && reached[*next],
                        Step::Characters(..) | Step::Accept => continue,
                    };
                    if now && !reached[state] {
                        reached[state] = true;
                        changed = true;
                    }
                }
                if !changed {
                    break;
                }
            }
            by_rest.push(reached);
        }
        Reach { by_rest }
    }

    /// The states at the start of a text of that length.
    pub(super) fn begin(&self, length: usize) -> Vec<State> {
        self.closure([self.start], |look| may_hold(look, true, length == 0))
    }

    /// Whether a text of that length can match at all.
    pub(super) fn can_match(&self, reach: &Reach, length: usize) -> bool {
        self.begin(length).iter().any(|&state| reach.leads(state, length))
    }

    /// The character that the choice means, where `rest` characters are still to come.
    pub(super) fn pick(&self, reach: &Reach, states: &[State], rest: usize, choice: u32) -> Option<char> {
        let palettes = || {
            states.iter().filter_map(|&state| match &self.steps[state] {
                Step::Characters(palette, next) if rest > 0 && reach.leads(*next, rest - 1) => Some(palette),
                _ => None,
            })
        };
        let count = palettes().count();
        // The upper bits say which characters, so others than those that say which of them.
        palettes().nth((choice & 0xff) as usize % count.max(1))?.pick(choice)
    }

    /// The states after that character, where `rest` characters are still to come.
    pub(super) fn advance(&self, states: &[State], character: char, rest: usize) -> Vec<State> {
        let closures = if rest == 0 { &self.at_end } else { &self.inside };
        let mut found: Vec<State> = Vec::new();
        for &state in states {
            if let Step::Characters(palette, next) = &self.steps[state]
                && palette.contains(character)
            {
                for &state in &closures[*next] {
                    if !found.contains(&state) {
                        found.push(state);
                    }
                }
            }
        }
        found
    }

    /// Whether there are assertions about neighbours: then a text may be made that does not match after all.
    pub(super) fn looks_around(&self) -> bool {
        self.looks_around
    }

    /// These states and what they lead to without a character.
    fn closure(&self, from: impl IntoIterator<Item = State>, holds: impl Fn(Look) -> bool) -> Vec<State> {
        let mut seen = vec![false; self.steps.len()];
        let mut open: Vec<State> = from.into_iter().collect();
        let mut closed = Vec::new();
        while let Some(state) = open.pop() {
            if std::mem::replace(&mut seen[state], true) {
                continue;
            }
            match &self.steps[state] {
                Step::Either(next) => open.extend(next),
                Step::Assert(look, next) if holds(*look) => open.push(*next),
                Step::Assert(..) => {}
                Step::Characters(..) | Step::Accept => closed.push(state),
            }
        }
        closed
    }

    /// What matches `hir` and goes on at `next`.
    fn compile(&mut self, hir: &Hir, next: State) -> Result<State, String> {
        match hir.kind() {
            HirKind::Empty => Ok(next),
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0).map_err(|_| "it matches bytes that are no text")?;
                text.chars().rev().try_fold(next, |next, character| {
                    self.push(Step::Characters(Palette::new(vec![(character, character)]), next))
                })
            }
            HirKind::Class(class) => {
                let ranges = match class {
                    Class::Unicode(class) => class.ranges().iter().map(|range| (range.start(), range.end())).collect(),
                    Class::Bytes(class) => class
                        .ranges()
                        .iter()
                        .map(|range| (char::from(range.start()), char::from(range.end())))
                        .collect(),
                };
                self.push(Step::Characters(Palette::new(ranges), next))
            }
            HirKind::Look(look) => {
                self.looks_around |= !matches!(look, Look::Start | Look::End);
                self.push(Step::Assert(*look, next))
            }
            HirKind::Capture(capture) => self.compile(&capture.sub, next),
            HirKind::Concat(parts) => parts.iter().rev().try_fold(next, |next, part| self.compile(part, next)),
            HirKind::Alternation(parts) => {
                let starts = parts.iter().map(|part| self.compile(part, next)).collect::<Result<_, _>>()?;
                self.push(Step::Either(starts))
            }
            HirKind::Repetition(repetition) => {
                let mut start = match repetition.max {
                    None => {
                        let again = self.push(Step::Either(vec![next]))?;
                        let body = self.compile(&repetition.sub, again)?;
                        self.steps[again] = Step::Either(vec![body, next]);
                        again
                    }
                    Some(max) => {
                        let mut start = next;
                        for _ in repetition.min..max {
                            let body = self.compile(&repetition.sub, start)?;
                            start = self.push(Step::Either(vec![body, next]))?;
                        }
                        start
                    }
                };
                for _ in 0..repetition.min {
                    start = self.compile(&repetition.sub, start)?;
                }
                Ok(start)
            }
        }
    }

    /// Any number of any characters, and on at `next`.
    fn any_number(&mut self, next: State) -> Result<State, String> {
        let again = self.push(Step::Either(vec![next]))?;
        let any = self.push(Step::Characters(Palette::new(vec![('\0', char::MAX)]), again))?;
        self.steps[again] = Step::Either(vec![next, any]);
        Ok(again)
    }

    fn push(&mut self, step: Step) -> Result<State, String> {
        if self.steps.len() >= MAX_STATES {
            return Err("it is too large".to_owned());
        }
        self.steps.push(step);
        Ok(self.steps.len() - 1)
    }
}

impl Reach {
    fn leads(&self, state: State, rest: usize) -> bool {
        self.by_rest.get(rest).is_some_and(|reached| reached[state])
    }
}

/// Whether the assertion can hold at a place of which only the position is known.
fn may_hold(look: Look, at_start: bool, at_end: bool) -> bool {
    match look {
        Look::Start => at_start,
        Look::End => at_end,
        _ => true,
    }
}
