//! What is left when everybody has gone: as many tasks, descriptors and bytes of memory as before.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tightwire_testkit::fuzz::Endpoint;
use tokio::runtime::Builder;

use super::lane::{Lane, NO_MESSAGES};
use super::{duration, listening, process};
use crate::common::bus::{Kind, on_its_own, on_sockets};
use crate::common::get_at;

/// How long the server may take to notice that everybody has left.
const SETTLING: Duration = Duration::from_secs(20);
/// How many plans are carried out before anything is judged: what is made once is made then.
const FIRST: u64 = 40;
/// By how much the memory may be larger afterwards: of a heap that held a hundred connections not every page is given back.
/// See also `tests/protections`.
const TOLERANCE: u64 = 2 << 20;

/// Waits until that is the same as before, or says what it is instead.
async fn back_to<T: PartialEq>(before: &T, now: impl AsyncFn() -> T) -> Option<T> {
    let deadline = Instant::now() + SETTLING;
    loop {
        let found = now().await;
        if found == *before {
            return None;
        }
        if Instant::now() >= deadline {
            return Some(found);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What that is when it has not changed for half a second: answers are written to their end, though nobody reads them any more.
async fn unanimous<T: PartialEq>(now: impl AsyncFn() -> T) -> T {
    let (mut last, mut since) = (now().await, Instant::now());
    while since.elapsed() < Duration::from_millis(500) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let found = now().await;
        if found != last {
            (last, since) = (found, Instant::now());
        }
    }
    last
}

/// Waits until nobody is connected.
async fn deserted(address: SocketAddr) {
    let connected = async || get_at(address, "/health").await["connections"].as_u64();
    assert_eq!(back_to(&Some(0), connected).await, None, "connections are left");
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures, for whoever runs the test with its output")]
fn tasks_end() {
    on_its_own(Kind::Memory, |bus| {
        // The server's tasks and no others.
        let serving = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let address = serving.block_on(listening(bus));
        let tasks = serving.metrics();
        let fuzzing = Builder::new_current_thread().enable_all().build().expect("a runtime");
        fuzzing.block_on(async {
            let mut lane = Lane::new(Endpoint::address(address));
            lane.run_plans(FIRST, |_| true).await;
            deserted(address).await;
            let before = unanimous(async || tasks.num_alive_tasks()).await;
            lane.run(duration(), |_| true).await;
            deserted(address).await;
            let left = back_to(&before, async || tasks.num_alive_tasks()).await;
            println!("{lane}; {before} tasks before and after");
            assert_eq!(left, None, "there were {before} tasks");
        });
        serving.shutdown_background();
    });
}

#[cfg(target_os = "linux")]
#[test]
#[expect(clippy::print_stdout, reason = "the figures, for whoever runs the test with its output")]
fn memory_and_descriptors_are_given_back() {
    on_sockets(Kind::Memory, async |bus| {
        let server = process(bus).await;
        let descriptors = async || std::fs::read_dir(format!("/proc/{}/fd", server.id())).expect("it runs").count();
        let mut lane = Lane::new(Endpoint::address(server.address()));
        // Messages are kept, by design.
        lane.run_plans(FIRST, NO_MESSAGES).await;
        deserted(server.address()).await;
        let (opened, before) = (unanimous(&descriptors).await, server.memory().expect("it runs").now);
        lane.run(duration(), NO_MESSAGES).await;
        deserted(server.address()).await;
        let left = back_to(&opened, &descriptors).await;
        let after = server.memory().expect("it runs").now;
        println!(
            "{lane}; {opened} descriptors before and after, memory {} KiB before, {} after",
            before / 1024,
            after / 1024
        );
        assert_eq!(left, None, "there were {opened} descriptors");
        assert!(after <= before + TOLERANCE, "the server grew from {before} to {after} bytes");
    });
}
