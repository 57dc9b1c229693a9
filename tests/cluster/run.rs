//! A run from its beginning to its judgement.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tightwire::client::Client;
use tightwire_chat::chat::ChatClient;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::checker::{Loss, check};
use crate::dice::Dice;
use crate::doings::Doings;
use crate::publisher::Lane;
use crate::reader::{Manner, Reader, Seen, where_is};
use crate::record::{Event, Place, Record, Topic};
use crate::scale::Scale;
use crate::stage::Stage;

/// Publishers on each node.
const LANES: usize = 8;
/// How long everything may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long nothing more may come when all is over.
const QUIET: Duration = Duration::from_secs(1);
/// How many violations are shown.
const SHOWN: usize = 30;

/// What the clients are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clients {
    /// They stay where they are.
    Steady,
    /// Some move about, some stall.
    Restless,
}

/// What happened in a run that was right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Of all clients.
    pub(crate) subscriptions: u64,
    pub(crate) reconnects: u64,
    pub(crate) stalls: u64,
    /// How often a client was told of a gap.
    pub(crate) gaps: u64,
    /// Topics with frames in an epoch that is not their last one.
    pub(crate) topics_begun_anew: u64,
}

/// Publishes and reads while `trouble` lasts, and checks what everyone saw.
#[expect(clippy::print_stdout, reason = "the figures, for whoever runs the test with its output")]
pub(crate) async fn run(stage: Stage, clients: Clients, loss: Loss, trouble: impl AsyncFnOnce(&Stage)) -> Figures {
    let Scale { seed, frames, duration, .. } = stage.scale;
    let stage = Arc::new(stage);
    println!("TIGHTWIRE_CLUSTER_SEED={seed}, {:?}", stage.scale);

    let (over, is_over) = watch::channel(false);
    let (mut reading, mut seen) = (JoinSet::new(), Vec::new());
    for reader in readers(&stage, clients) {
        seen.push(Arc::clone(&reader.seen));
        reading.spawn(reader.read(is_over.clone()));
    }
    until("every client has begun", &mut reading, || seen.iter().all(|seen| seen.is_at(|_, _| true))).await;

    let lanes = stage.nodes() * LANES;
    let quota = frames.div_ceil(lanes as u64);
    let interval = duration.div_f64(quota as f64);
    let publishing = (0..lanes).map(|number| {
        let dice = Dice::new(seed, 1000 + number);
        let (home, insists) = (number % stage.nodes(), number / stage.nodes() % 2 == 1);
        let lane = Lane { stage: Arc::clone(&stage), number, home, insists, dice };
        tokio::spawn(lane.publish(quota, interval))
    });
    let publishing: Vec<_> = publishing.collect();
    let publishing_since = Instant::now();
    trouble(&stage).await;
    stage.say_enough();
    let mut publications = Vec::new();
    for lane in publishing {
        publications.extend(lane.await.expect("no publisher fails"));
    }
    println!("published after {:?}: {}", publishing_since.elapsed(), stage.doings);

    let ends = ends(&stage).await;
    println!("the nodes agree where the topics end after {:?}", stage.begun.elapsed());
    let is_complete = |seen: &[Arc<Seen>]| seen.iter().all(|seen| seen.is_at(|topic, last| ends[&topic] == *last));
    until("every client is at the end of its topics", &mut reading, || is_complete(&seen)).await;
    for reader in latecomers(&stage, &ends) {
        seen.push(Arc::clone(&reader.seen));
        reading.spawn(reader.read(is_over.clone()));
    }
    until("latecomers have everything", &mut reading, || is_complete(&seen)).await;
    sleep(QUIET).await;
    over.send_replace(true);
    while let Some(ended) = reading.join_next().await {
        ended.expect("no client fails");
    }
    let record = Record { publications, histories: seen.iter().map(|seen| seen.take()).collect(), ends };
    let judged = Instant::now();
    let violations = check(&record, loss);
    let deliveries: usize = record.histories.iter().map(|history| history.seen.len()).sum();
    println!("{deliveries} deliveries checked in {:?}; all in all {:?}", judged.elapsed(), stage.begun.elapsed());
    for violation in violations.iter().take(SHOWN) {
        println!("{violation}");
    }
    assert_eq!(violations.len(), 0, "see above; TIGHTWIRE_CLUSTER_SEED={seed}");
    Figures::new(&stage, &record)
}

impl Figures {
    fn new(stage: &Stage, record: &Record) -> Self {
        let mut earlier = BTreeSet::new();
        for (topic, event) in record.histories.iter().flat_map(|history| &history.seen) {
            if matches!(event, Event::Frame { place, .. } if place.epoch != record.ends[topic].epoch) {
                earlier.insert(*topic);
            }
        }
        let subscriptions = (0..stage.scale.clients).map(|client| record.histories[client].topics.len() as u64).sum();
        let Doings { reconnects, stalls, gaps, .. } = &stage.doings;
        Self {
            subscriptions,
            reconnects: reconnects.get(),
            stalls: stalls.get(),
            gaps: gaps.get(),
            topics_begun_anew: earlier.len() as u64,
        }
    }
}

fn readers(stage: &Arc<Stage>, clients: Clients) -> Vec<Reader> {
    let Scale { topics, topics_per_client, seed, .. } = stage.scale;
    let reader = |number: usize| {
        let manner = match number % 10 {
            0 if clients == Clients::Restless => Manner::Stalling,
            1 | 2 if clients == Clients::Restless => Manner::Roaming,
            _ => Manner::Steady,
        };
        // Not next to each other, so that clients have much or little in common.
        let first = number as u16 % topics;
        let topics = (0..topics_per_client).map(|nth| Topic((first + nth * (1 + first % 3)) % topics));
        let mut topics: Vec<_> = topics.collect();
        topics.sort_unstable();
        topics.dedup();
        Reader {
            stage: Arc::clone(stage),
            manner,
            dice: Dice::new(seed, number),
            node: number % stage.nodes(),
            seen: Seen::new(format!("client {number} ({manner:?})"), topics),
        }
    };
    (0..stage.scale.clients).map(reader).collect()
}

/// The newest position of every topic, on which all nodes agree twice in a row.
async fn ends(stage: &Stage) -> BTreeMap<Topic, Place> {
    let mut last = None;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let nodes = join_all((0..stage.nodes()).map(|node| positions(stage, node))).await;
        let mut agreed = nodes.windows(2).all(|pair| pair[0] == pair[1]) && nodes.iter().all(Option::is_some);
        let found = nodes.into_iter().next().flatten();
        agreed &= found == last;
        match found {
            Some(found) if agreed => return found,
            found => last = found,
        }
        assert!(Instant::now() < deadline, "the nodes do not agree where the topics end");
        sleep(QUIET / 4).await;
    }
}

async fn positions(stage: &Stage, node: usize) -> Option<BTreeMap<Topic, Place>> {
    let url = format!("ws://{}/ws", stage.address(node));
    let client = ChatClient::from(Client::connect(&url, Default::default()).await.ok()?);
    let mut positions = BTreeMap::new();
    for topic in (0..stage.scale.topics).map(Topic) {
        positions.insert(topic, where_is(&client, topic).await.ok()?);
    }
    Some(positions)
}

/// On each node a client that reads all topics from their beginning, so that the logs are compared as well.
fn latecomers(stage: &Arc<Stage>, ends: &BTreeMap<Topic, Place>) -> Vec<Reader> {
    let latecomer = |node| {
        let seen = Seen::new(format!("the latecomer on node {node}"), ends.keys().copied().collect());
        for (topic, end) in ends {
            seen.note(*topic, Event::Began(Place { epoch: Arc::clone(&end.epoch), seq: 0 }));
        }
        let dice = Dice::new(stage.scale.seed, 2000 + node);
        Reader { stage: Arc::clone(stage), manner: Manner::Steady, dice, node, seen }
    };
    (0..stage.nodes()).map(latecomer).collect()
}

/// Waits for something, for as long as it may take; what is missing then is the checker's business.
#[expect(clippy::print_stdout, reason = "it says why the checker will find something")]
async fn until(what: &str, reading: &mut JoinSet<()>, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    let deadline = begun + PATIENCE;
    while !is_so() {
        if let Some(ended) = reading.try_join_next() {
            ended.expect("no client fails");
        }
        if Instant::now() >= deadline {
            println!("not within {PATIENCE:?}: {what}");
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    println!("{what} after {:?}", begun.elapsed());
}
