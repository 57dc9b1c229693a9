//! The rows that are not complete: which frame came where, and when its row is to be shown.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::frame::{Frame, Position};

/// A frame on all servers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) frame: Frame,
    pub(super) first: Instant,
    pub(super) cells: Vec<Cell>,
}

/// What became of a frame on a server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell {
    /// It came so long after it had come anywhere.
    After(Duration),
    /// It has not come yet.
    Missing,
    /// There is no connection to the server.
    Down,
}

/// Rows under way.
#[derive(Debug)]
pub(super) struct Pending {
    /// How long a row may wait.
    wait: Duration,
    /// Oldest first.
    rows: Vec<Row>,
    /// The newest position of each topic that was shown.
    newest: HashMap<String, Position>,
    shown: u64,
}

impl Pending {
    pub(super) fn new(wait: Duration) -> Self {
        Self { wait, rows: Vec::new(), newest: HashMap::new(), shown: 0 }
    }

    /// How many frames with a position were shown.
    pub(super) fn shown(&self) -> u64 {
        self.shown
    }

    /// The newest position of each topic that was shown.
    pub(super) fn newest(&self) -> &HashMap<String, Position> {
        &self.newest
    }

    /// A frame begins a row.
    pub(super) fn begin(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// A frame came on a server. False if no row waits for it.
    pub(super) fn fill(&mut self, node: usize, frame: &Frame, now: Instant) -> bool {
        let Some(row) = self.rows.iter_mut().find(|row| row.is_of(frame)) else { return false };
        if !matches!(row.cells[node], Cell::After(_)) {
            row.cells[node] = Cell::After(now.saturating_duration_since(row.first));
        }
        true
    }

    /// Whether the frame's row was shown.
    pub(super) fn was_shown(&self, frame: &Frame) -> bool {
        let newest = frame.position.as_ref().zip(self.newest.get(&frame.topic));
        newest.is_some_and(|(position, newest)| position.is_covered_by(newest))
    }

    /// What is to be shown by now: rows that are complete, or have waited long enough, in the order of their first arrival.
    /// What has no position is for one connection often, and does not keep others waiting.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<Row> {
        let (mut due, mut kept, mut is_held) = (Vec::new(), Vec::new(), false);
        for row in std::mem::take(&mut self.rows) {
            let is_complete = !row.cells.contains(&Cell::Missing);
            let is_due = is_complete || now.saturating_duration_since(row.first) >= self.wait;
            let has_position = row.frame.position.is_some();
            if is_due && !(is_held && has_position) {
                self.note_shown(&row.frame);
                due.push(row);
            } else {
                is_held |= has_position;
                kept.push(row);
            }
        }
        self.rows = kept;
        due
    }

    fn note_shown(&mut self, frame: &Frame) {
        let Some(position) = &frame.position else { return };
        self.shown += 1;
        let newest = self.newest.entry(frame.topic.clone()).or_insert_with(|| position.clone());
        if !position.is_covered_by(newest) {
            *newest = position.clone();
        }
    }
}

impl Row {
    fn is_of(&self, frame: &Frame) -> bool {
        match (&self.frame.position, &frame.position) {
            (Some(one), Some(other)) => one == other && self.frame.topic == frame.topic,
            (None, None) => self.frame.id == frame.id,
            _ => false,
        }
    }
}
