//! Random conversations over TCP, by a clock that runs: whether every answer comes within 100 ms, and whether the server has
//! given back what it took when everybody has left.
//!
//! `TIGHTWIRE_FUZZ_SECONDS` says how long (default [`SECONDS`] each), `TIGHTWIRE_FUZZ_SEED` where the plans begin; both are
//! printed.

mod lane;
mod late;
mod left;

use std::net::SocketAddr;
use std::time::Duration;

use tightwire_testkit::ServerProcess;
use tightwire_testkit::fuzz::Endpoint;
use tokio::net::TcpListener;

use self::lane::Lane;
use crate::common::bus::{Bus, on_each_bus};
use crate::common::{chat, reach_at};
use crate::sequences::setting;
use crate::stage::FLAGS;

on_each_bus! { on_sockets:
    answers_come_in_time
}

/// How long each of these lanes is, unless `TIGHTWIRE_FUZZ_SECONDS` says otherwise.
const SECONDS: u64 = 4;

fn duration() -> Duration {
    Duration::from_secs(setting("TIGHTWIRE_FUZZ_SECONDS", SECONDS))
}

/// A server in a process of its own.
async fn process(bus: &Bus) -> ServerProcess {
    let server = ServerProcess::command(env!("CARGO_BIN_EXE_tightwire-chat"))
        .args(["--bind", "{addr}", "--auth-disabled", "--responder-delay-ms", "1", "--log", "error"])
        .args(FLAGS)
        .args(bus.flags())
        // The allocator of the C library keeps what was freed unless told otherwise, and then its memory says nothing about
        // the server's.
        .env("TOKIO_WORKER_THREADS", "2")
        .env("MALLOC_ARENA_MAX", "1")
        .env("MALLOC_TRIM_THRESHOLD_", "65536")
        .ready_when_http("/health");
    let server = server.start().await;
    reach_at(bus, server.address()).await;
    server
}

/// A server in the runtime that this is called in. It listens until that ends.
async fn listening(bus: &Bus) -> SocketAddr {
    let server = chat(bus, &FLAGS).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("it listens");
    tokio::spawn(async move { server.run(listener, std::future::pending()).await });
    address
}

#[expect(clippy::print_stdout, reason = "the figures, for whoever runs the test with its output")]
async fn answers_come_in_time(bus: &Bus) {
    let server = process(bus).await;
    let mut lane = Lane::new(Endpoint::address(server.address()));
    lane.run(duration(), |_| true).await;
    println!("{lane}");
    assert!(!server.output().contains("panicked"), "{}", server.output());
}
