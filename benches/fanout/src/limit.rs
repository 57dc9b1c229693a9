//! The least that a server can do: one thread, epoll, frames that are made before they are needed, and one `send` per
//! socket. It checks nothing, keeps nothing and drops whoever is slow: a yardstick, not a server.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;

use anyhow::Context as _;
use rustix::event::epoll;
use rustix::net::{SendFlags, send};

use crate::options::Serve;
use crate::wire;

/// How many broadcasts are coalesced at most, and how many pings answered at once.
const MOST: usize = 256;

const LISTENER: u64 = u64::MAX;
const CONTROL_LISTENER: u64 = u64::MAX - 1;
const CONTROL: u64 = u64::MAX - 2;

struct Client {
    stream: TcpStream,
    /// Bytes of a handshake or of pings that are not complete.
    pending: usize,
    is_open: bool,
}

struct Limit {
    epoll: std::os::fd::OwnedFd,
    clients: HashMap<u64, Client>,
    frames: Vec<u8>,
    pongs: Vec<u8>,
    ping_len: usize,
}

pub(crate) fn serve(serve: &Serve) -> anyhow::Result<()> {
    let listener = TcpListener::bind(serve.address).context("cannot listen")?;
    let control_listener = TcpListener::bind(serve.control).context("cannot listen for control")?;
    let mut control = None::<TcpStream>;
    let mut limit = Limit {
        epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
        clients: HashMap::new(),
        frames: wire::from_server(wire::FRAME_BYTES).repeat(MOST),
        pongs: wire::from_server(wire::PONG_BYTES).repeat(MOST),
        ping_len: wire::ping().len(),
    };
    let watch = |stream: &dyn std::os::fd::AsFd, key| {
        epoll::add(&limit.epoll, stream.as_fd(), epoll::EventData::new_u64(key), epoll::EventFlags::IN)
    };
    watch(&listener, LISTENER)?;
    watch(&control_listener, CONTROL_LISTENER)?;
    let mut events = Vec::with_capacity(1024);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        events.clear();
        epoll::wait(&limit.epoll, rustix::buffer::spare_capacity(&mut events), None)?;
        for event in &events {
            match event.data.u64() {
                LISTENER => limit.accept(&listener)?,
                CONTROL_LISTENER => {
                    let (stream, _) = control_listener.accept()?;
                    let data = epoll::EventData::new_u64(CONTROL);
                    epoll::add(&limit.epoll, &stream, data, epoll::EventFlags::IN)?;
                    control = Some(stream);
                }
                CONTROL => {
                    let count = control.as_mut().map_or(Ok(0), |control| control.read(&mut buffer[..MOST]))?;
                    if count == 0 {
                        control = None;
                    }
                    limit.broadcast(count);
                }
                key => limit.read(key, &mut buffer),
            }
        }
    }
}

impl Limit {
    fn accept(&mut self, listener: &TcpListener) -> anyhow::Result<()> {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let key = u64::try_from(stream.as_raw_fd())?;
        epoll::add(&self.epoll, &stream, epoll::EventData::new_u64(key), epoll::EventFlags::IN)?;
        self.clients.insert(key, Client { stream, pending: 0, is_open: false });
        Ok(())
    }

    fn broadcast(&mut self, count: usize) {
        let bytes = &self.frames[..count * wire::FRAME_BYTES];
        self.clients.retain(|_, client| !client.is_open || send_whole(client, bytes));
    }

    fn read(&mut self, key: u64, buffer: &mut [u8]) {
        let Some(client) = self.clients.get_mut(&key) else { return };
        let count = match client.stream.read(buffer) {
            Ok(0) => None,
            Ok(count) => Some(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Some(0),
            Err(_) => None,
        };
        let alive = match count {
            None => false,
            Some(count) if client.is_open => {
                client.pending += count;
                let pings = (client.pending / self.ping_len).min(MOST);
                client.pending -= pings * self.ping_len;
                pings == 0 || send_whole(client, &self.pongs[..pings * wire::PONG_BYTES])
            }
            Some(count) => {
                if buffer[..count].ends_with(b"\r\n\r\n") {
                    client.is_open = true;
                    let answer =
                        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
                    client.stream.write_all(answer).is_ok()
                } else {
                    true
                }
            }
        };
        if !alive {
            self.clients.remove(&key);
        }
    }
}

/// One `send`. False if the kernel does not take everything.
fn send_whole(client: &Client, bytes: &[u8]) -> bool {
    send(&client.stream, bytes, SendFlags::NOSIGNAL).is_ok_and(|count| count == bytes.len())
}
