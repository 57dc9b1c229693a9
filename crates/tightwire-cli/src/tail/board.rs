//! What came from where: a row for each frame, and what each server owes.
//!
//! A server's debt follows from positions alone: it must deliver every position of a topic once and in order, from the first
//! one that it delivered or that another one delivered while it had been listening for a while. So a frame that comes late,
//! because the server was down and the connection went on where it was, is late and not lost.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::frame::{Frame, Position};

/// How many faults are shown one by one; all are counted.
const MAX_FAULTS: u64 = 100;

/// After how much quiet a server counts as having delivered what it had missed.
const QUIET: Duration = Duration::from_millis(300);

/// The frames under way and the state of all servers.
#[derive(Debug)]
pub(super) struct Board {
    wait: Duration,
    nodes: Vec<State>,
    /// Rows that are not complete, oldest first.
    pending: Vec<Row>,
    /// The newest position of each topic that was shown.
    newest: HashMap<String, Position>,
    shown: u64,
    faults: u64,
}

/// What is to be shown.
#[derive(Debug, PartialEq)]
pub(super) enum Shown {
    /// A frame, with what each server did.
    Row(Row),
    /// Something about one server.
    Notice {
        /// Which one.
        node: usize,
        /// What.
        text: String,
    },
}

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

/// What came of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Whether there ever was a connection.
    pub(super) reached: bool,
    pub(super) delivered: u64,
    /// Those of them that came after their row was shown.
    pub(super) late: u64,
    pub(super) lost: u64,
    /// Delivered again, or after later ones, or in another epoch without a word.
    pub(super) disordered: u64,
    /// How often the server said itself that frames are missing.
    pub(super) gaps: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) frames: u64,
    pub(super) nodes: Vec<Tally>,
}

impl Summary {
    pub(super) fn is_sound(&self) -> bool {
        self.nodes.iter().all(|node| node.lost == 0 && node.disordered == 0)
    }
}

#[derive(Debug, Default)]
struct State {
    tally: Tally,
    /// Since when there is a connection.
    listening: Option<Instant>,
    /// Since when there is none, if there was one.
    down: Option<Instant>,
    /// How many late frames came since this was last said, and when the last of them did.
    catching_up: Option<(u64, Instant)>,
    /// Up to where each topic was delivered.
    last: HashMap<String, Position>,
}

impl Board {
    pub(super) fn new(nodes: usize, wait: Duration) -> Self {
        let nodes = (0..nodes).map(|_| State::default()).collect();
        Self { wait, nodes, pending: Vec::new(), newest: HashMap::new(), shown: 0, faults: 0 }
    }

    /// How many frames with a position were shown.
    pub(super) fn shown(&self) -> u64 {
        self.shown
    }

    /// A connection is subscribed.
    pub(super) fn listening(&mut self, node: usize, now: Instant) -> Option<Shown> {
        let state = &mut self.nodes[node];
        let text = match state.down.take() {
            Some(since) => format!("is back after {:.1} s", now.duration_since(since).as_secs_f64()),
            None if state.listening.is_none() => "is listened to".to_owned(),
            None => return None,
        };
        state.listening = Some(now);
        state.tally.reached = true;
        Some(Shown::Notice { node, text })
    }

    /// A connection has ended, or could not be made.
    pub(super) fn down(&mut self, node: usize, why: String, now: Instant) -> Option<Shown> {
        let state = &mut self.nodes[node];
        let was_up = state.listening.take().is_some();
        // Every attempt that fails says so; the first one is enough.
        if !was_up && state.down.is_some() {
            return None;
        }
        state.down = Some(now);
        Some(Shown::Notice { node, text: format!("is down: {why}") })
    }

    /// A frame came.
    pub(super) fn arrived(&mut self, node: usize, frame: &Frame, now: Instant) -> Vec<Shown> {
        if let Some(gap) = &frame.gap {
            let text = format!("says that frames of {} are missing up to {}:{}", frame.topic, gap.epoch, gap.seq);
            let state = &mut self.nodes[node];
            state.tally.gaps += 1;
            state.last.insert(frame.topic.clone(), gap.clone());
            return vec![Shown::Notice { node, text }];
        }
        let is_behind = self.is_behind(node, frame);
        let mut shown: Vec<_> = self.judge(node, frame).into_iter().collect();
        self.nodes[node].tally.delivered += 1;
        if is_behind {
            return shown;
        }
        if let Some(row) = self.pending.iter_mut().find(|row| row.is_of(frame)) {
            if !matches!(row.cells[node], Cell::After(_)) {
                row.cells[node] = Cell::After(now.saturating_duration_since(row.first));
            }
        } else if self.was_shown(frame) {
            let state = &mut self.nodes[node];
            state.tally.late += 1;
            state.catching_up = Some((state.catching_up.map_or(0, |(count, _)| count) + 1, now));
        } else {
            self.expect(frame, now);
            let cell = |state: &State| if state.listening.is_some() { Cell::Missing } else { Cell::Down };
            let mut cells: Vec<_> = self.nodes.iter().map(cell).collect();
            cells[node] = Cell::After(Duration::ZERO);
            self.pending.push(Row { frame: frame.clone(), first: now, cells });
        }
        shown.extend(self.due(now));
        shown
    }

    /// What is to be shown by now: rows that are complete, or have waited long enough, in the order of their first arrival.
    /// What has no position is for one connection often, and does not keep others waiting.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Shown> {
        let (mut shown, mut kept, mut is_held) = (Vec::new(), Vec::new(), false);
        for row in std::mem::take(&mut self.pending) {
            let is_complete = !row.cells.contains(&Cell::Missing);
            let is_due = is_complete || now.saturating_duration_since(row.first) >= self.wait;
            let has_position = row.frame.position.is_some();
            if is_due && !(is_held && has_position) {
                shown.push(self.show(row));
            } else {
                is_held |= has_position;
                kept.push(row);
            }
        }
        self.pending = kept;
        shown.extend(self.caught_up(|last| now.saturating_duration_since(last) >= QUIET));
        shown
    }

    /// The end: nothing more is waited for.
    pub(super) fn end(mut self) -> (Summary, Vec<Shown>) {
        // What is not complete is nobody's debt yet: it may be under way.
        let shown = self.caught_up(|_| true);
        for state in &mut self.nodes {
            for (topic, last) in &state.last {
                let newest = self.newest.get(topic).filter(|newest| newest.epoch == last.epoch);
                state.tally.lost += newest.map_or(0, |newest| newest.seq.saturating_sub(last.seq));
            }
        }
        (Summary { frames: self.shown, nodes: self.nodes.into_iter().map(|state| state.tally).collect() }, shown)
    }

    /// Whether the server has delivered the frame or a later one before.
    fn is_behind(&self, node: usize, frame: &Frame) -> bool {
        let last = frame.position.as_ref().zip(self.nodes[node].last.get(&frame.topic));
        last.is_some_and(|(position, last)| position.epoch == last.epoch && position.seq <= last.seq)
    }

    /// Whether the frame comes where it should.
    fn judge(&mut self, node: usize, frame: &Frame) -> Option<Shown> {
        let position = frame.position.as_ref()?;
        let topic = &frame.topic;
        let State { tally: Tally { lost, disordered, .. }, last: lasts, .. } = &mut self.nodes[node];
        let last = lasts.insert(topic.clone(), position.clone())?;
        let text = if last.epoch != position.epoch {
            *disordered += 1;
            format!("went on in another epoch of {topic} without a word: {} after {}", position.epoch, last.epoch)
        } else if position.seq <= last.seq {
            *disordered += 1;
            // What was delivered later stays the place from which to go on.
            lasts.insert(topic.clone(), last.clone());
            format!("delivered {topic} {} after {}", position.seq, last.seq)
        } else if position.seq - last.seq > 1 {
            *lost += position.seq - last.seq - 1;
            format!("lost {} frames of {topic}, from {} on", position.seq - last.seq - 1, last.seq + 1)
        } else {
            return None;
        };
        self.faults += 1;
        (self.faults <= MAX_FAULTS).then_some(Shown::Notice { node, text })
    }

    /// From this frame on whoever has been listening for a while owes the topic.
    fn expect(&mut self, frame: &Frame, now: Instant) {
        let Some(position) = &frame.position else { return };
        let before = Position { epoch: position.epoch.clone(), seq: position.seq.saturating_sub(1) };
        for state in &mut self.nodes {
            if state.listening.is_some_and(|since| now.saturating_duration_since(since) >= self.wait) {
                state.last.entry(frame.topic.clone()).or_insert_with(|| before.clone());
            }
        }
    }

    fn was_shown(&self, frame: &Frame) -> bool {
        let newest = frame.position.as_ref().zip(self.newest.get(&frame.topic));
        newest.is_some_and(|(position, newest)| position.epoch == newest.epoch && position.seq <= newest.seq)
    }

    fn show(&mut self, row: Row) -> Shown {
        if let Some(position) = &row.frame.position {
            self.shown += 1;
            let newest = self.newest.entry(row.frame.topic.clone()).or_insert_with(|| position.clone());
            if newest.epoch != position.epoch || newest.seq < position.seq {
                *newest = position.clone();
            }
        }
        Shown::Row(row)
    }

    /// Says which servers have delivered what they had missed, the last of it then.
    fn caught_up(&mut self, then: impl Fn(Instant) -> bool) -> Vec<Shown> {
        let mut shown = Vec::new();
        for (node, state) in self.nodes.iter_mut().enumerate() {
            if let Some((count, _)) = state.catching_up.take_if(|(_, last)| then(*last)) {
                let plural = if count == 1 { "frame" } else { "frames" };
                shown.push(Shown::Notice { node, text: format!("delivered {count} {plural} that it had missed") });
            }
        }
        shown
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

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(1);

    /// A board and its clock.
    struct Desk {
        board: Board,
        now: Instant,
        said: Vec<String>,
    }

    impl Desk {
        /// Servers that have been listened to for a while.
        fn new(nodes: usize) -> Self {
            let mut desk = Self { board: Board::new(nodes, WAIT), now: Instant::now(), said: Vec::new() };
            for node in 0..nodes {
                assert!(desk.board.listening(node, desk.now).is_some());
            }
            desk.later(1000);
            desk
        }

        fn later(&mut self, millis: u64) {
            self.now += Duration::from_millis(millis);
            let due = self.board.due(self.now);
            self.note(due);
        }

        /// Frame `seq` of the epoch comes on a server; 0 is one without a position.
        fn arrive(&mut self, node: usize, epoch: &str, seq: u64) {
            let position = (seq > 0).then(|| Position { epoch: epoch.to_owned(), seq });
            let (id, topic, kind) = (format!("{epoch}{seq}"), "t".to_owned(), "k".to_owned());
            let shown = self.board.arrived(node, &Frame { id, topic, kind, position, gap: None }, self.now);
            self.note(shown);
        }

        fn gap(&mut self, node: usize, epoch: &str, seq: u64) {
            let gap = Some(Position { epoch: epoch.to_owned(), seq });
            let (id, topic, kind) = ("g".to_owned(), "t".to_owned(), "replay_gap".to_owned());
            let shown = self.board.arrived(node, &Frame { id, topic, kind, position: None, gap }, self.now);
            self.note(shown);
        }

        fn note(&mut self, shown: Vec<Shown>) {
            self.said.extend(shown.iter().map(|shown| match shown {
                Shown::Notice { node, text } => format!("{node} {text}"),
                Shown::Row(row) => {
                    let cell = |cell: &Cell| match cell {
                        Cell::After(after) => after.as_millis().to_string(),
                        Cell::Missing => "none".to_owned(),
                        Cell::Down => "down".to_owned(),
                    };
                    let cells: Vec<_> = row.cells.iter().map(cell).collect();
                    format!("{}: {}", row.frame.id, cells.join(" "))
                }
            }));
        }

        /// What was shown since this was last asked.
        #[track_caller]
        fn check(&mut self, expected: &[&str]) {
            assert_eq!(std::mem::take(&mut self.said), expected);
        }

        /// What each server delivered late, lost, and disordered, and the gaps that it told of.
        fn end(self) -> Vec<[u64; 4]> {
            let (summary, _) = self.board.end();
            let is_sound = summary.nodes.iter().all(|node| node.lost + node.disordered == 0);
            assert_eq!(summary.is_sound(), is_sound);
            summary.nodes.iter().map(|node| [node.late, node.lost, node.disordered, node.gaps]).collect()
        }
    }

    #[test]
    fn a_row_is_shown_when_it_is_complete() {
        let mut desk = Desk::new(2);
        desk.arrive(0, "e", 5);
        desk.later(3);
        desk.arrive(0, "e", 6);
        desk.check(&[]);
        desk.arrive(1, "e", 5);
        desk.check(&["e5: 0 3"]);
        desk.arrive(1, "e", 6);
        desk.arrive(1, "x", 0);
        desk.arrive(0, "x", 0);
        desk.check(&["e6: 0 0", "x0: 0 0"]);
        assert_eq!(desk.end(), [[0; 4]; 2]);
    }

    #[test]
    fn what_has_no_position_keeps_nobody_waiting() {
        let mut desk = Desk::new(2);
        desk.arrive(0, "x", 0);
        desk.arrive(0, "e", 5);
        desk.later(1);
        desk.arrive(1, "e", 5);
        desk.check(&["e5: 0 1"]);
        desk.later(999);
        desk.check(&["x0: 0 none"]);
        assert_eq!(desk.end(), [[0; 4]; 2]);
    }

    #[test]
    fn what_comes_after_its_row_is_late() {
        let mut desk = Desk::new(2);
        desk.arrive(0, "e", 5);
        desk.later(999);
        desk.check(&[]);
        desk.later(1);
        desk.check(&["e5: 0 none"]);
        desk.arrive(1, "e", 5);
        desk.check(&[]);
        desk.later(300);
        desk.check(&["1 delivered 1 frame that it had missed"]);
        assert_eq!(desk.end(), [[0; 4], [1, 0, 0, 0]]);
    }

    #[test]
    fn a_server_that_is_down_is_not_waited_for_and_owes_all_the_same() {
        let mut desk = Desk::new(2);
        desk.arrive(0, "e", 5);
        desk.arrive(1, "e", 5);
        let down = desk.board.down(1, "gone".to_owned(), desk.now);
        desk.note(down.into_iter().collect());
        assert_eq!(desk.board.down(1, "gone still".to_owned(), desk.now), None);
        desk.arrive(0, "e", 6);
        desk.arrive(0, "e", 7);
        desk.later(2500);
        desk.check(&["e5: 0 0", "1 is down: gone", "e6: 0 down", "e7: 0 down"]);
        let back = desk.board.listening(1, desk.now);
        desk.note(back.into_iter().collect());
        desk.arrive(1, "e", 6);
        desk.later(300);
        desk.check(&["1 is back after 2.5 s", "1 delivered 1 frame that it had missed"]);
        assert_eq!(desk.end(), [[0; 4], [1, 1, 0, 0]], "the frame 7 never came");
    }

    #[test]
    fn holes_and_repetitions_are_faults() {
        let mut desk = Desk::new(1);
        for seq in [1, 2, 5, 5, 3, 6] {
            desk.arrive(0, "e", seq);
        }
        desk.check(&[
            "e1: 0",
            "e2: 0",
            "0 lost 2 frames of t, from 3 on",
            "e5: 0",
            "0 delivered t 5 after 5",
            "0 delivered t 3 after 5",
            "e6: 0",
        ]);
        assert_eq!(desk.end(), [[0, 2, 2, 0]]);
    }

    #[test]
    fn another_epoch_needs_a_word() {
        let mut desk = Desk::new(2);
        for node in 0..2 {
            desk.arrive(node, "e", 9);
        }
        desk.gap(0, "f", 3);
        desk.arrive(0, "f", 4);
        desk.arrive(1, "f", 4);
        desk.check(&[
            "e9: 0 0",
            "0 says that frames of t are missing up to f:3",
            "1 went on in another epoch of t without a word: f after e",
            "f4: 0 0",
        ]);
        assert_eq!(desk.end(), [[0, 0, 0, 1], [0, 0, 1, 0]]);
    }

    #[test]
    fn silence_is_a_loss_from_when_a_server_was_listened_to() {
        let mut desk = Desk::new(3);
        let now = desk.now;
        desk.board.nodes[2].listening = Some(now);
        for seq in [5, 6] {
            desk.arrive(0, "e", seq);
        }
        desk.later(1000);
        desk.arrive(0, "e", 7);
        desk.check(&["e5: 0 none none", "e6: 0 none none"]);
        assert_eq!(desk.end(), [[0; 4], [0, 2, 0, 0], [0, 0, 0, 0]], "the frame 7 may be under way, the third is new");
    }
}
