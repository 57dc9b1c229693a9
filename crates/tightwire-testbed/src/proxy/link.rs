//! One connection through the proxy: two pumps, each with what it holds.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

use super::Direction;

/// So many bytes of a connection are held in a direction; then its sender has to wait, as in any network.
const CAPACITY: usize = 64 << 20;

/// What connections are to do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct State {
    stalled: [bool; 2],
    /// How often all connections were reset, detached, and what was kept delivered. A connection looks for what is more
    /// than when it began.
    pub(super) resets: u64,
    detachments: u64,
    pub(super) deliveries: u64,
}

impl State {
    pub(super) fn stall(&mut self, direction: Direction, stalled: bool) {
        self.stalled[direction as usize] = stalled;
    }

    pub(super) fn heal(&mut self) {
        self.stalled = [false; 2];
    }

    pub(super) fn detach(&mut self) {
        self.heal();
        self.detachments += 1;
    }
}

/// How many bytes are held, over all connections.
#[derive(Debug, Default)]
pub(super) struct Held([AtomicUsize; 2]);

impl Held {
    pub(super) fn bytes(&self, direction: Direction) -> usize {
        self.0[direction as usize].load(Ordering::SeqCst)
    }
}

/// A connection.
pub(super) struct Link;

/// One direction of it.
struct Pump {
    direction: Direction,
    buffer: BytesMut,
    held: Arc<Held>,
    /// The sender has said that nothing more comes.
    ended: bool,
}

/// What a connection leaves behind that lost its client.
pub(super) struct Kept {
    server: TcpStream,
    to_server: Pump,
}

impl Link {
    /// Runs until either end closes, or until it is told to end. Gives what is left of it if its client was detached.
    pub(super) async fn run(
        client: TcpStream,
        target: SocketAddr,
        held: Arc<Held>,
        mut state: watch::Receiver<State>,
    ) -> Option<Kept> {
        let began = *state.borrow_and_update();
        // On one machine this takes no time, also where the server is paused.
        let Ok(server) = TcpStream::connect(target).await else {
            reset(&client);
            return None;
        };
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let (from_client, mut into_client) = client.into_split();
        let (from_server, mut into_server) = server.into_split();
        let mut to_server = Pump::new(Direction::ToServer, Arc::clone(&held));
        let mut to_client = Pump::new(Direction::ToClient, held);
        let (mut up, mut down) = (state.clone(), state.clone());
        let told = tokio::select! {
            biased;
            told = state.wait_for(|now| now.resets > began.resets || now.detachments > began.detachments) => {
                told.map(|now| *now).ok()
            }
            () = async {
                tokio::join!(
                    to_server.run(&from_client, &mut into_server, &mut up),
                    to_client.run(&from_server, &mut into_client, &mut down),
                );
            } => None,
        };
        let client = from_client.reunite(into_client).expect("the same connection");
        let server = from_server.reunite(into_server).expect("the same connection");
        match told {
            Some(now) if now.resets == began.resets => {
                reset(&client);
                to_client.clear();
                Some(Kept { server, to_server })
            }
            Some(_) => {
                reset(&client);
                reset(&server);
                None
            }
            // It came to its end by itself.
            None => None,
        }
    }

    /// Waits for the word, gives the server what was kept, and reads until the server has nothing more to say.
    pub(super) async fn deliver(kept: Kept, mut state: watch::Receiver<State>) {
        let Kept { mut server, mut to_server } = kept;
        let before = state.borrow_and_update().deliveries;
        if state.wait_for(|now| now.deliveries > before).await.is_err() {
            return;
        }
        let deliver = async {
            server.write_all(&to_server.buffer).await?;
            to_server.clear();
            server.shutdown().await?;
            let mut ignored = Vec::new();
            server.read_to_end(&mut ignored).await
        };
        // The server may be gone.
        let _: io::Result<_> = deliver.await;
    }
}

impl Pump {
    fn new(direction: Direction, held: Arc<Held>) -> Self {
        Self { direction, buffer: BytesMut::new(), held, ended: false }
    }

    /// Reads and writes until the sender has ended and everything is written, or the receiver is gone.
    ///
    /// Where the sender is gone, what it had sent is still on its way, as it would be in a network.
    async fn run(&mut self, from: &OwnedReadHalf, into: &mut OwnedWriteHalf, state: &mut watch::Receiver<State>) {
        while !(self.ended && self.buffer.is_empty()) {
            let stalled = state.borrow_and_update().stalled[self.direction as usize];
            tokio::select! {
                biased;
                changed = state.changed() => if changed.is_err() { return },
                _ = into.writable(), if !stalled && !self.buffer.is_empty() => match into.try_write(&self.buffer) {
                    Ok(written) => self.forget(written),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(_) => return,
                },
                _ = from.readable(), if !self.ended && self.buffer.len() < CAPACITY => {
                    match from.try_read_buf(&mut self.buffer) {
                        Ok(0) => self.ended = true,
                        Ok(read) => drop(self.held().fetch_add(read, Ordering::SeqCst)),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Err(_) => self.ended = true,
                    }
                }
            }
        }
        // The receiver may be gone.
        let _ = into.shutdown().await;
    }

    fn forget(&mut self, bytes: usize) {
        self.buffer.advance(bytes);
        self.held().fetch_sub(bytes, Ordering::SeqCst);
    }

    fn clear(&mut self) {
        self.forget(self.buffer.len());
    }

    fn held(&self) -> &AtomicUsize {
        &self.held.0[self.direction as usize]
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Lets the other end see a reset instead of an end.
fn reset(stream: &TcpStream) {
    // It only fails where the connection is gone already.
    let _ = stream.set_zero_linger();
}
