//! Every keyword of the chat is exercised by valid frames, and at its boundary if it has one.

mod support;

use fastrand::Rng;
use support::say;
use tightwire_strategies::{Coverage, Direction, Frames};

/// So many rounds are made at most.
const ROUNDS: usize = 20_000;

#[test]
fn every_keyword_of_the_chat_is_exercised() {
    let frames = Frames::from_bundle(&support::bundle(&support::chat()).expect("a document")).expect("a bundle");
    let mut coverage = Coverage::new(&frames);
    let mut rng = Rng::with_seed(1);
    let mut rounds = 0;
    while rounds < ROUNDS && coverage.missing().next().is_some() {
        for direction in Direction::ALL {
            for key in frames.messages(direction) {
                let frame = frames.sample(direction, key, &mut rng);
                coverage.valid(direction, key, &frame);
            }
        }
        rounds += 1;
    }
    let missing: Vec<String> = coverage.missing().map(ToString::to_string).collect();
    say(format!("{coverage}after {rounds} frames of each message"));
    assert!(missing.is_empty(), "not exercised, or not at the boundary:\n{}", missing.join("\n"));
}

#[test]
fn what_is_broken_is_noted() {
    let frames = Frames::from_bundle(&support::bundle(&support::chat()).expect("a document")).expect("a bundle");
    let mut coverage = Coverage::new(&frames);
    let before = coverage.unbroken().count();
    assert!(coverage.negative("/definitions/SendMessage/properties/content", "maxLength"));
    assert!(!coverage.negative("/definitions/SendMessage/properties/content", "maxItems"));
    assert_eq!(coverage.unbroken().count(), before - 1);
}
