//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures what several servers cost over Redis, and prints or writes the tables.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Measurements of each figure, one of each round; their median counts.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// How long a measurement at a fixed rate takes, in seconds.
    #[arg(long, default_value_t = 2.0)]
    pub(crate) seconds: f64,
    /// Publications of a measurement without a rate.
    #[arg(long, default_value_t = 40_000)]
    pub(crate) frames: usize,
    /// Publications per second of all nodes together, where Redis' work is measured.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) rate: usize,
    /// Publications per second beside those whose latency is measured.
    #[arg(long, default_value_t = 2_000)]
    pub(crate) load: usize,
    /// Numbers of nodes.
    #[arg(long, value_delimiter = ',', default_value = "1,3,5")]
    pub(crate) nodes: Vec<usize>,
    /// Numbers of topics.
    #[arg(long, value_delimiter = ',', default_value = "10,100,1000,10000")]
    pub(crate) topics: Vec<usize>,
    /// Topics whose memory in Redis is measured.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) kept_topics: usize,
    /// Subscribers of one topic, where the cost of a delivery is measured.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) subscribers: usize,
    /// Connections whose memory is measured.
    #[arg(long, default_value_t = 5_000)]
    pub(crate) connections: usize,
    /// Nodes that do nothing, where their cost to Redis is measured.
    #[arg(long, default_value_t = 20)]
    pub(crate) idle_nodes: usize,
    /// Publications that a node misses before it catches up.
    #[arg(long, default_value_t = 40_000)]
    pub(crate) missed: usize,
    /// Writes the tables between the markers of this file.
    #[arg(long)]
    pub(crate) write: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a node; used by the benchmark itself.
    Serve {
        /// Settings of the chat server.
        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        flags: Vec<String>,
    },
}
