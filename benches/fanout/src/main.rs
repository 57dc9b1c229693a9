//! What a delivery costs: the chat server beside the machine's limit and beside other servers, in one run.
//!
//! Each server runs in a process of its own, pinned to the first core; the load comes from this process, pinned to the
//! second. The figure is the CPU time of the server's process, so that what the load costs does not count.

mod chat;
mod limit;
mod load;
mod options;
mod others;
mod report;
mod scenario;
mod warp_ws;
mod wire;

use std::process::ExitCode;

use clap::Parser;

use crate::options::{Command, Kind, Options, Serve};

fn main() -> ExitCode {
    let options = Options::parse();
    let result = match &options.command {
        Some(Command::Serve(serve)) => run_server(serve),
        None => scenario::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run_server(serve: &Serve) -> anyhow::Result<()> {
    tightwire_bench_kit::cores::allow_many_files()?;
    match serve.kind {
        Kind::Limit => limit::serve(serve),
        Kind::Tightwire => chat::serve(serve),
        Kind::Warp => warp_ws::serve(serve),
        Kind::Ws | Kind::Nchan => anyhow::bail!("this server is a program of its own"),
    }
}
