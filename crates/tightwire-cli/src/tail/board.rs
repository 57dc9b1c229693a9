//! What is to be shown of what came from where: a row for each frame, and what there is to say of each server.

use std::time::{Duration, Instant};

use super::account::{Account, Tally};
use super::frame::Frame;
use super::pending::{Cell, Pending, Row};

/// How many faults are shown one by one; all are counted.
const MAX_FAULTS: u64 = 100;

/// After how much quiet a server counts as having delivered what it had missed.
const QUIET: Duration = Duration::from_millis(300);

/// The frames under way and the state of all servers.
#[derive(Debug)]
pub(super) struct Board {
    wait: Duration,
    nodes: Vec<State>,
    pending: Pending,
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
    account: Account,
    /// Since when there is a connection.
    listening: Option<Instant>,
    /// Since when there is none, if there was one.
    down: Option<Instant>,
    /// How many late frames came since this was last said, and when the last of them did.
    catching_up: Option<(u64, Instant)>,
}

impl Board {
    pub(super) fn new(nodes: usize, wait: Duration) -> Self {
        let nodes = (0..nodes).map(|_| State::default()).collect();
        Self { wait, nodes, pending: Pending::new(wait), faults: 0 }
    }

    /// How many frames with a position were shown.
    pub(super) fn shown(&self) -> u64 {
        self.pending.shown()
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
        state.account.tally.reached = true;
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
        let state = &mut self.nodes[node];
        if let Some(gap) = &frame.gap {
            state.account.tell(&frame.topic, gap);
            let text = format!("says that frames of {} are missing up to {}:{}", frame.topic, gap.epoch, gap.seq);
            return vec![Shown::Notice { node, text }];
        }
        let is_behind = state.account.is_behind(frame);
        let mut shown = Vec::new();
        if let Some(text) = state.account.deliver(frame) {
            self.faults += 1;
            shown.extend((self.faults <= MAX_FAULTS).then_some(Shown::Notice { node, text }));
        }
        if is_behind {
            return shown;
        }
        if self.pending.fill(node, frame, now) {
            // Its row is shown when it is complete.
        } else if self.pending.was_shown(frame) {
            state.account.tally.late += 1;
            state.catching_up = Some((state.catching_up.map_or(0, |(count, _)| count) + 1, now));
        } else {
            self.expect(frame, now);
            let cell = |state: &State| if state.listening.is_some() { Cell::Missing } else { Cell::Down };
            let mut cells: Vec<_> = self.nodes.iter().map(cell).collect();
            cells[node] = Cell::After(Duration::ZERO);
            self.pending.begin(Row { frame: frame.clone(), first: now, cells });
        }
        shown.extend(self.due(now));
        shown
    }

    /// What is to be shown by now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Shown> {
        let mut shown: Vec<_> = self.pending.take_due(now).into_iter().map(Shown::Row).collect();
        shown.extend(self.caught_up(|last| now.saturating_duration_since(last) >= QUIET));
        shown
    }

    /// The end: nothing more is waited for.
    pub(super) fn end(mut self) -> (Summary, Vec<Shown>) {
        // What is not complete is nobody's debt yet: it may be under way.
        let shown = self.caught_up(|_| true);
        let nodes = self.nodes.into_iter().map(|state| state.account.close(self.pending.newest())).collect();
        (Summary { frames: self.pending.shown(), nodes }, shown)
    }

    /// From this frame on whoever has been listening for a while owes the topic.
    fn expect(&mut self, frame: &Frame, now: Instant) {
        let Some(position) = &frame.position else { return };
        for state in &mut self.nodes {
            if state.listening.is_some_and(|since| now.saturating_duration_since(since) >= self.wait) {
                state.account.owe(&frame.topic, position);
            }
        }
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

#[cfg(test)]
mod tests {
    use super::super::frame::Position;
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
