//! The server under test: the chat server on a port of its own, and what puts it into states.

use std::net::SocketAddr;
use std::time::Duration;

use tightwire_testkit::pact::verify::Verifier;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::common::bus::Bus;
use crate::common::{contract, reach_at, settings};
use crate::states::States;

/// How long the server may take where a contract does not say. A busy machine is no defect.
const PATIENCE: Duration = Duration::from_secs(10);

/// A chat server.
pub(crate) struct Provider {
    address: SocketAddr,
    states: States,
    serving: JoinHandle<()>,
}

impl Provider {
    pub(crate) async fn start(bus: &Bus) -> Self {
        // Every interaction has a connection of its own, and all come from one address.
        let flags = ["--handshakes-per-second", "1000", "--handshake-burst", "1000"];
        let (server, chat) = tightwire_chat::assemble(&settings(bus, &flags)).expect("the settings are right");
        let publisher = server.publisher();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it listens");
        let serving = tokio::spawn(async move {
            server.run(listener, std::future::pending()).await.expect("it serves");
        });
        reach_at(bus, address).await;
        Self { address, states: States::new(chat, publisher, address), serving }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn states(&self) -> States {
        self.states.clone()
    }

    /// Verifies with this server, everything that comes against the contract, too.
    pub(crate) fn verifier(&self) -> Verifier {
        self.verifier_at(self.address)
    }

    /// The same with what listens there, in front of this server.
    pub(crate) fn verifier_at(&self, address: SocketAddr) -> Verifier {
        let verifier = Verifier::new(format!("ws://{address}/ws")).contract(contract());
        verifier.states(self.states()).patience(PATIENCE)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
