//! The frames of a protocol.

use std::fmt::{self, Display};
use std::sync::Arc;

use fastrand::Rng;
use proptest::strategy::{BoxedStrategy, Strategy};
use serde_json::{Map, Value};

use crate::bundle::{self, BundleError};
use crate::plans::Plans;
use crate::sample::Sampler;
use crate::schema::{NodeId, Schemas};
use crate::shape::PlanId;
use crate::strategy::Values;

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From a client to the server.
    ToServer,
    /// From the server to a client.
    ToClient,
}

impl Direction {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ToServer, Self::ToClient];

    /// Its name in a bundle: `to_server`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ToServer => "to_server",
            Self::ToClient => "to_client",
        }
    }
}

/// The frames of a protocol, as its schema bundle describes them. Clones share what was read.
#[derive(Clone, Debug)]
pub struct Frames {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) plans: Arc<Plans>,
    messages: Vec<Message>,
    definitions: Value,
}

impl Inner {
    /// The schemas of all messages.
    pub(crate) fn roots(&self) -> impl Iterator<Item = NodeId> {
        self.messages.iter().map(|message| message.root)
    }

    /// The schema of a message.
    pub(crate) fn root(&self, direction: Direction, key: &str) -> NodeId {
        self.message(direction, key).root
    }

    fn message(&self, direction: Direction, key: &str) -> &Message {
        let mut messages = self.messages.iter();
        let found = messages.find(|message| message.direction == direction && message.key == key);
        found.unwrap_or_else(|| panic!("no message {key} goes {}", direction.as_str()))
    }
}

/// A message of which no valid frame can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impossible {
    /// Which way it would go.
    pub direction: Direction,
    /// Its key.
    pub key: String,
    /// Where the bundle leaves nothing.
    pub pointer: String,
    /// Why there is nothing.
    pub reason: String,
}

impl Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { direction, key, pointer, reason } = self;
        write!(f, "there is no valid frame of {key} ({}): {reason}, at {pointer}", direction.as_str())
    }
}

#[derive(Debug)]
struct Message {
    direction: Direction,
    key: String,
    root: NodeId,
    plan: PlanId,
}

impl Frames {
    /// Reads a schema bundle, as in `generated/schema/ws_messages.schema.json` and in `CONTRACT.schema_bundle`.
    ///
    /// # Errors
    /// If it is not one.
    pub fn from_bundle(bundle: &str) -> Result<Self, BundleError> {
        let bundle: Value = serde_json::from_str(bundle).map_err(|error| BundleError::Json(error.to_string()))?;
        let found = bundle::messages(&bundle)?;
        let pointers: Vec<String> = found.iter().map(|(.., pointer)| pointer.clone()).collect();
        let schemas = Schemas::read(&bundle, &pointers)?;
        let roots: Vec<_> = pointers.iter().filter_map(|pointer| schemas.at(pointer)).collect();
        let (plans, ids) = Plans::new(schemas, &roots);
        let messages = found.into_iter().zip(roots.into_iter().zip(ids));
        let messages =
            messages.map(|((direction, key, _), (root, plan))| Message { direction, key, root, plan }).collect();
        Ok(Self {
            inner: Arc::new(Inner { plans: Arc::new(plans), messages, definitions: bundle["definitions"].clone() }),
        })
    }

    /// The keys of the messages that go that way.
    pub fn messages(&self, direction: Direction) -> impl Iterator<Item = &str> {
        self.inner.messages.iter().filter(move |message| message.direction == direction).map(|message| &*message.key)
    }

    /// The messages of which no valid frame can be made, and why: mostly, since there is none.
    pub fn impossible(&self) -> impl Iterator<Item = Impossible> {
        self.inner.messages.iter().filter(|message| !self.possible(message)).map(|message| self.why(message))
    }

    /// Whether there is a valid frame of a message.
    ///
    /// # Panics
    /// If there is no such message.
    #[must_use]
    pub fn is_possible(&self, direction: Direction, key: &str) -> bool {
        self.possible(self.inner.message(direction, key))
    }

    /// Valid frames of a message: the ends of what is allowed are often among them, and they shrink towards the smallest.
    ///
    /// # Panics
    /// If there is no such message, or no valid frame of it.
    pub fn valid(&self, direction: Direction, key: &str) -> BoxedStrategy<Value> {
        let plan = self.plan(direction, key);
        Values::new(self.inner.plans.clone(), [plan]).prop_map(|(_, frame)| frame).boxed()
    }

    /// Valid frames of any message that goes that way, each with the message's key.
    ///
    /// # Panics
    /// If there is no message of which there is a valid frame.
    pub fn any_valid(&self, direction: Direction) -> BoxedStrategy<(String, Value)> {
        let messages = self.inner.messages.iter().filter(|message| message.direction == direction);
        let possible = messages.filter(|message| self.possible(message));
        let (keys, plans): (Vec<String>, Vec<PlanId>) =
            possible.map(|message| (message.key.clone(), message.plan)).unzip();
        assert!(!plans.is_empty(), "there is no valid frame {}", direction.as_str());
        let values = Values::new(self.inner.plans.clone(), plans);
        values.prop_map(move |(place, frame)| (keys[place].clone(), frame)).boxed()
    }

    /// The smallest valid frame of a message.
    ///
    /// # Panics
    /// If there is no such message, or no valid frame of it.
    #[must_use]
    pub fn smallest(&self, direction: Direction, key: &str) -> &Value {
        let smallest = self.inner.plans.plan(self.plan(direction, key)).smallest.as_ref();
        smallest.expect("it is one that is possible")
    }

    /// Values of a schema that may refer to the definitions of the bundle: of a part of a frame, for instance.
    ///
    /// # Errors
    /// If it is no schema, refers to what is not there, or describes no value.
    pub fn value(&self, schema: &Value) -> Result<BoxedStrategy<Value>, BundleError> {
        let mut document = Map::new();
        document.insert("definitions".to_owned(), self.inner.definitions.clone());
        document.insert("x-schema".to_owned(), schema.clone());
        let schemas = Schemas::read(&Value::Object(document), &["/x-schema".to_owned()])?;
        let root = schemas.at("/x-schema").into_iter().collect::<Vec<_>>();
        let (plans, ids) = Plans::new(schemas, &root);
        if let Some(&id) = ids.iter().find(|&&id| !plans.is_possible(id)) {
            let (pointer, why) = plans.reason(id);
            return Err(BundleError::Keyword { pointer, why });
        }
        Ok(Values::new(Arc::new(plans), ids).prop_map(|(_, value)| value).boxed())
    }

    /// One valid frame of a message, which does not shrink: takes less time than a strategy.
    ///
    /// # Panics
    /// If there is no such message, or no valid frame of it.
    #[must_use]
    pub fn sample(&self, direction: Direction, key: &str, rng: &mut Rng) -> Value {
        let plan = self.plan(direction, key);
        Sampler::new(&self.inner.plans, rng).value(plan).expect("there is a smallest frame")
    }

    /// Whether a frame is one of the message. A judge of this crate's own, which asks no other validator.
    ///
    /// # Panics
    /// If there is no such message.
    #[must_use]
    pub fn accepts(&self, direction: Direction, key: &str, frame: &Value) -> bool {
        self.inner.plans.accepts(self.inner.message(direction, key).plan, frame)
    }

    pub(crate) fn plan(&self, direction: Direction, key: &str) -> PlanId {
        let message = self.inner.message(direction, key);
        assert!(self.possible(message), "{}", self.why(message));
        message.plan
    }

    fn possible(&self, message: &Message) -> bool {
        self.inner.plans.is_possible(message.plan)
    }

    fn why(&self, message: &Message) -> Impossible {
        let (pointer, reason) = self.inner.plans.reason(message.plan);
        Impossible { direction: message.direction, key: message.key.clone(), pointer, reason }
    }
}
