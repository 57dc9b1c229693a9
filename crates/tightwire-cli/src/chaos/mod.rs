//! `tightwire chaos`: a network that fails when it is told to, in front of any server.
//!
//! ```text
//!   client ───► up   ───►  server
//!          ◄─── down ◄───
//! ```

mod fault;
mod link;
mod schedule;

use std::io::{BufRead, Write};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use self::fault::Fault;
pub(crate) use self::fault::duration;
use self::link::Network;
pub(crate) use self::schedule::Script;
use self::schedule::{Steps, by_chance, scripted, up_to};
use crate::cli::{ChaosArguments, Exit};
use crate::output::Output;

/// Runs the command.
pub(crate) fn run<O: Write, E: Write>(arguments: &ChaosArguments, output: &mut Output<O, E>) -> Exit {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output.complaint(&format!("there is no runtime: {error}"));
            return Exit::Unreadable;
        }
    };
    let exit = runtime.block_on(serve(arguments, output));
    // The thread that waits for what is typed ends with the process.
    runtime.shutdown_background();
    exit
}

/// What somebody types.
enum Typed {
    Fault(Fault),
    Status,
    Quit,
    Unclear(String),
}

impl Typed {
    fn read(line: &str) -> Option<Self> {
        match line.trim() {
            "" => None,
            "status" => Some(Self::Status),
            "quit" | "q" => Some(Self::Quit),
            line => Some(line.parse().map_or_else(Self::Unclear, Self::Fault)),
        }
    }
}

async fn serve<O: Write, E: Write>(arguments: &ChaosArguments, output: &mut Output<O, E>) -> Exit {
    let ChaosArguments { listen, upstream, .. } = arguments;
    let listener = match TcpListener::bind(listen).await {
        Ok(listener) => listener,
        Err(error) => {
            output.complaint(&format!("cannot listen at {listen}: {error}"));
            return Exit::Unreadable;
        }
    };
    let address = listener.local_addr().unwrap_or(*listen);
    output.result(&format!(
        "listening at {address}, in front of {upstream}; type pass, cut, reset, stall, delay, throttle, status, quit\n"
    ));
    let mut steps = steps(arguments, output);
    let mut step_ends = Instant::now();
    let (mut typed, mut somebody_types) = (typed(), true);
    let mut told_to_stop = pin!(tokio::signal::ctrl_c());
    let mut proxy = Proxy::new(upstream, output);
    loop {
        tokio::select! {
            biased;
            typed = typed.recv(), if somebody_types => match typed {
                Some(Typed::Fault(fault)) => proxy.set(fault),
                Some(Typed::Status) => proxy.tell_status(),
                Some(Typed::Unclear(complaint)) => proxy.output.complaint(&complaint),
                Some(Typed::Quit) => return Exit::Clean,
                None => somebody_types = false,
            },
            _ = &mut told_to_stop => return Exit::Clean,
            () = sleep_until(step_ends), if steps.is_some() => {
                if let Some((fault, time)) = steps.as_mut().and_then(Iterator::next) {
                    proxy.set(fault);
                    step_ends += time;
                } else {
                    proxy.set(Fault::Pass);
                    steps = None;
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => proxy.accept(client),
                // Too many open files, most likely: what ends will free some.
                Err(_) => sleep(Duration::from_millis(100)).await,
            },
            Some(_) = proxy.links.join_next() => {}
        }
    }
}

/// What happens by itself, if anything does.
fn steps<O: Write, E: Write>(arguments: &ChaosArguments, output: &mut Output<O, E>) -> Option<Steps> {
    if let Some(script) = &arguments.script {
        return Some(scripted(script.clone(), arguments.repeat));
    }
    let every = arguments.every?;
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(0..1_000_000));
    output.result(&format!("--seed {seed} repeats what happens\n"));
    let steps = by_chance(seed, every, arguments.longest);
    Some(match arguments.total {
        Some(total) => up_to(total, steps),
        None => steps,
    })
}

/// What is typed, line by line, for as long as somebody does.
fn typed() -> mpsc::UnboundedReceiver<Typed> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if Typed::read(&line).is_some_and(|typed| sender.send(typed).is_err()) {
                return;
            }
        }
    });
    receiver
}

/// The connections, and the network between their ends.
struct Proxy<'a, O, E> {
    upstream: Arc<str>,
    network: watch::Sender<Network>,
    links: JoinSet<()>,
    held: Arc<AtomicU64>,
    began: Instant,
    output: &'a mut Output<O, E>,
}

impl<'a, O: Write, E: Write> Proxy<'a, O, E> {
    fn new(upstream: &str, output: &'a mut Output<O, E>) -> Self {
        Self {
            upstream: upstream.into(),
            network: watch::Sender::new(Network { fault: Fault::Pass, resets: 0 }),
            links: JoinSet::new(),
            held: Arc::default(),
            began: Instant::now(),
            output,
        }
    }

    fn set(&mut self, fault: Fault) {
        self.network.send_modify(|network| {
            if fault == Fault::Cut || fault == Fault::Reset {
                network.resets += 1;
            }
            if fault != Fault::Reset {
                network.fault = fault;
            }
        });
        let (at, count) = (self.began.elapsed().as_secs_f64(), self.links.len());
        self.output.result(&format!("{at:8.1} s  {fault}  ({count} connections)\n"));
    }

    fn tell_status(&mut self) {
        let (at, count, held) =
            (self.began.elapsed().as_secs_f64(), self.links.len(), self.held.load(Ordering::Relaxed));
        let fault = self.network.borrow().fault;
        self.output.result(&format!("{at:8.1} s  {fault}: {count} connections, {held} bytes held\n"));
    }

    fn accept(&mut self, client: TcpStream) {
        let now = self.network.subscribe();
        if now.borrow().fault == Fault::Cut {
            // It only fails where the connection is gone already.
            let _ = client.set_zero_linger();
            return;
        }
        let (upstream, held) = (Arc::clone(&self.upstream), Arc::clone(&self.held));
        self.links.spawn(async move {
            // A server that is not there is for the client to find out.
            let _ = link::run(client, &upstream, now, &held).await;
        });
    }
}
