//! What several servers cost over Redis: latency beside that in memory, what Redis does as nodes become more, what a node
//! does as topics become more; and what follows for a million connections.
//!
//! Redis and the nodes are processes of their own, on a core each that all nodes share. The clients are in this process,
//! beside Redis. Where it says CPU, the time of the processes counts, so that what the clients cost does not.

mod audience;
mod away;
mod figures;
mod idle;
mod kept;
mod latency;
mod model;
mod node;
mod options;
mod order;
mod parts;
mod probe;
mod report;
mod serve;
mod sharing;
mod system;
mod topics;

use std::process::ExitCode;

use clap::Parser;

use crate::options::{Command, Options};

fn main() -> ExitCode {
    let options = Options::parse();
    let result = match &options.command {
        Some(Command::Serve { flags }) => serve::serve(flags),
        None => report::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::complain(&error);
            ExitCode::FAILURE
        }
    }
}
