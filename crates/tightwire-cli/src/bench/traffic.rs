//! What is sent and what may come, from the contract.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tightwire_codegen::cases::Examples;
use tightwire_spec::ir::{Channel, Direction, Ir, Message, MessageId, Segment, SessionRole};

use super::incoming::Incoming;
use super::template::Template;

/// All there is to know of a protocol for sending frames of it.
#[derive(Debug)]
pub(super) struct Traffic {
    /// The messages that are sent, in turn.
    pub(super) kinds: Vec<Kind>,
    /// How to read what comes.
    pub(super) incoming: Incoming,
    /// The topics that connections subscribe to, one each, in turn.
    pub(super) topics: Vec<String>,
    /// What subscribes to each of them.
    pub(super) subscriptions: Vec<Template>,
    /// What answers a ping of the server's session.
    pub(super) pong: Option<Template>,
}

/// A message that is sent.
#[derive(Debug)]
pub(super) struct Kind {
    /// What it is called on the wire, or in the document.
    pub(super) name: String,
    /// Valid frames of it.
    pub(super) templates: Vec<Template>,
    /// Whether the contract promises a reply.
    pub(super) is_answered: bool,
    /// The messages that may be the reply.
    pub(super) replies: BTreeSet<MessageId>,
}

impl Traffic {
    /// The traffic of a protocol: these messages, or those that suit it best, on these topics.
    pub(super) fn of(ir: Ir, wanted: &[String], topics: &[String]) -> Result<Self, String> {
        let examples = Examples::of(&ir).map_err(|error| error.to_string())?;
        let messages = chosen(&ir, wanted)?;
        let on_topics = |message: &Message| {
            let fit = |channel: &Channel| topics.iter().all(|topic| fits(&channel.segments, topic));
            !topics.is_empty() && message.channels.iter().filter_map(|id| ir.channels.get(id)).any(fit)
        };
        let mut kinds = Vec::new();
        for message in messages {
            let has_topic = on_topics(message);
            let frames = examples.frames(message);
            let allowed = |frame: &Value| {
                topics.iter().all(|topic| {
                    let mut frame = frame.clone();
                    frame["topic"] = topic.as_str().into();
                    examples.accepts(message, &frame)
                })
            };
            let frames: Vec<_> = frames.into_iter().filter(|frame| !has_topic || allowed(frame)).collect();
            if frames.is_empty() {
                return Err(format!(
                    "no valid frame of `{}` can be made; an example in the document helps",
                    message.id
                ));
            }
            let template = |frame: Value| match ir.envelope {
                Some(_) => Template::enveloped(frame, has_topic),
                None => Template::fixed(&frame),
            };
            let replies = replies(&ir, message);
            kinds.push(Kind {
                name: message.wire_type.clone().unwrap_or_else(|| message.id.clone()),
                templates: frames.into_iter().map(template).collect(),
                is_answered: !replies.is_empty(),
                replies,
            });
        }
        let subscriptions = subscriptions(&ir, &examples, topics)?;
        let pong = with_role(&ir, SessionRole::Pong).and_then(|message| examples.frames(message).into_iter().next());
        let pong = pong.map(|frame| Template::enveloped(frame, false));
        Ok(Self { kinds, topics: topics.to_vec(), subscriptions, pong, incoming: Incoming::of(ir) })
    }
}

/// The messages that clients may send.
fn sendable(ir: &Ir) -> impl Iterator<Item = &Message> {
    ir.messages.values().filter(|message| message.directions.contains(&Direction::ToServer))
}

/// The message of clients that plays that part in the session.
fn with_role(ir: &Ir, role: SessionRole) -> Option<&Message> {
    sendable(ir).find(|message| ir.envelope.is_some() && message.session == Some(role))
}

fn chosen<'ir>(ir: &'ir Ir, wanted: &[String]) -> Result<Vec<&'ir Message>, String> {
    let names = |message: &Message| [Some(message.id.clone()), message.wire_type.clone(), Some(message.name.clone())];
    if wanted.is_empty() {
        if let Some(ping) = with_role(ir, SessionRole::Ping) {
            return Ok(vec![ping]);
        }
        let answered: Vec<_> = sendable(ir).filter(|message| !replies(ir, message).is_empty()).collect();
        return if answered.is_empty() {
            Err("the document has no message that is answered: choose with --message what to send".to_owned())
        } else {
            Ok(answered)
        };
    }
    let find = |name: &String| {
        let found = sendable(ir).find(|message| names(message).contains(&Some(name.clone())));
        found.ok_or_else(|| {
            let known: Vec<_> = sendable(ir).map(|it| it.wire_type.as_ref().unwrap_or(&it.id).as_str()).collect();
            format!("clients send no message `{name}`; they send {}", known.join(", "))
        })
    };
    wanted.iter().map(find).collect()
}

/// What may answer a message, by all operations that take it.
fn replies(ir: &Ir, message: &Message) -> BTreeSet<MessageId> {
    let operations = ir.operations.values().filter(|operation| operation.direction == Direction::ToServer);
    let operations = operations.filter(|operation| operation.messages.contains(&message.id));
    operations.filter_map(|operation| operation.reply.as_ref()).flat_map(|reply| reply.messages.clone()).collect()
}

fn subscriptions(ir: &Ir, examples: &Examples<'_>, topics: &[String]) -> Result<Vec<Template>, String> {
    if topics.is_empty() {
        return Ok(Vec::new());
    }
    let Some(message) = with_role(ir, SessionRole::Subscribe) else {
        return Err(
            "the document has no message that subscribes (`x-session: subscribe`): --topics has no meaning".into()
        );
    };
    let base = examples.frames(message).into_iter().next();
    let base = base.ok_or_else(|| format!("no valid frame of `{}` can be made", message.id))?;
    let template = |topic: &String| {
        let mut frame = base.clone();
        frame["data"] = json!({ "topics": [topic] });
        if !ir.channels.values().any(|channel| fits(&channel.segments, topic)) || !examples.accepts(message, &frame) {
            let known: Vec<_> = ir.channels.values().map(|channel| channel.address.as_str()).collect();
            return Err(format!("the document has no topic `{topic}`; it has {}", known.join(", ")));
        }
        Ok(Template::enveloped(frame, false))
    };
    topics.iter().map(template).collect()
}

/// Whether the topic can be made from the segments of an address.
fn fits(segments: &[Segment], topic: &str) -> bool {
    match segments {
        [] => topic.is_empty(),
        [Segment::Literal(text), rest @ ..] => topic.strip_prefix(text.as_str()).is_some_and(|topic| fits(rest, topic)),
        [Segment::Parameter(_), rest @ ..] => {
            let ends = topic.char_indices().map(|(at, character)| at + character.len_utf8());
            ends.into_iter().any(|end| fits(rest, &topic[end..]))
        }
    }
}

/// The topics that a pattern stands for: `thread:{1..3}` is three.
pub(super) fn topics(pattern: &str) -> Result<Vec<String>, String> {
    let Some((before, rest)) = pattern.split_once('{') else { return Ok(vec![pattern.to_owned()]) };
    let range = rest.split_once('}').and_then(|(range, after)| {
        let (first, last) = range.split_once("..")?;
        Some((first.parse::<u32>().ok()?, last.parse::<u32>().ok()?, after))
    });
    match range {
        Some((first, last, after)) if first <= last && last - first < 1_000_000 => {
            Ok((first..=last).map(|number| format!("{before}{number}{after}")).collect())
        }
        _ => Err("a pattern has one range of numbers in braces, for instance thread:{1..100}".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_ranges() {
        assert_eq!(topics("dashboard"), Ok(vec!["dashboard".to_owned()]));
        assert_eq!(topics("t:{9..10}:x"), Ok(vec!["t:9:x".to_owned(), "t:10:x".to_owned()]));
        for wrong in ["t:{}", "t:{1..", "t:{2..1}", "t:{a..b}"] {
            assert!(topics(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn topics_fit_addresses() {
        let thread = [Segment::Literal("thread:".into()), Segment::Parameter("id".into())];
        assert!(fits(&thread, "thread:ż") && !fits(&thread, "thread:") && !fits(&thread, "threads:a"));
        let both = [Segment::Parameter("a".into()), Segment::Literal(":".into()), Segment::Parameter("b".into())];
        assert!(fits(&both, "a:b:c") && !fits(&both, ":b"));
    }
}
