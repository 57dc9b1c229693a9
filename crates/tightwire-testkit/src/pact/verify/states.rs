//! Provider states: what the server under test is told to be like, before an interaction and in the middle of it.

use std::fmt::{self, Display};
use std::future::Future;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use super::finding::Finding;
use crate::pact::ProviderState;

/// A state that the server is to get into, or out of.
#[derive(Clone, Debug, PartialEq)]
pub struct StateChange {
    /// Which way.
    pub action: Action,
    /// The state. Its name is what the consumer and the server's tests agree on.
    pub state: ProviderState,
}

/// Into a state or out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Before the interaction; of `x-ws.trigger` in the middle of it.
    SetUp,
    /// After the interaction, in the opposite order.
    TearDown,
}

/// Puts the server under test into states. A closure that takes a [`StateChange`] and gives a future is one, too.
///
/// What setting up gives are values for the request, by name: `ProviderState` generators use them.
pub trait StateHandler: Send + Sync {
    /// Changes the server's state.
    ///
    /// # Errors
    /// Where that is not possible, or no such state is known. The text goes into the report.
    fn change(&self, change: StateChange) -> BoxFuture<'_, Result<Map<String, Value>, String>>;
}

impl<F, Changing> StateHandler for F
where
    F: Fn(StateChange) -> Changing + Send + Sync,
    Changing: Future<Output = Result<Map<String, Value>, String>> + Send + 'static,
{
    fn change(&self, change: StateChange) -> BoxFuture<'_, Result<Map<String, Value>, String>> {
        self(change).boxed()
    }
}

impl Action {
    /// As Pact's own verifiers call it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SetUp => "setup",
            Self::TearDown => "teardown",
        }
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The states of one interaction.
pub(super) struct States<'a> {
    handler: Option<&'a dyn StateHandler>,
    /// Those that the server is in, in the order in which it got there.
    entered: Vec<ProviderState>,
    /// What setting up has given.
    values: Map<String, Value>,
}

impl<'a> States<'a> {
    pub(super) fn new(handler: Option<&'a dyn StateHandler>) -> Self {
        Self { handler, entered: Vec::new(), values: Map::new() }
    }

    /// What setting up has given, by name.
    pub(super) fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// Whether anybody can be told. Where not, states are taken for granted.
    pub(super) fn has_handler(&self) -> bool {
        self.handler.is_some()
    }

    /// Sets a state up.
    pub(super) async fn set_up(&mut self, state: &ProviderState) -> Result<(), Finding> {
        let Some(handler) = self.handler else { return Ok(()) };
        let change = StateChange { action: Action::SetUp, state: state.clone() };
        let values = handler.change(change).await.map_err(|why| failed(Action::SetUp, state, why))?;
        self.values.extend(values);
        self.entered.push(state.clone());
        Ok(())
    }

    /// Leaves all states, the last one first.
    pub(super) async fn tear_down(self) -> Vec<Finding> {
        let Some(handler) = self.handler else { return Vec::new() };
        let mut findings = Vec::new();
        for state in self.entered.into_iter().rev() {
            let change = StateChange { action: Action::TearDown, state: state.clone() };
            if let Err(why) = handler.change(change).await {
                findings.push(failed(Action::TearDown, &state, why));
            }
        }
        findings
    }
}

fn failed(action: Action, state: &ProviderState, why: String) -> Finding {
    let params =
        if state.params.is_empty() { String::new() } else { format!(" {}", Value::Object(state.params.clone())) };
    let mut finding = Finding::new("state", format!("the server in the state \"{}\"{params}", state.name), why);
    finding.message = match action {
        Action::SetUp => "the state could not be set up, so nothing was verified".to_owned(),
        Action::TearDown => "the state could not be undone".to_owned(),
    };
    finding
}
