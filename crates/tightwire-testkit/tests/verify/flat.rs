//! Frames without an envelope: with the document it is known which message each is; without it they are looked for.

use serde_json::{Value, json};
use tightwire_testkit::Contract;

use crate::{Server, check, contents, sync, verified, x_ws};

/// Prices: `subscribe` is answered with `subscribed`, then come ticks; heartbeats come whenever they like.
fn contract() -> Contract {
    let message =
        |kind: &str, required: &[&str]| json!({"properties": {"kind": {"const": kind}}, "required": required});
    let entry = |kind: &str| json!({"value": kind, "messages": [kind]});
    let entries: Vec<Value> = ["subscribed", "tick", "heartbeat"].into_iter().map(entry).collect();
    let bundle = json!({
        "x-messages": {
            "to_server": {"subscribe": message("subscribe", &["req"])},
            "to_client": {
                "subscribed": message("subscribed", &["req"]),
                "tick": message("tick", &["price"]),
                "heartbeat": message("heartbeat", &[]),
            },
        },
        "x-dispatch": {
            "to_server": {"by": ["kind"], "values": [{"value": "subscribe", "messages": ["subscribe"]}], "structural": []},
            "to_client": {
                "by": ["kind"],
                "values": entries,
                "structural": [],
            },
        },
    });
    Contract::from_bundle(&bundle.to_string()).expect("a bundle")
}

/// Answers with these, each after a heartbeat. `"$"` at `req` is that of the request.
async fn server(frames: Vec<Value>) -> Server {
    Server::start(move |mut peer| {
        let frames = frames.clone();
        async move {
            let request = peer.receive().await;
            for mut frame in frames {
                peer.frame(json!({"kind": "heartbeat"})).await;
                if frame["req"] == "$" {
                    frame["req"] = request["req"].clone();
                }
                peer.frame(frame).await;
            }
            peer.stay().await;
        }
    })
    .await
}

fn subscribe() -> Value {
    contents(json!({"kind": "subscribe", "req": 7}), &[])
}

fn interaction(ws: Value) -> Value {
    let number = json!({"match": "number"});
    let responses = [
        contents(json!({"kind": "subscribed", "req": 7}), &[]),
        contents(json!({"kind": "tick", "price": 1.5}), &[("$.price", number)]),
    ];
    sync(subscribe(), responses, x_ws(ws))
}

fn bound(sequence: &str) -> Value {
    interaction(json!({"sequence": sequence, "bind": {"request": ["$request#/req", "subscribed#/req"]}}))
}

#[tokio::test]
async fn the_document_says_which_message_a_frame_is() {
    let subscribed = || json!({"kind": "subscribed", "req": "$"});
    let tick = |price: f64| json!({"kind": "tick", "price": price});
    let ticks = server(vec![subscribed(), tick(1.0), tick(2.5)]).await;
    check(&verified(ticks.verifier().contract(contract()), bound("subscribed, tick+")).await, &[]);
    // The answer to somebody else's request does not count, and the order does.
    let others = server(vec![json!({"kind": "subscribed", "req": 8}), subscribed(), tick(1.0)]).await;
    check(&verified(others.verifier().contract(contract()), bound("subscribed, tick+")).await, &[]);
    let early = server(vec![tick(1.0), subscribed()]).await;
    let report = verified(early.verifier().contract(contract()), bound("subscribed, tick+")).await;
    check(&report, &["`tick`, frame 1 of the answer (sequence)", "expected: `subscribed`"]);
}

#[tokio::test]
async fn everything_that_comes_follows_the_document() {
    let without = server(vec![
        json!({"kind": "subscribed", "req": "$"}),
        json!({"kind": "tick"}),
        json!({"kind": "tick", "price": 1}),
    ]);
    let report = verified(without.await.verifier().contract(contract()), bound("subscribed, tick")).await;
    check(&report, &["frame 4 of the connection (contract/required)", "\"price\" is a required property"]);
}

#[tokio::test]
async fn without_the_document_answers_are_looked_for() {
    let frames = vec![json!({"kind": "subscribed", "req": "$"}), json!({"kind": "tick", "price": 2})];
    check(&verified(server(frames).await.verifier(), interaction(json!({}))).await, &[]);
    let frames = vec![json!({"kind": "subscribed", "req": "$"}), json!({"kind": "tick", "price": "two"})];
    let report = verified(server(frames).await.verifier(), interaction(json!({}))).await;
    check(&report, &["`response 2`", "at /price (number)", "expected: 1.5", "actual: \"two\""]);
    let report =
        verified(server(Vec::new()).await.verifier(), interaction(json!({"sequence": "subscribed, tick"}))).await;
    check(&report, &["(pact)", "without the document nobody knows which message a frame is"]);
}
