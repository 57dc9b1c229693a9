//! `tightwire tail`: what several servers deliver of the same topics, side by side.
//!
//! A thread for each server reads `GET /sse` and goes on where it was when the connection broke, on whatever process answers
//! there then. All that they read comes together in the [`board`], which knows no clock and no socket.

mod account;
mod board;
mod events;
mod frame;
mod node;
mod pending;
mod rows;

use std::io::Write;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use self::board::{Board, Shown};
use self::node::{News, Node};
use self::rows::Rows;
use crate::cli::{Exit, TailArguments};
use crate::output::Output;
use crate::remote::Remote;

/// How often something may be due although nothing came.
const LOOK: Duration = Duration::from_millis(50);

/// Runs the command.
pub(crate) fn run<O: Write, E: Write>(arguments: &TailArguments, output: &mut Output<O, E>) -> Exit {
    match attempt(arguments, output) {
        Ok(exit) => exit,
        Err((exit, complaint)) => {
            output.complaint(&complaint);
            exit
        }
    }
}

fn attempt<O: Write, E: Write>(arguments: &TailArguments, output: &mut Output<O, E>) -> Result<Exit, (Exit, String)> {
    let find = |url: &String| Remote::find(url, arguments.token.as_deref(), arguments.ca_file.as_deref());
    let remotes = arguments.urls.iter().map(find).collect::<Result<Vec<_>, _>>().map_err(|why| (Exit::Usage, why))?;
    let names: Vec<_> = remotes.iter().map(Remote::authority).collect();
    let (sender, receiver) = mpsc::channel();
    let stop = sender.clone();
    // The first Ctrl-C ends it with its summary, the second one everything.
    let mut asked = false;
    let handler = move || {
        if std::mem::replace(&mut asked, true) || stop.send(News::Stop).is_err() {
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(handler).map_err(|error| (Exit::Unreadable, format!("cannot listen for Ctrl-C: {error}")))?;
    for (index, remote) in remotes.into_iter().enumerate() {
        let node = Node::new(index, remote, &arguments.topics, sender.clone());
        // They end with the process.
        std::thread::spawn(move || node.run());
    }
    drop(sender);

    let mut rows = Rows::new(&names, &arguments.topics, arguments.json);
    output.result(&rows.head());
    let mut board = Board::new(names.len(), Duration::from_millis(arguments.wait));
    let enough = |board: &Board| arguments.count.is_some_and(|count| board.shown() >= count);
    while !enough(&board) {
        let now = Instant::now();
        let mut shown = board.due(now);
        match receiver.recv_timeout(LOOK) {
            Ok(News::Arrived { node, frame, at }) => {
                output.result(&rows.arrival(node, &frame, since_epoch()));
                shown.extend(board.arrived(node, &frame, at));
            }
            Ok(News::Listening { node }) => shown.extend(board.listening(node, Instant::now())),
            Ok(News::Down { node, why }) => shown.extend(board.down(node, why, Instant::now())),
            Ok(News::Refused { complaint }) => return Err((Exit::Unreadable, complaint)),
            Ok(News::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
        show(&shown, &mut rows, output);
    }
    let (summary, last) = board.end();
    show(&last, &mut rows, output);
    output.result(&rows.summary(&summary));
    Ok(match () {
        () if summary.nodes.iter().any(|node| !node.reached) => Exit::Unreadable,
        () if summary.is_sound() => Exit::Clean,
        () => Exit::Faulty,
    })
}

fn show<O: Write, E: Write>(shown: &[Shown], rows: &mut Rows, output: &mut Output<O, E>) {
    for shown in shown {
        let ago = if let Shown::Row(row) = shown { row.first.elapsed() } else { Duration::ZERO };
        output.result(&rows.shown(shown, since_epoch().saturating_sub(ago)));
    }
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
