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

/// Whether a topic is one that the address stands for. A parameter stands for 1 to 128 unreserved characters (RFC 3986).
pub(crate) fn matches(segments: &[Segment], topic: &str) -> bool {
    let Some((first, rest)) = segments.split_first() else { return topic.is_empty() };
    match first {
        Segment::Literal(text) => topic.strip_prefix(text.as_str()).is_some_and(|topic| matches(rest, topic)),
        Segment::Parameter(_) => {
            let unreserved = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
            let longest = topic.bytes().take(128).take_while(unreserved).count();
            (1..=longest).any(|end| matches(rest, &topic[end..]))
        }
    }
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

    #[track_caller]
    fn check_topic(address: &str, topic: &str, expected: bool) {
        assert_eq!(matches(&segments(address), topic), expected, "{topic} at {address}");
    }

    #[test]
    fn topics_of_an_address() {
        check_topic("system", "system", true);
        check_topic("system", "systems", false);
        check_topic("thread:{id}", "thread:a-Z.0_~", true);
        check_topic("thread:{id}", "thread:", false);
        check_topic("thread:{id}", "thread:a b", false);
        check_topic("thread:{id}", "agent:a", false);
        check_topic("{a}.{b}", "x.y.z", true);
        check_topic("{a}", &"x".repeat(128), true);
        check_topic("{a}", &"x".repeat(129), false);
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
