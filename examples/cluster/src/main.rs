//! Several chat servers as one system, on this machine and for as long as you look: a Redis, nodes, a balancer in front of
//! them, a frame every second, and `tightwire tail`, which shows when it arrives on which node. `make cluster` builds what is
//! needed and starts it.

mod balancer;
mod frames;
mod nodes;
mod process;
mod redis;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use self::nodes::Nodes;
use self::process::Process;
use self::redis::Redis;

/// What is shown: where frames are published, and where people write.
const TOPICS: &str = "agent:guide,thread:welcome,dashboard";

/// How long `tail` may take for its summary, and a node to let its clients go.
const ENDING: Duration = Duration::from_secs(5);

/// Runs several chat servers as one system on this machine.
#[derive(Clone, Debug, Parser)]
struct Arguments {
    /// Where the balancer listens. The nodes have the ports after it.
    #[arg(long, default_value_t = 8080, value_parser = clap::value_parser!(u16).range(1..=65_000))]
    port: u16,

    /// How many nodes there are.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=20))]
    nodes: u16,

    /// How many frames are published each second.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=50))]
    rate: u32,

    /// After how many seconds a node that has ended, or Redis, is started again.
    #[arg(long, default_value_t = 10)]
    restart_after: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    let mut asked_to_end = Signals::new()?;
    let folder = tempfile::Builder::new().prefix("tightwire-cluster-").tempdir().context("no temporary folder")?;
    let at = |offset: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port + offset));
    let listener = listen(at(0)).await?;
    let mut redis = Redis::start(folder.path()).await?;
    say(&redis.describe());

    let addresses: Vec<_> = (1..=arguments.nodes).map(at).collect();
    for address in &addresses {
        // Said before a node says it in a log.
        drop(listen(*address).await?);
    }
    let nodes = Nodes::new(binary("tightwire-chat")?, &addresses, &redis.url(), folder.path());
    let started = tokio::select! {
        started = nodes.start() => started,
        () = asked_to_end.next() => Ok(()),
    };
    let served = match started {
        Ok(()) => serve(arguments, listener, &addresses, (&nodes, &mut redis), &mut asked_to_end).await,
        Err(error) => Err(error),
    };
    nodes.end(ENDING).await;
    redis.end(ENDING).await;
    served
}

/// Serves until somebody wants it to end, or until there is nothing to look at any more.
async fn serve(
    arguments: &Arguments,
    listener: TcpListener,
    addresses: &[SocketAddr],
    (nodes, redis): (&Nodes, &mut Redis),
    asked_to_end: &mut Signals,
) -> Result<()> {
    for line in nodes.describe() {
        say(&line);
    }
    let balancer = listener.local_addr()?;
    say(&format!("balancer  http://{balancer}/ : each connection goes to the next node that lives"));
    if arguments.rate > 0 {
        let plural = if arguments.rate == 1 { "frame is" } else { "frames are" };
        say(&format!("{} {plural} published each second to agent:guide, through the balancer.", arguments.rate));
    }
    say(&format!(
        "Open the page, write something. Kill a node: it is started again after {} s.",
        arguments.restart_after
    ));
    say("Ctrl-C ends everything.\n");

    let mut tail = Command::new(binary("tightwire")?);
    tail.arg("tail").args(addresses.iter().map(|address| format!("http://{address}"))).args(["--topics", TOPICS]);
    let mut tail = Process::start("tightwire tail", &mut tail)?;
    let restart_after = Duration::from_secs(arguments.restart_after);
    let ended = tokio::select! {
        () = balancer::serve(listener, addresses) => Ok(()),
        () = frames::publish(balancer, arguments.rate) => Ok(()),
        error = nodes.keep_alive(restart_after) => Err(error),
        error = redis.keep_alive(restart_after) => Err(error),
        status = tail.ended() => Err(anyhow::anyhow!("tightwire tail has ended ({status})")),
        () = asked_to_end.next() => Ok(()),
    };
    tail.interrupt(ENDING).await;
    ended
}

/// A listener, or what to do where there is none.
async fn listen(address: SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("cannot listen on {address}; `make cluster PORT=9000` takes other ports"))
}

/// A command of the project, which was built beside this one.
fn binary(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("nobody knows where this program is")?;
    let path = own.parent().unwrap_or(Path::new(".")).join(name);
    if !path.exists() {
        bail!("there is no {}: `make cluster` builds everything that is needed", path.display());
    }
    Ok(path)
}

/// Whoever wants this to end.
struct Signals([tokio::signal::unix::Signal; 3]);

impl Signals {
    fn new() -> Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self([listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?, listen(SignalKind::hangup())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Says something to whoever looks.
#[expect(clippy::print_stdout, reason = "this is what the program is for")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "the one place where the program complains")]
fn complain(text: &str) {
    eprintln!("cluster: {text}");
}
