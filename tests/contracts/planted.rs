//! Defects that are planted between the verifier and the real server: each is found, by the name of the interaction, and no other
//! interaction fails.

use std::time::Duration;

use serde_json::{Value, json};
use tightwire_testkit::pact::Pact;
use tightwire_testkit::pact::verify::Verdict;
use uuid::Uuid;

use crate::common::bus::{Kind, on_sockets};
use crate::common::tamper::{Content, Line, Message, Mutant, Tamper};
use crate::contracts;
use crate::provider::Provider;

const EMPTY: &str = "a thread into which nobody has written has an empty history";
const HISTORY: &str = "a thread that is opened begins with its newest messages";
const STREAM: &str = "a message that is sent is confirmed and answered in a stream";
const LIVE_END: &str = "the end of an answer to somebody else is told to those who have the thread open";
const PING: &str = "a ping is answered with its own time";
const AGENTS: &str = "the agents are told to who asks";
const VIOLATION: &str = "a frame that breaks the contract is told where, and the connection is closed";
const HEALTH: &str = "the health of the system is told to who asks";
const METRICS: &str = "the metrics of coordination are told to who asks";
const EVENT: &str = "an agent that has answered says so";
const FIRST_EVENT: &str = "an agent that begins to answer says so";
const FAILURE: &str = "an agent that has failed to answer says so";
const ALERT: &str = "the dashboard is alerted of an agent that fails again and again";

/// All in which a whole answer goes over the connection.
const ANSWERS: [&str; 5] = [
    STREAM,
    "a message of somebody else is told to those who have the thread open",
    "a piece of an answer to somebody else is told to those who have the thread open",
    "an answer to somebody else begins for those who have the thread open",
    LIVE_END,
];

/// Whose contract it is.
const CONSUMER: &str = "frontend";

/// How long nothing must follow: what is planted follows at once.
const QUIET: Duration = Duration::from_millis(30);

/// A defect in what the server says: what it does to a frame, of which it is told the connection.
struct Defect<D>(D);

impl<D> Mutant for Defect<D>
where
    D: FnMut(usize, Value, &mut Line) -> Option<Value> + Send + 'static,
{
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let Some(frame) = message.json() else { return line.tell_client(client, message) };
        match (self.0)(client, frame.clone(), line) {
            Some(left) if left == frame => line.tell_client(client, message),
            Some(altered) => line.tell_client(client, Message::frame(&altered)),
            None => {}
        }
    }
}

fn contract() -> Pact {
    let contracts = contracts().into_iter().map(|(_, pact)| pact);
    contracts.into_iter().find(|pact| pact.consumer == CONSUMER).expect("the contract is there")
}

/// A server with that defect fails these interactions and no others, and the report says in these words, in this order, what the
/// first of them found.
#[track_caller]
fn check<D>(defect: D, failing: &[&str], words: &[&str])
where
    D: FnMut(usize, Value, &mut Line) -> Option<Value> + Send + 'static,
{
    let at = std::panic::Location::caller();
    on_sockets(Kind::Memory, async |bus| {
        let provider = Provider::start(bus).await;
        let proxy = Tamper::new(Defect(defect)).listen(provider.address()).await;
        let verifier = provider.verifier_at(proxy.address()).quiet(QUIET);
        let report = verifier.verify([("contract", &contract())]).await.expect("the proxy listens");
        let failed = report.outcomes().filter(|outcome| outcome.verdict == Verdict::Failed);
        let mut failed: Vec<&str> = failed.map(|outcome| outcome.description.as_str()).collect();
        let mut expected = failing.to_vec();
        failed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(failed, expected, "at {at}: {report}");
        let text = report.to_string();
        let named = format!("✗ {}\n", failing[0]);
        let mut rest = text.as_str();
        for word in [named.as_str()].iter().chain(words) {
            let found = rest.split_once(word);
            rest = found.unwrap_or_else(|| panic!("at {at}: no `{word}` (in this order) in:\n{text}")).1;
        }
    });
}

/// Alters frames of that message.
fn altered(wire_type: &'static str, alter: impl Fn(&mut Value) + Send + 'static) -> Change {
    Box::new(move |_, mut frame, _| {
        if frame["type"] == wire_type {
            alter(&mut frame);
        }
        Some(frame)
    })
}

type Change = Box<dyn FnMut(usize, Value, &mut Line) -> Option<Value> + Send>;

#[test]
fn a_stream_that_ends_with_another_payload() {
    let change = altered("stream_end", |frame| {
        let data = frame["data"].as_object_mut().expect("an object");
        let reason = data.remove("finish_reason").expect("it is there");
        data.insert("reason".to_owned(), reason);
    });
    check(
        change,
        &ANSWERS,
        &["`stream_end`", "at /data/finish_reason (keys)", "expected: \"stop\"", "actual: nothing", "→ send_message"],
    );
}

#[test]
fn a_stream_that_ends_for_another_reason() {
    let change = altered("stream_end", |frame| frame["data"]["finish_reason"] = json!("length"));
    check(
        change,
        &[STREAM, LIVE_END],
        &["at /data/finish_reason (equality)", "expected: \"stop\"", "actual: \"length\""],
    );
}

#[test]
fn a_chunk_that_is_lost() {
    let lost = |_, frame: Value, _: &mut Line| (frame["data"]["index"] != 1).then_some(frame);
    check(lost, &ANSWERS, &["`stream_chunk`", "at /data/index (count)", "expected: 1\n", "actual: 2\n"]);
}

#[test]
fn an_index_that_is_left_out() {
    let change = altered("stream_chunk", |frame| {
        let index = frame["data"]["index"].as_u64().expect("a number");
        frame["data"]["index"] = json!(if index < 2 { index } else { index + 1 });
    });
    check(change, &[STREAM], &["`stream_chunk`", "at /data/index (count)", "expected: 2\n", "actual: 3\n"]);
}

#[test]
fn a_stream_that_miscounts_its_chunks() {
    let change = altered("stream_end", |frame| frame["data"]["chunks"] = json!(1));
    check(change, &[STREAM], &["`stream_end`", "at /data/chunks (count)", "actual: 1\n"]);
}

#[test]
fn an_answer_that_comes_late() {
    let late = |client, frame: Value, line: &mut Line| {
        if frame["type"] != "pong" {
            return Some(frame);
        }
        line.tell_client_after(Duration::from_millis(1200), client, Message::frame(&frame));
        None
    };
    check(late, &[PING], &["`pong`", "(deadline)", "expected: within 500ms", "actual: after 1."]);
}

#[test]
fn chunks_that_overtake_each_other() {
    let mut held = None;
    let reordered = move |client, frame: Value, line: &mut Line| match frame["data"]["index"].as_u64() {
        Some(0) => {
            held = Some(frame);
            None
        }
        Some(1) => {
            line.tell_client(client, Message::frame(&frame));
            held.take()
        }
        _ => Some(frame),
    };
    check(
        reordered,
        &ANSWERS,
        &["`stream_chunk`", "at /data/index (count)", "expected: 0\n", "actual: 1\n", "(position)"],
    );
}

#[test]
fn a_stream_whose_end_comes_before_its_start() {
    let mut held = Vec::new();
    let reordered = move |client, frame: Value, line: &mut Line| match frame["type"].as_str() {
        // Only what the one who has asked is told.
        Some("stream_start" | "stream_chunk") => {
            held.push(frame);
            None
        }
        Some("stream_end") => {
            line.tell_client(client, Message::frame(&frame));
            held.drain(..).for_each(|frame| line.tell_client(client, Message::frame(&frame)));
            None
        }
        _ => Some(frame),
    };
    let words = [
        "(sequence)",
        "[thread_message_created, stream_start, stream_chunk+, stream_end]",
        "expected: `stream_start`",
        "actual: `stream_end`",
    ];
    check(reordered, &ANSWERS, &words);
}

#[test]
fn an_answer_without_the_id_of_the_request() {
    let change =
        altered("thread_history", |frame| drop(frame.as_object_mut().expect("a frame").remove("correlation_id")));
    check(
        change,
        &[EMPTY, HISTORY],
        &["at /correlation_id (correlation)", "actual: nothing", "expected: `thread_history` within 1s"],
    );
}

#[test]
fn an_answer_with_the_id_of_another_request() {
    let change = altered("pong", |frame| frame["correlation_id"] = json!(Uuid::nil()));
    check(
        change,
        &[PING],
        &["expected: `pong` within 500ms", "a `pong` came that answers \"00000000-0000-0000-0000-000000000000\""],
    );
}

#[test]
fn an_answer_on_another_topic() {
    let change = altered("data_response", |frame| frame["topic"] = json!("system"));
    check(
        change,
        &[AGENTS, HEALTH, METRICS],
        &["at /topic (equality)", "expected: \"dashboard\"", "actual: \"system\""],
    );
}

#[test]
fn an_event_on_the_topic_of_another_agent() {
    let change = altered("agent_event", |frame| frame["topic"] = json!("agent:other"));
    check(
        change,
        &[EVENT, FIRST_EVENT, FAILURE],
        &["expected: `agent_event` within 2s", "a `agent_event` came on agent:other, not on agent:guide"],
    );
}

#[test]
fn a_frame_after_the_end() {
    let more = |client, frame: Value, line: &mut Line| {
        if frame["type"] != "stream_end" {
            return Some(frame);
        }
        line.tell_client(client, Message::frame(&frame));
        let seq = frame["seq"].as_u64().expect("it is kept") + 1;
        Some(
            json!({"v": 1, "id": Uuid::now_v7(), "type": "stream_chunk", "topic": frame["topic"], "ts": frame["ts"], "seq": seq,
            "epoch": frame["epoch"], "correlation_id": frame["correlation_id"],
            "data": {"stream_id": frame["data"]["stream_id"], "index": frame["data"]["chunks"], "delta": "more"}}),
        )
    };
    check(more, &[STREAM], &["(sequence)", "expected: nothing more: the answer is complete", "actual: `stream_chunk`"]);
}

#[test]
fn an_answer_that_is_given_twice() {
    let twice = |client, frame: Value, line: &mut Line| {
        if frame["type"] == "pong" {
            line.tell_client(client, Message::frame(&frame));
        }
        Some(frame)
    };
    check(twice, &[PING], &["(sequence)", "expected: nothing more", "(position)", "has arrived before"]);
}

#[test]
fn a_stream_with_two_ids() {
    let change = altered("stream_end", |frame| frame["data"]["stream_id"] = json!(Uuid::nil()));
    check(change, &[STREAM], &["`stream_end`", "at /data/stream_id (bind): `stream` is the value of `stream_start`"]);
}

#[test]
fn an_error_that_does_not_say_where() {
    let change = altered("error", |frame| drop(frame["data"].as_object_mut().expect("an object").remove("violations")));
    check(change, &[VIOLATION], &["`error`", "at /data/violations (keys)", "actual: nothing"]);
}

#[test]
fn an_alert_that_nobody_is_told() {
    let silent = |_, frame: Value, _: &mut Line| (frame["type"] != "critical_alert").then_some(frame);
    check(silent, &[ALERT], &["expected: `critical_alert` within 2s", "actual: nothing"]);
}

#[test]
fn a_frame_that_breaks_the_contract() {
    let change = altered("thread_history", |frame| frame["data"]["seq"] = json!(-1));
    check(change, &[EMPTY, HISTORY], &["at /data/seq (contract/minimum)", "-1 is less than the minimum of 0"]);
}

#[test]
fn a_connection_that_is_closed_with_another_code() {
    struct Polite;

    impl Mutant for Polite {
        fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
            let is_close = matches!(message.content(), Content::Close(Some(1002), _));
            line.tell_client(client, if is_close { Message::close(1000, "") } else { message });
        }
    }

    on_sockets(Kind::Memory, async |bus| {
        let provider = Provider::start(bus).await;
        let proxy = Tamper::new(Polite).listen(provider.address()).await;
        let verifier = provider.verifier_at(proxy.address()).filter(VIOLATION);
        let text = verifier.verify([("contract", &contract())]).await.expect("the proxy listens").to_string();
        assert!(text.contains("expected: close 1002 within 1s") && text.contains("actual: close 1000\n"), "{text}");
    });
}
