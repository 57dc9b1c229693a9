//! The AsyncAPI document that contracts are about.

use serde_json::{Map, Value, json};
use tightwire_spec::ir::{Direction, Ir, Message, Operation, SessionRole, Times};
use tightwire_spec::schema::Schema;

use crate::contract::{self, Contract, ContractError, Violation};
use crate::sequence::Sequence;

/// How definitions are referred to.
const DEFINITIONS: &str = "#/definitions/";

/// The AsyncAPI document that contracts are about: the protocol, and the validators of its messages.
#[derive(Clone, Debug)]
pub struct Document {
    ir: Ir,
    contract: Contract,
    definitions: Value,
}

impl Document {
    /// From the protocol.
    ///
    /// # Errors
    /// Where one of its schemas cannot be used.
    pub fn new(ir: Ir) -> Result<Self, ContractError> {
        let definition =
            |(name, schema): (&String, &Schema)| (name.clone(), schema.to_json_in(ir.draft(), DEFINITIONS));
        let definitions: Map<String, Value> = ir.schemas.iter().map(definition).collect();
        let definitions = json!({"definitions": definitions});
        Ok(Self { contract: Contract::from_ir(&ir)?, ir, definitions })
    }

    /// The protocol.
    #[must_use]
    pub fn ir(&self) -> &Ir {
        &self.ir
    }

    /// The schema of a message's frames, with references into [`Self::definitions`].
    pub(super) fn schema(&self, message: &Message) -> Value {
        message.payload.to_json_in(self.ir.draft(), DEFINITIONS)
    }

    /// The schemas that have names, by name below `definitions`.
    pub(super) fn definitions(&self) -> &Value {
        &self.definitions
    }

    /// The message that a frame is: with an envelope the one of its `type`, without one the first that could be it and whose
    /// schema accepts it, else the first that could be it.
    #[must_use]
    pub fn message(&self, direction: Direction, frame: &Value) -> Option<&Message> {
        if self.ir.envelope.is_some() {
            let wire_type = frame.get("type")?.as_str()?;
            let travels = |message: &&Message| message.directions.contains(&direction);
            let mut messages = self.ir.messages.values().filter(travels);
            return messages.find(|message| message.wire_type.as_deref() == Some(wire_type));
        }
        let dispatch = self.ir.dispatch.of(direction);
        let value = (!dispatch.by.is_empty())
            .then(|| dispatch.by.iter().try_fold(frame, |value, name| value.get(name)))
            .flatten();
        let candidates: Vec<&Message> =
            dispatch.candidates(value).filter_map(|id| self.ir.messages.get(id.as_str())).collect();
        let accepts = |message: &&&Message| self.violations(direction, message, frame).is_empty();
        candidates.iter().find(accepts).or(candidates.first()).copied()
    }

    /// Each place where a frame departs from a message.
    #[must_use]
    pub fn violations(&self, direction: Direction, message: &Message, frame: &Value) -> Vec<Violation> {
        self.contract.check_as(to_contract(direction), self.key(message), frame).err().unwrap_or_default()
    }

    /// What contracts call a message: its `type`, or in a protocol without an envelope its key.
    #[must_use]
    pub fn key<'a>(&self, message: &'a Message) -> &'a str {
        message.wire_type.as_ref().unwrap_or(&message.id)
    }

    /// What an operation is answered with, in order, where the document says so.
    #[must_use]
    pub fn sequence(&self, operation: &Operation) -> Option<Sequence> {
        let steps = operation.reply.as_ref()?.sequence.as_ref()?;
        let step = |step: &tightwire_spec::ir::SequenceStep| {
            let suffix = match step.times {
                Times::Once => '1',
                Times::OnceOrMore => '+',
                Times::AnyNumber => '*',
                Times::Optional => '?',
            };
            let name = self.ir.messages.get(&step.message).map_or(step.message.as_str(), |message| self.key(message));
            (name.to_owned(), suffix)
        };
        Some(Sequence::of(steps.iter().map(step)))
    }

    /// The validators of its messages.
    pub(crate) fn contract(&self) -> &Contract {
        &self.contract
    }

    /// Whether a message says that something was wrong with a frame, which any frame may be answered with.
    #[must_use]
    pub fn is_error(message: &Message) -> bool {
        message.session == Some(SessionRole::Error)
    }
}

/// The direction as the harness has it.
pub(crate) fn to_contract(direction: Direction) -> contract::Direction {
    match direction {
        Direction::ToServer => contract::Direction::ToServer,
        Direction::ToClient => contract::Direction::ToClient,
    }
}
