//! Opening the connections, as fast as the server lets one address.

use std::time::{Duration, Instant};

use super::connection::{Answer, Connection, State};
use super::load::Load;

/// Handshakes at the same time: more would only wait in the server's backlog.
const AT_ONCE: usize = 64;

/// How long nothing may happen before it is given up.
const PATIENCE: Duration = Duration::from_secs(30);

impl Load<'_> {
    /// Opens all connections; those that the server puts off are tried again when it says so.
    pub(super) fn open(&mut self) -> Result<(), String> {
        let start = Instant::now();
        let mut progress_at = start;
        let mut done = 0;
        loop {
            if self.stopped() {
                return Err("interrupted before all connections were open".to_owned());
            }
            let open = self.connections.iter().filter(|connection| connection.state == State::Open).count();
            if open > done {
                (done, progress_at) = (open, Instant::now());
            }
            self.progress.opening(open, self.figures.limited);
            if open == self.plan.connections {
                break;
            }
            if progress_at.elapsed() > PATIENCE {
                return Err(format!(
                    "the server does not answer: {open} of {} connections are open",
                    self.plan.connections
                ));
            }
            if self.put_off.is_none_or(|until| Instant::now() >= until) {
                self.put_off = None;
                self.begin(open)?;
            }
            self.turn(Duration::from_millis(20))?;
        }
        self.figures.opened = done;
        self.figures.opening = start.elapsed();
        Ok(())
    }

    /// Begins as many handshakes as may be under way.
    fn begin(&mut self, open: usize) -> Result<(), String> {
        let unfinished = |connection: &Connection| matches!(connection.state, State::Handshake(_) | State::Greeting);
        let mut under_way = self.connections.iter().filter(|connection| unfinished(connection)).count();
        let mut missing = self.plan.connections - open - under_way;
        for index in 0..self.plan.connections {
            if missing == 0 || under_way == AT_ONCE {
                break;
            }
            if self.connections.get(index).is_some_and(Connection::is_alive) {
                continue;
            }
            let (address, request) = (self.target.address, self.target.handshake());
            let connection = Connection::open(address, &request, self.poll.registry(), index)
                .map_err(|error| format!("cannot connect to {address}: {error}"))?;
            if index == self.connections.len() {
                self.connections.push(connection);
            } else {
                self.connections[index] = connection;
            }
            missing -= 1;
            under_way += 1;
        }
        Ok(())
    }

    /// Something of the answer to a handshake came.
    pub(super) fn answered(&mut self, index: usize, bytes: &[u8]) -> Result<(), String> {
        match self.connections[index].answer(bytes) {
            Answer::Incomplete => Ok(()),
            Answer::Accepted(mut rest) => {
                let connection = &mut self.connections[index];
                connection.hurry();
                connection.state = if self.traffic.incoming.is_announced() { State::Greeting } else { State::Open };
                self.take(index, &mut rest)
            }
            Answer::Later(seconds) => {
                self.figures.limited += 1;
                self.connections[index].state = State::Gone;
                self.put_off = Some(Instant::now() + Duration::from_secs(seconds));
                Ok(())
            }
            Answer::Refused(how) => Err(format!("the server answered the handshake with {how}")),
        }
    }
}
