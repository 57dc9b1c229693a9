//! What waits for a client: a queue bounded by frames and by bytes, and what happens when it is full.
//!
//! The queue hands out slices for a vectored write and is told how much was taken. Who writes, and where, is the
//! runtime's business.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::Bytes;

use crate::contract::{Delivery, Limits};
use crate::frame::OutboundFrame;

/// How many bytes of answers to pings are put behind each other: what of them is begun is finished, whatever happens.
const MERGED_BYTES: usize = 16 * 1024;

/// What happens when a client does not read fast enough and its queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlowConsumer {
    /// The connection is closed with 4409.
    #[default]
    Disconnect,
    /// The oldest droppable frame gives way (`latest` and `ephemeral`; a jump of `seq` shows the client that it
    /// happened). If none is droppable the connection is closed with 4409.
    DropOldest,
}

/// The queue is full and nothing in it may be dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

/// What a push did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The frame waits.
    Queued,
    /// The frame waits; older ones, so many, were dropped for it.
    Replaced(usize),
    /// The frame itself was the one to drop.
    Dropped,
}

/// What [`OutboundQueue::advance`] completed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Messages written to the last byte.
    pub frames: u64,
    /// Whether one of them was more than heartbeat.
    pub application: bool,
}

/// What waits for one client.
#[derive(Debug)]
pub struct OutboundQueue {
    items: VecDeque<Item>,
    /// Bytes of all items, including the part of the first that is already written.
    bytes: usize,
    /// How much of the first item is already written.
    written: usize,
    /// How many frames lie in items behind another.
    merged: usize,
    max_frames: usize,
    max_bytes: usize,
    policy: SlowConsumer,
}

#[derive(Debug)]
enum Item {
    Message(OutboundFrame),
    /// Answers to pings, so many, one behind the other.
    Pongs(Vec<u8>, usize),
    /// A control frame of WebSocket itself (pong, close).
    Control(Bytes),
}

impl Item {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Message(frame) => frame.wire(),
            Self::Pongs(bytes, _) => bytes,
            Self::Control(bytes) => bytes,
        }
    }

    fn frames(&self) -> usize {
        if let Self::Pongs(_, frames) = self { *frames } else { 1 }
    }

    fn is_droppable(&self) -> bool {
        matches!(self, Self::Message(frame) if is_droppable(frame))
    }
}

fn is_droppable(frame: &OutboundFrame) -> bool {
    matches!(frame.delivery(), Delivery::Ephemeral | Delivery::Latest)
}

impl OutboundQueue {
    /// An empty queue.
    #[must_use]
    pub fn new(limits: &Limits, policy: SlowConsumer) -> Self {
        Self {
            items: VecDeque::new(),
            bytes: 0,
            written: 0,
            merged: 0,
            max_frames: usize::try_from(limits.outbound_queue_frames).unwrap_or(usize::MAX),
            max_bytes: usize::try_from(limits.outbound_queue_bytes).unwrap_or(usize::MAX),
            policy,
        }
    }

    /// Adds a frame. `reserved` frames and bytes that wait elsewhere for the same client count as if they were here.
    ///
    /// An empty queue takes any frame, however large: otherwise a frame beyond the bound could never be sent.
    ///
    /// # Errors
    /// [`Overflow`]: the connection must be closed.
    pub fn push(&mut self, frame: OutboundFrame, reserved: (usize, usize)) -> Result<Pushed, Overflow> {
        let pushed = self.make_room(frame.wire().len(), is_droppable(&frame), reserved)?;
        if pushed != Pushed::Dropped {
            self.bytes += frame.wire().len();
            self.items.push_back(Item::Message(frame));
        }
        Ok(pushed)
    }

    /// Adds an answer to a ping, as [`Self::push`] does. Those of one turn share their memory.
    ///
    /// # Errors
    /// [`Overflow`]: the connection must be closed.
    pub fn push_pong(&mut self, wire: &[u8], reserved: (usize, usize)) -> Result<Pushed, Overflow> {
        let pushed = self.make_room(wire.len(), false, reserved)?;
        self.bytes += wire.len();
        match self.items.back_mut() {
            Some(Item::Pongs(bytes, frames)) if bytes.len() < MERGED_BYTES => {
                bytes.extend_from_slice(wire);
                *frames += 1;
                self.merged += 1;
            }
            _ => self.items.push_back(Item::Pongs(wire.to_vec(), 1)),
        }
        Ok(pushed)
    }

    /// Drops what may be dropped until a frame of this length fits.
    fn make_room(&mut self, length: usize, droppable: bool, reserved: (usize, usize)) -> Result<Pushed, Overflow> {
        let mut replaced = 0;
        while !self.fits(length, reserved) {
            if self.policy == SlowConsumer::Disconnect {
                return Err(Overflow);
            } else if self.drop_oldest() {
                replaced += 1;
            } else if droppable {
                return Ok(Pushed::Dropped);
            } else {
                return Err(Overflow);
            }
        }
        Ok(if replaced == 0 { Pushed::Queued } else { Pushed::Replaced(replaced) })
    }

    /// Adds a frame to the empty queue of which `written` bytes are on their way already. Whatever the bounds say: the
    /// rest has to follow.
    pub fn push_started(&mut self, frame: OutboundFrame, written: usize) {
        debug_assert!(self.items.is_empty() && written < frame.wire().len());
        self.written = written;
        self.bytes += frame.wire().len();
        self.items.push_back(Item::Message(frame));
    }

    /// Adds a control frame of WebSocket itself.
    ///
    /// # Errors
    /// [`Overflow`]: a peer that sends pings without reading the pongs.
    pub fn push_control(&mut self, frame: Bytes) -> Result<(), Overflow> {
        if !self.fits(frame.len(), (0, 0)) {
            return Err(Overflow);
        }
        self.bytes += frame.len();
        self.items.push_back(Item::Control(frame));
        Ok(())
    }

    /// Adds the frames that end the connection, whatever the bounds say.
    pub fn push_last(&mut self, notice: Option<OutboundFrame>, close: Bytes) {
        for item in notice.map(Item::Message).into_iter().chain([Item::Control(close)]) {
            self.bytes += item.bytes().len();
            self.items.push_back(item);
        }
    }

    /// Takes the first message out, for who writes messages in a form of its own. Control frames of WebSocket mean nothing
    /// there.
    pub fn pop(&mut self) -> Option<OutboundFrame> {
        debug_assert_eq!(self.written, 0, "what is begun is not taken");
        while let Some(item) = self.items.pop_front() {
            self.bytes -= item.bytes().len();
            self.merged -= item.frames() - 1;
            if let Item::Message(frame) = item {
                return Some(frame);
            }
        }
        None
    }

    /// Forgets everything that no byte was written of.
    pub fn clear_unsent(&mut self) {
        let keep = usize::from(self.written > 0);
        self.items.truncate(keep);
        self.items.shrink_to_fit();
        self.merged = self.items.iter().map(|item| item.frames() - 1).sum();
        self.bytes = self.items.iter().map(|item| item.bytes().len()).sum();
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many frames wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len() + self.merged
    }

    /// The messages among them but for answers to pings.
    pub fn messages(&self) -> impl Iterator<Item = &OutboundFrame> {
        self.items.iter().filter_map(|item| match item {
            Item::Message(frame) => Some(frame),
            Item::Pongs(..) | Item::Control(_) => None,
        })
    }

    /// How many bytes they have, with what is written of the first already.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether less than half of what is allowed waits: a replay may go on.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.len() * 2 < self.max_frames && self.bytes * 2 < self.max_bytes
    }

    /// Whether `reserved` frames and bytes that wait elsewhere for the same client are within the bounds.
    #[must_use]
    pub fn fits_with(&self, (frames, bytes): (usize, usize)) -> bool {
        let (frames, bytes) = (self.len() + frames, self.bytes + bytes);
        frames <= 1 || (frames <= self.max_frames && bytes <= self.max_bytes)
    }

    /// Fills `slices` with what is to be written next; returns how many were filled.
    pub fn chunks<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut skip = self.written;
        let mut filled = 0;
        for (slice, item) in slices.iter_mut().zip(&self.items) {
            *slice = IoSlice::new(&item.bytes()[skip..]);
            skip = 0;
            filled += 1;
        }
        filled
    }

    /// Takes note that `count` bytes were written.
    pub fn advance(&mut self, count: usize) -> Written {
        let mut done = Written::default();
        self.written += count;
        while let Some(first) = self.items.front()
            && self.written >= first.bytes().len()
        {
            let length = first.bytes().len();
            match first {
                Item::Message(frame) => {
                    done.frames += 1;
                    done.application |= !frame.tag().heartbeat;
                }
                Item::Pongs(_, frames) => done.frames += *frames as u64,
                Item::Control(_) => {}
            }
            self.merged -= first.frames() - 1;
            self.written -= length;
            self.bytes -= length;
            self.items.pop_front();
        }
        if self.items.is_empty() {
            // A connection whose client keeps up has no queue, and most have nothing to do most of the time.
            self.items = VecDeque::new();
        }
        done
    }

    fn fits(&self, length: usize, (frames, bytes): (usize, usize)) -> bool {
        let (frames, bytes) = (self.len() + frames, self.bytes + bytes);
        frames == 0 || (frames < self.max_frames && bytes + length <= self.max_bytes)
    }

    fn drop_oldest(&mut self) -> bool {
        let first = usize::from(self.written > 0);
        let Some(index) = (first..self.items.len()).find(|&index| self.items[index].is_droppable()) else {
            return false;
        };
        if let Some(item) = self.items.remove(index) {
            self.bytes -= item.bytes().len();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::envelope::{Head, Stamp};

    fn frame(delivery: Delivery) -> OutboundFrame {
        let head = Head {
            stamp: Stamp { id: Uuid::nil(), unix_ms: 0, correlation_id: Uuid::nil() },
            wire_type: "t".into(),
            topic: "a".into(),
            delivery,
            heartbeat: false,
        };
        head.encode(&serde_json::json!({})).expect("encodes")
    }

    /// Pushes frames given by their initials (d, l, e, c) into a queue of three; the answers by theirs (q, r, d, o).
    #[track_caller]
    fn check(policy: SlowConsumer, frames: &str, expected: &str) {
        let limits = Limits { outbound_queue_frames: 3, ..Limits::DEFAULT };
        let mut queue = OutboundQueue::new(&limits, policy);
        let answers: String = frames
            .chars()
            .map(|initial| {
                let delivery = match initial {
                    'd' => Delivery::Durable,
                    'l' => Delivery::Latest,
                    'e' => Delivery::Ephemeral,
                    _ => Delivery::Control,
                };
                match queue.push(frame(delivery), (0, 0)) {
                    Ok(Pushed::Queued) => 'q',
                    Ok(Pushed::Replaced(_)) => 'r',
                    Ok(Pushed::Dropped) => 'd',
                    Err(Overflow) => 'o',
                }
            })
            .collect();
        assert_eq!(answers, expected, "{policy:?} {frames}");
    }

    #[test]
    fn a_full_queue_follows_its_policy() {
        check(SlowConsumer::Disconnect, "eeee", "qqqo");
        check(SlowConsumer::DropOldest, "deded", "qqqrr");
        check(SlowConsumer::DropOldest, "ddde", "qqqd");
        check(SlowConsumer::DropOldest, "cdcd", "qqqo");
        check(SlowConsumer::DropOldest, "lddd", "qqqr");
    }

    #[test]
    fn bytes_bound_the_queue_but_one_frame_always_fits() {
        let length = frame(Delivery::Durable).wire().len();
        let limits = Limits { outbound_queue_bytes: length as u64 - 1, ..Limits::DEFAULT };
        let mut queue = OutboundQueue::new(&limits, SlowConsumer::Disconnect);
        assert_eq!(queue.push(frame(Delivery::Durable), (0, 0)), Ok(Pushed::Queued));
        assert_eq!(queue.push(frame(Delivery::Durable), (0, 0)), Err(Overflow));
        assert_eq!(queue.advance(length), Written { frames: 1, application: true });
        assert_eq!(queue.push(frame(Delivery::Durable), (0, 0)), Ok(Pushed::Queued));
        assert_eq!(queue.push(frame(Delivery::Durable), (1, 1)), Err(Overflow));
    }

    #[test]
    fn pongs_share_their_memory_and_keep_their_place() {
        let limits = Limits { outbound_queue_frames: 4, ..Limits::DEFAULT };
        let mut queue = OutboundQueue::new(&limits, SlowConsumer::Disconnect);
        let message = frame(Delivery::Durable);
        assert_eq!(queue.push_pong(b"one", (0, 0)), Ok(Pushed::Queued));
        assert_eq!(queue.push_pong(b"two", (0, 0)), Ok(Pushed::Queued));
        assert_eq!(queue.push(message.clone(), (0, 0)), Ok(Pushed::Queued));
        assert_eq!(queue.push_pong(b"three", (0, 0)), Ok(Pushed::Queued));
        assert_eq!((queue.len(), queue.bytes()), (4, 11 + message.wire().len()));
        assert_eq!(queue.push_pong(b"four", (0, 0)), Err(Overflow));
        let mut slices = [IoSlice::new(&[]); 8];
        assert_eq!(queue.chunks(&mut slices), 3);
        assert_eq!((&*slices[0], &*slices[1], &*slices[2]), (&b"onetwo"[..], message.wire(), &b"three"[..]));
        assert_eq!(queue.advance(5), Written::default());
        assert_eq!(queue.advance(1), Written { frames: 2, application: false });
        assert_eq!(queue.len(), 2);
        queue.clear_unsent();
        assert_eq!((queue.is_empty(), queue.len()), (true, 0));
    }

    #[test]
    fn what_was_begun_elsewhere_is_finished_here() {
        let mut queue = OutboundQueue::new(&Limits::DEFAULT, SlowConsumer::Disconnect);
        let begun = frame(Delivery::Durable);
        let length = begun.wire().len();
        queue.push_started(begun.clone(), 7);
        assert_eq!(queue.push(frame(Delivery::Durable), (0, 0)), Ok(Pushed::Queued));
        let mut slices = [IoSlice::new(&[]); 8];
        assert_eq!(queue.chunks(&mut slices), 2);
        assert_eq!(*slices[0], begun.wire()[7..]);
        assert_eq!(queue.advance(length - 7), Written { frames: 1, application: true });
        queue.clear_unsent();
        assert!(queue.is_empty());
    }

    #[test]
    fn what_is_half_written_is_finished() {
        let mut queue = OutboundQueue::new(&Limits::DEFAULT, SlowConsumer::Disconnect);
        for _ in 0..3 {
            assert_eq!(queue.push(frame(Delivery::Durable), (0, 0)), Ok(Pushed::Queued));
        }
        let length = frame(Delivery::Durable).wire().len();
        assert_eq!(queue.advance(length + 5).frames, 1);
        queue.clear_unsent();
        queue.push_last(None, Bytes::from_static(b"close"));
        let mut slices = [IoSlice::new(&[]); 8];
        assert_eq!(queue.chunks(&mut slices), 2);
        assert_eq!(slices[0].len(), length - 5);
        assert_eq!(&*slices[1], b"close");
        assert_eq!(queue.advance(length), Written { frames: 1, application: true });
        assert!(queue.is_empty());
    }
}
