//! Dates and times in formats as `java.text.SimpleDateFormat` and `java.time.format.DateTimeFormatter` have them.

/// Whether a text is a date or time in a format.
pub(super) fn check(text: &str, format: &str, what: &str) -> Result<(), String> {
    let tokens = tokens(format).map_err(|reason| format!("the rule's format `{format}` cannot be used: {reason}"))?;
    if matches(&tokens, text) { Ok(()) } else { Err(format!("expected {what} like `{format}`")) }
}

/// Why a format cannot be used; `None` where it can. An empty one stands for the usual.
pub(crate) fn refused(format: &str) -> Option<String> {
    tokens(format).err().filter(|_| !format.is_empty())
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Text(String),
    /// A letter and how often it stands.
    Field(char, usize),
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

fn tokens(format: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("''") {
            tokens.push(Token::Text("'".to_owned()));
            rest = behind;
        } else if let Some(quoted) = rest.strip_prefix('\'') {
            let (text, behind) = quoted.split_once('\'').ok_or("a quote is not closed")?;
            tokens.push(Token::Text(text.to_owned()));
            rest = behind;
        } else if first.is_ascii_alphabetic() {
            let behind = rest.trim_start_matches(first);
            let count = rest.len() - behind.len();
            let longest = match first {
                'y' | 'u' | 'S' | 'n' | 'M' | 'L' | 'E' => 9,
                'd' | 'H' | 'h' | 'k' | 'K' | 'm' | 's' => 2,
                'a' => 1,
                'D' => 3,
                'X' | 'x' | 'Z' => 5,
                _ => return Err(format!("`{first}` is not supported")),
            };
            if count > longest {
                return Err(format!("`{first}` stands {count} times"));
            }
            tokens.push(Token::Field(first, count));
            rest = behind;
        } else if first.is_ascii_digit() || "{}[]".contains(first) {
            return Err(format!("`{first}` stands in quotes"));
        } else {
            tokens.push(Token::Text(first.to_string()));
            rest = &rest[first.len_utf8()..];
        }
    }
    if tokens.is_empty() { Err("it is empty".to_owned()) } else { Ok(tokens) }
}

fn matches(tokens: &[Token], text: &str) -> bool {
    let mut found = Found::default();
    let mut rest = text;
    for token in tokens {
        match found.take(token, rest) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest.is_empty() && found.is_a_day()
}

/// What says which day it is.
#[derive(Default)]
struct Found {
    year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
}

impl Found {
    fn take<'a>(&mut self, token: &Token, text: &'a str) -> Option<&'a str> {
        let (letter, count) = match token {
            Token::Text(own) => return text.strip_prefix(own.as_str()),
            Token::Field(letter, count) => (*letter, *count),
        };
        match letter {
            'y' | 'u' => {
                // One letter is a year of any length.
                let digits = if count == 2 { 2 } else { count.max(4) };
                let (year, rest) = number(text, digits, 0, u32::MAX)?;
                self.year = Some(year);
                Some(rest)
            }
            'M' | 'L' if count > 2 => {
                let (month, rest) = name(text, &MONTHS, count == 3)?;
                self.month = Some(month);
                Some(rest)
            }
            'M' | 'L' => {
                let (month, rest) = number(text, 2, 1, 12)?;
                self.month = Some(month);
                Some(rest)
            }
            'd' => {
                let (day, rest) = number(text, 2, 1, 31)?;
                self.day = Some(day);
                Some(rest)
            }
            'D' => Some(number(text, 3, 1, 366)?.1),
            'E' => Some(name(text, &DAYS, count <= 3)?.1),
            'H' => Some(number(text, 2, 0, 23)?.1),
            'k' => Some(number(text, 2, 1, 24)?.1),
            'h' => Some(number(text, 2, 1, 12)?.1),
            'K' => Some(number(text, 2, 0, 11)?.1),
            'm' => Some(number(text, 2, 0, 59)?.1),
            's' => Some(number(text, 2, 0, 60)?.1),
            'S' | 'n' => Some(number(text, count, 0, u32::MAX)?.1),
            'a' => ["am", "pm"].iter().find_map(|half| prefix(text, half)),
            'X' => text.strip_prefix('Z').or_else(|| offset(text, count)),
            'x' => offset(text, count),
            'Z' => offset(text, if count == 5 { 3 } else { 2 }),
            _ => None,
        }
    }

    fn is_a_day(&self) -> bool {
        let (Some(month), Some(day)) = (self.month, self.day) else { return true };
        let leaps = self.year.is_none_or(|year| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
        let days = match month {
            2 if leaps => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        day <= days
    }
}

/// Up to `digits` digits, and what is behind them.
fn number(text: &str, digits: usize, least: u32, greatest: u32) -> Option<(u32, &str)> {
    let end = text.bytes().take(digits).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(end);
    let number: u32 = number.parse().ok()?;
    (least..=greatest).contains(&number).then_some((number, rest))
}

/// A name's number, from 1.
fn name<'a>(text: &'a str, names: &[&str], short: bool) -> Option<(u32, &'a str)> {
    (1..).zip(names).find_map(|(number, name)| {
        let name = if short { &name[..3] } else { name };
        Some((number, prefix(text, name)?))
    })
}

fn prefix<'a>(text: &'a str, lowercase: &str) -> Option<&'a str> {
    let begin = text.get(..lowercase.len())?;
    begin.eq_ignore_ascii_case(lowercase).then(|| &text[lowercase.len()..])
}

/// `+01`, `+0100`, `+01:00`, with seconds as often as the letters allow it.
fn offset(text: &str, letters: usize) -> Option<&str> {
    let rest = text.strip_prefix(['+', '-'])?;
    let two = |text: &str, greatest: u32| -> Option<usize> {
        let digits = text.get(..2)?;
        let fits = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u32>().ok()? <= greatest;
        fits.then_some(2)
    };
    let rest = &rest[two(rest, 18)?..];
    let colon = letters == 3 || letters == 5;
    let part = |rest: &'_ str| -> Option<usize> {
        let skipped = if colon { rest.strip_prefix(':').map(|_| 1)? } else { 0 };
        Some(skipped + two(&rest[skipped..], 59)?)
    };
    match letters {
        1 => Some(&rest[part(rest).unwrap_or(0)..]),
        2 | 3 => Some(&rest[part(rest)?..]),
        _ => {
            let rest = &rest[part(rest)?..];
            Some(&rest[part(rest).unwrap_or(0)..])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_format(format: &str, texts: &[&str], others: &[&str]) {
        for text in texts {
            assert_eq!(check(text, format, "a date"), Ok(()), "{text}");
        }
        for text in others {
            assert_eq!(check(text, format, "a date"), Err(format!("expected a date like `{format}`")), "{text}");
        }
    }

    #[test]
    fn reads_dates_and_times() {
        check_format(
            "yyyy-MM-dd",
            &["2026-02-28", "2024-02-29"],
            &["2026-02-29", "2026-13-01", "26/02/28", "2026-02-28Z", ""],
        );
        check_format("HH:mm:ss", &["00:00:00", "23:59:60"], &["24:00:00", "12:60:00", "12:00"]);
        check_format(
            "yyyy-MM-dd'T'HH:mm:ss.SSSX",
            &["2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.123+01", "2026-01-01T00:00:00.123-0130"],
            &["2026-01-01T00:00:00Z", "2026-01-01 00:00:00.123Z", "2026-01-01T00:00:00.1234Z"],
        );
        check_format("HH:mmXXX", &["12:00Z", "12:00+01:00"], &["12:00+0100", "12:00+25:00", "12:00"]);
        check_format("HH:mmxxx", &["12:00+00:00"], &["12:00Z"]);
        check_format("HH:mmZ", &["12:00+0100"], &["12:00+01:00"]);
        check_format(
            "EEE, d MMM y",
            &["Thu, 1 Jan 2026", "thu, 01 JAN 2026"],
            &["Thursday, 1 Jan 2026", "Thu, 1 January 2026"],
        );
        check_format("EEEE d MMMM yyyy, h a", &["Thursday 1 January 2026, 12 pm"], &["Thursday 1 January 2026, 13 pm"]);
        check_format("HH 'o''clock'", &[], &["12 o clock"]);
        check_format("HH ''mm''", &["12 '30'"], &["12 30"]);
    }

    #[test]
    fn says_which_formats_it_does_not_know() {
        let refused = |format: &str| check("x", format, "a date").unwrap_err();
        for (format, reason) in [
            ("", "it is empty"),
            ("yyyy 'open", "a quote is not closed"),
            ("QQ", "`Q` is not supported"),
            ("HHH", "`H` stands 3 times"),
            ("20yy", "`2` stands in quotes"),
        ] {
            assert_eq!(refused(format), format!("the rule's format `{format}` cannot be used: {reason}"));
        }
    }
}
