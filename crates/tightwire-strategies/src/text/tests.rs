use std::collections::BTreeMap;

use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::*;

fn frames() -> Vec<Value> {
    vec![
        json!({"v": 1, "type": "a/b", "data": {"list": [1, 20, {"é": "🦀\n\"\\"}], "none": null, "yes": true, "": 1.5}}),
        json!({"v": 0, "large": 9_007_199_254_740_992_u64, "negative": -7, "larger": u64::MAX}),
        json!({}),
        json!([]),
        json!(["a", "\u{0}", "/"]),
        json!(12),
        json!("text"),
        json!(null),
    ]
}

/// Whether two values are the same to JSON Schema, for which `1.0` is `1`.
fn same(one: &Value, another: &Value) -> bool {
    match (one, another) {
        (Value::Number(one), Value::Number(another)) => one == another || one.as_f64() == another.as_f64(),
        (Value::Array(one), Value::Array(another)) => {
            one.len() == another.len() && one.iter().zip(another).all(|(one, another)| same(one, another))
        }
        (Value::Object(one), Value::Object(another)) => {
            one.len() == another.len()
                && one.iter().all(|(key, value)| another.get(key).is_some_and(|other| same(value, other)))
        }
        _ => one == another,
    }
}

/// Whether any object of the text has a key twice; the text is JSON.
fn repeats_a_key(text: &[u8]) -> bool {
    use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
    struct Look<'l>(&'l mut bool);
    impl<'de> DeserializeSeed<'de> for Look<'_> {
        type Value = ();
        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
            deserializer.deserialize_any(self)
        }
    }
    impl<'de> Visitor<'de> for Look<'_> {
        type Value = ();
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("JSON")
        }
        fn visit_unit<E>(self) -> Result<(), E> {
            Ok(())
        }
        fn visit_bool<E>(self, _: bool) -> Result<(), E> {
            Ok(())
        }
        fn visit_i64<E>(self, _: i64) -> Result<(), E> {
            Ok(())
        }
        fn visit_u64<E>(self, _: u64) -> Result<(), E> {
            Ok(())
        }
        fn visit_f64<E>(self, _: f64) -> Result<(), E> {
            Ok(())
        }
        fn visit_str<E>(self, _: &str) -> Result<(), E> {
            Ok(())
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
            while items.next_element_seed(Look(&mut *self.0))?.is_some() {}
            Ok(())
        }
        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
            let mut seen = std::collections::BTreeSet::new();
            while let Some(key) = members.next_key::<String>()? {
                *self.0 |= !seen.insert(key);
                members.next_value_seed(Look(&mut *self.0))?;
            }
            Ok(())
        }
    }
    let mut repeated = false;
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    Look(&mut repeated).deserialize(&mut deserializer).expect("JSON");
    repeated
}

#[track_caller]
fn check(frame: &Value, mutation: &Mutation) {
    let shown = String::from_utf8_lossy(&mutation.bytes);
    let parsed: Result<Value, _> = serde_json::from_slice(&mutation.bytes);
    match (mutation.same_value, parsed) {
        (true, Ok(value)) => {
            assert!(same(frame, &value), "{:?} of {frame} says something else: {shown}", mutation.kind);
            assert!(!repeats_a_key(&mutation.bytes), "{shown}");
        }
        (true, Err(error)) => panic!("{:?} of {frame} is no JSON: {error}: {shown}", mutation.kind),
        (false, Ok(_)) => {
            assert_eq!(mutation.kind, MutationKind::DuplicateKey, "accepted: {shown}");
            assert!(repeats_a_key(&mutation.bytes), "{shown}");
        }
        (false, Err(_)) => {}
    }
}

#[test]
fn texts_say_the_same_or_are_broken() {
    let mut rng = Rng::with_seed(11);
    let mut made: BTreeMap<MutationKind, usize> = BTreeMap::new();
    for frame in frames() {
        for kind in MutationKind::ALL {
            for round in 0..200 {
                let choices: Vec<u32> = (0..round % 33).map(|_| rng.u32(..)).collect();
                if let Some(mutation) = mutation(&frame, kind, &choices) {
                    assert_eq!((mutation.kind, mutation.same_value), (kind, kind.same_value()));
                    check(&frame, &mutation);
                    *made.entry(kind).or_default() += 1;
                }
            }
        }
    }
    for kind in MutationKind::ALL {
        assert!(made.get(&kind).is_some_and(|made| *made >= 200), "{kind:?} is made too seldom: {made:?}");
    }
}

#[test]
fn a_text_is_cut_at_any_of_its_bytes() {
    let frame = &frames()[0];
    let mut rng = Rng::with_seed(13);
    let mut ends: Vec<usize> = (0..5_000)
        .map(|_| mutation(frame, MutationKind::Truncated, &[rng.u32(..)]).expect("a text").bytes.len())
        .collect();
    ends.sort_unstable();
    ends.dedup();
    assert_eq!(ends, (0..frame.to_string().len()).collect::<Vec<_>>());
}

#[test]
fn the_strategy_makes_every_kind_and_shrinks() {
    let strategy = mutations(frames()[0].clone());
    let mut runner = TestRunner::deterministic();
    let mut kinds: Vec<MutationKind> = Vec::new();
    for _ in 0..500 {
        let mut tree = strategy.new_tree(&mut runner).expect("a text");
        check(&frames()[0], &tree.current());
        kinds.push(tree.current().kind);
        while tree.simplify() {
            check(&frames()[0], &tree.current());
        }
        assert_eq!(tree.current().kind, MutationKind::ALL[0]);
    }
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, MutationKind::ALL);
}
