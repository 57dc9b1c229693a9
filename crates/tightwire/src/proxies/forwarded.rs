//! `Forwarded` (RFC 7239), as far as it says where a request comes from.
//!
//! A line is taken apart from its end. So what is left of an element, which a client may have written, changes nothing of
//! it: a quote that never ends, for instance.

use std::net::SocketAddr;

/// What each proxy says of whom it got the request from, the last one first; `None` where it does not say an address.
pub(super) fn hops(line: &[u8]) -> impl Iterator<Item = Option<SocketAddr>> + '_ {
    from_end(line, b',').map(|element| client(std::str::from_utf8(element).ok()?))
}

/// The parts of a text between separators that are not in quotes, from the end on.
fn from_end(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let at = last(text, separator);
        rest = at.map(|at| &text[..at]);
        Some(&text[at.map_or(0, |at| at + 1)..])
    })
}

fn last(text: &[u8], separator: u8) -> Option<usize> {
    let mut in_quotes = false;
    for (at, &byte) in text.iter().enumerate().rev() {
        if byte == b'"' {
            let escapes = text[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
            // From here on to the left: this one ends a text in quotes, belongs to it, or begins it.
            in_quotes = !in_quotes || escapes % 2 == 1;
        } else if byte == separator && !in_quotes {
            return Some(at);
        }
    }
    None
}

/// The `for` of an element, which may be there once.
fn client(element: &str) -> Option<SocketAddr> {
    let pairs = from_end(element.as_bytes(), b';').filter_map(|pair| std::str::from_utf8(pair).ok()?.split_once('='));
    let mut values = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for")).map(|(_, value)| value.trim());
    let (value, None) = (values.next()?, values.next()) else { return None };
    match value.strip_prefix('"') {
        Some(quoted) => node(&unescaped(quoted.strip_suffix('"')?)),
        None => node(value),
    }
}

fn unescaped(quoted: &str) -> String {
    let mut characters = quoted.chars();
    let next = || match characters.next()? {
        '\\' => characters.next(),
        character => Some(character),
    };
    std::iter::from_fn(next).collect()
}

/// An address, with a port where one is told. `unknown` is none, and neither is a name that only the proxy understands
/// (`_hidden`); such a name may stand in place of a port, too.
fn node(text: &str) -> Option<SocketAddr> {
    let text = match text.rsplit_once(':') {
        Some((address, port)) if port.starts_with('_') => address,
        _ => text,
    };
    super::address(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        let text = |hop: Option<SocketAddr>| hop.map_or("?".to_owned(), |hop| hop.to_string());
        let found: Vec<_> = hops(line.as_bytes()).map(text).collect();
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn each_form_of_a_node_is_read() {
        // From the RFC, section 4, and the examples of section 6 and 7.
        check("for=192.0.2.43", &["192.0.2.43:0"]);
        check(r#"for="192.0.2.43:47011""#, &["192.0.2.43:47011"]);
        check(r#"For="[2001:db8:cafe::17]:4711""#, &["[2001:db8:cafe::17]:4711"]);
        check(r#"for="[2001:db8:cafe::17]""#, &["[2001:db8:cafe::17]:0"]);
        check("for=192.0.2.60;proto=http;by=203.0.113.43", &["192.0.2.60:0"]);
        check("for=192.0.2.43, for=198.51.100.17", &["198.51.100.17:0", "192.0.2.43:0"]);
        check(
            r#"for=192.0.2.43,for="[2001:db8:cafe::17]",for=unknown"#,
            &["?", "[2001:db8:cafe::17]:0", "192.0.2.43:0"],
        );
        check(r#"for=_hidden, for=_SEVKISEK, for="_gazonk""#, &["?", "?", "?"]);
        // A port that only the proxy understands, and what must be in quotes but often is not.
        check(r#"for="192.0.2.43:_web", for="[2001:db8::1]:_""#, &["[2001:db8::1]:0", "192.0.2.43:0"]);
        check("for=192.0.2.43:80, for=[2001:db8::1]:80", &["[2001:db8::1]:80", "192.0.2.43:80"]);
    }

    #[test]
    fn only_for_counts_wherever_it_stands() {
        check("by=203.0.113.43; FOR=192.0.2.60 ;host=example.com", &["192.0.2.60:0"]);
        check(r#"host="a,b;for=10.0.0.1";for=192.0.2.60"#, &["192.0.2.60:0"]);
        check(r#"for="192\.0.2.60";x="a\"b,c\\""#, &["192.0.2.60:0"]);
        check("proto=https;by=203.0.113.43", &["?"]);
        check("forth=192.0.2.60", &["?"]);
        // Nobody knows which.
        check("for=192.0.2.60;for=192.0.2.61", &["?"]);
    }

    #[test]
    fn what_stands_before_an_element_changes_nothing_of_it() {
        for written in ["", "for=\"", r#"for="\"#, r#"x="a\\"#, "for=10.0.0.1;", "\"\"\"", ";=", "\u{e9}"] {
            let line = format!(r#"{written}, for="198.51.100.1:5";proto=https"#);
            assert_eq!(hops(line.as_bytes()).next().flatten(), "198.51.100.1:5".parse().ok(), "{line}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for line in ["", ";", "for", "for=", "for=\"\"", "for=\"192.0.2.1", "for=192.0.2.1\"", "for=example.com"] {
            check(line, &["?"]);
        }
        check("for=192.0.2.1,", &["?", "192.0.2.1:0"]);
        check("for=\"192.0.2.1:99999\"", &["?"]);
    }
}
