//! Path expressions: which values a matching rule is about. `$.data.messages[*].id`, `$['a key']`, `$.*`.

use std::fmt::{self, Display};
use std::str::FromStr;

/// A path expression.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    steps: Vec<Step>,
}

/// A step of a path expression, behind the root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// `.name` or `['name']`: a member of an object.
    Member(String),
    /// `[3]`: an item of an array.
    Item(usize),
    /// `.*`: every member of an object, or item of an array.
    Any,
    /// `[*]`: every item of an array.
    AnyItem,
}

/// A step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// A member of an object.
    Member(String),
    /// An item of an array.
    Item(usize),
}

/// Why a text is not a path expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a path expression: {reason}")]
pub struct PathError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Path {
    /// `$`.
    #[must_use]
    pub fn root() -> Self {
        Self { steps: Vec::new() }
    }

    /// Everything directly below a place.
    #[must_use]
    pub fn any_below(place: &[At]) -> Self {
        let step = |at: &At| match at {
            At::Member(name) => Step::Member(name.clone()),
            At::Item(index) => Step::Item(*index),
        };
        Self { steps: place.iter().map(step).chain([Step::Any]).collect() }
    }

    /// The steps behind the root.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// How closely it describes the place, 0 for not at all: the product of 2 for the root and every step that names the
    /// place's own, and 1 for every star. A path that is shorter than the place describes what is below it, too.
    #[must_use]
    pub fn weight(&self, place: &[At]) -> u64 {
        if self.steps.len() > place.len() {
            return 0;
        }
        // As large as an expression of 63 steps needs it; more would not fit, and saturates.
        self.steps.iter().zip(place).fold(2, |weight: u64, (step, at)| weight.saturating_mul(step.weight(at)))
    }

    /// Whether it describes the place itself and not only something above it.
    #[must_use]
    pub fn is_exactly(&self, place: &[At]) -> bool {
        self.steps.len() == place.len() && self.weight(place) > 0
    }
}

impl Step {
    fn weight(&self, at: &At) -> u64 {
        match (self, at) {
            (Self::Member(own), At::Member(name)) if own == name => 2,
            (Self::Item(own), At::Item(index)) if own == index => 2,
            (Self::Any, _) | (Self::AnyItem, At::Item(_)) => 1,
            _ => 0,
        }
    }
}

/// The place as a JSON Pointer.
#[must_use]
pub fn pointer(place: &[At]) -> String {
    let token = |at: &At| match at {
        At::Member(name) => format!("/{}", super::rule::escape(name)),
        At::Item(index) => format!("/{index}"),
    };
    place.iter().map(token).collect()
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let refused = |reason: &str| PathError { text: text.to_owned(), reason: reason.to_owned() };
        let mut steps = Vec::new();
        let mut rest = match text.strip_prefix('$') {
            Some(rest) => rest,
            // Others leave `$.` out.
            None if text.starts_with(char::is_alphanumeric) => {
                let (step, behind) = member(text).map_err(refused)?;
                steps.push(step);
                behind
            }
            None => return Err(refused("it begins with `$`")),
        };
        while !rest.is_empty() {
            let (step, behind) = match rest.strip_prefix('[') {
                Some(inner) => bracket(inner),
                None => match rest.strip_prefix('.') {
                    Some(name) => member(name),
                    None => Err("a step begins with `.` or `[`"),
                },
            }
            .map_err(refused)?;
            steps.push(step);
            rest = behind;
        }
        Ok(Self { steps })
    }
}

fn member(text: &str) -> Result<(Step, &str), &'static str> {
    if let Some(behind) = text.strip_prefix('*') {
        return Ok((Step::Any, behind));
    }
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, behind) = text.split_at(end);
    if name.is_empty() {
        return Err("a name is missing behind `.`");
    }
    if !name.chars().all(is_plain) {
        return Err("a name with other characters than letters, digits, `_`, `-`, `:`, `#` and `@` stands in `['…']`");
    }
    Ok((Step::Member(name.to_owned()), behind))
}

fn bracket(text: &str) -> Result<(Step, &str), &'static str> {
    const UNCLOSED: &str = "a `]` is missing";
    if let Some(behind) = text.strip_prefix("*]") {
        return Ok((Step::AnyItem, behind));
    }
    if let Some(quoted) = text.strip_prefix('\'') {
        // The specification knows no escapes, so a name ends at the first quote.
        let (name, behind) = quoted.split_once('\'').ok_or("a `'` is missing")?;
        if name.is_empty() {
            return Err("a name is missing in `['']`");
        }
        return Ok((Step::Member(name.to_owned()), behind.strip_prefix(']').ok_or(UNCLOSED)?));
    }
    let (index, behind) = text.split_once(']').ok_or(UNCLOSED)?;
    let index = index.parse().map_err(|_| "in brackets stands a number, `*` or a name in single quotes")?;
    Ok((Step::Item(index), behind))
}

fn is_plain(letter: char) -> bool {
    letter.is_alphanumeric() || "_-:#@".contains(letter)
}

impl Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for step in &self.steps {
            match step {
                Step::Member(name) if is_identifier(name) => write!(f, ".{name}")?,
                Step::Member(name) => write!(f, "['{name}']")?,
                Step::Item(index) => write!(f, "[{index}]")?,
                Step::Any => f.write_str(".*")?,
                Step::AnyItem => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

fn is_identifier(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Vec<At> {
        let step = |step: &Step| match step {
            Step::Member(name) => At::Member(name.clone()),
            Step::Item(index) => At::Item(*index),
            star => panic!("{star:?} in a place"),
        };
        text.parse::<Path>().unwrap().steps.iter().map(step).collect()
    }

    #[track_caller]
    fn check_path(text: &str, steps: &[Step]) {
        let path: Path = text.parse().unwrap();
        assert_eq!(path.steps, steps);
        assert_eq!(path.to_string(), text);
    }

    #[test]
    fn reads_and_writes_paths() {
        let member = |name: &str| Step::Member(name.to_owned());
        check_path("$", &[]);
        check_path("$.data.messages[*].id", &[member("data"), member("messages"), Step::AnyItem, member("id")]);
        check_path("$[0]['a key'].*", &[Step::Item(0), member("a key"), Step::Any]);
        check_path("$['1st']['x-y']", &[member("1st"), member("x-y")]);
        assert_eq!("$.x-y".parse::<Path>().unwrap().to_string(), "$['x-y']");
        assert_eq!("data[0].id".parse::<Path>().unwrap().to_string(), "$.data[0].id");
    }

    #[track_caller]
    fn check_refused(text: &str, reason: &str) {
        let error = text.parse::<Path>().unwrap_err();
        assert!(error.reason.contains(reason), "{error}");
    }

    #[test]
    fn refuses_what_is_not_a_path() {
        check_refused("", "begins with `$`");
        check_refused(".data", "begins with `$`");
        check_refused("$data", "begins with `.` or `[`");
        check_refused("$..a", "name is missing");
        check_refused("$.a b", "stands in `['…']`");
        check_refused("$[", "`]` is missing");
        check_refused("$['a]", "`'` is missing");
        check_refused("$['a'", "`]` is missing");
        check_refused("$['']", "name is missing");
        check_refused("$[a]", "in brackets stands");
    }

    /// The table of the specification, version 3, "Matcher selection algorithm". It gives 16 for the last one, against its own
    /// calculation.
    #[test]
    fn weighs_as_the_specification_does() {
        let item = place("$.item1.level[1].id");
        for (path, weight) in [
            ("$", 2),
            ("$.item1", 4),
            ("$.item2", 0),
            ("$.item1.level", 8),
            ("$.item1.level[1]", 16),
            ("$.item1.level[1].id", 32),
            ("$.item1.level[1].name", 0),
            ("$.item1.level[2]", 0),
            ("$.item1.level[2].id", 0),
            ("$.item1.level[*].id", 16),
            ("$.*.level[*].id", 8),
        ] {
            assert_eq!(path.parse::<Path>().unwrap().weight(&item), weight, "{path}");
        }
    }

    #[test]
    fn a_star_in_brackets_is_for_items_only() {
        assert_eq!("$[*]".parse::<Path>().unwrap().weight(&place("$.a")), 0);
        assert_eq!("$.*".parse::<Path>().unwrap().weight(&place("$[0]")), 2);
    }

    #[test]
    fn points() {
        assert_eq!(pointer(&place("$.data['a/b~c'][3]")), "/data/a~1b~0c/3");
        assert_eq!(pointer(&[]), "");
    }
}
