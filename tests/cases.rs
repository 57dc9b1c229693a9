//! Every contract case over a socket to a running server, on each broker: it is refused where the validator refuses it, and
//! where it is accepted there is no talk of a violation.

mod common;
mod decoder;

use serde_json::Value;
use tightwire_testkit::{RawClient, RawFrame, ServerProcess};

use crate::common::bus::{Bus, on_each_bus};
use crate::decoder::{Case, Direction, cases};

on_each_bus! { on_sockets:
    a_server_judges_every_case_as_the_validator_does
}

/// How many frames are sent before their answers are read.
const AT_ONCE: usize = 16;

/// What a frame that is refused is told to be wrong: pointers and keywords. None where it is accepted.
type Verdict = Option<Vec<(String, String)>>;

/// What the server says to each of the frames. Behind each goes a ping of WebSocket itself, whose pong comes after what is
/// said about the frame's form.
async fn verdicts(client: &mut RawClient, cases: &[Case]) -> Vec<Verdict> {
    let bytes = cases.iter().enumerate().flat_map(|(number, case)| {
        [RawFrame::text(&case.text).to_bytes(), RawFrame::ping(number.to_string()).to_bytes()].concat()
    });
    client.send(&bytes.collect::<Vec<_>>()).await.expect("the server reads");
    let mut verdicts = Vec::new();
    let mut verdict = None;
    while verdicts.len() < cases.len() {
        let frame = client.frame().await.expect("a frame comes").expect("the connection lives");
        let Some(text) = frame.as_text() else {
            assert_eq!(frame.to_string(), format!("pong {}", verdicts.len()));
            verdicts.push(verdict.take());
            continue;
        };
        let said: Value = serde_json::from_str(text).expect("JSON");
        if said["type"] == "error" && said["data"]["code"] == "contract_violation" {
            let violations = said["data"]["violations"].as_array().expect("they are named").iter();
            let text = |value: &Value| value.as_str().expect("text").to_owned();
            let found = violations.map(|each| (text(&each["pointer"]), text(&each["keyword"]))).collect();
            assert_eq!(verdict.replace(found), None, "said twice: {said}");
        }
    }
    verdicts
}

fn check(case: &Case, verdict: Verdict) {
    let Case { name, direction, keyword, pointer, text, .. } = case;
    // What the server sends is not for it, unless a client's message has the same shape.
    let expected = Direction::ToServer.reference(text.as_bytes()).is_ok();
    assert_eq!(verdict.is_none(), expected, "{name}: {text}\nis answered with {verdict:?}");
    if let (Some(found), Direction::ToServer) = (verdict, direction) {
        // An unknown `type` has no schema: the server has a keyword of its own for that.
        let is_named = found.iter().any(|(at, rule)| at == pointer && (rule == keyword || pointer == "/type"));
        assert!(is_named, "{name}: no violation of `{keyword}` at {pointer:?} in {found:?}");
    }
}

async fn a_server_judges_every_case_as_the_validator_does(bus: &Bus) {
    // One who goes on after a violation, and takes many frames at once.
    let flags = ["--tolerant", "--messages-per-second", "1000000", "--message-burst", "1000000"];
    let launch = ServerProcess::command(env!("CARGO_BIN_EXE_tightwire-chat"))
        .args(["--bind", "{addr}", "--auth-disabled", "--log", "error"])
        .args(flags)
        .args(bus.flags());
    let server = launch.ready_when_http("/health").start().await;
    common::reach_at(bus, server.address()).await;
    let mut client = RawClient::upgrade(server.address(), "/ws").await.expect("the server accepts");
    let (mut accepted, mut refused) = (0, 0);
    for cases in cases().chunks(AT_ONCE) {
        for (case, verdict) in cases.iter().zip(verdicts(&mut client, cases).await) {
            *(if verdict.is_none() { &mut accepted } else { &mut refused }) += 1;
            check(case, verdict);
        }
    }
    assert!(accepted > 190 && refused > 3500, "{accepted} accepted, {refused} refused");
    assert!(!server.output().contains("panicked"), "{}", server.output());
}
