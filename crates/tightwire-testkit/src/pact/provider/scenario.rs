//! An interaction that the provider can play: what a test has written down, with all that the document knows of it, held
//! against the document so that nobody writes down what the server could never say.

use serde_json::{Map, Value, json};
use tightwire_spec::Severity;
use tightwire_spec::ir::Direction;

use super::draft::{Draft, DraftFrame};
use super::envelope;
use super::protocol::Protocol;
use crate::contract::{self, Contract};
use crate::pact::check::check;
use crate::pact::{Contents, Document, Interaction, Pact};

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
        let json = match (&draft.request, &draft.push) {
            (Some(request), None) => synchronous(protocol, draft, request),
            (None, Some(push)) if draft.responses.is_empty() => asynchronous(protocol, draft, push),
            _ => Err("an interaction has a request and its responses, or one frame that is pushed".to_owned()),
        };
        let pact = json.and_then(read).map_err(|problem| vec![problem])?;
        let problems = wrong(&pact, &protocol.document);
        match pact.interactions.into_iter().next() {
            Some(interaction) if problems.is_empty() => Ok(Self { interaction }),
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

    /// Whether the request is one that the contract forbids.
    pub(super) fn breaks(&self, contract: &Contract) -> bool {
        self.exchange().is_some_and(|(request, _)| {
            contract.check(contract::Direction::ToServer, &envelope::example(request)).is_err()
        })
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

fn synchronous(protocol: &Protocol, draft: &Draft, request: &DraftFrame) -> Result<Value, String> {
    let to_server = Direction::ToServer;
    let operation = protocol
        .operation(to_server, &request.wire_type)
        .ok_or_else(|| unknown(protocol, to_server, &request.wire_type))?;
    let mut position = 0;
    let mut responses = Vec::new();
    for (frame, number) in draft.responses.iter().zip(1..) {
        position += u64::from(protocol.is_kept(&frame.wire_type));
        responses.push(envelope::response(protocol, frame, number, position)?);
    }
    let mut ws = draft.ws.clone();
    if draft.responses.len() > 1 {
        ws.insert("sequence".to_owned(), sequence(&draft.responses).into());
    }
    if !draft.responses.is_empty()
        && let Value::Object(names) = ws.entry("bind").or_insert_with(|| json!({}))
    {
        names.entry("request").or_insert_with(|| json!(["$request#/id", "*#/correlation_id"]));
    }
    let mut members = about(draft, &operation.id, ws);
    members.insert("type".to_owned(), json!("Synchronous/Messages"));
    members.insert("request".to_owned(), envelope::request(request)?);
    members.insert("response".to_owned(), responses.into());
    Ok(Value::Object(members))
}

fn asynchronous(protocol: &Protocol, draft: &Draft, push: &DraftFrame) -> Result<Value, String> {
    let to_client = Direction::ToClient;
    let operation =
        protocol.operation(to_client, &push.wire_type).ok_or_else(|| unknown(protocol, to_client, &push.wire_type))?;
    let mut members = about(draft, &operation.id, draft.ws.clone());
    members.insert("type".to_owned(), json!("Asynchronous/Messages"));
    if let Value::Object(contents) = envelope::response(protocol, push, 1, 1)? {
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

/// What the check of contracts finds that no server could fulfil. Places are pointers into the interaction.
fn wrong(pact: &Pact, document: &Document) -> Vec<String> {
    let found = check(pact, document).into_iter().filter(|finding| finding.severity == Severity::Error);
    let shown = found.map(|finding| {
        let place = finding.pointer.strip_prefix("/interactions/0").unwrap_or(&finding.pointer);
        let help = finding.help.map(|help| format!("; {help}")).unwrap_or_default();
        format!("{place}: {} ({}){help}", finding.message, finding.rule)
    });
    shown.collect()
}

fn unknown(protocol: &Protocol, direction: Direction, wire_type: &str) -> String {
    let whose = if direction == Direction::ToServer { "the client sends" } else { "the server sends" };
    let known: Vec<&str> = protocol
        .ir()
        .messages
        .values()
        .filter(|message| message.directions.contains(&direction))
        .filter_map(|message| message.wire_type.as_deref())
        .collect();
    format!("no operation is about a `{wire_type}` that {whose}; there are: {}", known.join(", "))
}

/// A pact of this interaction alone, as the reader of files sees it.
fn read(interaction: Value) -> Result<Pact, String> {
    let json = json!({
        "consumer": {"name": "consumer"},
        "provider": {"name": "provider"},
        "interactions": [interaction],
        "metadata": {"pactSpecification": {"version": "4.0"}},
    });
    let mut pact = Pact::from_json(json).map_err(|error| error.to_string())?;
    if let Some(about) = pact.interactions.first_mut().and_then(Interaction::about_mut) {
        about.key = Some(about.derived_key());
    }
    Ok(pact)
}
