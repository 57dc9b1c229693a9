//! Simple patterns, unfolded: what the decoder turns into comparisons and the contract cases into texts.
//!
//! Simple is what begins with `^` and consists of literals, classes of ASCII characters with a repetition, and groups of
//! alternatives, as long as taking as many characters of a class as possible can never be wrong.

/// Into so many alternatives a pattern may unfold.
const MAX_ALTERNATIVES: usize = 16;

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// This text.
    Literal(String),
    /// Characters from one of these ranges, so many times; without `max` any number of times.
    Class { ranges: Vec<(u8, u8)>, min: usize, max: Option<usize> },
    /// The end of the text.
    End,
}

/// What may stand instead of each other, each a sequence of pieces.
pub(crate) type Alternatives = Vec<Vec<Piece>>;

/// The alternatives of a simple pattern; `None` for any other.
pub(crate) fn unfold(pattern: &str) -> Option<Alternatives> {
    Parser::parse(pattern)
}

struct Parser<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
}

impl<'a> Parser<'a> {
    /// The alternatives of a simple pattern.
    fn parse(pattern: &'a str) -> Option<Alternatives> {
        let pattern = pattern.strip_prefix('^')?;
        let mut parser = Self { rest: pattern.chars().peekable() };
        let alternatives = parser.sequence()?;
        // A bar outside of groups would leave `^` to the first alternative only.
        (parser.rest.next().is_none() && alternatives.iter().all(|pieces| is_greedy_safe(pieces)))
            .then_some(alternatives)
    }

    /// What follows, until the group or the pattern ends.
    fn sequence(&mut self) -> Option<Alternatives> {
        let mut alternatives: Alternatives = vec![Vec::new()];
        loop {
            let pieces: Alternatives = match self.rest.peek() {
                None | Some('|' | ')') => return Some(alternatives),
                Some('$') => {
                    self.rest.next();
                    // Only at the very end is it an end and nothing else.
                    if self.rest.peek().is_some() {
                        return None;
                    }
                    vec![vec![Piece::End]]
                }
                Some('(') => self.group()?,
                Some('[') => {
                    let ranges = self.class()?;
                    vec![vec![self.repeated(ranges)?]]
                }
                Some(_) => vec![vec![self.character()?]],
            };
            alternatives = alternatives.iter().flat_map(|left| pieces.iter().map(|right| join(left, right))).collect();
            if alternatives.len() > MAX_ALTERNATIVES {
                return None;
            }
        }
    }

    /// `(a|b)` or `(?:a|b)`, without a repetition.
    fn group(&mut self) -> Option<Alternatives> {
        self.rest.next();
        if self.rest.next_if_eq(&'?').is_some() {
            self.rest.next_if_eq(&':')?;
        }
        let mut alternatives = self.sequence()?;
        while self.rest.next_if_eq(&'|').is_some() {
            alternatives.extend(self.sequence()?);
        }
        self.rest.next_if_eq(&')')?;
        (!matches!(self.rest.peek(), Some('*' | '+' | '?' | '{'))).then_some(alternatives)
    }

    /// A character outside of classes, repeated or not.
    fn character(&mut self) -> Option<Piece> {
        let ranges = match self.rest.next()? {
            '\\' => self.escape()?,
            '.' | '^' | '*' | '+' | '?' | '{' | '}' | ']' => return None,
            character => vec![single(character)?],
        };
        match (self.rest.peek(), ranges.as_slice()) {
            (Some('*' | '+' | '?' | '{'), _) | (_, [] | [_, _, ..]) => self.repeated(ranges),
            (_, [(first, last)]) if first == last => Some(Piece::Literal(char::from(*first).to_string())),
            _ => self.repeated(ranges),
        }
    }

    /// `[…]`, not negated.
    fn class(&mut self) -> Option<Vec<(u8, u8)>> {
        self.rest.next();
        let mut ranges = Vec::new();
        loop {
            let first = match self.rest.next()? {
                ']' => return (!ranges.is_empty()).then_some(ranges),
                '^' if ranges.is_empty() => return None,
                '\\' => self.escape()?,
                character => vec![single(character)?],
            };
            let ([(first, _)], Some('-')) = (first.as_slice(), self.rest.peek()) else {
                ranges.extend(first);
                continue;
            };
            let first = *first;
            self.rest.next();
            let last = match self.rest.next()? {
                ']' => {
                    ranges.extend([(first, first), (b'-', b'-')]);
                    return Some(ranges);
                }
                '\\' => match self.escape()?.as_slice() {
                    [(last, end)] if last == end => *last,
                    _ => return None,
                },
                character => single(character)?.0,
            };
            if last < first {
                return None;
            }
            ranges.push((first, last));
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Option<Vec<(u8, u8)>> {
        match self.rest.next()? {
            'd' => Some(vec![(b'0', b'9')]),
            'w' => Some(vec![(b'A', b'Z'), (b'a', b'z'), (b'0', b'9'), (b'_', b'_')]),
            character if character.is_ascii_punctuation() => Some(vec![single(character)?]),
            _ => None,
        }
    }

    /// The class with the repetition that follows.
    fn repeated(&mut self, ranges: Vec<(u8, u8)>) -> Option<Piece> {
        let (min, max) = match self.rest.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.rest.next();
                let bounds: String = std::iter::from_fn(|| self.rest.next_if(|next| *next != '}')).collect();
                match bounds.split_once(',') {
                    None => (bounds.parse().ok()?, Some(bounds.parse().ok()?)),
                    Some((min, "")) => (min.parse().ok()?, None),
                    Some((min, max)) => (min.parse().ok()?, Some(max.parse().ok()?)),
                }
            }
            _ => return Some(Piece::Class { ranges, min: 1, max: Some(1) }),
        };
        self.rest.next();
        // `+?` and the like are lazy.
        let proper = max.is_none_or(|max| min <= max) && !matches!(self.rest.peek(), Some('?' | '*' | '+' | '{'));
        proper.then_some(Piece::Class { ranges, min, max })
    }
}

fn single(character: char) -> Option<(u8, u8)> {
    let byte = u8::try_from(character).ok().filter(u8::is_ascii)?;
    Some((byte, byte))
}

/// Both after each other; neighbouring literals become one.
fn join(left: &[Piece], right: &[Piece]) -> Vec<Piece> {
    let mut pieces = left.to_vec();
    for piece in right {
        match (pieces.last_mut(), piece) {
            (Some(Piece::Literal(before)), Piece::Literal(after)) => before.push_str(after),
            _ => pieces.push(piece.clone()),
        }
    }
    pieces
}

/// Whether each class may take all it can get: what follows it never begins with a character of the class.
fn is_greedy_safe(pieces: &[Piece]) -> bool {
    pieces.windows(2).all(|pair| match pair {
        [Piece::Class { min, max: Some(max), .. }, _] if min == max => true,
        [Piece::Class { .. }, Piece::End] => true,
        [Piece::Class { ranges, .. }, Piece::Literal(literal)] => literal
            .bytes()
            .next()
            .is_some_and(|next| !ranges.iter().any(|(first, last)| (*first..=*last).contains(&next))),
        [Piece::Class { ranges, .. }, Piece::Class { ranges: next, min, .. }] => {
            *min > 0 && ranges.iter().all(|(first, last)| next.iter().all(|(from, to)| last < from || to < first))
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, expected: Option<&str>) {
        let found = unfold(pattern).map(|alternatives| {
            let show = |piece: &Piece| match piece {
                Piece::Literal(literal) => literal.clone(),
                Piece::Class { ranges, min, max } => {
                    let ranges: String = ranges.iter().map(|(a, b)| format!("{}{}", *a as char, *b as char)).collect();
                    format!("<{ranges} {min} {}>", max.map_or("∞".to_owned(), |max| max.to_string()))
                }
                Piece::End => "$".to_owned(),
            };
            let show = |pieces: &Vec<Piece>| pieces.iter().map(show).collect::<String>();
            alternatives.iter().map(show).collect::<Vec<_>>().join(" | ")
        });
        assert_eq!(found.as_deref(), expected, "{pattern}");
    }

    #[test]
    fn simple_patterns_are_unfolded() {
        check("^thread:[A-Za-z0-9._~-]{1,128}$", Some("thread:<AZaz09..__~~-- 1 128>$"));
        check(
            "^(system|dashboard|(thread|agent):[a-z]{2})$",
            Some("system$ | dashboard$ | thread:<az 2 2>$ | agent:<az 2 2>$"),
        );
        check(r"^\d+\.\d{2,}$", Some("<09 1 ∞>.<09 2 ∞>$"));
        check("^ab?c", Some("a<bb 0 1>c"));
        check("^$", Some("$"));
    }

    #[test]
    fn others_are_left_to_the_engine() {
        for pattern in [
            "abc",
            "^a|b$",
            "^[^a]$",
            "^.$",
            "^[a-z]+z$",
            "^[a-z]*[b-c]$",
            "^(ab)+$",
            "^a+?$",
            "^é$",
            r"^\s$",
            r"^\bx$",
            "^a$b",
        ] {
            check(pattern, None);
        }
    }
}
