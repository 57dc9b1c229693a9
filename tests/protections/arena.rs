//! Where attacks take place: a chat server in a process of its own, and what must hold after each of them.
//!
//! Each attack is run [`ROUNDS`] times on one server, on Redis [`ROUNDS_ON_REDIS`] times. After every round the server has
//! no connection and no subscription left, answers a valid client in time, and needs no more memory than before the first.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::panic::Location;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tightwire_chat::chat::CONTRACT;
use tightwire_testkit::{Contract, Memory, RawClient, RawFrame, ServerProcess, WsHarness};
use uuid::Uuid;

use crate::common;
use crate::common::bus::{Bus, Kind};

/// How often an attack is run, unless [`ROUNDS_VARIABLE`] says otherwise. What an attack leaves behind it leaves every
/// time.
const ROUNDS: u32 = 3;

/// The same where the broker is not the server's own. What attacks the connection has been tried as often in memory.
const ROUNDS_ON_REDIS: u32 = 2;

/// More rounds find slower leaks, in the nightly lane.
const ROUNDS_VARIABLE: &str = "TIGHTWIRE_ATTACK_ROUNDS";

/// What a valid client may have to wait, from opening the socket to the answer to its ping.
const ANSWER: Duration = Duration::from_millis(100);

/// The best of so many tries counts. A machine that does something else can delay any single one; a server that was
/// harmed is slow every time.
const TRIES: usize = 20;

/// By how much the memory may be larger afterwards. Some things are made once and stay: a read buffer of 64 KiB for each
/// of the two threads, the reference validators, what the log line of a refusal needs: 150 KiB. And of a heap that held a
/// hundred connections at once up to 1 MiB is not given back, because a page goes back only when all of it is free. Attacks
/// move several megabytes in each round, so a leak of a part of that fails.
const TOLERANCE: u64 = 2 << 20;

/// The same with Redis, whose connections have buffers of their own; and what is known of a thousand topics is forgotten
/// only when there are more.
const TOLERANCE_ON_REDIS: u64 = 3 << 20;

/// The most memory that any attack may cost while it lasts.
const MOST: u64 = 48 << 20;

/// How long the server may take to notice that everyone has left.
const SETTLING: Duration = Duration::from_secs(20);

/// What the attacker got to see, and connections that stay open while a valid client looks how the server does.
#[derive(Default)]
pub(crate) struct Seen {
    said: Vec<String>,
    open: Vec<RawClient>,
}

impl From<Vec<String>> for Seen {
    fn from(said: Vec<String>) -> Self {
        Self { said, open: Vec::new() }
    }
}

impl Seen {
    /// Keeps connections open until the valid client was answered.
    pub(crate) fn holding(self, open: impl IntoIterator<Item = RawClient>) -> Self {
        Self { open: open.into_iter().collect(), ..self }
    }
}

/// A server under attack.
pub(crate) struct Arena {
    server: ServerProcess,
    /// What makes it a server of its system.
    own: Vec<String>,
    /// Which time the attack is run.
    pub(crate) round: u32,
}

/// Runs the attack and compares what the attacker saw, every time.
#[track_caller]
pub(crate) fn check<A>(bus: &Bus, flags: &[&str], attack: A, expected: &[&str])
where
    A: AsyncFn(&Arena) -> Seen,
{
    run(bus, flags, attack, expected, Baseline::Before);
}

/// The same for an attack after which memory is compared with the most that the first round took, not with what there was
/// before: the server keeps something by design, such as the newest messages of a thread, or the attack fills the heap
/// with so many small things at once that the allocator does not give its pages back. Either is taken once and used again.
#[track_caller]
pub(crate) fn check_kept<A>(bus: &Bus, flags: &[&str], attack: A, expected: &[&str])
where
    A: AsyncFn(&Arena) -> Seen,
{
    run(bus, flags, attack, expected, Baseline::MostOfTheFirstRound);
}

/// What the memory is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Baseline {
    Before,
    MostOfTheFirstRound,
}

#[track_caller]
#[expect(clippy::print_stdout, reason = "the figures, for whoever runs the test with its output")]
fn run<A>(bus: &Bus, flags: &[&str], attack: A, expected: &[&str], baseline: Baseline)
where
    A: AsyncFn(&Arena) -> Seen,
{
    let caller = Location::caller();
    let (usual, tolerance) = match bus.kind() {
        Kind::Memory => (ROUNDS, TOLERANCE),
        Kind::Redis => (ROUNDS_ON_REDIS, TOLERANCE_ON_REDIS),
    };
    let rounds = std::env::var(ROUNDS_VARIABLE).map_or(usual, |rounds| rounds.parse().expect("a number of rounds"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut arena = Arena::open(bus, flags).await;
        let first = arena.greet("before the attack").await;
        arena.settle(caller).await;
        let mut before = arena.memory().now;
        println!("a valid client is answered within {first:?}, memory is {} KiB", before / 1024);
        for round in 0..rounds {
            arena.round = round;
            let Seen { said, open } = attack(&arena).await;
            assert_eq!(said, expected, "in round {round}, at {caller}");
            let during = arena.greet("under attack").await;
            drop(open);
            arena.settle(caller).await;
            let after = arena.greet("after the attack").await;
            arena.settle(caller).await;
            let allowed = if round == 0 && baseline == Baseline::MostOfTheFirstRound { u64::MAX } else { before + tolerance };
            let Memory { now: memory, most: peak } = arena.memory_below(allowed).await;
            println!(
                "round {round}: within {during:?} under attack, {after:?} after it; memory is {} KiB, was {} KiB at most",
                memory / 1024,
                peak / 1024
            );
            if round == 0 && baseline == Baseline::MostOfTheFirstRound {
                before = peak;
            }
            assert!(
                memory <= allowed,
                "the server grew from {before} to {memory} bytes in round {round}, at {caller}"
            );
            assert!(peak <= before + MOST, "the attack took {} bytes of memory, at {caller}", peak - before);
        }
    });
}

impl Arena {
    /// Starts a server with these flags, without a limit for handshakes: all clients come from one address.
    pub(crate) async fn open(bus: &Bus, flags: &[&str]) -> Self {
        Self::start(bus, flags, bus.flags(), None).await
    }

    /// Starts another server in the place of one that has ended.
    pub(crate) async fn reopen(self, bus: &Bus, flags: &[&str]) -> Self {
        let address = self.address();
        Self::start(bus, flags, self.own, Some(address)).await
    }

    async fn start(bus: &Bus, flags: &[&str], own: Vec<String>, address: Option<SocketAddr>) -> Self {
        let common = ["--bind", "{addr}", "--auth-disabled", "--responder-delay-ms", "1"];
        let unlimited =
            ["--handshakes-per-second", "0"].into_iter().filter(|_| !flags.contains(&"--handshakes-per-second"));
        let flags = common.into_iter().chain(unlimited).chain(flags.iter().copied());
        let launch = ServerProcess::command(env!("CARGO_BIN_EXE_tightwire-chat"))
            .args(flags)
            .args(own.iter().cloned())
            // The allocator of the C library keeps what was freed unless told otherwise, and then its memory says
            // nothing about the server's.
            .env("TOKIO_WORKER_THREADS", "2")
            .env("MALLOC_ARENA_MAX", "1")
            .env("MALLOC_TRIM_THRESHOLD_", "65536")
            .ready_when_http("/health");
        let launch = if let Some(address) = address { launch.at(address) } else { launch };
        let server = launch.start().await;
        common::reach_at(bus, server.address()).await;
        Self { server, own, round: 0 }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Asks the server to end, and waits until it has.
    pub(crate) async fn terminate(&mut self) {
        let status = self.server.terminate(Duration::from_secs(30)).await;
        assert!(status.success(), "{status}");
    }

    /// What the server has printed lately.
    pub(crate) fn output(&self) -> String {
        self.server.output()
    }

    /// A socket to the server.
    pub(crate) async fn connect(&self) -> RawClient {
        RawClient::connect(self.address()).await.expect("the server listens")
    }

    /// A WebSocket to the server, before its first frame is read.
    pub(crate) async fn upgrade(&self) -> RawClient {
        RawClient::upgrade(self.address(), "/ws").await.expect("the server accepts")
    }

    /// A WebSocket to the server that has read its first frame.
    pub(crate) async fn join(&self) -> RawClient {
        let mut client = self.upgrade().await;
        assert_eq!(brief(&next(&mut client).await), "connection_established");
        client
    }

    /// How long a valid client waits, from opening its socket to the answer to its ping; at most [`ANSWER`].
    pub(crate) async fn greet(&self, when: &str) -> Duration {
        let contract = Contract::from_bundle(CONTRACT.schema_bundle).expect("the generated bundle is right");
        let harness = WsHarness::new(contract);
        let mut best = Duration::MAX;
        for _ in 0..TRIES {
            let begun = Instant::now();
            let mut client = harness.connect(self.server.ws_url("/ws")).await;
            client.expect("connection_established").await;
            assert_eq!(client.request("ping", "system", json!({})).await.wire_type, "pong");
            best = best.min(begun.elapsed());
            client.close().await;
            if best < ANSWER / 2 {
                break;
            }
        }
        assert!(best <= ANSWER, "{when} a valid client had to wait {best:?}, the best of {TRIES} tries");
        best
    }

    /// Waits until nothing of any connection is left.
    pub(crate) async fn settle(&self, caller: &Location<'_>) {
        let deadline = Instant::now() + SETTLING;
        loop {
            let health = self.health().await;
            if health["connections"] == 0 && health["subscriptions"] == 0 {
                return;
            }
            assert!(Instant::now() < deadline, "something is left, at {caller}: {health}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the server has ended every connection, though their clients have not.
    pub(crate) async fn abandoned(&self) {
        self.settle(Location::caller()).await;
    }

    /// Waits until the server has ended a connection, which shows in that it takes nothing any more.
    pub(crate) async fn ended(&self, client: &mut RawClient) {
        let deadline = Instant::now() + SETTLING;
        while client.send(b"\r\n").await.is_ok() {
            assert!(Instant::now() < deadline, "the connection goes on");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What the server says of itself.
    pub(crate) async fn health(&self) -> Value {
        common::get_at(self.address(), "/health").await
    }

    /// One of the server's counters.
    pub(crate) async fn counter(&self, name: &str) -> u64 {
        let counters = common::get_at(self.address(), "/api/dashboard/metrics/websockets").await;
        counters[name].as_u64().unwrap_or_else(|| panic!("there is no {name} in {counters}"))
    }

    /// What the server takes of the machine's memory.
    pub(crate) fn memory(&self) -> Memory {
        self.server.memory().expect("the server runs")
    }

    /// The same, as soon as it is below the bound, or when there was time enough for it to be: plain HTTP connections, which
    /// the server does not count, may end a little later than their clients.
    async fn memory_below(&self, bound: u64) -> Memory {
        let deadline = Instant::now() + SETTLING;
        loop {
            let memory = self.memory();
            if memory.now <= bound || Instant::now() >= deadline {
                return memory;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A frame of the chat protocol, from a client.
pub(crate) fn frame(wire_type: &str, topic: &str, data: Value) -> RawFrame {
    let id = Uuid::new_v4();
    let frame = json!({"v": 1, "id": id, "type": wire_type, "topic": topic, "ts": 1_767_225_600_000_u64, "data": data});
    RawFrame::text(frame.to_string())
}

/// The next frame, which must come.
pub(crate) async fn next(client: &mut RawClient) -> RawFrame {
    client.frame().await.expect("a frame comes").expect("the connection lives")
}

/// A frame in short: what it is, and the code or the number that matters.
pub(crate) fn brief(frame: &RawFrame) -> String {
    let Some(text) = frame.as_text() else { return frame.to_string() };
    let frame: Value = serde_json::from_str(text).expect("JSON");
    let data = &frame["data"];
    let detail = match frame["type"].as_str() {
        Some("error") => data["code"].as_str().map(|code| format!(" {code}")),
        Some("disconnect_notice") => data["reason"].as_str().map(|reason| format!(" {reason}")),
        Some("subscription_updated") => data["topics"].as_array().map(|topics| format!(" {}", topics.len())),
        _ => None,
    };
    format!("{}{}", frame["type"].as_str().expect("a type"), detail.unwrap_or_default())
}

/// What the server says until it ends the connection, in short; equal neighbours once. A close is answered by the end of
/// the stream, so that the server need not wait for more.
pub(crate) async fn rest(client: &mut RawClient) -> Vec<String> {
    let mut said = Vec::new();
    let last = loop {
        match client.frame().await {
            Ok(Some(frame)) => {
                said.push(brief(&frame));
                if frame.to_string().starts_with("close") {
                    // Where the server has gone already, that is as good.
                    let _ = client.end_sending().await;
                }
            }
            Ok(None) => break "end".to_owned(),
            Err(error) => break format!("{:?}", error.kind()),
        }
    };
    said.push(last);
    said.dedup();
    said
}

/// What the server says until the answer to a ping of WebSocket itself, which is not counted among frames and so always
/// comes: how often each thing was said.
pub(crate) async fn tally(client: &mut RawClient) -> BTreeMap<String, usize> {
    tally_until(client, &format!("pong {FENCE}")).await
}

/// What the server says until that.
pub(crate) async fn tally_until(client: &mut RawClient, last: &str) -> BTreeMap<String, usize> {
    let mut said = BTreeMap::new();
    loop {
        let found = brief(&next(client).await);
        if found == last {
            return said;
        }
        *said.entry(found).or_insert(0) += 1;
    }
}

/// The ping that [`tally`] waits for.
pub(crate) fn fence() -> Vec<u8> {
    RawFrame::ping(FENCE).to_bytes()
}

const FENCE: &str = "fence";
