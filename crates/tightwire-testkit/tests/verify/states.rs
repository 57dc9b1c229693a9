//! Provider states and triggers, in the order of an interaction.

use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};
use tightwire_testkit::pact::verify::{Action, StateChange, StateHandler};

use crate::{Server, check, contents, sync, unasked, verified, with, x_ws};

/// What was done, in that order.
type Log = Arc<Mutex<Vec<String>>>;

/// Notes what is asked for, gives `{"room": <name of the state>}`, and refuses the state "impossible".
fn handler(log: &Log) -> impl StateHandler + 'static {
    let log = Arc::clone(log);
    move |StateChange { action, state }: StateChange| {
        log.lock().expect("no panic").push(format!("{action} {} {}", state.name, Value::Object(state.params.clone())));
        let outcome = match (state.name.as_str(), action) {
            ("impossible", _) => Err("there is no such state".to_owned()),
            ("for ever", Action::TearDown) => Err("it stays".to_owned()),
            _ => Ok(Map::from_iter([("room".to_owned(), Value::from(state.name))])),
        };
        async move { outcome }
    }
}

fn states(names: &[&str]) -> Value {
    let states: Vec<Value> = names.iter().map(|name| json!({"name": name, "params": {"n": 1}})).collect();
    json!({"providerStates": states})
}

/// Says back what it is told.
async fn echo(log: &Log) -> Server {
    let log = Arc::clone(log);
    Server::start(move |mut peer| {
        let log = Arc::clone(&log);
        async move {
            let request = peer.receive().await;
            log.lock().expect("no panic").push(format!("request {}", request["room"].as_str().unwrap_or_default()));
            peer.frame(request).await;
            peer.stay().await;
        }
    })
    .await
}

fn ask() -> Value {
    let generator =
        json!({"generators": {"body": {"$.room": {"type": "ProviderState", "expression": "room ${room}"}}}});
    with(contents(json!({"room": "x"}), &[]), generator)
}

fn told(log: &Log) -> Vec<String> {
    log.lock().expect("no panic").clone()
}

#[tokio::test]
async fn states_surround_the_interaction_and_give_values() {
    let log = Log::default();
    let answer = contents(json!({"room": "room second"}), &[]);
    let report = verified(
        echo(&log).await.verifier().states(handler(&log)),
        sync(ask(), [answer], states(&["first", "second"])),
    )
    .await;
    check(&report, &[]);
    let expected = [
        r#"setup first {"n":1}"#,
        r#"setup second {"n":1}"#,
        "request room second",
        r#"teardown second {"n":1}"#,
        r#"teardown first {"n":1}"#,
    ];
    assert_eq!(told(&log), expected);
}

#[tokio::test]
async fn nothing_is_sent_in_a_state_that_is_not_there() {
    let log = Log::default();
    let interaction = sync(ask(), [contents(json!({}), &[])], states(&["first", "impossible", "third"]));
    let report = verified(echo(&log).await.verifier().states(handler(&log)), interaction).await;
    check(&report, &["(state): the state could not be set up", "\"impossible\" {\"n\":1}", "there is no such state"]);
    assert_eq!(told(&log), [r#"setup first {"n":1}"#, r#"setup impossible {"n":1}"#, r#"teardown first {"n":1}"#]);
}

#[tokio::test]
async fn a_state_that_cannot_be_undone() {
    let log = Log::default();
    let interaction = sync(ask(), [contents(json!({}), &[])], states(&["for ever"]));
    let report = verified(echo(&log).await.verifier().states(handler(&log)), interaction).await;
    check(&report, &["(state): the state could not be undone", "it stays"]);
}

#[tokio::test]
async fn a_trigger_comes_when_the_consumer_is_connected() {
    let (push, pushed) = tokio::sync::watch::channel(false);
    let server = Server::start(move |mut peer| {
        let mut pushed = pushed.clone();
        async move {
            pushed.wait_for(|pushed| *pushed).await.expect("the test goes on");
            peer.frame(json!({"price": 1})).await;
            peer.stay().await;
        }
    })
    .await;
    let interaction =
        || unasked(contents(json!({"price": 1}), &[]), x_ws(json!({"trigger": {"name": "the price changes"}})));
    let report = verified(server.verifier(), interaction()).await;
    check(
        &report,
        &["(state)", "a hook that makes the server send the frame (\"the price changes\")", "actual: none is given"],
    );
    let handler = move |change: StateChange| {
        assert_eq!(change.state.name, "the price changes");
        push.send_replace(true);
        async { Ok(Map::new()) }
    };
    check(&verified(server.verifier().states(handler), interaction()).await, &[]);
}

#[tokio::test]
async fn without_a_hook_states_are_taken_for_granted() {
    let log = Log::default();
    let server = echo(&log).await;
    let interaction = |answer: &str| sync(ask(), [contents(json!({"room": answer}), &[])], states(&["first"]));
    check(&verified(server.verifier(), interaction("x")).await, &[]);
    let report = verified(server.verifier(), interaction("y")).await;
    check(&report, &["given first", "nobody is told, so it is taken for granted: first"]);
}
