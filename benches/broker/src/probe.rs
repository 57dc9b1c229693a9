//! One subscriber that waits for its socket, and notes how long each frame was on its way.

use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::audience::{open, topic};
use crate::serve::{DIGITS, MARK, clock};

/// How often it looks whether it may end, while nothing comes.
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(crate) struct Probe {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<anyhow::Result<Vec<Duration>>>,
}

impl Probe {
    /// Subscribes to the topic with a number.
    pub(crate) fn subscribe(address: SocketAddr, number: usize) -> anyhow::Result<Self> {
        let (stream, _) = open(address, &[topic(number)])?;
        let is_over = Arc::new(AtomicBool::new(false));
        let thread = {
            let is_over = Arc::clone(&is_over);
            thread::spawn(move || listen(stream, &is_over))
        };
        Ok(Self { is_over, thread })
    }

    /// Ends, and gives the latencies.
    pub(crate) fn end(self) -> anyhow::Result<Vec<Duration>> {
        // What was published last may be on its way.
        thread::sleep(2 * LOOK_EVERY);
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().ok().context("the thread has panicked")?
    }
}

fn listen(mut stream: TcpStream, is_over: &AtomicBool) -> anyhow::Result<Vec<Duration>> {
    stream.set_read_timeout(Some(LOOK_EVERY))?;
    let (mut latencies, mut waiting, mut buffer) = (Vec::new(), Vec::new(), [0; 16 * 1024]);
    while !is_over.load(Ordering::Relaxed) {
        let count = match stream.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
            Err(error) => return Err(error).context("a connection broke"),
        };
        let now = clock();
        ensure!(count > 0, "a node has closed a connection");
        waiting.extend_from_slice(&buffer[..count]);
        for sent in stamps(&mut waiting)? {
            latencies.push(Duration::from_nanos(now.saturating_sub(sent)));
        }
    }
    Ok(latencies)
}

/// Takes the times out of what was received, and leaves what is not complete.
fn stamps(waiting: &mut Vec<u8>) -> anyhow::Result<Vec<u64>> {
    let (mut found, mut rest) = (Vec::new(), &waiting[..]);
    while let Some(start) = rest.iter().position(|byte| *byte == MARK) {
        rest = &rest[start..];
        let Some(digits) = rest.get(1..=DIGITS) else { break };
        found.push(std::str::from_utf8(digits)?.parse().context("a time")?);
        rest = &rest[DIGITS + 1..];
    }
    let is_begun = rest.first() == Some(&MARK);
    *waiting = if is_begun { rest.to_vec() } else { Vec::new() };
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_however_they_are_cut() {
        let text = format!("frame@{:022}rest, frame@{:022}rest", 7, 1_234_567_890);
        for size in [1, 3, 30, text.len()] {
            let mut waiting = Vec::new();
            let mut found = Vec::new();
            for part in text.as_bytes().chunks(size) {
                waiting.extend_from_slice(part);
                found.extend(stamps(&mut waiting).expect("times"));
            }
            assert_eq!(found, [7, 1_234_567_890], "in parts of {size}");
        }
    }
}
