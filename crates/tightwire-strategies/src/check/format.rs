//! Whether a text has a format, as far as it matters for choosing between branches: made texts come from elsewhere.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::formats::Format;

/// Whether the text has the format. Formats that validators leave alone, every text has.
pub(crate) fn has_format(format: Format, text: &str) -> bool {
    if !format.is_judged() {
        return true;
    }
    match format.name() {
        "uuid" => is_uuid(text),
        "date" => is_date(text),
        "time" => is_time(text),
        "date-time" => text.split_once(['T', 't']).is_some_and(|(date, time)| is_date(date) && is_time(time)),
        "email" | "idn-email" => {
            let parts = text.rsplit_once('@');
            parts.is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains(' '))
        }
        "hostname" => is_hostname(text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "uri" | "iri" => text.split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && is_of_uri(rest)),
        "uri-reference" | "iri-reference" | "uri-template" => is_of_uri(text),
        "json-pointer" => is_pointer(text),
        "relative-json-pointer" => {
            let rest = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
            rest.len() < text.len() && (rest == "#" || is_pointer(rest))
        }
        "regex" => jsonschema_regex::to_rust_regex(text).is_ok(),
        _ => true,
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A number of exactly so many digits.
fn digits(text: &str, count: usize) -> Option<u32> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let number = |part: Option<&str>, count| part.and_then(|part| digits(part, count));
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    parts.next().is_none() && (1..=days).contains(&day)
}

fn is_time(text: &str) -> bool {
    let Some(clock) = text.get(..8) else { return false };
    let mut rest = &text[8..];
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.trim_start_matches(|digit: char| digit.is_ascii_digit());
        if rest.len() == fraction.len() {
            return false;
        }
    }
    let (hours, minutes) = (clock.get(..2), clock.get(3..5));
    let below = |part: Option<&str>, most| part.and_then(|part| digits(part, 2)).is_some_and(|number| number <= most);
    let separated = clock.as_bytes()[2] == b':' && clock.as_bytes()[5] == b':';
    let offset = matches!(rest, "Z" | "z")
        || rest.strip_prefix(['+', '-']).is_some_and(|offset| {
            offset.len() == 5
                && offset.as_bytes()[2] == b':'
                && below(offset.get(..2), 23)
                && below(offset.get(3..), 59)
        });
    separated && below(hours, 23) && below(minutes, 59) && below(clock.get(6..), 60) && offset
}

fn is_hostname(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_of_uri(text: &str) -> bool {
    !text.contains(|character: char| character.is_whitespace() || r#"\"<>^`{|}"#.contains(character))
}

fn is_pointer(text: &str) -> bool {
    let escapes = text.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
    (text.is_empty() || text.starts_with('/')) && escapes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, proper: &[&str], improper: &[&str]) {
        let format = Format::named(name).expect("it is known");
        for text in proper {
            assert!(has_format(format, text), "{text} is a {name}");
        }
        for text in improper {
            assert!(!has_format(format, text), "{text} is no {name}");
        }
    }

    #[test]
    fn formats_are_told() {
        check("date-time", &["2024-02-29T23:59:60Z", "2000-01-01t00:00:00.5+01:30"], &["2023-02-29T00:00:00Z", "x"]);
        check("time", &["12:00:00Z"], &["12:00:00", "12-00-00Z", "24:00:00Z", "12:00:00.Z", "12:00:00+1:00"]);
        check("uuid", &["00000000-0000-0000-0000-00000000000F"], &["0", "00000000-0000-0000-0000-00000000000g"]);
        check("email", &["a@b"], &["a", "@b", "a@"]);
        check("hostname", &["a.example"], &["-a", "a..b", ""]);
        check("ipv4", &["192.0.2.1"], &["192.0.2.256"]);
        check("uri", &["https://a/b?c", "urn:a"], &["//a", "a b:c", "https://a b"]);
        check("json-pointer", &["", "/a~1"], &["a", "/~2"]);
        check("relative-json-pointer", &["0#", "1/a"], &["/a", "0a"]);
        check("regex", &["^a+$"], &["("]);
        check("duration", &["anything"], &[]);
    }
}
