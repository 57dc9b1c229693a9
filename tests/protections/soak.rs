//! Everything at once and for long: readers that check every position across reconnects, writers, clients that come and
//! go, floods, clients that never read, broken frames, half handshakes. Nothing may grow, get lost or panic.
//!
//! In `make test` for a few seconds, so that the lane itself stays sound; `make soak` runs it for as long as it is told.
//! What clients do follows from a seed, which is printed; how their doings interleave does not.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tightwire_testkit::raw::upgrade_request;
use tightwire_testkit::{RawClient, RawFrame};
use tokio::task::{JoinSet, LocalSet};

use crate::arena::{Arena, fence, frame};
use crate::common::bus::{Bus, on_each_bus};
use crate::dice::Dice;

on_each_bus! { on_its_own:
    nothing_grows_gets_lost_or_panics
}

const SECONDS: u64 = 5;
const SECONDS_VARIABLE: &str = "TIGHTWIRE_SOAK_SECONDS";
const SEED_VARIABLE: &str = "TIGHTWIRE_SOAK_SEED";

/// Threads that are written to all the time.
const THREADS: usize = 4;
const READERS: usize = 24;
/// Of each kind of client that misbehaves.
const OTHERS: usize = 4;

/// Growth is judged from here on. Before, histories and logs fill up, which have bounds.
const JUDGED_FROM: Duration = Duration::from_secs(120);
/// The line through the samples may rise by so much from its beginning to its end: what the allocator does is not smooth.
/// In an hour a leak of 100 bytes for each of some 300 000 connections that come and go would be 30 MB.
const GROWTH: f64 = 4.0 * 1024.0 * 1024.0;

const FLAGS: [&str; 12] = [
    // What the log says of every refused frame is not what is looked for; panics are printed whatever the level.
    "--log",
    "error",
    "--close-timeout-ms",
    "500",
    "--ping-interval-ms",
    "2000",
    "--pong-timeout-ms",
    "10000",
    "--message-burst",
    "400",
    "--replay-frames",
    "2000",
];

/// What was done.
#[derive(Default)]
struct Doings {
    frames_checked: Cell<u64>,
    messages_written: Cell<u64>,
    reconnects: Cell<u64>,
    visits: Cell<u64>,
    floods: Cell<u64>,
    slow_clients: Cell<u64>,
    broken: Cell<u64>,
    /// Not expected, and not wrong.
    gaps_announced: Cell<u64>,
}

impl Doings {
    fn all(&self) -> [(&'static str, u64); 7] {
        [
            ("frames checked", self.frames_checked.get()),
            ("messages written", self.messages_written.get()),
            ("reconnects", self.reconnects.get()),
            ("visits", self.visits.get()),
            ("floods", self.floods.get()),
            ("slow clients", self.slow_clients.get()),
            ("broken", self.broken.get()),
        ]
    }
}

impl fmt::Display for Doings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in self.all() {
            write!(f, "{what} {count}, ")?;
        }
        write!(f, "announced gaps {}", self.gaps_announced.get())
    }
}

fn count(counter: &Cell<u64>) {
    counter.set(counter.get() + 1);
}

/// What every client knows.
struct Stage {
    arena: Arena,
    doings: Doings,
    until: Instant,
}

impl Stage {
    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// A client of the chat; the first frame stays unread.
    async fn client(&self) -> RawClient {
        self.arena.upgrade().await
    }
}

/// Reads a thread, and leaves and comes back all the time: every frame once and in order, whether live or replayed.
async fn reader(stage: Rc<Stage>, mut dice: Dice, number: usize) {
    let topic = format!("thread:steady-{}", number % THREADS);
    let mut position = None::<(String, u64)>;
    while !stage.is_over() {
        let mut client = stage.client().await;
        let mut data = json!({"topics": [topic]});
        if let Some((epoch, seq)) = &position {
            data["after"][&topic] = json!({"epoch": epoch, "seq": seq});
        }
        client.send(&frame("subscribe", "system", data).to_bytes()).await.expect("the server reads");
        let visit = Instant::now() + Duration::from_millis(500 + dice.roll(8000));
        while Instant::now() < visit && !stage.is_over() {
            let found = client.frame().await.expect("writers never stop").expect("a close comes first");
            // Where this machine is so busy that a reader is too slow, it comes back like all others.
            let Some(text) = found.as_text() else { break };
            let found: Value = serde_json::from_str(text).expect("JSON");
            match found["type"].as_str() {
                Some("ping") => {
                    let pong = frame("pong", "system", json!({"timestamp": "2026-01-01T00:00:00Z"}));
                    client.send(&pong.to_bytes()).await.expect("the server reads");
                }
                Some("replay_gap") => {
                    // Where this machine was too busy for so long that the log has moved on, that is said; silence is not.
                    let data = &found["data"];
                    let latest = data["latest_seq"].as_u64().expect("a position");
                    assert!(position.as_ref().is_some_and(|(_, last)| data["oldest_seq"].as_u64() > Some(last + 1)));
                    position = Some((data["epoch"].as_str().expect("an epoch").to_owned(), latest));
                    count(&stage.doings.gaps_announced);
                }
                _ => {}
            }
            if let Some(seq) = found["seq"].as_u64() {
                let epoch = found["epoch"].as_str().expect("an epoch").to_owned();
                if let Some((known, last)) = &position {
                    assert_eq!((&epoch, seq), (known, last + 1), "lost or doubled in {topic}");
                }
                position = Some((epoch, seq));
                count(&stage.doings.frames_checked);
            }
        }
        if dice.roll(2) == 0 {
            drop(client)
        } else {
            client.reset().expect("it is open")
        }
        count(&stage.doings.reconnects);
    }
}

/// Writes into a thread, ten messages a second, and reads what comes of it.
async fn writer(stage: Rc<Stage>, number: usize) {
    let topic = format!("thread:steady-{}", number % THREADS);
    let mut client = stage.client().await;
    // The answers have to be read, and to nobody's surprise the clock goes on meanwhile.
    let mut next_at = Instant::now();
    // Readers wait for frames even at the end, so writers end last.
    while Instant::now() < stage.until + Duration::from_secs(2) {
        let wait = next_at.saturating_duration_since(Instant::now());
        match tokio::time::timeout(wait, client.frame()).await {
            Ok(found) => {
                let found = found.expect("the server goes on").expect("the server goes on");
                let text = found.as_text().unwrap_or_else(|| panic!("a writer is told {found}"));
                if text.contains(r#""type":"ping""#) {
                    let pong = frame("pong", "system", json!({"timestamp": "2026-01-01T00:00:00Z"}));
                    client.send(&pong.to_bytes()).await.expect("the server reads");
                }
            }
            Err(_) => {
                let message = frame("send_message", &topic, json!({"content": "x".repeat(200)}));
                client.send(&message.to_bytes()).await.expect("the server reads");
                count(&stage.doings.messages_written);
                // What was missed on a busy machine is not caught up with.
                next_at = Instant::now() + Duration::from_millis(100);
            }
        }
    }
}

/// Comes, subscribes to something, and leaves in one of four ways.
async fn visitor(stage: Rc<Stage>, mut dice: Dice) {
    while !stage.is_over() {
        let mut client = stage.client().await;
        let topics: Vec<String> =
            (0..1 + dice.roll(50)).map(|_| format!("thread:visit-{}", dice.roll(10_000))).collect();
        let subscribe = frame("subscribe", "system", json!({ "topics": topics })).to_bytes();
        client.send(&subscribe).await.expect("the server reads");
        match dice.roll(4) {
            0 => drop(client),
            1 => client.reset().expect("it is open"),
            2 => client.send(&RawFrame::close(1000, "").to_bytes()).await.expect("it is open"),
            _ => {
                client.end_sending().await.expect("it is open");
                client.read_all().await;
            }
        }
        count(&stage.doings.visits);
    }
}

/// Sends far more than it may, and reads what is said to it.
async fn flooder(stage: Rc<Stage>, mut dice: Dice) {
    while !stage.is_over() {
        let mut client = stage.client().await;
        let flood = frame("ping", "system", json!({})).to_bytes().repeat(500 + dice.roll(1500) as usize);
        client.send(&[flood, fence()].concat()).await.expect("the server reads");
        while client.frame().await.expect("the fence comes").is_some_and(|frame| frame.to_string() != "pong fence") {}
        count(&stage.doings.floods);
        tokio::time::sleep(Duration::from_millis(dice.roll(200))).await;
    }
}

/// Subscribes to everything that is written, and never reads.
async fn sloth(stage: Rc<Stage>, mut dice: Dice) {
    while !stage.is_over() {
        let address = stage.arena.address();
        let mut client = RawClient::connect_narrow(address, 4096).await.expect("the server listens");
        client.handshake(address, "/ws").await.expect("the server accepts");
        let topics: Vec<String> = (0..THREADS).map(|thread| format!("thread:steady-{thread}")).collect();
        let subscribe = frame("subscribe", "system", json!({ "topics": topics })).to_bytes();
        client.send(&subscribe).await.expect("the server reads");
        tokio::time::sleep(Duration::from_millis(dice.roll(15_000).min(stage_rest(&stage)))).await;
        count(&stage.doings.slow_clients);
    }
}

fn stage_rest(stage: &Stage) -> u64 {
    stage.until.saturating_duration_since(Instant::now()).as_millis() as u64
}

/// Breaks the rules: of HTTP, of WebSocket, of the contract.
async fn vandal(stage: Rc<Stage>, mut dice: Dice) {
    while !stage.is_over() {
        let request = format!("{}\r\n", upgrade_request("localhost", "/ws"));
        let cut = dice.roll(request.len() as u64) as usize;
        let bytes = match dice.roll(7) {
            0 => RawFrame::text("{").to_bytes(),
            1 => RawFrame::text(b"\xff").to_bytes(),
            2 => RawFrame::text("x").reserved(0b100).to_bytes(),
            3 => RawFrame::text("").header(1 << 40),
            4 => RawFrame::text("x".repeat(1 << 20)).unfinished().to_bytes(),
            5 => (0..200).map(|_| dice.roll(256) as u8).collect(),
            // Half a head, for a while or until the server has enough of it.
            _ => {
                let mut client = stage.arena.connect().await.patience(Duration::from_millis(dice.roll(12_000)));
                client.send(&request.as_bytes()[..cut]).await.expect("sent");
                client.read_all().await;
                count(&stage.doings.broken);
                continue;
            }
        };
        let mut client = stage.client().await.patience(Duration::from_secs(1));
        let _ = client.send(&bytes).await;
        client.read_all().await;
        count(&stage.doings.broken);
    }
}

/// A sample: seconds since the start, bytes of memory.
type Sample = (f64, f64);

/// By how much the line of least squares through the samples rises from the first to the last.
fn growth(samples: &[Sample]) -> f64 {
    let count = samples.len() as f64;
    let mean = |of: fn(&Sample) -> f64| samples.iter().map(of).sum::<f64>() / count;
    let (time, memory) = (mean(|sample| sample.0), mean(|sample| sample.1));
    let product: f64 = samples.iter().map(|sample| (sample.0 - time) * (sample.1 - memory)).sum();
    let square: f64 = samples.iter().map(|sample| (sample.0 - time).powi(2)).sum();
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return 0.0 };
    if square == 0.0 { 0.0 } else { product / square * (last.0 - first.0) }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|number| number.parse().expect("a number"))
}

#[expect(clippy::print_stdout, reason = "the figures, for whoever runs the test with its output")]
fn nothing_grows_gets_lost_or_panics(bus: &Bus) {
    let duration = Duration::from_secs(number(SECONDS_VARIABLE).unwrap_or(SECONDS));
    let seed = number(SEED_VARIABLE).unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    println!("{duration:?} with {SEED_VARIABLE}={seed}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        let arena = Arena::open(bus, &FLAGS).await;
        arena.greet("before").await;
        let begun = Instant::now();
        let stage = Rc::new(Stage { arena, doings: Doings::default(), until: begun + duration });
        let mut clients = JoinSet::new();
        for thread in 0..THREADS {
            clients.spawn_local(writer(Rc::clone(&stage), thread));
        }
        for reader_number in 0..READERS {
            clients.spawn_local(reader(Rc::clone(&stage), Dice::new(seed, reader_number), reader_number));
        }
        for other in READERS..READERS + OTHERS {
            let dice = |kind: usize| Dice::new(seed, other + kind * OTHERS);
            clients.spawn_local(visitor(Rc::clone(&stage), dice(0)));
            clients.spawn_local(flooder(Rc::clone(&stage), dice(1)));
            clients.spawn_local(sloth(Rc::clone(&stage), dice(2)));
            clients.spawn_local(vandal(Rc::clone(&stage), dice(3)));
        }

        let mut samples = Vec::new();
        let mut sampling = tokio::time::interval(duration.div_f64(60.0).max(Duration::from_secs(1)));
        while !clients.is_empty() {
            tokio::select! {
                // A client that panics has found what is looked for.
                ended = clients.join_next() => ended.expect("there are some").expect("no client fails"),
                _ = sampling.tick() => {
                    let (memory, health) = (stage.arena.memory().now, stage.arena.health().await);
                    let seconds = begun.elapsed();
                    println!(
                        "{:>5} s: {:>6} KiB, {} connections, {} subscriptions; {}",
                        seconds.as_secs(), memory / 1024, health["connections"], health["subscriptions"], stage.doings
                    );
                    if seconds >= JUDGED_FROM && seconds <= duration {
                        samples.push((seconds.as_secs_f64(), memory as f64));
                    }
                }
            }
        }
        let arena = &stage.arena;
        arena.abandoned().await;
        let answer = arena.greet("in the end").await;
        let growth = growth(&samples);
        println!(
            "memory grew by {:.0} KiB over {} samples; in the end an answer takes {answer:?}",
            growth / 1024.0,
            samples.len()
        );
        println!("{}", stage.doings);
        assert!(growth <= GROWTH, "the server grew by {growth} bytes: {samples:?}");
        assert_eq!(arena.counter("handler_panics_total").await, 0);
        assert!(!arena.output().contains("panicked"), "{}", arena.output());
        for (what, count) in stage.doings.all() {
            assert!(count > 0, "not everything was tried: {what}");
        }
    });
}

#[test]
fn growth_is_the_rise_of_the_line() {
    let rising: Vec<Sample> = (0..10).map(|second| (f64::from(second), 100.0 + 5.0 * f64::from(second))).collect();
    assert!((growth(&rising) - 45.0).abs() < 1e-9);
    let level: Vec<Sample> = (0..10).map(|second| (f64::from(second), f64::from(second % 2))).collect();
    assert!(growth(&level).abs() < 1.0);
    assert!(growth(&[]).abs() < f64::EPSILON);
}
