//! The frames of a protocol.

use std::sync::Arc;

use fastrand::Rng;
use proptest::strategy::{BoxedStrategy, Strategy};
use serde_json::Value;

use crate::bundle::{self, BundleError};
use crate::sample::{Sampler, find_smallest};
use crate::schema::Schemas;
use crate::shape::{PlanId, Shapes};
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
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) shapes: Shapes,
    messages: Vec<Message>,
}

#[derive(Debug)]
struct Message {
    direction: Direction,
    key: String,
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
        let mut shapes = Shapes::default();
        let messages = found
            .into_iter()
            .map(|(direction, key, pointer)| {
                let plan = shapes.intern(schemas.at(&pointer).into_iter().collect());
                Message { direction, key, plan }
            })
            .collect();
        shapes.work(&schemas);
        find_smallest(&mut shapes);
        Ok(Self { inner: Arc::new(Inner { shapes, messages }) })
    }

    /// The keys of the messages that go that way.
    pub fn messages(&self, direction: Direction) -> impl Iterator<Item = &str> {
        self.inner.messages.iter().filter(move |message| message.direction == direction).map(|message| &*message.key)
    }

    /// Valid frames of a message: the ends of what is allowed are often among them, and they shrink towards the smallest.
    ///
    /// # Panics
    /// If there is no such message, or no valid frame of it.
    pub fn valid(&self, direction: Direction, key: &str) -> BoxedStrategy<Value> {
        Values::new(self.inner.clone(), self.plan(direction, key)).boxed()
    }

    /// Valid frames of any message that goes that way, each with the message's key.
    ///
    /// # Panics
    /// If there is no message of which there is a valid frame.
    pub fn any_valid(&self, direction: Direction) -> BoxedStrategy<(String, Value)> {
        let keys: Vec<String> = self.messages(direction).map(str::to_owned).collect();
        let frames = self.clone();
        proptest::sample::select(keys)
            .prop_flat_map(move |key| {
                let valid = frames.valid(direction, &key);
                valid.prop_map(move |frame| (key.clone(), frame))
            })
            .boxed()
    }

    /// One valid frame of a message, which does not shrink: takes less time than a strategy.
    ///
    /// # Panics
    /// If there is no such message, or no valid frame of it.
    #[must_use]
    pub fn sample(&self, direction: Direction, key: &str, rng: &mut Rng) -> Value {
        let plan = self.plan(direction, key);
        Sampler::new(&self.inner.shapes, rng).value(plan).expect("there is a smallest frame")
    }

    fn plan(&self, direction: Direction, key: &str) -> PlanId {
        let mut messages = self.inner.messages.iter();
        let found = messages.find(|message| message.direction == direction && message.key == key);
        let message = found.unwrap_or_else(|| panic!("no message {key} goes {}", direction.as_str()));
        assert!(self.inner.shapes.plan(message.plan).smallest.is_some(), "there is no valid frame of {key}");
        message.plan
    }
}
