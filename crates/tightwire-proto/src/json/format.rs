//! `format`, as most people write it: each of these is true only for texts that the reference path accepts too, and false
//! for the more exotic of them.

use std::net::Ipv4Addr;

use chrono::NaiveDate;

use super::scalar::parse_date_time;

/// Whether `text` is a point in time with date, time and zone.
#[must_use]
pub fn is_date_time(text: &str) -> bool {
    parse_date_time(text.as_bytes()).is_ok()
}

/// Whether `text` is a date: `YYYY-MM-DD`.
#[must_use]
pub fn is_date(text: &str) -> bool {
    let digits = |at: std::ops::Range<usize>| {
        let digits = text.get(at).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse::<u32>().ok())
    };
    let proper = |year: u32, month, day| year > 0 && NaiveDate::from_ymd_opt(year.cast_signed(), month, day).is_some();
    let separated = text.len() == 10 && [4, 7].iter().all(|at| text.as_bytes()[*at] == b'-');
    match (digits(0..4), digits(5..7), digits(8..10)) {
        (Some(year), Some(month), Some(day)) => separated && proper(year, month, day),
        _ => false,
    }
}

/// Whether `text` is an address of four decimal numbers.
#[must_use]
pub fn is_ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

/// Whether `text` is a mail address of letters, digits and `._%+-` at a host with a dot in its name.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else { return false };
    let atom = |atom: &str| {
        !atom.is_empty() && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_%+-".contains(&byte))
    };
    local.len() <= 64 && local.split('.').all(atom) && host.contains('.') && is_host(host)
}

/// Whether `text` is an absolute URI with a plain host, without user and IP literal.
#[must_use]
pub fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    ["http", "https", "ws", "wss"].contains(&scheme)
        && is_host(host)
        && (1..=5).contains(&port.len())
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && is_of_uri(path, b"/:@")
        && is_of_uri(query, b"/:@?")
        && is_of_uri(fragment, b"/:@?")
}

/// Labels of letters, digits and hyphens with dots between them, none of them internationalised, the last no number.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.get(2..4) != Some("--")
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    host.len() <= 253 && host.split('.').all(label) && last.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Unreserved characters, sub-delimiters, `others` and escapes.
fn is_of_uri(text: &str, others: &[u8]) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fine = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte) || others.contains(&byte),
        };
        if !fine {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use jsonschema::json::SerdeJson;
    use serde_json::{Value, json};

    use super::*;
    use crate::reference;

    /// Each text, and each with one character replaced, removed or repeated: what is accepted here, the reference path
    /// accepts.
    #[track_caller]
    fn check(format: &str, accepts: fn(&str) -> bool, proper: &[&str], improper: &[&str]) {
        let schema = |draft: &str| json!({ "$schema": draft, "format": format });
        let build = |schema: Value| reference::options::<SerdeJson>(&schema).build(&schema).expect("a schema");
        let validator = build(schema("http://json-schema.org/draft-07/schema#"));
        let later = build(schema("https://json-schema.org/draft/2020-12/schema"));
        let agrees = |text: &str| {
            let valid = validator.is_valid(&Value::from(text));
            assert!(valid || !accepts(text), "only the fast path takes {text:?} for {format}");
            assert_eq!(valid, later.is_valid(&Value::from(text)), "the drafts differ about {text:?} for {format}");
        };
        for text in proper {
            assert!(accepts(text), "{text}");
        }
        for text in improper {
            assert!(!accepts(text), "{text}");
        }
        for text in proper.iter().chain(improper) {
            agrees(text);
            for (at, character) in text.char_indices() {
                let (before, after) = (&text[..at], &text[at + character.len_utf8()..]);
                for other in (0..=0x7f_u8).map(char::from).chain(['é', '日', '\u{a0}']) {
                    agrees(&format!("{before}{other}{after}"));
                    agrees(&format!("{before}{character}{other}{after}"));
                }
                agrees(&format!("{before}{after}"));
                agrees(&format!("{before}{character}{character}{character}{after}"));
                agrees(before);
            }
        }
    }

    #[test]
    fn times() {
        check(
            "date-time",
            is_date_time,
            &["2024-02-29T23:59:58.25+01:00", "1999-12-31T00:00:00Z"],
            &["2024-02-29", ""],
        );
        check(
            "date",
            is_date,
            &["2024-02-29", "0001-01-01", "9999-12-31"],
            &["2023-02-29", "2024-2-29", "0000-01-01", "é"],
        );
    }

    #[test]
    fn addresses() {
        check("ipv4", is_ipv4, &["127.0.0.1", "255.255.255.255"], &["1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4.5"]);
        check(
            "email",
            is_email,
            &["joe@example.com", "a.b+c_d%e-f@sub.example-1.org"],
            &["joe", "joe@", ".joe@example.com", "joe.@example.com", "j..oe@example.com", "joe@127.0.0.1", "joe@-a.b"],
        );
        check(
            "uri",
            is_uri,
            &["https://example.com", "wss://a.b-c.org:8443/x/y;z?q=%2F&r=1#f/g?h", "http://localhost:80/"],
            &["example.com", "https://", "https://a b", "https://a/%zz", "https://a/[", "https://a:x/", "//a/b"],
        );
    }
}
