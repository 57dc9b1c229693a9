//! What a YAML scalar means: the core schema of YAML 1.2, in which `yes` and `no` are strings.

use serde_json::Number;

use super::Kind;

/// A scalar without quotes and without a tag.
pub(crate) fn plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        _ => match number(text) {
            Some(number) => Kind::Number(number),
            None => Kind::String(text.to_owned()),
        },
    }
}

/// A number, with all the precision that fits. `.inf` and `.nan` are not numbers of JSON: they stay strings.
pub(crate) fn number(text: &str) -> Option<Number> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().map(Number::from);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).ok().map(Number::from);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || !unsigned.contains(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        if let Ok(value) = text.parse::<u64>() {
            return Some(value.into());
        }
        if let Ok(value) = text.parse::<i64>() {
            return Some(value.into());
        }
    }
    let float = unsigned.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    float.then(|| text.parse::<f64>().ok().and_then(Number::from_f64)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expected: &str) {
        let shown = match plain(input) {
            Kind::Null => "null".to_owned(),
            Kind::Bool(value) => format!("bool {value}"),
            Kind::Number(number) => format!("number {number}"),
            Kind::String(text) => format!("string {text}"),
            Kind::Array(_) | Kind::Object(_) => "no scalar".to_owned(),
        };
        assert_eq!(shown, expected, "{input}");
    }

    #[test]
    fn scalars_of_the_core_schema() {
        for (input, expected) in [
            ("", "null"),
            ("~", "null"),
            ("True", "bool true"),
            ("yes", "string yes"),
            ("no", "string no"),
            ("on", "string on"),
            ("42", "number 42"),
            ("-7", "number -7"),
            ("+7", "number 7"),
            ("007", "number 7"),
            ("0x1F", "number 31"),
            ("0o17", "number 15"),
            ("18446744073709551615", "number 18446744073709551615"),
            ("-9223372036854775808", "number -9223372036854775808"),
            ("1.5", "number 1.5"),
            (".5", "number 0.5"),
            ("1e3", "number 1000.0"),
            ("1.2.3", "string 1.2.3"),
            ("3.0.0", "string 3.0.0"),
            (".", "string ."),
            ("-", "string -"),
            (".inf", "string .inf"),
            (".nan", "string .nan"),
            ("1_000", "string 1_000"),
            ("2026-01-01", "string 2026-01-01"),
            ("1e999", "string 1e999"),
        ] {
            check(input, expected);
        }
    }
}
