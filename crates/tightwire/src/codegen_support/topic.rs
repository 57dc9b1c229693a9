//! Reads topics: what every channel's generated struct shares.

use std::fmt;

/// The longest value of a topic's parameter, in bytes.
const MAX_PARAMETER: usize = 128;

/// Why a text is not a topic. It never holds the text, which may come from a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTopic(&'static str);

impl InvalidTopic {
    /// No channel has such an address.
    pub fn unknown() -> Self {
        Self("no channel has this address")
    }
}

impl fmt::Display for InvalidTopic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for InvalidTopic {}

/// Checks a parameter; `values` are the only ones allowed, if there are any.
pub fn check_parameter(value: &str, values: &[&str]) -> Result<(), InvalidTopic> {
    if value.is_empty() || value.len() > MAX_PARAMETER {
        return Err(InvalidTopic("a parameter of a topic has 1 to 128 characters"));
    }
    if !value.bytes().all(is_unreserved) {
        return Err(InvalidTopic("a parameter of a topic consists of ASCII letters, digits, `-`, `.`, `_` and `~`"));
    }
    if !values.is_empty() && !values.contains(&value) {
        return Err(InvalidTopic("the document does not allow this value for the topic's parameter"));
    }
    Ok(())
}

/// The parameters in a topic. `literals` are the texts before, between and after them: one more than parameters.
///
/// Where several readings are possible the first parameter is as long as it can be.
pub fn split<'text, const LITERALS: usize, const PARAMETERS: usize>(
    text: &'text str,
    literals: [&str; LITERALS],
) -> Option<[&'text str; PARAMETERS]> {
    let mut parameters = [""; PARAMETERS];
    let (first, others) = literals.split_first()?;
    fill(text.strip_prefix(first)?, others, &mut parameters).then_some(parameters)
}

fn fill<'text>(text: &'text str, literals: &[&str], parameters: &mut [&'text str]) -> bool {
    let Some((parameter, later)) = parameters.split_first_mut() else { return text.is_empty() };
    let Some((literal, literals)) = literals.split_first() else { return false };
    let longest = text.bytes().take(MAX_PARAMETER).take_while(|byte| is_unreserved(*byte)).count();
    for length in (1..=longest).rev() {
        let (value, rest) = text.split_at(length);
        *parameter = value;
        let rest = match rest.strip_prefix(literal) {
            Some(rest) if !later.is_empty() || rest.is_empty() => rest,
            _ => continue,
        };
        if fill(rest, literals, later) {
            return true;
        }
    }
    false
}

/// RFC 3986, section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<const L: usize, const P: usize>(text: &str, literals: [&str; L], expected: Option<[&str; P]>) {
        assert_eq!(split(text, literals), expected, "{text}");
    }

    #[test]
    fn parameters_stand_between_the_literals() {
        check("thread:welcome", ["thread:", ""], Some(["welcome"]));
        check("thread:", ["thread:", ""], None::<[&str; 1]>);
        check("thread:a:b", ["thread:", ""], None::<[&str; 1]>);
        check("thread:a b", ["thread:", ""], None::<[&str; 1]>);
        check("thread:ä", ["thread:", ""], None::<[&str; 1]>);
        check("agent:a", ["thread:", ""], None::<[&str; 1]>);
        check("org:1/user:2", ["org:", "/user:", ""], Some(["1", "2"]));
        check("org:1/user:", ["org:", "/user:", ""], None::<[&str; 2]>);
        check("a-b-c", ["", "-", ""], Some(["a-b", "c"]));
        check("x.log", ["", ".log"], Some(["x"]));
        check("x.log.log", ["", ".log"], Some(["x.log"]));
    }

    #[test]
    fn a_parameter_is_at_most_128_characters_long() {
        let longest = "x".repeat(128);
        check(&format!("thread:{longest}"), ["thread:", ""], Some([longest.as_str()]));
        check(&format!("thread:{longest}x"), ["thread:", ""], None::<[&str; 1]>);
        assert!(check_parameter(&longest, &[]).is_ok());
        assert!(check_parameter(&format!("{longest}x"), &[]).is_err());
    }

    #[test]
    fn a_parameter_may_be_limited_to_some_values() {
        assert!(check_parameter("eu", &["eu", "us"]).is_ok());
        assert!(check_parameter("de", &["eu", "us"]).is_err());
        assert!(check_parameter("a b", &[]).is_err());
        assert!(check_parameter("", &[]).is_err());
    }
}
