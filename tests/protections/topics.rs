//! Subscriptions by the thousand, and topics that are none.

use serde_json::json;
use tightwire_testkit::RawClient;

use crate::arena::{Arena, Seen, brief, check, check_kept, fence, frame, next, tally, tally_until};
use crate::common::bus::{Bus, on_each_bus};

on_each_bus! { on_its_own:
    a_hundred_thousand_subscriptions
    a_hundred_thousand_subscriptions_at_the_usual_rate
    more_topics_in_a_frame_than_the_contract_allows
    thousands_of_topics
    subscriptions_that_come_and_go
    topics_that_are_none
}

/// More frames at once than anybody sends.
const NO_RATE: [&str; 4] = ["--messages-per-second", "100000", "--message-burst", "100000"];

fn subscribe(first: usize, count: usize) -> Vec<u8> {
    let topics: Vec<String> = (first..first + count).map(|number| format!("thread:{number}")).collect();
    frame("subscribe", "system", json!({ "topics": topics })).to_bytes()
}

/// Sends the frames while reading, and says how often the server said what.
async fn converse(client: RawClient, frames: Vec<Vec<u8>>) -> (RawClient, Vec<String>) {
    let mut client = client;
    let mut said = std::collections::BTreeMap::new();
    // Piece by piece, each with a fence: neither side waits for the other to read.
    for piece in frames.chunks(20) {
        client.send(&[piece.concat(), fence()].concat()).await.expect("the server reads");
        for (found, count) in tally(&mut client).await {
            *said.entry(found).or_insert(0) += count;
        }
    }
    // A handler may wait for the broker, and the pong does not wait for the handler; the next request does.
    let last = frame("request_data", "dashboard", json!({"data_type": "agent_status"})).to_bytes();
    client.send(&last).await.expect("the server reads");
    for (found, count) in tally_until(&mut client, "data_response").await {
        *said.entry(found).or_insert(0) += count;
    }
    (client, said.into_iter().map(|(found, count): (String, usize)| format!("{count} × {found}")).collect())
}

fn a_hundred_thousand_subscriptions(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let frames = (0..1000).map(|number| subscribe(number * 100, 100)).collect();
        let (client, said) = converse(arena.join().await, frames).await;
        let health = arena.health().await;
        assert_eq!(health["subscriptions"], 100, "{health}");
        Seen::from(said).holding([client])
    };
    // One error for each frame, whatever the number of topics.
    check(bus, &NO_RATE, attack, &["999 × error too_many_subscriptions", "1000 × subscription_updated 100"]);
}

/// With the rate that everyone has, only what fits it is looked at: 40 frames at once, and one error for all others.
fn a_hundred_thousand_subscriptions_at_the_usual_rate(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut client = arena.join().await;
        let begun = std::time::Instant::now();
        let frames: Vec<_> = (0..1000).flat_map(|number| subscribe(number * 100, 100)).collect();
        client.send(&[frames, fence()].concat()).await.expect("the server reads");
        let said = tally(&mut client).await;
        let seconds = begun.elapsed().as_secs() as usize + 1;
        assert!((1..=seconds).contains(&said["error rate_limited"]), "{said:?} in {seconds} s");
        assert!((40..=40 + 20 * seconds).contains(&said["subscription_updated 100"]), "{said:?} in {seconds} s");
        assert_eq!(said["error too_many_subscriptions"], said["subscription_updated 100"] - 1);
        Seen::default().holding([client])
    };
    check(bus, &[], attack, &[]);
}

fn more_topics_in_a_frame_than_the_contract_allows(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut client = arena.join().await;
        client.send(&subscribe(0, 101)).await.expect("the server reads");
        Seen::from(crate::arena::rest(&mut client).await)
    };
    check(bus, &[], attack, &["error contract_violation", "close 1002", "end"]);
}

/// Ten thousand topics over a hundred connections, that all leave at once.
fn thousands_of_topics(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut clients = Vec::new();
        for number in 0..100 {
            let mut client = arena.join().await;
            client.send(&subscribe(number * 100, 100)).await.expect("the server reads");
            assert_eq!(brief(&next(&mut client).await), "subscription_updated 100");
            clients.push(client);
        }
        let health = arena.health().await;
        Seen::from(vec![health["subscriptions"].to_string()]).holding(clients)
    };
    check_kept(bus, &[], attack, &["10000"]);
}

/// Comes and goes three hundred times, a hundred topics each time.
fn subscriptions_that_come_and_go(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let frames = (0..300).map(|number| {
            let topics: Vec<String> = (0..100).map(|topic| format!("thread:{number}-{topic}")).collect();
            let change = |kind| frame(kind, "system", json!({ "topics": topics })).to_bytes();
            [change("subscribe"), change("unsubscribe")].concat()
        });
        let (client, said) = converse(arena.join().await, frames.collect()).await;
        Seen::from(said).holding([client])
    };
    check(bus, &NO_RATE, attack, &["300 × subscription_updated 0", "300 × subscription_updated 100"]);
}

/// Nothing of what is no topic comes back: only what is made of a topic's characters is named.
fn topics_that_are_none(bus: &Bus) {
    let attack = async |arena: &Arena| {
        let mut client = arena.join().await;
        let topics = [
            "thread:",
            "thread:a:b",
            "thread:<script>alert(1)</script>",
            "thread:../../etc/passwd",
            "thread:\u{202e}\u{0000}",
            "thread:{thread_id}",
            "agent:nobody",
            "dashboard:1",
            "nowhere",
            "*",
            "thread:*",
        ];
        client.send(&frame("subscribe", "system", json!({ "topics": topics })).to_bytes()).await.expect("sent");
        let error = next(&mut client).await;
        let text = error.as_text().expect("text").to_owned();
        for hidden in ["script", "passwd", "\\u", "{thread", "*"] {
            assert!(!text.contains(hidden), "{text}");
        }
        assert!(text.contains("nowhere") && text.contains("dashboard:1"), "{text}");
        Seen::from(vec![brief(&error), brief(&next(&mut client).await)]).holding([client])
    };
    check(bus, &[], attack, &["error invalid_topic", "subscription_updated 0"]);
}
