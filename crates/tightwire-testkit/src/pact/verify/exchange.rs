//! The frames of an answer, one after the other: order, contents, time, and what they say together. Knows no socket and no
//! clock.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::expectation::Expectation;
use super::finding::Finding;
use crate::json;
use crate::pact::matching::{Keys, match_contents};
use crate::pact::ws::{Count, Frames, Place};
use crate::sequence::Progress;

/// An answer, as far as it has come.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    expectation: &'a Expectation<'a>,
    progress: Progress<'a>,
    /// How many frames of each message have come.
    seen: BTreeMap<String, usize>,
    frames: usize,
    /// The numbers of `count`, and how many frames had one.
    counts: Vec<Counting<'a>>,
    /// By the name in `bind`, the value and where it was first.
    bound: BTreeMap<&'a str, (Value, String)>,
    findings: Vec<Finding>,
    /// A frame came that has no place in the order: what follows says nothing new.
    is_broken: bool,
    is_late: bool,
}

#[derive(Debug)]
struct Counting<'a> {
    count: &'a Count,
    next: u64,
    is_broken: bool,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(expectation: &'a Expectation<'a>, request: Option<&Value>) -> Self {
        let counts = expectation.ws.count.iter().map(|count| Counting { count, next: 0, is_broken: false }).collect();
        let mut exchange = Self {
            expectation,
            progress: expectation.sequence.progress(),
            seen: BTreeMap::new(),
            frames: 0,
            counts,
            bound: BTreeMap::new(),
            findings: Vec::new(),
            is_broken: false,
            is_late: false,
        };
        if let Some(request) = request {
            exchange.bind("the request", request, |frames| *frames == Frames::Request);
        }
        exchange
    }

    /// Takes a frame of the answer, which came so long after the request.
    pub(super) fn take(&mut self, name: &str, frame: &Value, after: Duration) {
        self.frames += 1;
        let about = format!("`{name}`, frame {} of the answer", self.frames);
        let n = *self.seen.entry(name.to_owned()).and_modify(|n| *n += 1).or_insert(0);
        if !self.is_broken {
            self.follow(name, frame, &about);
        }
        self.time(&about, after);
        if let Some(contents) = self.expectation.contents(name, n) {
            let found = match_contents(contents, frame, Keys::Open);
            self.findings.extend(found.iter().map(|mismatch| Finding::mismatch(&about, mismatch)));
        }
        self.count(name, &about, frame);
        self.bind(&about, frame, |frames| frames.answers(name));
    }

    /// Whether all has come that has to.
    pub(super) fn is_complete(&self) -> bool {
        self.is_broken || self.progress.may_end()
    }

    /// What was found. Where frames are missing, `instead` says what there was.
    pub(super) fn finish(mut self, instead: &str) -> Vec<Finding> {
        if !self.is_complete() {
            let expected = format!("{} within {:?}", quoted(self.progress.expected()), self.expectation.deadline);
            let about =
                if self.frames == 0 { "the answer".to_owned() } else { format!("what follows frame {}", self.frames) };
            self.findings.push(Finding::new("sequence", expected, instead).of(&about));
        }
        self.findings
    }

    fn follow(&mut self, name: &str, frame: &Value, about: &str) {
        let expected = quoted(self.progress.expected());
        let may_end = self.progress.may_end();
        if self.progress.take(name) {
            return;
        }
        self.is_broken = true;
        let expected = match (expected.is_empty(), may_end) {
            (true, _) => "nothing more: the answer is complete".to_owned(),
            (false, true) => format!("{expected} or nothing more"),
            (false, false) => expected,
        };
        let sequence = &self.expectation.sequence;
        let mut finding = Finding::new("sequence", expected, format!("`{name}`: {}", json::one_line(frame))).of(about);
        finding.message = format!("the frames do not follow each other as {sequence}");
        self.findings.push(finding);
    }

    fn time(&mut self, about: &str, after: Duration) {
        let limit = match self.expectation.first {
            Some(first) if self.frames == 1 => first.min(self.expectation.deadline),
            _ => self.expectation.deadline,
        };
        if after > limit && !self.is_late {
            self.is_late = true;
            let expected = format!("within {limit:?}");
            self.findings.push(Finding::new("deadline", expected, format!("after {:?}", rounded(after))).of(about));
        }
    }

    fn count(&mut self, name: &str, about: &str, frame: &Value) {
        for counting in &mut self.counts {
            let mut hold = |place: &Place, expected: u64, message: &str| {
                let actual = frame.pointer(&place.pointer);
                if actual.and_then(Value::as_u64) != Some(expected) && !counting.is_broken {
                    counting.is_broken = true;
                    let actual = actual.map_or_else(|| "nothing".to_owned(), json::one_line);
                    let finding = Finding::new("count", expected.to_string(), actual).at(about, &place.pointer);
                    self.findings.push(Finding { message: message.to_owned(), ..finding });
                }
            };
            if counting.count.index.frames.answers(name) {
                hold(&counting.count.index, counting.next, "the frames are numbered from 0 without a gap");
                counting.next += 1;
            }
            if let Some(total) = counting.count.total.as_ref().filter(|total| total.frames.answers(name)) {
                hold(total, counting.next, "it says how many frames there were");
            }
        }
    }

    fn bind(&mut self, about: &str, frame: &Value, is_about: impl Fn(&Frames) -> bool) {
        for (name, places) in &self.expectation.ws.bind {
            for place in places.iter().filter(|place| is_about(&place.frames)) {
                let Some(value) = frame.pointer(&place.pointer) else { continue };
                let Some((bound, first)) = self.bound.get(name.as_str()) else {
                    let first = format!("{about} at {}", place.pointer);
                    self.bound.insert(name, (value.clone(), first));
                    continue;
                };
                if bound != value {
                    let (expected, actual) = (json::one_line(bound), json::one_line(value));
                    let finding = Finding::new("bind", expected, actual).at(about, &place.pointer);
                    self.findings.push(Finding { message: format!("`{name}` is the value of {first}"), ..finding });
                }
            }
        }
    }
}

fn quoted(names: Vec<&str>) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

/// As much of it as people read.
pub(super) fn rounded(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::names::Names;
    use super::*;
    use crate::pact::{Interaction, Pact};

    /// A frame of the message with that number, `data.n`, and of that stream.
    fn frame(wire_type: &str, n: u64, stream: &str) -> Value {
        json!({"v": 1, "type": wire_type, "topic": "room", "data": {"n": n, "stream": stream}})
    }

    /// What `x-ws` says of an answer: a start, pieces that are numbered, and an end that says how many there were.
    fn interaction() -> Interaction {
        let response = |wire_type: &str, rules: Value| {
            json!({"contents": {"content": frame(wire_type, 0, "s"), "contentType": "application/json", "encoded": false},
                "matchingRules": {"body": rules}})
        };
        let any = json!({"$.data.n": {"matchers": [{"match": "integer"}]}, "$.data.stream": {"matchers": [{"match": "type"}]}});
        let ws = json!({
            "sequence": "start, piece+, end?",
            "first_ms": 100,
            "deadline_ms": 1000,
            "bind": {"stream": ["$request#/data/stream", "*#/data/stream"]},
            "count": [{"index": "piece#/data/n", "total": "end#/data/n"}],
        });
        let pact = json!({"consumer": {"name": "c"}, "provider": {"name": "p"}, "interactions": [{
            "type": "Synchronous/Messages", "description": "d", "comments": {"x-ws": ws},
            "request": response("ask", json!({})),
            "response": [response("start", any.clone()), response("piece", any.clone()), response("end", any)],
        }]});
        Pact::from_json(pact).unwrap().interactions.remove(0)
    }

    /// Frames are `type number stream milliseconds`. Findings are `rule pointer: expected, actual`, which is cut at its first
    /// colon.
    #[track_caller]
    fn check(frames: &[(&str, u64, &str, u64)], expected: &[&str]) {
        let interaction = interaction();
        let names = Names::default();
        let expectation = Expectation::of(&interaction, &names, Duration::from_secs(5)).unwrap();
        let mut exchange = Exchange::new(&expectation, Some(&frame("ask", 0, "s")));
        for (wire_type, n, stream, after) in frames {
            exchange.take(wire_type, &frame(wire_type, *n, stream), Duration::from_millis(*after));
        }
        let findings = exchange.finish("nothing").into_iter().map(|finding| {
            let actual = finding.actual.split(':').next().unwrap_or_default();
            format!("{} {}: {}, {actual}", finding.rule, finding.pointer, finding.expected)
        });
        assert_eq!(findings.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn an_answer_that_is_right() {
        check(&[("start", 0, "s", 1), ("piece", 0, "s", 2), ("piece", 1, "s", 1000), ("end", 2, "s", 1000)], &[]);
        check(&[("start", 0, "s", 1), ("piece", 0, "s", 2)], &[]);
    }

    #[test]
    fn frames_that_are_missing_or_too_many() {
        check(&[], &["sequence : `start` within 1s, nothing"]);
        check(&[("start", 0, "s", 1)], &["sequence : `piece` within 1s, nothing"]);
        check(&[("piece", 0, "s", 1)], &["sequence : `start`, `piece`"]);
        let end = [("start", 0, "s", 1), ("piece", 0, "s", 2), ("end", 1, "s", 2)];
        check(&[&end[..], &[("end", 1, "s", 3)]].concat(), &["sequence : nothing more: the answer is complete, `end`"]);
        check(
            &[("start", 0, "s", 1), ("piece", 0, "s", 2), ("start", 0, "s", 3)],
            &["sequence : `piece` or `end` or nothing more, `start`"],
        );
    }

    #[test]
    fn numbers_that_do_not_count() {
        let begin = ("start", 0, "s", 1);
        check(&[begin, ("piece", 1, "s", 2), ("piece", 2, "s", 2)], &["count /data/n: 0, 1"]);
        check(&[begin, ("piece", 0, "s", 2), ("piece", 0, "s", 2), ("end", 2, "s", 2)], &["count /data/n: 1, 0"]);
        check(&[begin, ("piece", 0, "s", 2), ("end", 2, "s", 2)], &["count /data/n: 1, 2"]);
    }

    #[test]
    fn values_that_are_tied_to_each_other() {
        check(&[("start", 0, "t", 1), ("piece", 0, "s", 2)], &["bind /data/stream: \"s\", \"t\""]);
        let twice = "bind /data/stream: \"s\", \"t\"";
        check(&[("start", 0, "t", 1), ("piece", 0, "t", 2)], &[twice, twice]);
    }

    #[test]
    fn what_is_late_is_told_once() {
        check(&[("start", 0, "s", 101), ("piece", 0, "s", 102)], &["deadline : within 100ms, after 101ms"]);
        check(
            &[("start", 0, "s", 100), ("piece", 0, "s", 1001), ("end", 1, "s", 1002)],
            &["deadline : within 1s, after 1.001s"],
        );
    }
}
