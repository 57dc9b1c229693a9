//! Frames shrink towards the smallest that still fails.

mod support;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestError, TestRunner};
use serde_json::{Value, json};
use tightwire_strategies::{Direction, Frames};

fn chat() -> Frames {
    Frames::from_bundle(&support::bundle(&support::chat()).expect("a document")).expect("a bundle")
}

/// What a failure shrinks to, for each of several seeds.
#[track_caller]
fn shrunk<S: Strategy>(strategy: &S, fails: impl Fn(&S::Value) -> bool, check: impl Fn(S::Value))
where
    S::Value: Clone + std::fmt::Debug,
{
    let mut failures = 0;
    for _ in 0..10 {
        let config = Config { cases: 500, failure_persistence: None, max_shrink_iters: 5_000, ..Config::default() };
        let result = TestRunner::new(config).run(strategy, |value| {
            if fails(&value) { Err(proptest::test_runner::TestCaseError::fail("found")) } else { Ok(()) }
        });
        if let Err(TestError::Fail(_, value)) = result {
            failures += 1;
            check(value);
        }
    }
    assert!(failures > 5, "{failures} of 10 runs found anything");
}

#[test]
fn without_a_reason_the_smallest_is_left() {
    let frames = chat();
    let strategy = frames.valid(Direction::ToServer, "send_message");
    let smallest = std::cell::RefCell::new(Vec::new());
    shrunk(&strategy, |_| true, |frame| smallest.borrow_mut().push(frame));
    let smallest = smallest.into_inner();
    assert!(smallest.windows(2).all(|pair| pair[0] == pair[1]), "{smallest:#?}");
    assert_eq!(smallest[0]["data"], json!({ "content": "a" }));
    assert_eq!(smallest[0].as_object().map(serde_json::Map::len), Some(6), "{}", smallest[0]);
}

#[test]
fn the_reason_is_left() {
    let frames = chat();
    let strategy = frames.valid(Direction::ToServer, "send_message");
    let content = |frame: &Value| frame["data"]["content"].as_str().unwrap_or_default().chars().count();
    shrunk(
        &strategy,
        |frame| content(frame) > 5,
        |frame| {
            assert_eq!(frame["data"], json!({ "content": "aaaaaa" }));
        },
    );
    let strategy = frames.valid(Direction::ToServer, "subscribe");
    shrunk(
        &strategy,
        |frame| frame["data"]["topics"].as_array().is_some_and(|topics| topics.len() > 2),
        |frame| assert_eq!(frame["data"], json!({ "topics": ["a", "a", "a"] })),
    );
}

#[test]
fn what_belongs_together_goes_together() {
    let frames = chat();
    // `seq` and `epoch` need each other: neither can go alone.
    let strategy = frames.valid(Direction::ToClient, "subscription_updated");
    let is_late = |frame: &Value| frame["ts"].as_u64().is_some_and(|ts| ts > 1_000);
    shrunk(&strategy, is_late, |frame| {
        assert_eq!(frame["ts"], 1_001);
        assert!(frame.get("seq").is_none() && frame.get("epoch").is_none(), "{frame}");
    });
}

#[test]
fn any_frame_shrinks_to_a_message_that_fails_too() {
    let frames = chat();
    let strategy = frames.any_valid(Direction::ToServer);
    let sizes = frames.messages(Direction::ToServer).count();
    assert!(sizes > 3);
    shrunk(
        &strategy,
        |(_, frame)| frame["data"].is_object(),
        |(key, frame)| {
            assert!(["ping", "pong", "subscribe_thread"].contains(&&*key), "{key}: {frame}");
            assert_eq!(frame["data"], json!({}));
        },
    );
}
