//! An interaction that the provider can play: what a test has written down, with all that the document knows of it, held
//! against the document so that nobody writes down what the server could never say.

use serde_json::{Map, Value, json};
use tightwire_spec::ir::{Direction, Operation, SessionRole};

use super::draft::{Draft, DraftFrame};
use super::envelope::{self, Written};
use super::protocol::Protocol;
use crate::pact::{Contents, Interaction, Pact};

/// An interaction, ready to be played.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    /// As it goes into the file.
    pub(super) interaction: Interaction,
}

impl Scenario {
    /// Completes and judges what a test has written down.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn read(protocol: &Protocol, draft: &Draft) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let json = match (&draft.request, &draft.push) {
            (Some(request), None) => synchronous(protocol, draft, request, &mut problems),
            (None, Some(push)) if draft.responses.is_empty() => asynchronous(protocol, draft, push, &mut problems),
            _ => Err("an interaction has a request and its responses, or one frame that is pushed".to_owned()),
        };
        let interaction = json.and_then(|json| read(protocol, json)).map_err(|problem| problems.push(problem));
        match interaction {
            Ok(interaction) if problems.is_empty() => Ok(Self { interaction }),
            _ => Err(problems),
        }
    }

    /// What the consumer is expected to send, and what it is answered with.
    pub(super) fn exchange(&self) -> Option<(&Contents, &[Contents])> {
        match &self.interaction {
            Interaction::Sync(interaction) => Some((&interaction.request, &interaction.response)),
            _ => None,
        }
    }

    /// What comes unasked.
    pub(super) fn push(&self) -> Option<&Contents> {
        match &self.interaction {
            Interaction::Async(interaction) => Some(&interaction.contents),
            _ => None,
        }
    }

    /// The code with which the connection is closed afterwards.
    pub(super) fn close(&self) -> Option<u16> {
        self.interaction.about().and_then(|about| about.comments.ws.close)
    }

    pub(super) fn description(&self) -> &str {
        self.interaction.description()
    }
}

fn synchronous(
    protocol: &Protocol,
    draft: &Draft,
    request: &DraftFrame,
    problems: &mut Vec<String>,
) -> Result<Value, String> {
    let to_server = Direction::ToServer;
    let operation = protocol
        .operation(to_server, &request.wire_type)
        .ok_or_else(|| unknown(protocol, to_server, &request.wire_type))?;
    let asked = envelope::request(request)?;
    let is_refusal = !draft.responses.is_empty()
        && draft.responses.iter().all(|r| protocol.role(Direction::ToClient, &r.wire_type) == Some(SessionRole::Error));
    if !is_refusal {
        // What is refused may well break the contract.
        judge(protocol, to_server, &request.wire_type, &asked, problems);
    }
    let mut position = 0;
    let mut responses = Vec::new();
    for (frame, number) in draft.responses.iter().zip(1..) {
        position += u64::from(protocol.is_kept(&frame.wire_type));
        let response = envelope::response(protocol, frame, number, position)?;
        judge(protocol, Direction::ToClient, &frame.wire_type, &response, problems);
        if !may_answer(protocol, operation, &frame.wire_type) {
            problems.push(format!(
                "`{}` is not answered with `{}`: the operation `{}` names its replies in the document",
                request.wire_type, frame.wire_type, operation.id
            ));
        }
        responses.push(response.contents);
    }
    let mut ws = draft.ws.clone();
    let sequence = sequence(&draft.responses);
    if !is_refusal
        && let Some(declared) = protocol.sequence(operation)
        && declared != sequence
    {
        problems.push(format!(
            "the operation `{}` is answered with `{declared}` (x-sequence), and not with `{sequence}`",
            operation.id
        ));
    }
    if draft.responses.len() > 1 {
        ws.insert("sequence".to_owned(), sequence.into());
    }
    if !draft.responses.is_empty() {
        let bind = ws.entry("bind").or_insert_with(|| json!({}));
        if let Value::Object(names) = bind {
            names.entry("request").or_insert_with(|| json!(["$request#/id", "*#/correlation_id"]));
        }
    }
    let mut members = about(draft, &operation.id, ws);
    members.insert("type".to_owned(), json!("Synchronous/Messages"));
    members.insert("request".to_owned(), asked.contents);
    members.insert("response".to_owned(), responses.into());
    Ok(Value::Object(members))
}

fn asynchronous(
    protocol: &Protocol,
    draft: &Draft,
    push: &DraftFrame,
    problems: &mut Vec<String>,
) -> Result<Value, String> {
    let to_client = Direction::ToClient;
    let operation =
        protocol.operation(to_client, &push.wire_type).ok_or_else(|| unknown(protocol, to_client, &push.wire_type))?;
    let pushed = envelope::response(protocol, push, 1, 1)?;
    judge(protocol, to_client, &push.wire_type, &pushed, problems);
    let mut members = about(draft, &operation.id, draft.ws.clone());
    members.insert("type".to_owned(), json!("Asynchronous/Messages"));
    if let Value::Object(contents) = pushed.contents {
        members.extend(contents);
    }
    Ok(Value::Object(members))
}

/// What every interaction has.
fn about(draft: &Draft, operation: &str, ws: Map<String, Value>) -> Map<String, Value> {
    let states: Vec<Value> =
        draft.states.iter().map(|state| json!({"name": state.name, "params": state.params})).collect();
    let mut comments = json!({"references": {"AsyncAPI": {"operationId": operation}}, "x-ws": ws});
    if let Some(test) = &draft.test {
        comments["testname"] = json!(test);
    }
    if !draft.text.is_empty() {
        comments["text"] = json!(draft.text);
    }
    let members = json!({"description": draft.description, "providerStates": states, "comments": comments});
    if let Value::Object(members) = members { members } else { Map::new() }
}

/// The frames that answer, in the language of [`crate::sequence`]: several examples of a step that may repeat are one step.
fn sequence(responses: &[DraftFrame]) -> String {
    let mut steps: Vec<String> = Vec::new();
    for DraftFrame { wire_type, times, .. } in responses {
        let step = format!("{wire_type}{times}");
        let repeats = times == "+" || times == "*";
        if !(repeats && steps.last() == Some(&step)) {
            steps.push(step);
        }
    }
    steps.join(", ")
}

/// Whether a frame of that `type` may follow such a request: as its reply, or as what the session says of it.
fn may_answer(protocol: &Protocol, operation: &Operation, wire_type: &str) -> bool {
    let Some(message) = protocol.message(Direction::ToClient, wire_type) else { return false };
    let is_reply = operation.reply.as_ref().is_some_and(|reply| reply.messages.contains(&message.id));
    is_reply || matches!(message.session, Some(SessionRole::Error | SessionRole::ReplayGap))
}

fn judge(protocol: &Protocol, direction: Direction, wire_type: &str, written: &Written, problems: &mut Vec<String>) {
    let found = protocol.violations(direction, &written.frame);
    problems.extend(found.iter().map(|violation| format!("`{wire_type}` does not follow the contract: {violation}")));
}

fn unknown(protocol: &Protocol, direction: Direction, wire_type: &str) -> String {
    let whose = if direction == Direction::ToServer { "the client sends" } else { "the server sends" };
    let known: Vec<&str> = protocol
        .ir
        .messages
        .values()
        .filter(|message| message.directions.contains(&direction))
        .filter_map(|message| message.wire_type.as_deref())
        .collect();
    format!("no operation is about a `{wire_type}` that {whose}; there are: {}", known.join(", "))
}

/// The interaction, as the reader of files sees it.
fn read(protocol: &Protocol, interaction: Value) -> Result<Interaction, String> {
    let json = json!({
        "consumer": {"name": "consumer"},
        "provider": {"name": protocol.ir.info.title},
        "interactions": [interaction],
        "metadata": {},
    });
    let mut pact = Pact::from_json(json).map_err(|error| error.to_string())?;
    pact.interactions.pop().ok_or_else(|| "no interaction".to_owned())
}
