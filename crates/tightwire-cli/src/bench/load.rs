//! The load: one thread, all connections. Frames are sent when they are due, whatever has become of those before.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fastrand::Rng;
use mio::{Events, Poll};

use super::connection::{Connection, State};
use super::figures::Figures;
use super::flight::Sent;
use super::progress::Progress;
use super::target::Target;
use super::template::{Fresh, control};
use super::traffic::Traffic;

/// How long a reply is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Below this the next frame is waited for awake: the kernel counts in milliseconds.
const AWAKE: Duration = Duration::from_micros(1500);

/// How many frames are remembered for what others receive because of them.
const RECENT: usize = 1 << 18;

/// How often progress is shown, and what is too old given up.
const LOOK: Duration = Duration::from_millis(200);

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) connections: usize,
    /// Frames per second, over all connections.
    pub(super) rate: f64,
    pub(super) duration: Duration,
    pub(super) seed: u64,
}

/// All connections and what they do.
pub(super) struct Load<'a> {
    pub(super) plan: Plan,
    pub(super) target: &'a Target,
    pub(super) traffic: &'a Traffic,
    pub(super) progress: &'a Progress,
    pub(super) stop: &'a AtomicBool,
    pub(super) poll: Poll,
    pub(super) connections: Vec<Connection>,
    pub(super) figures: Figures,
    /// Until when the server wants no more handshakes.
    pub(super) put_off: Option<Instant>,
    /// The first part of all our identities; the rest is the frame's number.
    identity: [u8; 24],
    /// The topics, as JSON strings.
    topics: Vec<String>,
    pub(super) random: Rng,
    number: u64,
    /// When the last frames were due, from this number on: what others receive because of them is compared with it.
    pub(super) recent: VecDeque<Instant>,
    pub(super) first_recent: u64,
    pub(super) buffer: Vec<u8>,
    events: Events,
}

impl<'a> Load<'a> {
    pub(super) fn new(
        plan: Plan,
        target: &'a Target,
        traffic: &'a Traffic,
        progress: &'a Progress,
        stop: &'a AtomicBool,
    ) -> io::Result<Self> {
        let mut random = Rng::with_seed(plan.seed);
        let digits = format!("{:016x}", random.u64(..));
        let identity = format!("{}-{}-4{}-8{}-", &digits[..8], &digits[8..12], &digits[12..15], "000");
        let mut prefix = [0; 24];
        prefix.copy_from_slice(identity.as_bytes());
        Ok(Self {
            plan,
            target,
            traffic,
            progress,
            stop,
            poll: Poll::new()?,
            connections: Vec::new(),
            figures: Figures::new(traffic.kinds.len()),
            put_off: None,
            identity: prefix,
            topics: traffic.topics.iter().map(|topic| serde_json::Value::from(topic.as_str()).to_string()).collect(),
            random,
            number: 0,
            recent: VecDeque::new(),
            first_recent: 1,
            buffer: vec![0; 64 << 10],
            events: Events::with_capacity(1024),
        })
    }

    /// Opens all connections, sends for as long as planned, waits for the last replies.
    pub(super) fn run(mut self) -> Result<Figures, String> {
        self.open()?;
        let start = Instant::now();
        let total = (self.plan.rate * self.plan.duration.as_secs_f64()).round() as u64;
        let mut due_next = 0;
        let mut looked = start;
        while due_next < total && !self.stopped() && self.connections.iter().any(Connection::is_alive) {
            let now = Instant::now();
            while due_next < total {
                let intended = start + Duration::from_secs_f64(due_next as f64 / self.plan.rate);
                if intended > now {
                    break;
                }
                self.send(due_next, intended);
                due_next += 1;
            }
            let next = start + Duration::from_secs_f64(due_next as f64 / self.plan.rate);
            let left = next.saturating_duration_since(Instant::now());
            self.turn(if left < AWAKE { Duration::ZERO } else { (left - Duration::from_millis(1)).min(LOOK) })?;
            if now.duration_since(looked) >= LOOK {
                looked = now;
                self.look(now, start);
            }
        }
        self.figures.elapsed = start.elapsed();
        // The last replies.
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end
            && !self.stopped()
            && self.connections.iter().any(|it| it.is_alive() && it.flight.len() > 0)
        {
            self.turn(Duration::from_millis(10))?;
        }
        self.figures.unanswered += self.connections.iter().map(|it| it.flight.len() as u64).sum::<u64>();
        self.leave();
        Ok(self.figures)
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The frame of that place in the schedule. Connections take turns, and with each round the messages do.
    fn send(&mut self, place: u64, intended: Instant) {
        let count = self.connections.len() as u64;
        let index = (place % count) as usize;
        let kind = ((place / count + place % count) % self.traffic.kinds.len() as u64) as usize;
        if !self.connections[index].takes_more() {
            self.figures.unsent += 1;
            return;
        }
        let number = self.next_number(intended);
        let message = &self.traffic.kinds[kind];
        let template = &message.templates[self.random.usize(..message.templates.len())];
        let topic = if self.topics.is_empty() { "\"\"" } else { &self.topics[index % self.topics.len()] };
        let fresh = Fresh { id: self.id(number), ts: since_epoch().as_millis() as u64, topic };
        let mask = self.random.u32(..).to_ne_bytes();
        let connection = &mut self.connections[index];
        let bytes = template.write(&fresh, mask, &mut connection.out);
        if message.is_answered {
            connection.flight.push(Sent { number, kind, intended });
        }
        self.figures.sent += 1;
        self.figures.sent_bytes += bytes as u64;
        self.figures.kinds[kind].sent += 1;
        if connection.flush().is_err() {
            self.gone(index, 1006);
        }
        self.figures.late.record(intended.elapsed());
    }

    /// The number of the next frame, which is due then.
    pub(super) fn next_number(&mut self, intended: Instant) -> u64 {
        self.number += 1;
        if self.recent.len() == RECENT {
            self.recent.pop_front();
            self.first_recent += 1;
        }
        self.recent.push_back(intended);
        self.number
    }

    /// The identity of the frame of that number: a UUID.
    pub(super) fn id(&self, number: u64) -> [u8; 36] {
        let mut id = [0; 36];
        id[..24].copy_from_slice(&self.identity);
        for (at, byte) in id[24..].iter_mut().enumerate() {
            let digit = (number >> (4 * (11 - at))) & 0xf;
            *byte = b"0123456789abcdef"[digit as usize];
        }
        id
    }

    /// The number of the frame that has this identity, if it is ours.
    pub(super) fn number_of(&self, id: &str) -> Option<u64> {
        let rest = id.as_bytes().strip_prefix(&self.identity)?;
        u64::from_str_radix(std::str::from_utf8(rest).ok()?, 16).ok()
    }

    /// Waits for the sockets for so long, and reads what came.
    pub(super) fn turn(&mut self, wait: Duration) -> Result<(), String> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(format!("cannot wait: {error}")),
            _ => {}
        }
        if self.events.is_empty() && wait.is_zero() {
            // The server may need this core.
            std::thread::yield_now();
        }
        let ready: Vec<(usize, bool)> =
            self.events.iter().map(|event| (event.token().0, event.is_readable() || event.is_read_closed())).collect();
        for (index, is_readable) in ready {
            let connection = &mut self.connections[index];
            if !connection.is_alive() {
                continue;
            }
            match connection.flush() {
                Ok(()) if is_readable => self.receive(index)?,
                Ok(()) => {}
                Err(error) if matches!(connection.state, State::Handshake(_)) => {
                    return Err(format!("cannot connect to {}: {error}", self.target.address));
                }
                Err(_) => self.gone(index, 1006),
            }
        }
        Ok(())
    }

    fn look(&mut self, now: Instant, start: Instant) {
        for connection in &mut self.connections {
            self.figures.unanswered += connection.flight.give_up(now, PATIENCE);
        }
        self.progress.running(now.duration_since(start), &self.figures);
    }

    /// Says goodbye, as far as the sockets take it.
    fn leave(&mut self) {
        for connection in self.connections.iter_mut().filter(|it| it.is_alive()) {
            control(8, &1000_u16.to_be_bytes(), self.random.u32(..).to_ne_bytes(), &mut connection.out);
            // Whoever does not take it sees the socket close.
            let _ = connection.flush();
        }
    }
}

/// The time since 1970.
pub(super) fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
