//! The server under test: the chat server on a port of its own, and what puts it into states.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tightwire::Publisher;
use tightwire_chat::service::Chat;
use tightwire_chat::settings::Settings;
use tightwire_testkit::pact::verify::Verifier;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::common::bus::Bus;
use crate::common::{contract, reach_at, settings};
use crate::states::States;

/// How long the server may take where a contract does not say. A busy machine is no defect.
const PATIENCE: Duration = Duration::from_secs(10);

/// A chat server.
pub(crate) struct Provider {
    site: Arc<Site>,
    states: States,
}

/// Where chat servers listen, one after the other: a state may ask for one that shuts down.
pub(crate) struct Site {
    /// Every server gets a handle of it, so that clients find one whatever happens.
    listener: std::net::TcpListener,
    address: SocketAddr,
    settings: Settings,
    /// The server that is there now. Written by the state; never held across an await.
    running: Mutex<Option<Running>>,
}

/// A chat server that runs.
struct Running {
    chat: Arc<Chat>,
    publisher: Publisher,
    shut_down: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Provider {
    pub(crate) async fn start(bus: &Bus) -> Self {
        // Every interaction has a connection of its own, and all come from one address.
        let flags = ["--handshakes-per-second", "1000", "--handshake-burst", "1000"];
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it listens");
        let settings = settings(bus, &flags);
        let site = Arc::new(Site { listener, address, settings, running: Mutex::default() });
        site.serve();
        reach_at(bus, address).await;
        Self { states: States::new(Arc::clone(&site)), site }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.site.address
    }

    pub(crate) fn states(&self) -> States {
        self.states.clone()
    }

    /// Verifies with this server, everything that comes against the contract, too.
    pub(crate) fn verifier(&self) -> Verifier {
        self.verifier_at(self.site.address)
    }

    /// The same with what listens there, in front of this server.
    pub(crate) fn verifier_at(&self, address: SocketAddr) -> Verifier {
        let verifier = Verifier::new(format!("ws://{address}/ws")).contract(contract());
        verifier.states(self.states()).patience(PATIENCE)
    }
}

impl Site {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The application in the server that is there now.
    pub(crate) fn chat(&self) -> Arc<Chat> {
        self.with(|running| Arc::clone(&running.chat))
    }

    pub(crate) fn publisher(&self) -> Publisher {
        self.with(|running| running.publisher.clone())
    }

    /// Tells the server to shut down.
    pub(crate) fn shut_down(&self) {
        if let Some(shut_down) = self.with(|running| running.shut_down.take()) {
            let _ = shut_down.send(());
        }
    }

    /// Waits until the server that shuts down has ended, and starts another in its place.
    pub(crate) async fn replace(&self) {
        let ended = self.running.lock().expect("no panic").take();
        ended.expect("a server").serving.await.expect("it has ended well");
        self.serve();
        self.with(|running| assert!(!running.serving.is_finished(), "it does not serve"));
    }

    fn serve(&self) {
        let (server, chat) = tightwire_chat::assemble(&self.settings).expect("the settings are right");
        let publisher = server.publisher();
        let listener = self.listener.try_clone().expect("a handle");
        listener.set_nonblocking(true).expect("a socket");
        let listener = TcpListener::from_std(listener).expect("a runtime");
        let (shut_down, told) = oneshot::channel();
        let serving = tokio::spawn(async move {
            let shutdown = async {
                let _ = told.await;
            };
            server.run(listener, shutdown).await.expect("it serves");
        });
        let running = Running { chat, publisher, shut_down: Some(shut_down), serving };
        *self.running.lock().expect("no panic") = Some(running);
    }

    fn with<T>(&self, look: impl FnOnce(&mut Running) -> T) -> T {
        look(self.running.lock().expect("no panic").as_mut().expect("a server"))
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.site.with(|running| running.serving.abort());
    }
}
