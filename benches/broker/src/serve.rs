//! A node: the chat server of this repository, as `tightwire-chat --auth-disabled` runs it, in a process of its own. It
//! publishes what it is told to on its standard input, and ends when that ends.

use std::io::{BufRead, Write, stdin, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Context as _;
use rustix::time::{ClockId, clock_gettime};
use tightwire::Publisher;
use tightwire_bench_kit::cores::allow_many_files;
use tightwire_chat::chat::{StreamChunk, ThreadTopic};
use tightwire_chat::settings::Settings;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::order::{Order, Pace};

/// What every node is started with: all clients have one address, want many topics, may be slow while Redis has their core,
/// and are not to be pinged while something is measured.
const FLAGS: [&str; 24] = [
    "tightwire-chat",
    "--auth-disabled",
    "--bind",
    "127.0.0.1:0",
    "--log",
    "warn",
    "--handshakes-per-second",
    "0",
    "--connections",
    "1000000",
    "--http-connections",
    "1000000",
    "--subscriptions-per-connection",
    "1000000",
    "--messages-per-second",
    "1000000000",
    "--message-burst",
    "1000000000",
    "--ping-interval-ms",
    "3600000",
    "--idle-timeout-ms",
    "3600000",
    "--outbound-queue-frames=10000000",
    "--outbound-queue-bytes=1073741824",
];

/// What stands before the time in the text of every frame, and in nothing else of it.
pub(crate) const MARK: u8 = b'@';

/// How long the text is beside the mark: nanoseconds, with zeros before them.
pub(crate) const DIGITS: usize = 22;

pub(crate) fn serve(flags: &[String]) -> anyhow::Result<()> {
    allow_many_files()?;
    let settings = Settings::read(FLAGS.iter().copied().chain(flags.iter().map(String::as_str)))?;
    tightwire::telemetry::init(settings.server.log_format, &settings.server.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(settings.server.bind).await.context("cannot listen")?;
        let address = listener.local_addr()?;
        let server = tightwire_chat::server(&settings)?;
        let publisher = server.publisher();
        let (orders, mut ordered) = mpsc::unbounded_channel::<String>();
        let serving = tokio::spawn(async move { server.run(listener, std::future::pending()).await });
        std::thread::spawn(move || stdin().lock().lines().map_while(Result::ok).try_for_each(|line| orders.send(line)));
        say(&format!("listens {address}"))?;
        while let Some(line) = ordered.recv().await {
            let (id, order) = line.split_once(' ').context("an id and an order")?;
            let (id, order, publisher) = (id.to_owned(), order.parse()?, publisher.clone());
            tokio::spawn(async move {
                let said = match obey(&publisher, order).await {
                    Ok(nanoseconds) => format!("{id} done {nanoseconds}"),
                    Err(error) => format!("{id} failed {error:#}"),
                };
                // Whoever gave the order may be gone.
                let _ = say(&said);
            });
        }
        serving.abort();
        Ok(())
    })
}

fn say(line: &str) -> std::io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// The time that all processes of this machine share, in nanoseconds.
pub(crate) fn clock() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}

/// Publishes, and gives the time that it took in nanoseconds.
async fn obey(publisher: &Publisher, order: Order) -> anyhow::Result<u128> {
    let topic = |number: usize| ThreadTopic::new((order.first + number).to_string());
    let topics: Arc<[ThreadTopic]> = (0..order.topics).map(topic).collect::<Result<_, _>>()?;
    let begun = Instant::now();
    let mut publishing = JoinSet::new();
    match order.pace {
        Pace::InFlight(window) => {
            let next = Arc::new(AtomicUsize::new(0));
            for _ in 0..window {
                let (publisher, topics, next) = (publisher.clone(), Arc::clone(&topics), Arc::clone(&next));
                publishing.spawn(async move {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= order.count {
                            return anyhow::Ok(());
                        }
                        publish(&publisher, &topics[number % topics.len()]).await?;
                    }
                });
            }
        }
        Pace::Every(interval, at_once) => {
            let mut ticks = tokio::time::interval(interval);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            for number in 0..order.count {
                if number % at_once == 0 {
                    ticks.tick().await;
                    while let Some(done) = publishing.try_join_next() {
                        done??;
                    }
                }
                let (publisher, topics) = (publisher.clone(), Arc::clone(&topics));
                publishing.spawn(async move { publish(&publisher, &topics[number % topics.len()]).await });
            }
        }
    }
    while let Some(done) = publishing.join_next().await {
        done??;
    }
    Ok(begun.elapsed().as_nanos())
}

async fn publish(publisher: &Publisher, topic: &ThreadTopic) -> anyhow::Result<()> {
    let delta = format!("{}{:0DIGITS$}", char::from(MARK), clock());
    let chunk = StreamChunk { stream_id: uuid::Uuid::nil(), index: 0, delta };
    publisher.publish(topic, &chunk).await?;
    Ok(())
}
