//! The clients: many sockets, one thread, epoll. Frames are counted, never parsed.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rustix::event::Timespec;
use rustix::event::epoll;
use tightwire_bench_kit::open::Opened;
use tightwire_bench_kit::wire::FrameCounter;

use crate::options::Kind;
use crate::wire;

/// How long frames may take that were asked for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long clients that are [`Wait::Away`] stay away.
const AWAY: Duration = Duration::from_micros(100);

/// What clients do while nothing comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// They wait for the sockets, so that they have a frame as soon as it is there. A server that sends to clients who wait
    /// pays for waking them, one that is a little slower may find them awake: not for comparing what sending costs.
    Listening,
    /// They look now and then. Nobody who sends ever has to wake them.
    Away,
}

pub(crate) struct Clients {
    epoll: std::os::fd::OwnedFd,
    clients: Vec<Client>,
    events: Vec<epoll::Event>,
    buffer: Vec<u8>,
}

struct Client {
    stream: TcpStream,
    counter: FrameCounter,
}

impl Clients {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            clients: Vec::new(),
            events: Vec::with_capacity(1024),
            buffer: vec![0; 64 * 1024],
        })
    }

    /// Connects and subscribes until there are `count`.
    pub(crate) fn grow(&mut self, kind: Kind, address: SocketAddr, count: usize) -> anyhow::Result<()> {
        while self.clients.len() < count {
            let client = open(kind, address)?;
            client.stream.set_nonblocking(true)?;
            let data = epoll::EventData::new_u64(self.clients.len() as u64);
            epoll::add(&self.epoll, &client.stream, data, epoll::EventFlags::IN)?;
            self.clients.push(client);
        }
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.clients.len()
    }

    /// Reads until `expected` more frames have arrived, over all clients; `arrived` hears of each read's frames.
    pub(crate) fn receive(
        &mut self,
        expected: usize,
        wait: Wait,
        mut arrived: impl FnMut(usize),
    ) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut frames = 0;
        while frames < expected {
            ensure!(Instant::now() < deadline, "only {frames} of {expected} frames arrived");
            let patience = match wait {
                Wait::Listening => Duration::from_secs(1),
                Wait::Away => {
                    sleep(AWAY);
                    Duration::ZERO
                }
            };
            frames += self.turn(patience, &mut arrived)?;
        }
        ensure!(frames == expected, "{frames} frames arrived, {expected} were sent");
        Ok(())
    }

    /// Reads whatever comes within `wait`.
    pub(crate) fn settle(&mut self, wait: Duration) -> anyhow::Result<usize> {
        let mut frames = 0;
        loop {
            match self.turn(wait, &mut |_| ())? {
                0 => return Ok(frames),
                more => frames += more,
            }
        }
    }

    /// Sends a ping `window` times on the first connection.
    pub(crate) fn ping(&mut self, window: &[u8]) -> anyhow::Result<()> {
        Ok(self.clients.first_mut().context("there is a client")?.stream.write_all(window)?)
    }

    fn turn(&mut self, wait: Duration, arrived: &mut impl FnMut(usize)) -> anyhow::Result<usize> {
        let timeout = Timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: wait.subsec_nanos().into() };
        self.events.clear();
        epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut self.events), Some(&timeout))?;
        let mut frames = 0;
        for event in &self.events {
            let index = usize::try_from(event.data.u64())?;
            let Client { stream, counter } = &mut self.clients[index];
            match stream.read(&mut self.buffer) {
                Ok(0) => bail!("the server has closed a connection"),
                Ok(count) => {
                    let more = counter.count(&self.buffer[..count]);
                    arrived(more);
                    frames += more;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error).context("a connection broke"),
            }
        }
        Ok(frames)
    }
}

/// Connects, does the handshake, and subscribes where that takes a message.
fn open(kind: Kind, address: SocketAddr) -> anyhow::Result<Client> {
    let Opened { mut stream, mut counter, mut frames } = Opened::at(address)?;
    if kind == Kind::Tightwire {
        stream.write_all(&wire::subscribe())?;
        // The first frame of every connection, and the answer.
        let mut buffer = [0; 4096];
        while frames < 2 {
            let count = stream.read(&mut buffer)?;
            ensure!(count > 0, "the server closed instead of subscribing");
            frames += counter.count(&buffer[..count]);
        }
    }
    Ok(Client { stream, counter })
}

/// A client that connects and subscribes, and never reads again.
pub(crate) fn open_stalled(kind: Kind, address: SocketAddr) -> anyhow::Result<TcpStream> {
    Ok(open(kind, address)?.stream)
}
