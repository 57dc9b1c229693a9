//! Channels of Redis on which other programs publish, and what their messages become.

use std::fmt;
use std::str::FromStr;

/// A channel of Redis (`PUBLISH`), or a pattern of channels, whose messages are published under the contract.
///
/// - `CHANNEL`: each message is `{"topic": …, "type": …, "data": …}`, as for `POST /api/publish`.
/// - `CHANNEL=TYPE@TOPIC`: each message is the data of a message of that type for that topic. In the topic `{1}`, `{2}` and so
///   on stand for what the first, the second `*` of a pattern matched.
///
/// A name with `*`, `?` or `[` is a pattern, as `PSUBSCRIBE` takes it. Names with commas or `=` are not possible.
///
/// ```
/// use tightwire::config::RedisChannel;
///
/// let channel: RedisChannel = "market.*=price_changed@prices:{1}".parse()?;
/// assert!(channel.is_pattern());
/// # Ok::<_, tightwire::config::RedisChannelError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisChannel {
    name: String,
    target: Option<Target>,
}

/// What a bare message becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    wire_type: String,
    topic: Vec<Part>,
}

/// A part of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// What a `*` matched; counted from 0.
    Matched(usize),
}

/// Why a text does not say what a channel's messages become.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` {why}; a channel is written `CHANNEL` or `CHANNEL=TYPE@TOPIC`, for instance `market.*=price_changed@prices:{{1}}`"
)]
pub struct RedisChannelError {
    text: String,
    why: &'static str,
}

impl RedisChannel {
    /// The name, or the pattern.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the name is a pattern of many channels.
    #[must_use]
    pub fn is_pattern(&self) -> bool {
        self.name.contains(['*', '?', '['])
    }

    /// The type that its messages are of, if they are data alone.
    #[must_use]
    pub fn wire_type(&self) -> Option<&str> {
        self.target.as_ref().map(|target| &*target.wire_type)
    }

    /// The topic that messages on `channel` are for, if they are data alone.
    #[must_use]
    pub fn topic(&self, channel: &str) -> Option<String> {
        let target = self.target.as_ref()?;
        let matched = matched(&self.name, channel);
        let part = |part: &Part| match part {
            Part::Text(text) => Some(text.clone()),
            Part::Matched(index) => matched.as_ref()?.get(*index).map(|text| (*text).to_owned()),
        };
        target.topic.iter().map(part).collect()
    }

    /// The one topic of all its messages, if there is one.
    pub(crate) fn only_topic(&self) -> Option<String> {
        let is_fixed = |target: &&Target| target.topic.iter().all(|part| matches!(part, Part::Text(_)));
        self.target.as_ref().filter(is_fixed).and_then(|_| self.topic(&self.name))
    }
}

impl fmt::Display for RedisChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl FromStr for RedisChannel {
    type Err = RedisChannelError;

    fn from_str(text: &str) -> Result<Self, RedisChannelError> {
        let wrong = |why| RedisChannelError { text: text.to_owned(), why };
        let (name, target) = match text.split_once('=') {
            None => (text, None),
            Some((name, target)) => (name, Some(target)),
        };
        if name.is_empty() {
            return Err(wrong("names no channel"));
        }
        let target = target.map(|target| {
            let (wire_type, topic) = target.split_once('@').ok_or_else(|| wrong("names no topic"))?;
            if wire_type.is_empty() || topic.is_empty() {
                return Err(wrong("names no type or no topic"));
            }
            let topic = parts(topic).ok_or_else(|| wrong("has braces without a number in its topic"))?;
            let most =
                topic.iter().filter_map(|part| if let Part::Matched(index) = part { Some(*index) } else { None });
            if let Some(most) = most.max() {
                if name.contains(['?', '[', '\\']) {
                    return Err(wrong("has `{1}` in its topic, where only patterns of `*` say what matched"));
                } else if most >= name.matches('*').count() {
                    return Err(wrong("has a higher number in its topic than there are `*` in its channel"));
                }
            }
            Ok(Target { wire_type: wire_type.to_owned(), topic })
        });
        Ok(Self { name: name.to_owned(), target: target.transpose()? })
    }
}

/// The parts of a topic with `{1}` in it.
fn parts(mut topic: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    while let Some((before, rest)) = topic.split_once('{') {
        let (number, after) = rest.split_once('}')?;
        parts.push(Part::Text(before.to_owned()));
        parts.push(Part::Matched(number.parse::<usize>().ok()?.checked_sub(1)?));
        topic = after;
    }
    (!topic.contains('}')).then(|| parts.push(Part::Text(topic.to_owned())))?;
    Some(parts)
}

/// What each `*` of the pattern matches: as little as possible, but for the last.
fn matched<'a>(pattern: &str, channel: &'a str) -> Option<Vec<&'a str>> {
    let mut literals = pattern.split('*');
    let mut rest = channel.strip_prefix(literals.next()?)?;
    let literals: Vec<&str> = literals.collect();
    let Some((last, between)) = literals.split_last() else { return rest.is_empty().then(Vec::new) };
    let mut matched = Vec::new();
    for literal in between {
        let (found, after) = rest.split_once(literal)?;
        matched.push(found);
        rest = after;
    }
    matched.push(rest.strip_suffix(last)?);
    Some(matched)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The topic of messages on a channel; `Err` is a part of what is wrong with the text.
    #[track_caller]
    fn check(text: &str, channel: &str, expected: Result<Option<&str>, &str>) {
        let found = text.parse::<RedisChannel>().map(|found| found.topic(channel)).map_err(|error| error.to_string());
        match (&found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found.as_deref(), expected, "{text} {channel}"),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{text}: {found}"),
            _ => panic!("{text}: {found:?}"),
        }
    }

    #[test]
    fn topics_follow_from_channels() {
        check("events", "events", Ok(None));
        check("events=happened@system", "events", Ok(Some("system")));
        check("a.*=t@x:{1}", "a.b", Ok(Some("x:b")));
        check("a.*=t@x:{1}", "a.", Ok(Some("x:")));
        check("a.*=t@x:{1}", "b.a", Ok(None));
        check("a.*.c.*=t@{2}/{1}/{2}", "a.1.c.2.c.3", Ok(Some("2.c.3/1/2.c.3")));
        check("*a*=t@{1}-{2}", "bab", Ok(Some("b-b")));
        check("*-end=t@{1}", "x-end-end", Ok(Some("x-end")));
        check("a?=t@x", "ab", Ok(Some("x")));
        check("a*=t@x=y@z", "ab", Ok(Some("x=y@z")));
    }

    #[test]
    fn what_is_wrong_is_said() {
        check("", "", Err("names no channel"));
        check("=t@x", "", Err("names no channel"));
        check("a=t", "", Err("names no topic"));
        check("a=@x", "", Err("no type"));
        check("a=t@", "", Err("no type or no topic"));
        check("a*=t@{", "", Err("braces"));
        check("a*=t@{0}", "", Err("braces"));
        check("a*=t@x}", "", Err("braces"));
        check("a*=t@{2}", "", Err("a higher number"));
        check("a=t@{1}", "", Err("a higher number"));
        check("a[bc]*=t@{1}", "", Err("only patterns of `*`"));
    }
}
