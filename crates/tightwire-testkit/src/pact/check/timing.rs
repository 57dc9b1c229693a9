//! `comments.x-ws` against the frames of its interaction and the document.

use serde_json::Value;
use tightwire_spec::ir::Direction;

use super::super::ws::{Frames, Place};
use super::Findings;
use super::exchange::{Exchange, Frame};
use crate::json;
use crate::sequence::Sequence;

pub(super) fn check(exchange: &Exchange<'_>, findings: &mut Findings) {
    let ws = &exchange.comments.ws;
    let pointer = format!("{}/comments/x-ws", exchange.pointer);
    for name in ws.extra.keys() {
        let message = format!("`x-ws` has no member `{name}`");
        findings.warning("unknown-member", &format!("{pointer}/{name}"), message).help(
            "its members are `sequence`, `deadline_ms`, `first_ms`, `bind`, `count`, `subscribe`, `trigger` and `close`",
        );
    }
    if let (Some(first), Some(last)) = (ws.first_ms, ws.deadline_ms)
        && first > last
    {
        let message = format!("the first frame may come after {first} ms, and the last one after {last} ms");
        findings.error("deadline-before-first", &format!("{pointer}/first_ms"), message);
    }
    if let Some(trigger) = &ws.trigger {
        if exchange.request.is_some() {
            let message = "a trigger is for frames that come unasked; here the request makes the server send";
            findings.error("trigger-with-request", &format!("{pointer}/trigger"), message);
        } else if trigger.name.trim().is_empty() {
            findings.error("no-name", &format!("{pointer}/trigger/name"), "the trigger has no name");
        }
    }
    close(exchange, &pointer, findings);
    topics(exchange, &pointer, findings);
    sequence(exchange, &pointer, findings);
    bind(exchange, &pointer, findings);
    count(exchange, &pointer, findings);
}

fn close(exchange: &Exchange<'_>, pointer: &str, findings: &mut Findings) {
    let codes = &exchange.document.ir().close_codes;
    let Some(code) = exchange.comments.ws.close else { return };
    if codes.is_empty() || codes.iter().any(|known| known.code == code) {
        return;
    }
    let known: Vec<String> = codes.iter().map(|known| known.code.to_string()).collect();
    findings
        .error("unknown-close-code", &format!("{pointer}/close"), format!("the document has no close code {code}"))
        .help(format!("it has {}", known.join(", ")));
}

fn topics(exchange: &Exchange<'_>, pointer: &str, findings: &mut Findings) {
    let channels = &exchange.document.ir().channels;
    for (index, topic) in exchange.comments.ws.subscribe.iter().enumerate() {
        if !channels.values().any(|channel| channel.stands_for(topic)) {
            let addresses: Vec<String> = channels.values().map(|channel| format!("`{}`", channel.address)).collect();
            findings
                .error("wrong-topic", &format!("{pointer}/subscribe/{index}"), format!("`{topic}` is not a topic"))
                .help(format!("the channels are {}", addresses.join(", ")));
        }
    }
}

fn sequence(exchange: &Exchange<'_>, pointer: &str, findings: &mut Findings) {
    let Some(text) = &exchange.comments.ws.sequence else { return };
    let pointer = format!("{pointer}/sequence");
    let sequence: Sequence = match text.parse() {
        Ok(sequence) => sequence,
        Err(error) => {
            let error: crate::sequence::SequenceError = error;
            findings.error("sequence-unreadable", &pointer, error.to_string());
            return;
        }
    };
    let mut progress = sequence.progress();
    let mut follows = true;
    for frame in &exchange.responses {
        let Some(name) = exchange.name(frame) else { return };
        if !sequence.messages().any(|known| known == name) {
            let message = format!("{sequence} has no `{name}`, so nothing is held against this response");
            findings.error("response-not-in-sequence", &frame.pointer, message);
        }
        follows = follows && progress.take(name);
    }
    let mut without: Vec<&str> = Vec::new();
    for name in sequence.messages() {
        let has_example = exchange.responses.iter().any(|frame| exchange.name(frame) == Some(name));
        if !has_example && !without.contains(&name) {
            without.push(name);
            let message = format!("there is no response of the type `{name}` to hold its frames against");
            findings.error("sequence-without-example", &pointer, message);
        }
    }
    if without.is_empty() && !(follows && progress.may_end()) {
        findings.error(
            "examples-out-of-sequence",
            &pointer,
            format!("the responses themselves do not come as {sequence}"),
        );
    }
}

fn bind(exchange: &Exchange<'_>, pointer: &str, findings: &mut Findings) {
    for (name, places) in &exchange.comments.ws.bind {
        let pointer = format!("{pointer}/bind/{}", super::super::rule::escape(name));
        let mut first: Option<(&Place, &Value)> = None;
        for (index, place) in places.iter().enumerate() {
            for value in exchange.values(place, &format!("{pointer}/{index}"), findings) {
                match first {
                    None => first = Some((place, value)),
                    Some((other, bound)) if bound != value => {
                        let message = format!(
                            "`{name}` is {} at `{other}` and {} at `{place}`",
                            json::one_line(bound),
                            json::one_line(value)
                        );
                        findings
                            .error("bind-broken", &pointer, message)
                            .help("give the examples one value for the name");
                        break;
                    }
                    Some(_) => {}
                }
            }
        }
        if places.len() == 1 && places[0].frames == Frames::Request {
            findings.warning("bind-alone", &pointer, format!("`{name}` has one place only, so nothing is compared"));
        }
    }
}

fn count(exchange: &Exchange<'_>, pointer: &str, findings: &mut Findings) {
    for (index, count) in exchange.comments.ws.count.iter().enumerate() {
        let pointer = format!("{pointer}/count/{index}");
        let numbers: Vec<Value> =
            exchange.values(&count.index, &format!("{pointer}/index"), findings).into_iter().cloned().collect();
        let rises = numbers.iter().enumerate().all(|(position, number)| number.as_u64() == Some(position as u64));
        if !rises {
            let shown: Vec<String> = numbers.iter().map(json::one_line).collect();
            let message = format!("the numbers of the examples are {} and not 0, 1, 2 …", shown.join(", "));
            findings.error("count-broken", &format!("{pointer}/index"), message);
        }
        let Some(total) = &count.total else { continue };
        let pointer = format!("{pointer}/total");
        for value in exchange.values(total, &pointer, findings) {
            if value.as_u64() != Some(numbers.len() as u64) {
                let message = format!("the example says {}, and there are {}", json::one_line(value), numbers.len());
                findings.error("count-broken", &pointer, message);
            }
        }
    }
}

impl<'a> Exchange<'a> {
    fn name(&self, frame: &Frame<'a>) -> Option<&'a str> {
        frame.message.map(|message| self.document.key(message))
    }

    /// The examples' values at a place; a finding where there are none.
    fn values<'e>(&'e self, place: &Place, pointer: &str, findings: &mut Findings) -> Vec<&'e Value> {
        let frames: Vec<&Frame<'_>> = match &place.frames {
            Frames::Request => self.request.iter().collect(),
            frames => self
                .responses
                .iter()
                .filter(|frame| match self.name(frame) {
                    Some(name) => frames.answers(name),
                    None => *frames == Frames::Responses,
                })
                .collect(),
        };
        if let (Frames::OfType(name), true) = (&place.frames, frames.is_empty()) {
            let travels =
                self.document.ir().messages.values().any(|message| {
                    message.directions.contains(&Direction::ToClient) && self.document.key(message) == name
                });
            let message = match travels {
                true => format!("the interaction has no response of the type `{name}`"),
                false => format!("no message of the type `{name}` travels to the client"),
            };
            findings.error("place-nowhere", pointer, message);
            return Vec::new();
        }
        let values: Vec<&Value> =
            frames.iter().filter_map(|frame| frame.value.as_ref()?.pointer(&place.pointer)).collect();
        if values.is_empty() {
            let message = format!("no example has a value at `{place}`");
            findings.error("place-nowhere", pointer, message);
        }
        values
    }
}
