//! Histories beside a naive model of them: a list for each topic.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::{Config as Cases, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;
use tightwire::proto::inbound::StreamPosition;

use super::system::{Kind, System};
use crate::client::with_limits;
use crate::http::Site;

const CASES: u32 = 12;
const KEPT: usize = 4;

/// What is done on a node. Topics and starts are numbers, taken modulo how many there are.
#[derive(Clone, Debug)]
struct Step {
    node: usize,
    topic: u8,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Publish { kept: bool },
    After(Start),
}

#[derive(Clone, Debug)]
enum Start {
    /// A position that the topic had, or was said to have, from its beginning on or beyond its end.
    Seen(usize, i64),
    /// A frame that the topic had.
    Frame(usize),
    /// Everything that is kept.
    Oldest,
    Unknown,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let start = prop_oneof![
        4 => (any::<usize>(), -3..3_i64).prop_map(|(index, by)| Start::Seen(index, by)),
        4 => any::<usize>().prop_map(Start::Frame),
        1 => Just(Start::Oldest),
        1 => Just(Start::Unknown),
    ];
    let publish = prop::bool::weighted(0.9).prop_map(|kept| What::Publish { kept });
    let what = prop_oneof![3 => publish, 2 => start.prop_map(What::After)];
    let step = (0..2_usize, 0..4_u8, what).prop_map(|(node, topic, what)| Step { node, topic, what });
    prop::collection::vec(step, 1..80)
}

#[derive(Default)]
struct Topic {
    epoch: Option<String>,
    /// The ids of all frames that it ever had.
    ids: Vec<String>,
    /// What it was said to be at.
    seen: Vec<u64>,
}

impl Topic {
    fn saw(&mut self, position: &StreamPosition) {
        let epoch = self.epoch.get_or_insert_with(|| position.epoch.clone());
        assert_eq!((&position.epoch, position.seq), (&*epoch, self.ids.len() as u64));
        self.seen.push(position.seq);
    }

    /// What a replay has, in short.
    fn after(&self, start: Option<usize>) -> String {
        let latest = self.ids.len();
        let oldest = latest.saturating_sub(KEPT);
        match start {
            Some(start) if (oldest..=latest).contains(&start) => {
                (start + 1..=latest).fold(format!("of {latest}:"), |mut text, seq| {
                    let _ = write!(text, " {seq}");
                    text
                })
            }
            _ => format!("gap {}..{latest}", if latest == 0 { 0 } else { oldest + 1 }),
        }
    }
}

/// What a node replays of a topic, in short.
async fn replay(site: &Site, name: &str, after: Option<&str>) -> String {
    let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
    let answer = site.get(&format!("/api/ws/replay?topic={name}{after}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let page = answer.json();
    if page["gap"].is_object() {
        return format!("gap {}..{}", page["gap"]["oldest_seq"], page["gap"]["latest_seq"]);
    }
    let frames = page["frames"].as_array().expect("frames").iter();
    frames.fold(format!("of {}:", page["latest_seq"]), |mut text, frame| {
        let _ = write!(text, " {}", frame["seq"]);
        text
    })
}

struct Trial<'a> {
    system: &'a System,
    /// Topics have other names in every trial.
    number: u32,
    topics: HashMap<u8, Topic>,
}

impl Trial<'_> {
    async fn step(&mut self, step: Step) {
        let site = self.system.node(step.node);
        let room = format!("{}-{}", self.number, step.topic);
        let name = format!("room:{room}");
        let topic = self.topics.entry(step.topic).or_default();
        match step.what {
            What::Publish { kept: false } => {
                let position = site.typing(&room).await;
                topic.saw(&position);
            }
            What::Publish { kept: true } => {
                let body = json!({"topic": name, "type": "posted", "data": {"text": "x"}}).to_string();
                let answer = site.ask("POST", "/api/publish", &[("content-type", "application/json")], &body).await;
                assert_eq!(answer.status, 200, "{answer:?}");
                let answer = answer.json();
                topic.ids.push(answer["id"].as_str().expect("an id").to_owned());
                topic.saw(&serde_json::from_value(answer["position"].clone()).expect("a position"));
            }
            What::After(start) => {
                let (after, expected) = match start {
                    Start::Seen(index, by) if !topic.seen.is_empty() => {
                        let seq = topic.seen[index % topic.seen.len()].saturating_add_signed(by);
                        let epoch = topic.epoch.as_ref().expect("it was seen");
                        (Some(format!("{epoch}:{seq}")), topic.after(usize::try_from(seq).ok()))
                    }
                    Start::Frame(index) if !topic.ids.is_empty() => {
                        let index = index % topic.ids.len();
                        // A frame is known while it is kept; then one that was before the oldest is a gap.
                        let known = index + KEPT >= topic.ids.len();
                        (Some(topic.ids[index].clone()), topic.after(known.then_some(index + 1)))
                    }
                    Start::Oldest => (None, topic.after(Some(topic.ids.len().saturating_sub(KEPT)))),
                    _ => (Some("0190b6a2-7c1e-7b6a-9a64-0d5a3c0f7e99".to_owned()), topic.after(None)),
                };
                let found = replay(site, &name, after.as_deref()).await;
                // Who saw a topic before it ever had a frame may be told either way: nothing can have been missed.
                let either = topic.ids.is_empty() && ["gap 0..0", "of 0:"].contains(&&*found);
                assert!(found == expected || either, "{name} after {after:?}: {found}, not {expected}");
            }
        }
    }
}

/// The steps are the same in every run, so that a failure is one in every run.
pub(super) async fn histories_are_what_the_model_says(kind: Kind) {
    let system = System::open(kind, with_limits(|limits| limits.replay_frames = KEPT as u64)).await;
    let config = Cases { cases: CASES, failure_persistence: None, ..Cases::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let runtime = tokio::runtime::Handle::current();
    let trials = Cell::new(0);
    let run = |steps| {
        let mut trial = Trial { system: &system, number: trials.replace(trials.get() + 1), topics: HashMap::new() };
        runtime.block_on(async {
            for step in steps {
                trial.step(step).await;
            }
        });
        Ok(())
    };
    if let Err(failure) = tokio::task::block_in_place(|| runner.run(&steps(), run)) {
        panic!("{failure}");
    }
}
