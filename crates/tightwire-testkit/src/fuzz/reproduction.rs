//! A finding in forms that others can use: the steps as JSON lines, a test in Rust, and an interaction of Pact.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tightwire::proto::session::code;
use tightwire_spec::ir::SessionRole;

use super::finding::{Class, Finding};
use super::plan::{Intent, Payload, Plan, Sent, Step};
use super::protocol::Protocol;
use crate::contract::Direction;
use crate::pact::{Contents, Interaction, Pact, Rule, RuleList, SyncMessages};

/// What stands in the first line, so that a reader of JSON lines knows what follows.
const FORMAT: &str = "tightwire-fuzz/1";

/// A finding and the steps that show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reproduction {
    /// What the steps were made from.
    pub seed: u64,
    /// What was found.
    pub finding: Finding,
    /// What shows it.
    pub plan: Plan,
}

/// The first of the JSON lines.
#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    seed: u64,
    class: Class,
    message: String,
    client: usize,
    step: Option<usize>,
    expected: String,
    actual: String,
}

/// Why a text is not what [`Reproduction::to_jsonl`] writes.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A line is not JSON, or not what should stand there.
    #[error("line {line}: {error}")]
    Line {
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        error: serde_json::Error,
    },
    /// Another program's file, or one of another version.
    #[error("the first line does not say that this is {FORMAT}")]
    Format,
}

/// What the test around a finding needs: how it is called, and how it gets its driver.
#[derive(Clone, Debug)]
pub struct TestSource<'a> {
    /// The function's name.
    pub name: &'a str,
    /// An expression of type [`Driver`](super::Driver), which may await.
    pub driver: &'a str,
    /// Whether the clock is paused: for servers in the same process.
    pub is_paused: bool,
}

impl Reproduction {
    /// A line for what was found, and one for each step. The transcript is left out: steps say enough to make it again.
    #[must_use]
    pub fn to_jsonl(&self) -> String {
        let Finding { class, message, client, step, expected, actual, .. } = self.finding.clone();
        let head = Head { format: FORMAT.to_owned(), seed: self.seed, class, message, client, step, expected, actual };
        let lines = std::iter::once(json!(head)).chain(self.plan.steps.iter().map(|step| json!(step)));
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// Reads what [`Self::to_jsonl`] has written. Empty lines, and those that begin with `//`, are passed over.
    ///
    /// # Errors
    /// Which line is wrong.
    pub fn from_jsonl(text: &str) -> Result<Self, ReadError> {
        let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with("//"));
        let (line, head) = lines.next().ok_or(ReadError::Format)?;
        let head: Head = serde_json::from_str(head).map_err(|error| ReadError::Line { line, error })?;
        if head.format != FORMAT {
            return Err(ReadError::Format);
        }
        let step = |(line, text)| serde_json::from_str(text).map_err(|error| ReadError::Line { line, error });
        let steps = lines.map(step).collect::<Result<Vec<Step>, _>>()?;
        let Head { seed, class, message, client, step, expected, actual, .. } = head;
        let finding = Finding { class, message, client, step, expected, actual, transcript: String::new() };
        Ok(Self { seed, finding, plan: Plan { steps } })
    }

    /// A test in Rust that carries the steps out and fails as long as anything is found.
    #[must_use]
    pub fn to_rust(&self, source: &TestSource<'_>) -> String {
        let Self { seed, finding, .. } = self;
        let steps = self.to_jsonl();
        // As many as no text within can end.
        let mut hashes = "#".to_owned();
        while steps.contains(&format!("\"{hashes}")) {
            hashes.push('#');
        }
        let mut text = String::new();
        let said = finding.message.replace('\n', " ");
        let _ = writeln!(text, "/// {}: {said}. Found with the seed {seed}.", finding.class);
        text += if source.is_paused { "#[tokio::test(start_paused = true)]\n" } else { "#[tokio::test]\n" };
        let _ = writeln!(text, "async fn {}() {{", source.name);
        let _ = write!(text, "    let steps = r{hashes}\"\n{steps}\"{hashes};\n");
        text += "    let reproduction = tightwire_testkit::fuzz::Reproduction::from_jsonl(steps).expect(\"steps\");\n";
        let _ = writeln!(text, "    let outcome = {}.run(&reproduction.plan).await;", source.driver);
        text += "    if let Some(finding) = outcome.finding {\n        panic!(\"{finding}\");\n    }\n}\n";
        text
    }

    /// The last frame of the steps as an interaction of Pact: what is sent, and what has to answer it. None where the steps
    /// send no frame of JSON that has to be answered. The steps before it stand in the comments: Pact has no words for them.
    #[must_use]
    pub fn to_pact(&self, protocol: &Protocol, consumer: &str, provider: &str) -> Option<Pact> {
        let (step, sent, frame) = self.plan.steps.iter().enumerate().rev().find_map(|(index, step)| match step {
            Step::Send { sent, .. } => Some((index, sent, json_of(sent)?)),
            _ => None,
        })?;
        let mut interaction = SyncMessages { request: Contents::json(frame.clone()), ..SyncMessages::default() };
        let about = &mut interaction.about;
        about.description = format!("a fuzzed {} ({})", sent.message.as_deref().unwrap_or("frame"), self.finding.class);
        about.comments.text = vec![
            format!("{}. Found with the seed {}.", self.finding.message, self.seed),
            format!("Expected: {}", self.finding.expected),
            format!("Actual: {}", self.finding.actual),
        ];
        about.comments.text.extend(self.plan.steps[..step].iter().map(|step| format!("Before it: {step}")));
        let responses = match &sent.intent {
            Intent::Valid => {
                let operation = protocol.operation_of(sent.message.as_deref()?)?;
                let reply = operation.reply.as_ref()?;
                about.comments.set_operation_id(&operation.id);
                about.comments.ws.sequence = reply.sequence.as_ref().map(|sequence| {
                    // As Pact's comments have it: without brackets.
                    sequence.to_string().trim_matches(['[', ']']).to_owned()
                });
                let first = reply.messages.iter().take(1).map(String::as_str).collect();
                reply.sequence.as_ref().map_or(first, |sequence| sequence.messages().collect::<Vec<_>>())
            }
            Intent::Invalid { .. } => vec![protocol.role(Direction::ToClient, SessionRole::Error)?.key.as_str()],
            Intent::Breach { .. } => return None,
        };
        let is_error = !sent.intent.is_valid();
        interaction.response = responses.into_iter().map(|message| response(protocol, message, is_error)).collect();
        let interactions = vec![Interaction::Sync(interaction)];
        Some(Pact { consumer: consumer.to_owned(), provider: provider.to_owned(), interactions, ..Pact::default() })
    }
}

fn json_of(sent: &Sent) -> Option<Value> {
    match &sent.payload {
        Payload::Json(json) | Payload::Fragments { json, .. } => Some(json.clone()),
        Payload::Text(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// What has to be in an answer: the document's example, of which the types count, and the message's name. Of an error also
/// what it says.
fn response(protocol: &Protocol, message: &str, is_error: bool) -> Contents {
    let known = protocol.message(Direction::ToClient, message);
    let mut content = known.and_then(|known| known.examples.first()).cloned().unwrap_or_else(|| json!({}));
    let mut rules = vec![("$", Rule::of_type())];
    if protocol.has_envelope() {
        content["type"] = json!(message);
        rules.push(("$.type", Rule::equality()));
    }
    if is_error {
        content["data"]["code"] = json!(code::CONTRACT_VIOLATION);
        rules.push(("$.data.code", Rule::equality()));
    }
    let mut contents = Contents::json(content);
    for (path, rule) in rules {
        if let Ok(path) = path.parse() {
            contents.matching_rules.body.insert(path, RuleList { rules: vec![rule], ..RuleList::default() });
        }
    }
    contents
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reproduction(steps: Vec<Step>) -> Reproduction {
        let finding = Finding {
            class: Class::NoReply,
            message: "`ping` was not answered".to_owned(),
            client: 0,
            step: Some(0),
            expected: "pong".to_owned(),
            actual: "nothing for 5s".to_owned(),
            transcript: String::new(),
        };
        Reproduction { seed: 7, finding, plan: Plan { steps } }
    }

    /// Every kind of step and payload.
    fn steps() -> Vec<Step> {
        let frame = json!({"type": "ping", "data": {"text": "\"# \u{0}", "number": 1.5e300}});
        let sent = |payload, intent| Step::Send { client: 1, sent: Sent { message: None, payload, intent } };
        vec![
            Step::Send { client: 0, sent: Sent::valid("ping", frame.clone()) },
            Step::Send { client: 0, sent: Sent::invalid("ping", frame.clone(), "type", "/data") },
            sent(Payload::Fragments { json: frame, pieces: 3 }, Intent::Valid),
            sent(Payload::Text("{\n".to_owned()), Intent::Valid),
            sent(Payload::Bytes(vec![255]), Intent::Breach { code: 1007 }),
            sent(Payload::Binary(Vec::new()), Intent::Breach { code: 1003 }),
            sent(Payload::Ping(vec![1]), Intent::Valid),
            sent(Payload::Raw(vec![0, 255]), Intent::Breach { code: 1002 }),
            sent(Payload::Large { bytes: 70_000 }, Intent::Valid),
            sent(Payload::Resume { topic: "a".to_owned(), back: 2, by_id: true }, Intent::Valid),
            Step::Settle { sequences: true },
            Step::Wait { ms: 5 },
            Step::Close { client: 0 },
            Step::Vanish { client: 1 },
        ]
    }

    #[test]
    fn lines_are_read_as_they_were_written() {
        let reproduction = reproduction(steps());
        let lines = reproduction.to_jsonl();
        assert_eq!(lines.lines().count(), 1 + reproduction.plan.steps.len());
        assert_eq!(Reproduction::from_jsonl(&format!("// a comment\n\n{lines}")).unwrap(), reproduction);
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said_with_its_number() {
        let error = |text: &str| Reproduction::from_jsonl(text).unwrap_err().to_string();
        assert_eq!(error(""), "the first line does not say that this is tightwire-fuzz/1");
        assert!(error("{}").starts_with("line 1: missing field"), "{}", error("{}"));
        let lines = reproduction(Vec::new()).to_jsonl() + "{\"jump\": {}}\n";
        assert!(error(&lines).starts_with("line 2: unknown variant `jump`"), "{}", error(&lines));
    }

    #[test]
    fn a_test_in_rust_has_the_steps_whatever_is_in_them() {
        let source = TestSource { name: "found", driver: "driver().await", is_paused: true };
        let text = reproduction(steps()).to_rust(&source);
        assert!(text.contains("r##\"\n{") && text.contains("}\n\"##;"), "{text}");
        assert!(text.contains("let outcome = driver().await.run(&reproduction.plan).await;"), "{text}");
    }
}
