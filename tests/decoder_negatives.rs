//! Frames with one thing wrong, and texts of frames, at the decoder: whatever is wrong is refused on every path and named
//! where it is; what says the same is read as the same.

mod decoder;

use std::collections::BTreeMap;
use std::path::Path;

use decoder::Direction;
use fastrand::Rng;
use serde_json::Value;
use tightwire_strategies::Frames;
use tightwire_strategies::negative::Negative;
use tightwire_strategies::text::{Mutation, MutationKind, mutation};

/// So many frames of each message are broken by chance, besides one for each keyword.
const NEGATIVES: usize = 150;
/// So many valid frames of each message are written in each other way.
const TEXTS: usize = 6;

fn frames() -> Frames {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated/schema/ws_messages.schema.json");
    Frames::from_bundle(&std::fs::read_to_string(path).expect("readable")).expect("a bundle")
}

/// Every message, with the direction in the words of both crates.
fn messages(frames: &Frames) -> Vec<(Direction, tightwire_strategies::Direction, String)> {
    use tightwire_strategies::Direction as Way;
    let of = |direction, way| frames.messages(way).map(move |key| (direction, way, key.to_owned()));
    of(Direction::ToServer, Way::ToServer).chain(of(Direction::ToClient, Way::ToClient)).collect()
}

#[track_caller]
fn check_negative(direction: Direction, negative: &Negative) {
    let text = negative.frame.to_string();
    assert_eq!(direction.fast(text.as_bytes()), None, "the fast path accepts {negative:?}");
    assert_eq!(direction.view(text.as_bytes()), None, "the view accepts {negative:?}");
    let rejection = direction.reference(text.as_bytes()).expect_err("the reference path accepts it");
    let named = negative.named();
    let pointers: Vec<&str> = rejection.violations.iter().map(|violation| &*violation.pointer).collect();
    assert!(pointers.contains(&&*named.pointer), "{pointers:?} instead of {:?}: {negative:?}", named.pointer);
}

#[test]
fn every_negative_is_refused_and_named_where_it_is() {
    let frames = frames();
    let mut rng = Rng::with_seed(23);
    let mut keywords: BTreeMap<String, usize> = BTreeMap::new();
    for (direction, way, key) in messages(&frames) {
        let examples = frames.negatives(way, &key).examples.into_values();
        let samples = (0..NEGATIVES).filter_map(|_| frames.sample_negative(way, &key, &mut rng));
        for negative in examples.chain(samples) {
            check_negative(direction, &negative);
            *keywords.entry(negative.keyword).or_default() += 1;
        }
    }
    // Each keyword that the contract uses.
    let expected = [
        "additionalProperties",
        "const",
        "dependentRequired",
        "enum",
        "format",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minimum",
        "oneOf",
        "pattern",
        "required",
        "type",
        "uniqueItems",
    ];
    assert_eq!(keywords.keys().collect::<Vec<_>>(), expected, "{keywords:?}");
}

#[track_caller]
fn check_text(direction: Direction, frame: &Value, mutation: &Mutation) {
    let shown = String::from_utf8_lossy(&mutation.bytes);
    let (fast, view) = (direction.fast(&mutation.bytes), direction.view(&mutation.bytes));
    let reference = direction.reference(&mutation.bytes);
    if mutation.same_value {
        let plain = direction.reference(frame.to_string().as_bytes()).expect("a valid frame");
        match reference {
            Ok(reference) => assert_eq!(reference, plain, "{:?} is read otherwise: {shown}", mutation.kind),
            Err(rejection) => panic!("{:?} is refused: {rejection:?}: {shown}", mutation.kind),
        }
        assert!(fast.is_none() || fast == Some(plain), "{:?} is read otherwise: {shown}", mutation.kind);
    } else {
        assert!(reference.is_err(), "the reference path accepts {:?}: {shown}", mutation.kind);
        assert_eq!(fast, None, "the fast path accepts {:?}: {shown}", mutation.kind);
    }
    assert!(view.is_none() || view == fast, "the view differs: {shown}");
}

#[test]
fn texts_that_say_the_same_are_read_the_same_and_broken_ones_are_refused() {
    let frames = frames();
    let mut rng = Rng::with_seed(29);
    let mut made: BTreeMap<MutationKind, usize> = BTreeMap::new();
    for (direction, way, key) in messages(&frames) {
        for _ in 0..TEXTS {
            let frame = frames.sample(way, &key, &mut rng);
            for kind in MutationKind::ALL {
                let choices: Vec<u32> = (0..32).map(|_| rng.u32(..)).collect();
                if let Some(mutation) = mutation(&frame, kind, &choices) {
                    check_text(direction, &frame, &mutation);
                    *made.entry(kind).or_default() += 1;
                }
            }
        }
    }
    for kind in MutationKind::ALL {
        assert!(made.get(&kind).is_some_and(|made| *made > 28), "{kind:?} is made too seldom: {made:?}");
    }
}
