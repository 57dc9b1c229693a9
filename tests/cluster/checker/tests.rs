//! Made-up runs: the checker has nothing to say about what is right, and finds each thing that is wrong.

use super::*;
use crate::record::Publication;

const TOPIC: Topic = Topic(1);

fn place(text: &str) -> Place {
    let (epoch, seq) = text.split_once(':').expect("epoch:seq");
    Place { epoch: epoch.into(), seq: seq.parse().expect("a number") }
}

/// The id of the frame with that number.
fn id(number: u64) -> Uuid {
    Uuid::from_u128(number.into())
}

/// `a:0 a:1=7 gap a:5`: begins at a:0, gets 7 at a:1, is told of a gap up to a:5. `a:1=?` is content that nobody writes.
fn history(client: &str, seen: &str) -> History {
    let mut words = seen.split(' ');
    let mut events = Vec::new();
    while let Some(word) = words.next() {
        events.push(if word == "gap" {
            Event::Gap { oldest: 1, latest: place(words.next().expect("a position")) }
        } else if let Some((at, number)) = word.split_once('=') {
            let number = number.parse().ok();
            Event::Frame { place: place(at), id: id(number.unwrap_or_default()), number }
        } else {
            Event::Began(place(word))
        });
    }
    let seen = events.into_iter().map(|event| (TOPIC, event)).collect();
    History { client: client.to_owned(), topics: vec![TOPIC], seen }
}

/// `7@a:1 8! 9?`: 7 is acknowledged at a:1, 8 is refused, of 9 nothing is known.
fn publications(told: &str) -> Vec<Publication> {
    let publication = |word: &str| {
        let (number, outcome) = match word.split_once('@') {
            Some((number, at)) => {
                let number = number.parse().expect("a number");
                (number, Outcome::Acknowledged { place: place(at), id: id(number) })
            }
            None => {
                let number = word[..word.len() - 1].parse().expect("a number");
                (number, if word.ends_with('!') { Outcome::Refused } else { Outcome::Unknown })
            }
        };
        Publication { lane: 0, number, topic: TOPIC, outcome }
    };
    told.split(' ').map(publication).collect()
}

/// The run that ends at `end`; what is wrong with it must be `expected`.
#[track_caller]
fn check_run(loss: Loss, told: &str, seen: &[&str], end: &str, expected: &[&str]) {
    let histories = (0..).zip(seen).map(|(client, seen): (usize, _)| history(&format!("client {client}"), seen));
    let record = Record {
        publications: publications(told),
        histories: histories.collect(),
        ends: BTreeMap::from([(TOPIC, place(end))]),
    };
    let found: Vec<String> = check(&record, loss).iter().map(Violation::to_string).collect();
    assert_eq!(found, expected);
}

const TOLD: &str = "1@a:1 2@a:2 3@a:3";
const SEEN: &str = "a:0 a:1=1 a:2=2 a:3=3";

#[track_caller]
fn check_lossless(told: &str, seen: &[&str], expected: &[&str]) {
    check_run(Loss::None, told, seen, "a:3", expected);
}

#[test]
fn what_is_right_is_right() {
    check_lossless(TOLD, &[SEEN, SEEN], &[]);
    // Who comes later gets the rest.
    check_lossless(TOLD, &[SEEN, "a:2 a:3=3", "a:3"], &[]);
}

#[test]
fn what_is_not_known_may_be_there_or_not() {
    check_lossless("1@a:1 2? 3@a:3", &[SEEN], &[]);
    check_lossless("1@a:1 4? 2@a:2 3@a:3", &[SEEN], &[]);
    check_lossless("1@a:1 2@a:2 4! 3@a:3", &[SEEN], &[]);
}

#[test]
fn a_frame_that_is_dropped() {
    check_lossless(TOLD, &[SEEN, "a:0 a:1=1 a:3=3"], &["client 1 got a:3 after a:1 of thread:1"]);
    check_lossless(TOLD, &[SEEN, "a:0 a:2=2 a:3=3"], &["client 1 got a:2 after a:0 of thread:1"]);
    check_lossless(TOLD, &[SEEN, "a:0 a:1=1 a:2=2"], &["client 1 stopped at a:2 of thread:1, which ends at a:3"]);
    check_lossless(TOLD, &[SEEN, "a:0"], &["client 1 stopped at a:0 of thread:1, which ends at a:3"]);
}

#[test]
fn a_frame_that_is_dropped_everywhere() {
    let expected = [
        "thread:1 lacks publication 2, which was acknowledged at a:2",
        "client 0 got a:3 after a:1 of thread:1",
        "client 1 got a:3 after a:1 of thread:1",
    ];
    check_lossless(TOLD, &["a:0 a:1=1 a:3=3", "a:0 a:1=1 a:3=3"], &expected);
    // Even where the positions have no hole.
    let expected = ["thread:1 lacks publication 4, which was acknowledged at a:4"];
    check_lossless("1@a:1 2@a:2 3@a:3 4@a:4", &[SEEN, SEEN], &expected);
}

#[test]
fn a_client_that_gets_nothing() {
    let told = publications(TOLD);
    let silent = History { client: "client 1".to_owned(), topics: vec![TOPIC], seen: Vec::new() };
    let histories = vec![history("client 0", SEEN), silent];
    let record = Record { publications: told, histories, ends: BTreeMap::from([(TOPIC, place("a:3"))]) };
    let found: Vec<String> = check(&record, Loss::None).iter().map(Violation::to_string).collect();
    assert_eq!(found, ["client 1 stopped at nothing of thread:1, which ends at a:3"]);
}

#[test]
fn a_frame_that_is_doubled() {
    // With its position,
    check_lossless(TOLD, &[SEEN, "a:0 a:1=1 a:2=2 a:2=2 a:3=3"], &["client 1 got a:2 after a:2 of thread:1"]);
    // and with one of its own.
    check_lossless("1@a:1 2@a:2", &["a:0 a:1=1 a:2=2 a:3=2"], &["thread:1 has publication 2 twice, at a:2 and at a:3"]);
    check_lossless("1@a:1 2?", &["a:0 a:1=1 a:2=2 a:3=2"], &["thread:1 has publication 2 twice, at a:2 and at a:3"]);
}

#[test]
fn frames_that_are_reordered() {
    check_lossless(
        TOLD,
        &[SEEN, "a:0 a:2=2 a:1=1 a:3=3"],
        &[
            "client 1 got a:2 after a:0 of thread:1",
            "client 1 got a:1 after a:2 of thread:1",
            "client 1 got a:3 after a:1 of thread:1",
        ],
    );
    check_lossless(
        "1@a:2 2@a:1 3@a:3",
        &["a:0 a:1=2 a:2=1 a:3=3"],
        &["publisher 0 published to thread:1 first at a:2, then at a:1"],
    );
}

#[test]
fn positions_that_are_not_the_same_everywhere() {
    let (one, two) = ((id(1), Some(1_u64)), (id(2), Some(2_u64)));
    let expected = [
        format!("thread:1 has two frames at a:1: {one:?} and {two:?}"),
        format!("thread:1 has two frames at a:2: {two:?} and {one:?}"),
    ];
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check_lossless(TOLD, &[SEEN, "a:0 a:1=2 a:2=1 a:3=3"], &expected);
    // The publisher was told of another position.
    let three = (id(3), Some(3_u64));
    let expected = [
        format!("thread:1 has two frames at a:3: {three:?} and {two:?}"),
        "publisher 0 published to thread:1 first at a:3, then at a:3".to_owned(),
    ];
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check_lossless("1@a:1 2@a:3 3@a:3", &[SEEN], &expected);
}

#[test]
fn what_was_refused_must_not_be_there() {
    let expected = ["thread:1 has publication 2 at a:2, which was refused"];
    check_lossless("1@a:1 2! 3@a:3", &[SEEN], &expected);
}

#[test]
fn what_nobody_published() {
    let expected = ["thread:1 has at a:2 what nobody published there (number Some(2))"];
    check_lossless("1@a:1 3@a:3", &[SEEN], &expected);
    let expected = ["thread:1 has at a:2 what nobody published there (number None)"];
    check_lossless("1@a:1 3@a:3", &["a:0 a:1=1 a:2=? a:3=3"], &expected);
    let other_topic = Publication { topic: Topic(2), ..publications("2@a:2").remove(0) };
    let record = Record {
        publications: [publications("1@a:1 3@a:3"), vec![other_topic]].concat(),
        histories: vec![history("client 0", SEEN)],
        ends: BTreeMap::from([(TOPIC, place("a:3")), (Topic(2), place("a:2"))]),
    };
    let found: Vec<String> = check(&record, Loss::None).iter().map(Violation::to_string).collect();
    let expected = [
        "thread:1 has at a:2 what nobody published there (number Some(2))",
        "thread:2 lacks publication 2, which was acknowledged at a:2",
    ];
    assert_eq!(found, expected);
}

#[test]
fn gaps_where_nothing_may_be_lost() {
    let expected = ["client 1, at a:1 of thread:1, was told of a gap up to a:2 (oldest 1), though nothing is lost"];
    check_lossless(TOLD, &[SEEN, "a:0 a:1=1 gap a:2 a:3=3"], &expected);
    check_run(Loss::EarlierEpochs, TOLD, &[SEEN, "a:0 a:1=1 gap a:2 a:3=3"], "a:3", &expected);
}

#[test]
fn an_epoch_that_nothing_called_for() {
    let expected = ["client 0 got b:1 after a:1 of thread:1", r#"thread:1 began anew: its epochs are ["a", "b"]"#];
    check_run(Loss::None, "1@a:1 2@b:1", &["a:0 a:1=1 b:1=2"], "b:1", &expected);
}

#[test]
fn a_loss_that_clients_are_told_of() {
    let told = "1@a:1 2@a:2 3@b:1 4@b:2";
    check_run(Loss::EarlierEpochs, told, &["a:0 a:1=1 a:2=2 gap b:0 b:1=3 b:2=4", "b:0 b:1=3 b:2=4"], "b:2", &[]);
    // Lost before anyone had it, and told of when there were frames again.
    check_run(Loss::EarlierEpochs, told, &["a:0 a:1=1 gap b:1 b:2=4", "b:0 b:1=3 b:2=4"], "b:2", &[]);
    // Nobody publishes any more.
    check_run(Loss::EarlierEpochs, "1@a:1", &["a:0 a:1=1 gap b:0"], "b:0", &[]);
}

#[test]
fn a_loss_that_clients_are_not_told_of() {
    let told = "1@a:1 2@a:2 3@b:1";
    let expected = ["client 0 got b:1 after a:2 of thread:1"];
    check_run(Loss::EarlierEpochs, told, &["a:0 a:1=1 a:2=2 b:1=3"], "b:1", &expected);
    let expected = ["client 0 stopped at a:1 of thread:1, which ends at b:0"];
    check_run(Loss::EarlierEpochs, "1@a:1", &["a:0 a:1=1"], "b:0", &expected);
    // Told, and silent about what is lost in the new epoch.
    let expected = ["client 0 got b:2 after b:0 of thread:1"];
    check_run(
        Loss::EarlierEpochs,
        "1@a:1 2@b:1 3@b:2",
        &["a:0 a:1=1 gap b:0 b:2=3", "b:0 b:1=2 b:2=3"],
        "b:2",
        &expected,
    );
    // What was acknowledged in the new epoch must be there.
    let expected = ["thread:1 lacks publication 2, which was acknowledged at b:1"];
    check_run(Loss::EarlierEpochs, "1@a:1 2@b:1", &["a:0 a:1=1 gap b:1"], "b:1", &expected);
}

#[test]
fn what_is_doubled_where_epochs_may_be_lost() {
    // The second try came when nothing was known of the first any more.
    check_run(Loss::EarlierEpochs, "1@b:1", &["a:0 a:1=1 gap b:0 b:1=1"], "b:1", &[]);
    let expected = ["thread:1 has publication 1 twice, at b:1 and at b:2"];
    check_run(Loss::EarlierEpochs, "1@b:1", &["a:0 gap b:0 b:1=1 b:2=1"], "b:2", &expected);
}

#[test]
fn frames_of_a_topic_that_a_client_never_began() {
    let expected = ["client 0 got a:1 of thread:1 and did not know where it began, or began twice"];
    check_lossless(TOLD, &["a:1=1 a:2=2 a:3=3"], &expected);
    check_lossless(
        TOLD,
        &[SEEN, "a:0 a:1=1 a:1 a:2=2 a:3=3"],
        &["client 1 got a:1 of thread:1 and did not know where it began, or began twice"],
    );
}
