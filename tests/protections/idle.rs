//! Thousands of connections that do nothing but answer pings: they stay, they cost little, and the watchdog finds those
//! that answer no more.

use std::net::Ipv4Addr;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tightwire_testkit::RawClient;

use crate::arena::{Arena, brief, frame, next};
use crate::common::bus::{Bus, on_each_bus};

on_each_bus! { on_its_own:
    idle_connections_are_kept_and_watched
}

/// How many connections, unless the variable says otherwise.
const CONNECTIONS: usize = 500;
const CONNECTIONS_VARIABLE: &str = "TIGHTWIRE_IDLE_CONNECTIONS";

/// From one address there are some 28 000 ports.
const PER_ADDRESS: usize = 10_000;

/// What a connection may cost, in bytes. In a debug build of the server the futures are larger than in a release build.
const MOST_PER_CONNECTION: u64 = if cfg!(debug_assertions) { 8 * 1024 } else { 4 * 1024 };

/// What the connections have in common.
#[derive(Debug, Default)]
struct Crowd {
    /// Pings that were answered.
    answered: AtomicUsize,
    /// Whether those with an odd number answer no more.
    half_is_silent: AtomicBool,
    /// How many were closed with 4408.
    closed: AtomicUsize,
}

/// Connects, and answers pings until the connection is closed, or for ever.
async fn stay(mut client: RawClient, number: usize, crowd: Arc<Crowd>) {
    let mut client_has_left = false;
    while !client_has_left {
        match brief(&next(&mut client).await).as_str() {
            "ping" if number % 2 == 1 && crowd.half_is_silent.load(Ordering::Relaxed) => {}
            "ping" => {
                let pong = frame("pong", "system", json!({"timestamp": "2026-01-01T00:00:00Z"}));
                client.send(&pong.to_bytes()).await.expect("the server reads");
                crowd.answered.fetch_add(1, Ordering::Relaxed);
            }
            "close 4408" => client_has_left = true,
            _ => {}
        }
    }
    crowd.closed.fetch_add(1, Ordering::Relaxed);
}

/// Waits until it holds.
#[track_caller]
fn until(what: &str, holds: impl Fn() -> bool) -> impl Future<Output = ()> {
    let caller = Location::caller();
    async move {
        let deadline = Instant::now() + Duration::from_secs(120);
        while !holds() {
            assert!(Instant::now() < deadline, "still waiting for {what}, at {caller}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Two files for each connection, one here and one in the server, which inherits the limit.
fn allow_files(connections: usize) {
    let limit = getrlimit(Resource::Nofile);
    let wanted = connections as u64 + 200;
    assert!(
        limit.maximum.is_none_or(|maximum| maximum >= wanted),
        "{connections} connections need {wanted} open files; `ulimit -Hn` allows fewer"
    );
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })
        .expect("up to the maximum it may be raised");
}

#[expect(clippy::print_stdout, reason = "the figures, for whoever runs the test with its output")]
fn idle_connections_are_kept_and_watched(bus: &Bus) {
    let connections =
        std::env::var(CONNECTIONS_VARIABLE).map_or(CONNECTIONS, |number| number.parse().expect("a number"));
    allow_files(connections);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        // Thousands of pongs have to be sent from here in time, on whatever machine this is.
        let [ping, pong] = if connections > 1000 { ["2000", "10000"] } else { ["500", "3000"] };
        let arena = Arena::open(bus, &["--ping-interval-ms", ping, "--pong-timeout-ms", pong]).await;
        arena.greet("before").await;
        let before = arena.memory().now;
        let crowd = Arc::<Crowd>::default();
        let begun = Instant::now();
        let mut opening = FuturesUnordered::new();
        for number in 0..connections {
            let source = Ipv4Addr::new(127, 0, 0, (number / PER_ADDRESS + 1) as u8);
            let address = arena.address();
            opening.push(async move {
                let mut client = RawClient::connect_from(source.into(), address).await.expect("the server listens");
                client.handshake(address, "/ws").await.expect("the server accepts");
                (number, client.patience(Duration::from_secs(60)))
            });
            // So many at once, and no more: the queue of the listener is not as long.
            while opening.len() >= 64 || (number + 1 == connections && !opening.is_empty()) {
                let (number, client) = opening.next().await.expect("there are some");
                tokio::spawn(stay(client, number, Arc::clone(&crowd)));
            }
        }
        println!("{connections} connections were opened in {:?}", begun.elapsed());

        // Three pings to each: the watchdog has looked at all of them.
        until("every ping to be answered", || crowd.answered.load(Ordering::Relaxed) >= 3 * connections).await;
        let health: Value = arena.health().await;
        assert_eq!((&health["connections"], crowd.closed.load(Ordering::Relaxed)), (&json!(connections), 0));
        let answer = arena.greet("beside them").await;
        let cost = arena.memory().now.saturating_sub(before) / connections as u64;
        println!("a valid client is answered within {answer:?}, each of the connections costs {cost} bytes");
        assert!(cost <= MOST_PER_CONNECTION, "{cost} bytes for each connection");

        crowd.half_is_silent.store(true, Ordering::Relaxed);
        let silent = connections / 2;
        until("the silent half to be closed", || crowd.closed.load(Ordering::Relaxed) >= silent).await;
        until("the others to answer again", {
            let answered = crowd.answered.load(Ordering::Relaxed);
            let crowd = Arc::clone(&crowd);
            move || crowd.answered.load(Ordering::Relaxed) >= answered + connections - silent
        })
        .await;
        assert_eq!(crowd.closed.load(Ordering::Relaxed), silent, "only the silent half was closed");
    });
}
