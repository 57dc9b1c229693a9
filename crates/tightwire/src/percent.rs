//! Percent-encoding (RFC 3986, section 2.1), of paths and queries, in both directions.

use std::fmt::Write;

/// The text that `encoded` stands for; `None` if that is not UTF-8 or an escape is not two hexadecimal digits.
pub(crate) fn decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { digit(rest.next()?)? << 4 | digit(rest.next()?)? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

/// The pairs of a query string, in which `+` stands for a space.
pub(crate) fn decode_query(query: &str) -> Option<Vec<(String, String)>> {
    let part = |part: &str| decode(&part.replace('+', " "));
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((part(name)?, part(value)?))
    };
    query.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

/// `text` as one segment of a path, or one name or value of a query: everything but unreserved characters is escaped.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").unwrap_or_default();
        }
    }
    encoded
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(encoded: &str, expected: Option<&str>) {
        assert_eq!(decode(encoded).as_deref(), expected, "{encoded}");
        if let Some(text) = expected {
            assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        }
    }

    #[test]
    fn escapes_are_two_hexadecimal_digits_of_utf_8() {
        check("BTC-USD", Some("BTC-USD"));
        check("XBT%2FUSD", Some("XBT/USD"));
        check("%c5%BC+", Some("ż+"));
        check("%", None);
        check("%4", None);
        check("%4g", None);
        check("%+4", None);
        check("%ff", None);
        assert_eq!(encode("ż/ ~"), "%C5%BC%2F%20~");
    }

    #[test]
    fn a_query_is_a_list_of_pairs() {
        let pairs = |query| decode_query(query).map(|pairs| pairs.iter().map(|(n, v)| format!("<{n}|{v}>")).collect());
        assert_eq!(pairs("a=1&b=x+y%2B&c&&=z&a=2=3"), Some("<a|1><b|x y+><c|><|z><a|2=3>".to_owned()));
        assert_eq!(pairs(""), Some(String::new()));
        assert_eq!(pairs("a=%zz"), None);
    }
}
