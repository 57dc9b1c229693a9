//! A TCP proxy that treats connections badly, when it is told to.
//!
//! It runs on a thread and a runtime of its own. What it is told has happened when the call returns.
//!
//! ```text
//!   client ───► to server ───►  server       pass    bytes go through
//!          ◄─── to client ◄───               stall   they are held, in one direction or both; the client notices nothing
//!                                            cut     every connection is reset, new ones are refused
//!                                            detach  clients are reset, what was held from them is kept,
//!                                                    and delivered later, when nobody expects it any more
//! ```

mod link;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::thread;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use self::link::{Held, Link, State};
use crate::port;
use crate::until::until;

/// Where bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From clients to the server.
    ToServer,
    /// From the server to clients.
    ToClient,
}

/// A proxy before one server. Ends, with every connection through it, when it is dropped.
#[derive(Debug)]
pub struct ChaosProxy {
    address: SocketAddr,
    commands: mpsc::UnboundedSender<(Command, blocking::Sender<()>)>,
    held: Arc<Held>,
}

#[derive(Clone, Copy, Debug)]
enum Command {
    Cut,
    Reset,
    Stall(Direction),
    Heal,
    Detach,
    DeliverLate,
}

impl ChaosProxy {
    /// A proxy before the server that listens at `target`, which lets everything pass.
    ///
    /// # Panics
    /// Where there is no free port.
    #[must_use]
    pub fn start(target: SocketAddr) -> Self {
        let held = Arc::new(Held::default());
        let (commands, orders) = mpsc::unbounded_channel();
        let (started, starting) = blocking::channel();
        let proxy = Proxy { target, held: Arc::clone(&held) };
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
            runtime.block_on(async {
                let listener = listen(None).await;
                started.send(listener.local_addr().expect("an address")).expect("somebody waits");
                proxy.run(listener, orders).await;
            });
        };
        thread::Builder::new().name("chaos-proxy".to_owned()).spawn(run).expect("a thread");
        Self { address: starting.recv().expect("it starts"), commands, held }
    }

    /// Where it listens, also while it refuses connections.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resets every connection, at both ends, and refuses new ones. What was held is lost.
    pub fn cut(&self) {
        self.tell(Command::Cut);
    }

    /// Resets every connection, at both ends; new ones are as they were before. What was held is lost.
    pub fn reset(&self) {
        self.tell(Command::Reset);
    }

    /// Holds what goes in that direction, also of connections to come. To whoever sends it all is well.
    pub fn stall(&self, direction: Direction) {
        self.tell(Command::Stall(direction));
    }

    /// Holds what goes in either direction.
    pub fn stall_both(&self) {
        self.stall(Direction::ToServer);
        self.stall(Direction::ToClient);
    }

    /// Accepts connections and lets everything pass, first what was held.
    pub fn heal(&self) {
        self.tell(Command::Heal);
    }

    /// Resets the clients' ends of all connections and lets everything pass on new ones. The servers' ends stay open, and
    /// what was held for them is kept for [`deliver_late`](Self::deliver_late).
    pub fn detach(&self) {
        self.tell(Command::Detach);
    }

    /// Gives the server what was kept by [`detach`](Self::detach), as one does that finds its network again, and waits
    /// until the server has taken it all. Nobody hears what it answers.
    pub fn deliver_late(&self) {
        self.tell(Command::DeliverLate);
    }

    /// How many bytes are held in that direction now.
    #[must_use]
    pub fn held(&self, direction: Direction) -> usize {
        self.held.bytes(direction)
    }

    /// Waits until at least so many bytes are held in that direction.
    ///
    /// # Panics
    /// Where they do not come.
    #[track_caller]
    pub fn until_held(&self, direction: Direction, bytes: usize) {
        until("the bytes are held", || (self.held(direction) >= bytes).then_some(()));
    }

    fn tell(&self, command: Command) {
        let (done, waiting) = blocking::channel();
        self.commands.send((command, done)).expect("it runs as long as this");
        waiting.recv().expect("it runs as long as this");
    }
}

/// What runs on the thread.
struct Proxy {
    target: SocketAddr,
    held: Arc<Held>,
}

impl Proxy {
    async fn run(self, listener: TcpListener, mut orders: mpsc::UnboundedReceiver<(Command, blocking::Sender<()>)>) {
        let address = listener.local_addr().expect("an address");
        let mut listener = Some(listener);
        let state = watch::Sender::new(State::default());
        // Those that have a client, and those that only wait to deliver.
        let (mut links, mut detached) = (JoinSet::new(), JoinSet::new());
        loop {
            let accepted = async {
                match &listener {
                    Some(listener) => listener.accept().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                order = orders.recv() => {
                    let Some((command, done)) = order else { return };
                    match command {
                        Command::Cut | Command::Reset => {
                            if let Command::Cut = command {
                                listener = None;
                            }
                            state.send_modify(|state| state.resets += 1);
                            while links.join_next().await.is_some() {}
                            detached.shutdown().await;
                        }
                        Command::Stall(direction) => state.send_modify(|state| state.stall(direction, true)),
                        Command::Heal => {
                            state.send_modify(State::heal);
                            if listener.is_none() {
                                listener = Some(listen(Some(address)).await);
                            }
                        }
                        Command::Detach => {
                            state.send_modify(State::detach);
                            while let Some(link) = links.join_next().await {
                                if let Ok(Some(kept)) = link {
                                    detached.spawn(Link::deliver(kept, state.subscribe()));
                                }
                            }
                        }
                        Command::DeliverLate => {
                            state.send_modify(|state| state.deliveries += 1);
                            while detached.join_next().await.is_some() {}
                        }
                    }
                    // Whoever asked may have panicked meanwhile.
                    let _ = done.send(());
                }
                accepted = accepted => {
                    let Ok((client, _)) = accepted else { continue };
                    links.spawn(Link::run(client, self.target, Arc::clone(&self.held), state.subscribe()));
                }
                Some(_) = links.join_next() => {}
            }
        }
    }
}

/// Listens at a port that stays free while nobody does.
async fn listen(address: Option<SocketAddr>) -> TcpListener {
    loop {
        let address = address.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, port::free()).into());
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            // Somebody else was quicker, or holds the port for a moment.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}
