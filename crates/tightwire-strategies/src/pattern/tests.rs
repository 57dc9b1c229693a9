use std::collections::BTreeSet;

use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use regex::Regex;

use super::*;

/// What the engine that the validators use says.
fn engine(pattern: &str) -> Regex {
    let exact = spelled_out(pattern);
    Regex::new(&jsonschema_regex::to_rust_regex(&exact).expect("translated")).expect("compiles")
}

/// Texts of that many characters, by the strategy and by the generator of random numbers.
#[track_caller]
fn check(pattern: &str, shortest: usize, longest: Option<usize>, ends: Option<(usize, usize)>) {
    let engine = engine(pattern);
    let read = Pattern::new(pattern);
    assert_eq!(read.problem(), None);
    let in_bounds = |text: &str| {
        let length = text.chars().count();
        length >= shortest && longest.is_none_or(|longest| length <= longest)
    };
    let (mut runner, mut rng) = (TestRunner::deterministic(), Rng::with_seed(7));
    let texts = read.texts(shortest, longest);
    let found = texts.as_ref().map(|texts| (texts.lengths()[0], texts.lengths()[texts.lengths().len() - 1]));
    assert_eq!(found, ends, "the lengths of {pattern}");
    let mut lengths = BTreeSet::new();
    if let Some(texts) = texts {
        let strategy = texts.strategy();
        for _ in 0..100 {
            let mut tree = strategy.new_tree(&mut runner).expect("a text");
            for text in [tree.current(), texts.sample(&mut rng)] {
                assert!(engine.is_match(&text), "{pattern} does not match {text:?}");
                assert!(in_bounds(&text), "{text:?} is too long or short for {pattern}");
                lengths.insert(text.chars().count());
            }
            for _ in 0..8 {
                if !tree.simplify() {
                    break;
                }
                assert!(engine.is_match(&tree.current()) && in_bounds(&tree.current()), "{:?}", tree.current());
            }
        }
        let (first, last) = ends.expect("there are texts");
        assert!(lengths.contains(&first) && lengths.contains(&last), "{pattern} without its boundaries: {lengths:?}");
    }
    if let Some(others) = read.others(shortest, longest) {
        let strategy = others.strategy();
        for _ in 0..100 {
            for text in [strategy.new_tree(&mut runner).expect("a text").current(), others.sample(&mut rng)] {
                assert!(!engine.is_match(&text), "{pattern} matches {text:?}");
                assert!(in_bounds(&text), "{text:?} is too long or short for {pattern}");
            }
        }
    }
}

#[test]
fn texts_match_and_have_the_lengths_they_may_have() {
    check("^thread:[A-Za-z0-9._~-]{1,128}$", 0, None, Some((8, 64)));
    check("^thread:[A-Za-z0-9._~-]{1,128}$", 0, Some(200), Some((8, 135)));
    check("^(system|dashboard|(thread|agent):[A-Za-z0-9._~-]{1,128})$", 7, Some(20), Some((7, 20)));
    check("^(a|bcd)$", 0, None, Some((1, 3)));
    check("^(a|bcd)$", 2, None, Some((3, 3)));
    check("^(a|bcd)$", 2, Some(2), None);
    check("^(ab)*$", 3, Some(7), Some((4, 6)));
    check("", 0, Some(3), Some((0, 3)));
    check("b+", 0, Some(3), Some((1, 3)));
    check("^b", 0, Some(3), Some((1, 3)));
    check("b$", 0, Some(3), Some((1, 3)));
    check("^a{70}$", 0, None, Some((70, 70)));
    check("^a{70,}$", 0, None, Some((70, 134)));
    check("^a{70,}$", 0, Some(60), None);
    check("^x?y{2,3}?z+?$", 0, Some(9), Some((3, 9)));
}

#[test]
fn classes_are_those_of_ecma_262() {
    check(r"^\d\w\s\D\W\S$", 0, None, Some((6, 6)));
    check(r"^.\.[.]$", 0, None, Some((3, 3)));
    check(r"^\p{Lu}\p{Script=Greek}[^\x00-\x7f]$", 0, None, Some((3, 3)));
    check(r"^[^a-z]{2}$", 0, None, Some((2, 2)));
    check(r"^[\u{1F980}-\u{1F98F}é]{1,3}$", 0, None, Some((1, 3)));
    check(r"^\x41\u0042\/\-$", 0, None, Some((4, 4)));
}

#[test]
fn assertions_may_stand_anywhere() {
    check("^a|b$", 0, Some(4), Some((1, 4)));
    check("(^a|^b)c", 0, Some(4), Some((2, 4)));
    check("a^", 0, Some(4), None);
    check("$a", 0, Some(4), None);
    check("^$", 0, Some(4), Some((0, 0)));
    check(r"\bab\b", 0, Some(6), Some((2, 6)));
    check(r"a\Bb", 0, Some(6), Some((2, 6)));
}

#[test]
fn there_are_no_others_where_everything_matches() {
    #[track_caller]
    fn check(pattern: &str, shortest: usize, longest: usize, expected: bool) {
        let others = Pattern::new(pattern).others(shortest, Some(longest));
        assert_eq!(others.is_some(), expected, "{pattern}");
    }
    check("", 0, 10, false);
    check("^.*$|[^a]", 0, 10, false);
    check("^a*$", 0, 0, false);
    check("^a*$", 0, 1, true);
    check("^[^a]$", 1, 1, true);
    check("^a?b?c?$", 0, 3, true);
}

#[test]
fn what_is_no_pattern_is_said() {
    #[track_caller]
    fn check(pattern: &str, reason: &str) {
        let pattern = Pattern::new(pattern);
        assert_eq!(pattern.problem(), Some(reason));
        assert!(!pattern.is_match(""));
        assert!(pattern.texts(0, None).is_none() && pattern.sample(&mut Rng::with_seed(1)).is_none());
    }
    check("[", "it is not a regular expression of ECMA-262");
    check("(?=a)b", "look-around, including look-ahead and look-behind, is not supported");
    check(r"(a)\1", "backreferences are not supported");
    check("((a{1000}){1000}){1000}", "it is too large");
}

#[test]
fn texts_shrink_to_the_shortest_and_plainest() {
    let strategy = Pattern::new("^[a-z]+-[0-9]{2,}$").texts(0, Some(40)).expect("texts").strategy();
    let mut runner = TestRunner::deterministic();
    let mut tree = strategy.new_tree(&mut runner).expect("a text");
    while tree.simplify() {}
    assert_eq!(tree.current(), "a-00");
}
