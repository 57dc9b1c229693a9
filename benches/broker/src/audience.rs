//! Subscribers: many sockets and one thread, which looks every millisecond. Frames are counted, never parsed. So nobody who
//! sends ever has to wake a client, and what a delivery costs does not depend on whether clients are awake.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rustix::event::{Timespec, epoll};
use tightwire_bench_kit::open::Opened;
use tightwire_bench_kit::wire::{self, FrameCounter};

/// How often clients look.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// How long frames may take that were published.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many topics one frame may name.
const TOPICS_AT_ONCE: usize = 100;

/// Subscribers.
pub(crate) struct Audience {
    received: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
    /// What was waited for so far.
    expected: usize,
}

impl Audience {
    /// A client at each of these addresses, subscribed to the topics with these numbers.
    pub(crate) fn gather(
        addresses: impl IntoIterator<Item = SocketAddr>,
        topics: std::ops::Range<usize>,
    ) -> anyhow::Result<Self> {
        let topics: Vec<String> = topics.map(topic).collect();
        let clients: Vec<_> =
            addresses.into_iter().map(|address| open(address, &topics)).collect::<anyhow::Result<_>>()?;
        let (received, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let thread = {
            let (received, is_over) = (Arc::clone(&received), Arc::clone(&is_over));
            thread::spawn(move || listen(clients, &received, &is_over))
        };
        Ok(Self { received, is_over, thread: Some(thread), expected: 0 })
    }

    /// How many frames all have received.
    pub(crate) fn received(&self) -> usize {
        self.received.load(Ordering::Relaxed)
    }

    /// Waits until so many more frames have arrived than were waited for before, over all clients.
    pub(crate) fn receive(&mut self, more: usize) -> anyhow::Result<()> {
        self.expected += more;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let received = self.received();
            if received >= self.expected {
                ensure!(received == self.expected, "{received} frames arrived, {} were sent", self.expected);
                return Ok(());
            }
            if self.thread.as_ref().is_some_and(JoinHandle::is_finished)
                && let Some(Ok(result)) = self.thread.take().map(JoinHandle::join)
            {
                result?;
            }
            ensure!(Instant::now() < deadline, "only {received} of {} frames arrived", self.expected);
            thread::sleep(LOOK_EVERY);
        }
    }
}

impl Drop for Audience {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // What went wrong with clients is told where frames are waited for.
            let _ = thread.join();
        }
    }
}

/// The whole name of the topic with a number.
pub(crate) fn topic(number: usize) -> String {
    format!("thread:{number}")
}

/// A client that is subscribed to topics, by their whole names.
pub(crate) fn open(address: SocketAddr, topics: &[String]) -> anyhow::Result<(TcpStream, FrameCounter)> {
    let Opened { mut stream, mut counter, mut frames } = Opened::at(address)?;
    let mut buffer = [0; 16 * 1024];
    // The first frame of every connection, and the answers.
    let mut read = |stream: &mut TcpStream, expected| -> anyhow::Result<()> {
        while frames < expected {
            let count = stream.read(&mut buffer)?;
            ensure!(count > 0, "the server closed instead of subscribing");
            frames += counter.count(&buffer[..count]);
        }
        Ok(())
    };
    let mut expected = 1;
    // A topic's frames come from the moment when the node has asked where the topic is, which is after the answer that it is
    // subscribed to. The last request is answered when that is done.
    for topics in topics.chunks(TOPICS_AT_ONCE).chain(topics.chunks(1).take(1)) {
        stream.write_all(&wire::subscribe(topics))?;
        expected += 1;
        read(&mut stream, expected)?;
    }
    Ok((stream, counter))
}

fn listen(
    mut clients: Vec<(TcpStream, FrameCounter)>,
    received: &AtomicUsize,
    is_over: &AtomicBool,
) -> anyhow::Result<()> {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    for (index, (stream, _)) in clients.iter().enumerate() {
        stream.set_nonblocking(true)?;
        epoll::add(&epoll, stream, epoll::EventData::new_u64(index as u64), epoll::EventFlags::IN)?;
    }
    let mut events = Vec::with_capacity(1024);
    let mut buffer = vec![0; 256 * 1024];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    while !is_over.load(Ordering::Relaxed) {
        events.clear();
        epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), Some(&now))?;
        if events.is_empty() {
            thread::sleep(LOOK_EVERY);
        }
        for event in &events {
            let (stream, counter) = &mut clients[usize::try_from(event.data.u64())?];
            match stream.read(&mut buffer) {
                Ok(0) => bail!("a node has closed a connection"),
                Ok(count) => {
                    received.fetch_add(counter.count(&buffer[..count]), Ordering::Relaxed);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error).context("a connection broke"),
            }
        }
    }
    Ok(())
}
