//! What the accept loop, connections and tests share: the tests that run, and what was recorded.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Recording;
use super::capture::{self, Outcome};
use super::consumer::Ended;
use super::protocol::Protocol;
use super::session::Session;
use crate::pact::{Interaction, Pact};

/// What the accept loop, connections and tests share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) recording: Recording,
    protocol: Protocol,
    pub(super) address: SocketAddr,
    /// Written when tests begin and end; never held across an await.
    tests: Mutex<Tests>,
}

#[derive(Debug, Default)]
struct Tests {
    begun: u64,
    running: BTreeMap<u64, Arc<Session>>,
    recorded: Vec<Interaction>,
    /// Tests that have failed: what they rely on is not in the pact.
    failed: u64,
}

impl Shared {
    pub(super) fn new(recording: Recording, protocol: Protocol, address: SocketAddr) -> Self {
        Self { recording, protocol, address, tests: Mutex::default() }
    }

    /// Begins a test: its number, and what it has.
    pub(super) fn begin(&self) -> (u64, Arc<Session>) {
        let mut tests = self.lock();
        tests.begun += 1;
        let (number, session) = (tests.begun, Arc::new(Session::new(self.protocol.clone())));
        tests.running.insert(number, Arc::clone(&session));
        (number, session)
    }

    pub(super) fn session(&self, number: u64) -> Option<Arc<Session>> {
        self.lock().running.get(&number).map(Arc::clone)
    }

    pub(super) fn url(&self, number: u64) -> String {
        format!("ws://{}/{number}", self.address)
    }

    pub(super) fn end(&self, number: u64, passed: bool) -> Ended {
        let mut tests = self.lock();
        let Some(session) = tests.running.remove(&number) else { return Ended::default() };
        let problems = session.problems();
        if passed && problems.is_empty() {
            tests.recorded.extend(session.interactions());
        } else {
            tests.failed += 1;
        }
        Ended { problems, transcript: session.transcript() }
    }

    pub(super) fn pact(&self) -> Pact {
        let Recording { consumer, provider, ir, .. } = &self.recording;
        let interactions = self.lock().recorded.clone();
        capture::pact(consumer, provider, &ir.info, interactions)
    }

    pub(super) fn finish(&self) -> Outcome {
        let unfinished = {
            let tests = self.lock();
            tests.failed + tests.running.len() as u64
        };
        capture::finish(&self.pact(), &self.recording.file, self.recording.mode, unfinished)
    }

    fn lock(&self) -> MutexGuard<'_, Tests> {
        self.tests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
