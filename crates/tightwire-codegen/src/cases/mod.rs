//! Contract cases: for each message and each constraint a frame that is accepted and one that is rejected.
//!
//! `samples` makes proper frames, `walk` finds the constraints in them and changes one thing at a time, `texts` does the
//! same with the text of a frame (repeated keys, numbers written differently), and `verdict` keeps only what the
//! `jsonschema` crate judges as intended. The files are run by the generated decoder's two paths and by the TypeScript
//! guards; nothing in them comes from either.
//!
//! A file is `{"message", "direction": "to_server" | "to_client", "type", "cases": […]}`; a case is
//! `{"name", "verdict": "accept" | "reject", "keyword", "pointer", "frame" | "text"}`: `keyword` and `pointer` name the
//! constraint that the frame is at the edge of (both empty for a frame that is just proper), `frame` is a JSON value and
//! `text` is what to send as it is. `"parsed": false` marks what a parser without care for repeated keys and lone
//! surrogates lets pass; `"irregular": true` a proper frame that the generated fast path leaves to the reference path.

mod samples;
mod texts;
mod values;
mod verdict;
mod walk;

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;
use tightwire_spec::ir::{Direction, Ir, Message, MessageId};
use tightwire_spec::schema::Schema;

use crate::config::Config;
use crate::error::Error;
use crate::output::OutputFile;
use crate::view::View;

/// Generates `contracts/cases/`.
///
/// # Errors
/// Schemas that the `jsonschema` crate does not understand.
pub fn emit(ir: &Ir, config: &Config) -> Result<Vec<OutputFile>, Error> {
    let _ = config;
    let judge = verdict::Judge::new(ir)?;
    let mut files = Vec::new();
    for message in ir.messages.values() {
        let Some(wire_type) = &message.wire_type else { continue };
        let cases = cases_of(ir, message, &judge)?;
        if cases.is_empty() {
            continue;
        }
        files.push(OutputFile::new(format!("contracts/cases/{}.json", message.id), render(message, wire_type, &cases)));
    }
    Ok(files)
}

/// Proper frames for messages: what the document gives as example, or else what can be made from the schema.
pub struct Examples<'ir> {
    ir: &'ir Ir,
    judge: verdict::Judge,
}

impl<'ir> Examples<'ir> {
    /// The examples of a protocol.
    ///
    /// # Errors
    /// Schemas that the `jsonschema` crate does not understand.
    pub fn of(ir: &'ir Ir) -> Result<Self, Error> {
        Ok(Self { ir, judge: verdict::Judge::new(ir)? })
    }

    /// Whether the frame is a valid one of the message.
    pub fn accepts(&self, message: &Message, frame: &Value) -> bool {
        self.judge.accepts(message, frame)
    }

    /// Valid frames: the document's examples, and the smallest and the fullest that can be made from the schema.
    pub fn frames(&self, message: &Message) -> Vec<Value> {
        let given = message.examples.iter().map(|example| example.payload.clone());
        let given: Vec<_> = given.filter(|frame| self.judge.accepts(message, frame)).collect();
        let Ok(view) = View::of(self.ir, [&message.payload]) else { return given };
        let made = samples::frames(self.ir, message, &view).into_iter().skip(message.examples.len());
        let accepts = |frame: &Value| self.judge.accepts(message, frame);
        let made = made.filter_map(|(_, frame)| samples::without_what_is_wrong(&view, frame, &accepts));
        let mut all: Vec<Value> = Vec::new();
        for frame in given.into_iter().chain(made) {
            if !all.contains(&frame) {
                all.push(frame);
            }
        }
        all
    }

    /// A frame on either side of each constraint of the message, and the same frame written in other ways.
    ///
    /// # Errors
    /// Schemas that no frames can be made from.
    pub fn edges(&self, message: &Message) -> Result<Vec<Edge>, Error> {
        let cases = cases_of(self.ir, message, &self.judge)?.into_iter();
        Ok(cases
            .map(|Case { name, accept, keyword, pointer, frame }| {
                let (text, parsed) = match frame {
                    Frame::Value(value) => (value.to_string(), true),
                    Frame::Text { text, parsed, .. } => (text, parsed),
                };
                Edge { name, is_valid: accept, keyword, pointer, text, is_subtle: !parsed }
            })
            .collect())
    }

    /// A valid frame, if one can be made.
    pub(crate) fn frame(&self, message: &Message) -> Option<Value> {
        let given = message.examples.iter().map(|example| &example.payload);
        let valid = given.into_iter().find(|frame| self.judge.accepts(message, frame));
        valid.cloned().or_else(|| {
            let view = View::of(self.ir, [&message.payload]).ok()?;
            let frames = samples::frames(self.ir, message, &view).into_iter();
            let accepts = |frame: &Value| self.judge.accepts(message, frame);
            // The last one is the fullest, and the least like a frame of another message.
            frames.filter_map(|(_, frame)| samples::without_what_is_wrong(&view, frame, &accepts)).next_back()
        })
    }

    /// The message that a frame without an envelope is, where only those of `travelling` count: the first in the order
    /// of the dispatch that accepts it.
    pub(crate) fn taken_for(
        &self,
        frame: &Value,
        direction: Direction,
        travelling: &BTreeSet<&MessageId>,
    ) -> Option<&'ir MessageId> {
        let dispatch = self.ir.dispatch.of(direction);
        let value = dispatch.by.iter().try_fold(frame, |value, name| value.get(name));
        let value = value.filter(|_| !dispatch.by.is_empty());
        let candidates = dispatch.candidates(value).filter(|id| travelling.contains(id));
        let mut messages = candidates.filter_map(|id| self.ir.messages.get(id));
        messages.find(|message| self.judge.accepts(message, frame)).map(|message| &message.id)
    }
}

/// A frame at the edge of a constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// What is special about it.
    pub name: String,
    /// On which side of the constraint it is.
    pub is_valid: bool,
    /// The keyword of the constraint, `json` for text that is not JSON; empty for a frame that is just proper.
    pub keyword: String,
    /// Where, as a JSON Pointer.
    pub pointer: String,
    /// The frame as text.
    pub text: String,
    /// Parsers without care for repeated keys and lone surrogates see nothing wrong with it.
    pub is_subtle: bool,
}

/// A proper value of a schema that `fits`: what the document gives as example or default, or else what can be made.
pub(crate) fn example(ir: &Ir, schema: &Schema, fits: impl Fn(&Value) -> bool) -> Option<Value> {
    let view = View::of(ir, [schema]).ok()?;
    let judge = ir.validator(schema).ok()?;
    let given: Vec<&Value> = view.parts().flat_map(|part| part.examples.iter().chain(&part.default)).collect();
    let made = samples::value(&view, samples::Extent::Minimal, 0);
    let candidates = given.into_iter().cloned().chain(made).chain([Value::from("a")]);
    candidates.into_iter().find(|value| fits(value) && judge.is_valid(value))
}

/// A frame and what is to be said about it.
#[derive(Clone, Debug, PartialEq)]
struct Case {
    name: String,
    accept: bool,
    keyword: String,
    pointer: String,
    frame: Frame,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq)]
enum Frame {
    /// A JSON value, to be written compactly.
    Value(Value),
    /// This text. `irregular`: the fast path leaves it to the reference path although it is proper. `parsed`: a JSON
    /// parser without care for repeated keys and lone surrogates sees what is wrong with it.
    Text { text: String, irregular: bool, parsed: bool },
}

fn cases_of(ir: &Ir, message: &Message, judge: &verdict::Judge) -> Result<Vec<Case>, Error> {
    let unsupported = |reason: String| Error::unsupported(format!("message {}", message.id), reason);
    let view = View::of(ir, [&message.payload]).map_err(|obstacle| unsupported(obstacle.reason))?;
    let mut cases = Vec::new();
    let mut base = None;
    for (name, frame) in samples::frames(ir, message, &view) {
        let frame = samples::without_what_is_wrong(&view, frame, &|frame| judge.accepts(message, frame));
        let Some(frame) = frame else { continue };
        cases.push(Case {
            name,
            accept: true,
            keyword: String::new(),
            pointer: String::new(),
            frame: Frame::Value(frame.clone()),
        });
        // The last one has every property that a value could be made for.
        base = Some(frame);
    }
    if let Some(base) = &base {
        cases.extend(walk::cases(&view, base).into_iter().filter(|case| judge.agrees(message, case)));
        cases.extend(texts::cases(base).into_iter().filter(|case| judge.agrees(message, case)));
    }
    Ok(cases)
}

/// The file: one case per line, so that a difference shows which.
fn render(message: &Message, wire_type: &str, cases: &[Case]) -> String {
    let direction = match message.directions.first() {
        Some(Direction::ToClient) => "to_client",
        _ => "to_server",
    };
    let mut text = String::from("{\n");
    let head = [("message", message.id.as_str()), ("direction", direction), ("type", wire_type)];
    for (key, value) in head {
        let _ = writeln!(text, "  \"{key}\": {},", Value::from(value));
    }
    text.push_str("  \"cases\": [\n");
    let lines: indexmap::IndexSet<String> = cases.iter().map(render_case).collect();
    for (number, line) in lines.iter().enumerate() {
        let separator = if number == 0 { "" } else { ",\n" };
        let _ = write!(text, "{separator}    {line}");
    }
    text.push_str("\n  ]\n}\n");
    text
}

fn render_case(case: &Case) -> String {
    /// A case as it stands in the file.
    #[derive(serde::Serialize)]
    struct Line<'a> {
        name: &'a str,
        verdict: &'static str,
        keyword: &'a str,
        pointer: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        frame: Option<&'a Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        irregular: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        parsed: Option<bool>,
    }
    let (frame, text, irregular, parsed) = match &case.frame {
        Frame::Value(frame) => (Some(frame), None, None, None),
        Frame::Text { text, irregular, parsed } => {
            (None, Some(text.as_str()), irregular.then_some(true), (!parsed).then_some(false))
        }
    };
    let (name, keyword, pointer) = (&*case.name, &*case.keyword, &*case.pointer);
    let verdict = if case.accept { "accept" } else { "reject" };
    let line = Line { name, verdict, keyword, pointer, frame, text, irregular, parsed };
    // There is nothing in it that cannot be written.
    serde_json::to_string(&line).unwrap_or_default()
}
