//! Verification: every interaction of a pact, with a real server over a real socket.
//!
//! Each interaction has a connection of its own. Where frames have an envelope, the verifier keeps the session as clients do: it
//! waits for the greeting, answers pings, and subscribes; what answers a request is what carries its `id`. Without an envelope the
//! contract says which message a frame is, and `x-ws.bind` which request it answers.
//!
//! ```no_run
//! use serde_json::Map;
//! use tightwire_testkit::pact::Pact;
//! use tightwire_testkit::pact::verify::{StateChange, Verifier};
//!
//! # async fn verify() -> Result<(), Box<dyn std::error::Error>> {
//! let pact = Pact::read("contracts/frontend-v1.json".as_ref())?;
//! let verifier = Verifier::new("ws://127.0.0.1:8080/ws").states(|change: StateChange| async move {
//!     // Put the server into the state here, or say that there is no such state.
//!     Err(format!("there is no state \"{}\"", change.state.name))
//! });
//! let report = verifier.verify([("frontend-v1.json", &pact)]).await?;
//! assert!(report.is_verified(), "{report}");
//! # Ok(())
//! # }
//! ```

mod belonging;
mod conversation;
mod exchange;
mod expectation;
mod finding;
mod http_states;
mod junit;
mod link;
mod names;
mod opening;
mod report;
mod request;
mod search;
mod session;
mod states;
mod text;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;

use self::link::Link;
use self::names::Names;
use self::opening::Opening;
use super::model::{Interaction, Pact};
use crate::contract::Contract;
use crate::handshake::Handshake;
use crate::harness::ConnectError;
use crate::target::Target;

pub use self::finding::Finding;
pub use self::http_states::HttpStates;
pub use self::report::{Outcome, PactReport, Report, Verdict};
pub use self::states::{Action, StateChange, StateHandler};

/// How often a handshake is tried again that the server has refused because there were too many.
const HANDSHAKES: usize = 5;
/// How long to wait before that.
const HANDSHAKE_PAUSE: Duration = Duration::from_millis(500);

/// Verifies pacts with one server.
pub struct Verifier {
    url: String,
    opening: Opening,
    handshake: Handshake,
    names: Names,
    states: Option<Arc<dyn StateHandler>>,
    patience: Duration,
    quiet: Duration,
    filter: Option<String>,
}

/// The server under test cannot be reached, so that nothing was verified.
#[derive(Debug, thiserror::Error)]
#[error("{url} cannot be reached: {error}")]
pub struct Unreachable {
    /// Where it should be.
    pub url: String,
    /// Why not.
    pub error: ConnectError,
}

impl Verifier {
    /// Verifies with the server at this URL: `ws://host:port/path`.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            opening: opening::over_tcp(),
            handshake: Handshake::default(),
            names: Names::default(),
            states: None,
            patience: Duration::from_secs(5),
            quiet: Duration::from_millis(100),
            filter: None,
        }
    }

    /// Opens every connection so, for servers that are not reached over TCP alone: with TLS, or in memory. The URL is still what
    /// the handshake asks for.
    #[must_use]
    pub fn opened_by<O, S>(mut self, open: O) -> Self
    where
        O: Fn() -> S + Send + Sync + 'static,
        S: Future<Output = Result<Target, String>> + Send + 'static,
    {
        self.opening = Box::new(move |_| open().boxed());
        self
    }

    /// Checks everything that comes against the contract, whatever the pact says of it.
    #[must_use]
    pub fn contract(mut self, contract: Contract) -> Self {
        self.names = Names::new(Some(contract));
        self
    }

    /// Puts the server into the states that interactions ask for. Without it states are taken for granted, and interactions that
    /// need a trigger fail.
    #[must_use]
    pub fn states(mut self, handler: impl StateHandler + 'static) -> Self {
        self.states = Some(Arc::new(handler));
        self
    }

    /// Adds a header to the handshake, for instance `authorization`.
    ///
    /// # Errors
    /// Where name or value cannot stand in an HTTP header.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, String> {
        self.handshake.add_header(name, value)?;
        Ok(self)
    }

    /// Offers a subprotocol (`Sec-WebSocket-Protocol`); several are offered in the order of the calls.
    #[must_use]
    pub fn subprotocol(mut self, name: &str) -> Self {
        self.handshake.add_subprotocol(name);
        self
    }

    /// Adds a parameter to the query. Name and value are percent-encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.handshake.add_query(name, value);
        self
    }

    /// How long to wait for frames where an interaction has no deadline, for the handshake, the greeting and subscriptions.
    /// Default: 5 s.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How long nothing must follow the last frame of an answer. Default: 100 ms.
    #[must_use]
    pub fn quiet(mut self, quiet: Duration) -> Self {
        self.quiet = quiet;
        self
    }

    /// Verifies only interactions whose description or key contains this.
    #[must_use]
    pub fn filter(mut self, text: impl Into<String>) -> Self {
        self.filter = Some(text.into());
        self
    }

    /// Verifies pacts, each with the name of its file, one interaction after the other.
    ///
    /// # Errors
    /// Where the server cannot be reached, or refuses the handshake. When it goes away later, the interactions that it has not
    /// answered fail.
    pub async fn verify<'p>(
        &self,
        pacts: impl IntoIterator<Item = (impl Into<String>, &'p Pact)>,
    ) -> Result<Report, Unreachable> {
        match self.connect().await {
            Ok(mut link) => link.close().await,
            Err(error) => return Err(Unreachable { url: self.url.clone(), error }),
        }
        let mut report = Report { pacts: Vec::new() };
        for (file, pact) in pacts {
            let mut outcomes = Vec::new();
            for interaction in pact.interactions.iter().filter(|interaction| self.is_asked_for(interaction)) {
                outcomes.push(self.outcome(interaction).await);
            }
            let (consumer, provider) = (pact.consumer.clone(), pact.provider.clone());
            report.pacts.push(PactReport { file: file.into(), consumer, provider, outcomes });
        }
        Ok(report)
    }

    async fn outcome(&self, interaction: &Interaction) -> Outcome {
        let began = Instant::now();
        let mut outcome = Outcome {
            description: interaction.description().to_owned(),
            key: None,
            kind: interaction.kind().to_owned(),
            states: Vec::new(),
            operation: None,
            verdict: Verdict::Skipped,
            took: Duration::ZERO,
            findings: Vec::new(),
            transcript: String::new(),
        };
        let Some(about) = interaction.about() else { return outcome };
        let held = conversation::hold(self, interaction, about).await;
        outcome.key = Some(about.key.clone().unwrap_or_else(|| about.derived_key()));
        outcome.states = about.provider_states.iter().map(|state| state.name.clone()).collect();
        outcome.operation = about.comments.operation_id().map(str::to_owned);
        outcome.verdict = match (held.findings.is_empty(), about.pending) {
            (true, _) => Verdict::Verified,
            (false, true) => Verdict::Pending,
            (false, false) => Verdict::Failed,
        };
        outcome.took = began.elapsed();
        outcome.findings = held.findings;
        outcome.transcript = held.transcript;
        outcome
    }

    fn is_asked_for(&self, interaction: &Interaction) -> bool {
        let Some(text) = &self.filter else { return true };
        let key = interaction.about().and_then(|about| about.key.as_deref());
        interaction.description().contains(text) || key.is_some_and(|key| key.contains(text))
    }

    async fn connect(&self) -> Result<Link, ConnectError> {
        let mut tried = 0;
        loop {
            tried += 1;
            match self.try_connect().await {
                Err(ConnectError::Refused(429)) if tried < HANDSHAKES => tokio::time::sleep(HANDSHAKE_PAUSE).await,
                connected => return connected,
            }
        }
    }

    async fn try_connect(&self) -> Result<Link, ConnectError> {
        let connecting = async {
            let builder = self.handshake.builder(&self.url)?;
            let target = (self.opening)(&self.url).await.map_err(ConnectError::Failed)?;
            let stream = opening::stream(target).await.map_err(ConnectError::Failed)?;
            Ok::<_, ConnectError>(builder.connect_on(stream).await?.0)
        };
        let connected = tokio::time::timeout(self.patience, connecting).await;
        let socket = connected.map_err(|_| ConnectError::TimedOut(self.patience))??;
        Ok(Link::start(socket, &self.url))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("url", &self.url).field("filter", &self.filter).finish_non_exhaustive()
    }
}
