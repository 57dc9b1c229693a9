//! The recording provider: a stand-in for the server that a consumer's tests talk to, and that writes the pact.
//!
//! It speaks the protocol of a document over a real WebSocket. A test says what it relies on ([`Draft`]), runs its client
//! against the provider, and asks at the end what was not exercised and what nobody expected. What passes goes into the
//! pact, and nothing that the document forbids ever does.
//!
//! Without being told, it greets every connection, keeps its subscriptions and answers its heartbeat, unless an interaction
//! says otherwise.
//!
//! Tests in Rust have a [`Provider`] in their process; others start `tightwire contract provider` and use the control API.

mod answers;
mod capture;
mod connection;
mod consumer;
mod control;
mod draft;
mod envelope;
mod http;
pub mod matchers;
mod protocol;
mod scenario;
mod session;
mod shared;
mod state;
mod template;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tightwire_spec::ir::Ir;
use tightwire_spec::{FileSystem, load};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

pub use self::capture::{Mode, Outcome};
pub use self::consumer::{Consumer, Ended};
pub use self::draft::{Draft, DraftFrame, DraftState};
use self::http::Head;
use self::protocol::Protocol;
use self::shared::Shared;
use crate::pact::{Document, Pact};

/// What a provider stands in for, and where the pact goes.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The document.
    pub ir: Ir,
    /// The consumer's name.
    pub consumer: String,
    /// The provider's name.
    pub provider: String,
    /// The file.
    pub file: PathBuf,
    /// What is done with it.
    pub mode: Mode,
}

impl Recording {
    /// What the tests of a consumer record in `file`, by a document. `UPDATE_PACTS=1` in the environment has it written, else it is
    /// compared.
    ///
    /// # Errors
    /// Where the document cannot be read, or is faulty.
    pub fn of(document: &Path, consumer: &str, provider: &str, file: impl Into<PathBuf>) -> Result<Self, String> {
        let loaded = load(document, &FileSystem).map_err(|error| error.to_string())?;
        let faulty = || format!("{0} is faulty; `tightwire validate {0}` says where", document.display());
        let mode = match std::env::var_os("UPDATE_PACTS") {
            Some(value) if !value.is_empty() => Mode::Write,
            _ => Mode::Compare,
        };
        let (consumer, provider) = (consumer.to_owned(), provider.to_owned());
        Ok(Self { ir: loaded.ir.ok_or_else(faulty)?, consumer, provider, file: file.into(), mode })
    }
}

/// A running provider. It ends when it is dropped.
#[derive(Debug)]
pub struct Provider {
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// Why a provider cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Without an envelope nothing says which frame answers which.
    #[error(
        "the document describes no envelope (`x-envelope: 1`): the recording provider speaks protocols with one only"
    )]
    NoEnvelope,
    /// Its schemas cannot be used.
    #[error(transparent)]
    Contract(#[from] crate::contract::ContractError),
    /// It cannot listen there.
    #[error("it cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
}

impl Provider {
    /// Starts a provider on a port of 127.0.0.1 that is free.
    ///
    /// # Errors
    /// Where the document is not for it.
    pub async fn start(recording: Recording) -> Result<Self, StartError> {
        Self::start_on(recording, (Ipv4Addr::LOCALHOST, 0).into()).await
    }

    /// Starts a provider that listens there.
    ///
    /// # Errors
    /// Where the document is not for it, or it cannot listen there.
    pub async fn start_on(recording: Recording, address: SocketAddr) -> Result<Self, StartError> {
        if recording.ir.envelope.is_none() {
            return Err(StartError::NoEnvelope);
        }
        let document = Arc::new(Document::new(recording.ir.clone())?);
        let refused = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let protocol = Protocol { document };
        let shared = Arc::new(Shared::new(recording, protocol, address));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { shared, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Begins a test.
    #[must_use]
    pub fn consumer(&self) -> Consumer {
        Consumer::begin(&self.shared)
    }

    /// The pact as it is so far.
    #[must_use]
    pub fn pact(&self) -> Pact {
        self.shared.pact()
    }

    /// All tests are over: writes the pact, or compares it with the file.
    #[must_use]
    pub fn finish(&self) -> Outcome {
        self.shared.finish()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // They end with the provider.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, Arc::clone(&shared)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let Ok(Some(head)) = Head::read(&mut stream).await else { return };
    if head.wants_websocket {
        let number = head.path.trim_start_matches('/').split(['/', '?']).next().and_then(|number| number.parse().ok());
        let Some(session) = number.and_then(|number| shared.session(number)) else { return };
        connection::serve(head.give_back(stream), &session).await;
    } else {
        // A test that does not wait for the answer needs none.
        let _ = control::serve(head, &mut stream, &shared).await;
    }
}
