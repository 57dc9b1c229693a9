//! Addresses of channels: text with `{parameters}` in it.

use crate::ir::Segment;

/// The pieces of an address. A brace without its partner is text.
pub(crate) fn segments(address: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut literal = String::new();
    let mut rest = address;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}').map(|close| open + close) else { break };
        literal.push_str(&rest[..open]);
        if !literal.is_empty() {
            segments.push(Segment::Literal(std::mem::take(&mut literal)));
        }
        segments.push(Segment::Parameter(rest[open + 1..close].to_owned()));
        rest = &rest[close + 1..];
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        segments.push(Segment::Literal(literal));
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expected: &str) {
        let shown: Vec<_> = segments(input)
            .into_iter()
            .map(|segment| match segment {
                Segment::Literal(text) => format!("'{text}'"),
                Segment::Parameter(name) => format!("<{name}>"),
            })
            .collect();
        assert_eq!(shown.join(" "), expected, "{input}");
    }

    #[test]
    fn addresses_in_pieces() {
        check("system", "'system'");
        check("thread:{thread_id}", "'thread:' <thread_id>");
        check("{a}/{b}/c", "<a> '/' <b> '/c'");
        check("{a}{b}", "<a> <b>");
        check("a{b", "'a{b'");
        check("a}b", "'a}b'");
        check("", "");
    }
}
