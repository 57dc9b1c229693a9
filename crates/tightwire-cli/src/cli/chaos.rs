//! What `tightwire chaos` is asked for.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use crate::chaos::{Script, duration};

/// Stand in front of a server as a network that fails when it is told to.
///
/// Clients connect to LISTEN and talk to UPSTREAM, by TCP: what they say is not looked at, so TLS goes through as well.
/// What the network does is typed, a line each, or follows a script or chance.
#[derive(Args, Debug)]
#[command(after_help = CHAOS_COMMANDS)]
pub(crate) struct ChaosArguments {
    /// Where to listen, for instance `127.0.0.1:9090`.
    #[arg(value_name = "LISTEN")]
    pub(crate) listen: SocketAddr,

    /// The server, for instance `127.0.0.1:8080`.
    #[arg(value_name = "UPSTREAM")]
    pub(crate) upstream: String,

    /// What happens, step by step and for how long, for instance `pass 5s, stall 20s, cut 3s`. All is well after the last one.
    #[arg(long, value_name = "STEPS", conflicts_with = "every")]
    pub(crate) script: Option<Script>,

    /// Begin the script again after its last step.
    #[arg(long, requires = "script")]
    pub(crate) repeat: bool,

    /// Let something go wrong about every so long, by chance, for instance `30s`.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) every: Option<Duration>,

    /// The longest that it goes wrong with `--every`.
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = duration, requires = "every")]
    pub(crate) longest: Duration,

    /// After how long `--every` lets all be well. Default: never.
    #[arg(long = "for", value_name = "TIME", value_parser = duration, requires = "every")]
    pub(crate) total: Option<Duration>,

    /// The chance of `--every`: the same number makes the same things happen. Default: another one each time.
    #[arg(long, value_name = "NUMBER", requires = "every")]
    pub(crate) seed: Option<u64>,
}

const CHAOS_COMMANDS: &str = "\
What can be typed, and stand in a script:
  pass             all is well; first comes what was held
  cut              every connection is reset, and every one that is tried
  reset            every connection is reset; new ones are as they were
  stall [up|down]  nothing gets through, to the server (up), to clients (down) or both; nobody is told
  delay TIME       everything takes so much longer, for instance 300ms
  throttle SIZE    no more than so many bytes per second and direction, for instance 2k
  status           how many connections there are, and what is held (only typed)
  quit             end (only typed)

Exit codes:
  0  it was told to end
  2  the command line is wrong
  3  it cannot listen there";
