//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Measures what a delivery costs, and prints or writes the table.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The servers to measure; the limit always comes first, because the others are compared to it.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "tightwire,warp,ws,nchan")]
    pub(crate) servers: Vec<Kind>,
    /// Numbers of subscribers.
    #[arg(long, value_delimiter = ',', default_value = "100,1000,5000,10000")]
    pub(crate) subscribers: Vec<usize>,
    /// Deliveries per measurement.
    #[arg(long, default_value_t = 200_000)]
    pub(crate) deliveries: usize,
    /// Pings per measurement.
    #[arg(long, default_value_t = 20_000)]
    pub(crate) pings: usize,
    /// Measurements of each time; their median counts.
    #[arg(long, default_value_t = 5)]
    pub(crate) runs: usize,
    /// How many idle connections memory is measured at; 0 leaves it out.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) idle: usize,
    /// How many broadcasts go out while ten clients do not read; 0 leaves it out.
    #[arg(long, default_value_t = 30_000)]
    pub(crate) stalled_broadcasts: usize,
    /// Writes the table between the markers of this file.
    #[arg(long)]
    pub(crate) write: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs one of the servers; used by the benchmark itself.
    Serve(Serve),
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[arg(value_enum)]
    pub(crate) kind: Kind,
    /// Where clients connect.
    pub(crate) address: SocketAddr,
    /// Where broadcasts are asked for: one per byte.
    pub(crate) control: SocketAddr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// The least that can be done: epoll and one `send` per socket.
    Limit,
    /// The chat server of this repository.
    Tightwire,
    /// warp's own WebSocket, with a task and a channel per client.
    Warp,
    /// npm `ws`.
    Ws,
    /// nginx with the module Nchan.
    Nchan,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Tightwire => "Tightwire",
            Self::Warp => "warp::ws",
            Self::Ws => "npm ws",
            Self::Nchan => "Nchan",
        }
    }
}
