//! The recording provider, as a consumer's tests use it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tightwire_spec::{FileSystem, load};
use tightwire_testkit::contract::Contract;
use tightwire_testkit::pact::provider::matchers::{integer, like, regex};
use tightwire_testkit::pact::provider::{Consumer, Draft, Mode, Outcome, Provider, Recording};
use tightwire_testkit::{WsClient, WsHarness};

fn ir() -> tightwire_spec::ir::Ir {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/provider/room.yml");
    let loaded = load(&path, &FileSystem).expect("the document is there");
    assert!(!loaded.has_errors(), "{:#?}", loaded.diagnostics);
    loaded.ir.expect("a protocol")
}

fn recording(file: PathBuf, mode: Mode) -> Recording {
    Recording { ir: ir(), consumer: "tests".to_owned(), provider: "room".to_owned(), file, mode }
}

async fn provider() -> Provider {
    let file = PathBuf::from("nowhere/at-all.json");
    Provider::start(recording(file, Mode::Compare)).await.expect("it listens")
}

fn harness() -> WsHarness {
    WsHarness::new(Contract::from_ir(&ir()).expect("sound schemas")).within(Duration::from_secs(20))
}

async fn connect(consumer: &Consumer) -> WsClient {
    let mut client = harness().connect(consumer.url()).await;
    client.expect("connection_established").await;
    client
}

fn echoes() -> Draft {
    Draft::new("what is said comes back")
        .given("an empty room", json!({"room": "a"}))
        .request("say", "room:a", json!({"text": like("hello")}))
        .response("echo_start", "room:a", json!({}))
        .response_times("+", "echo", "room:a", json!({"index": integer(0), "text": like("hel")}))
        .response_times("+", "echo", "room:a", json!({"index": integer(1), "text": like("lo")}))
        .ws("deadline_ms", 500)
}

fn note() -> Draft {
    Draft::new("others are heard").push("note", "room:b", json!({"text": like("psst")}))
}

/// A client that does what these two say.
async fn exercise(provider: &Provider) {
    let consumer = provider.consumer();
    consumer.expect(&echoes());
    let others = consumer.expect(&note());
    let mut client = connect(&consumer).await;
    client.send("say", "room:a", json!({"text": "hey"})).await;
    let frames = [client.next_frame().await, client.next_frame().await, client.next_frame().await];
    assert_eq!(frames.each_ref().map(|frame| frame.wire_type.as_str()), ["echo_start", "echo", "echo"]);
    assert_eq!(frames.each_ref().map(|frame| frame.seq), [Some(1), Some(2), Some(3)]);
    let told = client.request("subscribe", "system", json!({"topics": ["room:b"]})).await;
    assert_eq!(told.data, json!({"topics": ["room:a", "room:b"]}));
    consumer.push(others).await;
    client.expect("note").on("room:b").await;
    consumer.passed();
}

#[tokio::test]
async fn records_what_was_exercised() {
    let provider = provider().await;
    exercise(&provider).await;
    let pact = provider.pact().to_json();
    let [note, echoes] = pact["interactions"].as_array().unwrap().as_slice() else { panic!("{pact:#}") };
    assert_eq!(echoes["type"], "Synchronous/Messages");
    assert_eq!(echoes["providerStates"], json!([{"name": "an empty room", "params": {"room": "a"}}]));
    assert_eq!(echoes["comments"]["references"], json!({"AsyncAPI": {"operationId": "say"}}));
    assert_eq!(
        echoes["comments"]["x-ws"],
        json!({
            "bind": {"request": ["$request#/id", "*#/correlation_id"]},
            "deadline_ms": 500,
            "sequence": "echo_start, echo+",
        })
    );
    assert_eq!(echoes["request"]["contents"]["content"]["data"], json!({"text": "hello"}));
    let rules = &echoes["response"][1]["matchingRules"]["body"];
    let names: Vec<&str> = rules.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["$.correlation_id", "$.data.index", "$.data.text", "$.epoch", "$.id", "$.seq", "$.ts"]);
    assert_eq!(echoes["response"].as_array().unwrap().len(), 3);
    assert_eq!(note["type"], "Asynchronous/Messages");
    assert_eq!(note["comments"]["references"], json!({"AsyncAPI": {"operationId": "publish"}}));
    assert_eq!((&pact["consumer"], &pact["provider"]), (&json!({"name": "tests"}), &json!({"name": "room"})));
}

#[tokio::test]
async fn the_file_is_the_same_on_every_run() {
    let mut texts = Vec::new();
    for _ in 0..2 {
        let provider = provider().await;
        exercise(&provider).await;
        texts.push(provider.pact().to_text());
    }
    assert_eq!(texts[0], texts[1]);
}

#[tokio::test]
async fn a_change_of_what_is_expected_is_a_difference() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("contracts/tests.json");
    let run = async |mode, text: &str| {
        let provider = Provider::start(recording(file.clone(), mode)).await.unwrap();
        let consumer = provider.consumer();
        let others = Draft::new("others are heard").push("note", "room:b", json!({"text": text}));
        let others = consumer.expect(&others);
        let mut client = connect(&consumer).await;
        client.request("subscribe", "system", json!({"topics": ["room:b"]})).await;
        consumer.push(others).await;
        client.expect("note").await;
        consumer.passed();
        provider.finish()
    };
    let missing = run(Mode::Compare, "psst").await;
    assert_eq!(missing, Outcome::Different(file.clone(), vec!["there is no such file".to_owned()]));
    assert_eq!(run(Mode::Write, "psst").await, Outcome::Written(file.clone()));
    assert_eq!(run(Mode::Compare, "psst").await, Outcome::Same(file.clone()));
    let changed = run(Mode::Compare, "hush").await;
    assert!(!changed.is_right());
    let said = changed.to_string();
    let place = "`others are heard` has changed:\n    /contents/content/data/text: the file has \"psst\", the tests rely on \"hush\"";
    assert!(said.contains(place), "{said}");
}

#[tokio::test]
async fn nothing_that_the_document_forbids_is_written_down() {
    let provider = provider().await;
    let consumer = provider.consumer();
    let refused = |draft: Draft| {
        let expecting = std::panic::AssertUnwindSafe(|| consumer.expect(&draft));
        let panic = std::panic::catch_unwind(expecting).expect_err("it is forbidden");
        panic.downcast_ref::<String>().expect("a text").clone()
    };
    let check = |draft: Draft, expected: &str| {
        let said = refused(draft);
        assert!(said.contains(expected), "{said}");
    };
    let say = || Draft::new("x").request("say", "room:a", json!({"text": "hello"}));
    check(
        Draft::new("x").push("note", "room:b", json!({"text": ""})),
        "/contents/content/data/text: the example is not a valid `note`: \"\" is shorter than 1 character",
    );
    check(Draft::new("x").request("say", "room:a", json!({})), "/request/contents/content/data: the example is not a");
    check(say().response("echo", "room:a", json!({"index": 0, "text": ""})), "(sequence-not-of-operation)");
    let note_back = say().response("note", "room:a", json!({"text": "x"}));
    check(note_back, "`say` is answered with `echo_start`, `echo`, and not with `note`");
    check(Draft::new("x").push("shout", "room:b", json!({})), "no operation is about a `shout` that the server sends");
    check(Draft::new("x").push("note", "room:b", json!({"text": {"pact:matcher:type": "like"}})), "has no example");
    check(
        say().response("error", "system", json!({"code": "oops", "message": ""})),
        "the example is not a valid `error`",
    );
    check(note().request("say", "room:a", json!({"text": "hello"})), "a request and its responses, or one frame");
    check(note().ws("close", 70_000), "/comments/x-ws/close: expected a close code");
    check(echoes().ws("bind", json!({"text": ["echo#/data/text"]})), "(bind-broken)");
    check(Draft::new("x").push("note", "room:b", json!({"text": regex("^a", "b")})), "(example-not-matching)");
}

#[tokio::test]
async fn what_is_refused_may_break_the_contract() {
    let provider = provider().await;
    let consumer = provider.consumer();
    consumer.expect(
        &Draft::new("nothing is said")
            .request("say", "room:a", json!({"text": ""}))
            .response("error", "system", json!({"code": "contract_violation", "message": like("It is too short.")}))
            .ws("close", 1002),
    );
    let mut client = harness().connect(consumer.url()).await;
    client.expect("connection_established").await;
    let id = client.send_unchecked("say", "room:a", json!({"text": ""})).await;
    client.expect("error").answering(id).await;
    client.expect_close(1002).await;
    consumer.passed();
    let pact = provider.pact().to_json();
    assert_eq!(pact["interactions"][0]["comments"]["x-ws"]["close"], 1002);
}

/// What a test is told that ends like this.
fn failure(consumer: Consumer) -> String {
    let ending = std::panic::AssertUnwindSafe(|| consumer.passed());
    let panic = std::panic::catch_unwind(ending).expect_err("it is not what was expected");
    panic.downcast_ref::<String>().expect("a text").clone()
}

#[tokio::test]
async fn a_frame_that_nobody_expects_fails_the_test() {
    let provider = provider().await;
    let consumer = provider.consumer();
    consumer.expect(&echoes());
    let mut client = connect(&consumer).await;
    let id = client.send("say", "room:b", json!({"text": "hey"})).await;
    let error = client.expect("error").answering(id).await;
    let said = error.data["message"].as_str().unwrap();
    assert!(said.starts_with("no interaction expects this frame: say on room:b"), "{said}");
    let said = failure(consumer);
    assert!(said.contains("no interaction expects this frame: say on room:b"), "{said}");
    assert!(said.contains("`what is said comes back` was not exercised"), "{said}");
    assert!(said.contains("/topic: expected \"room:a\" (equality); found \"room:b\""), "{said}");
    assert!(said.contains("← error on system"), "{said}");
    // And it is not in the pact.
    assert_eq!(provider.pact().interactions, []);
    assert_eq!(provider.finish(), Outcome::Incomplete(1));
}

#[tokio::test]
async fn a_frame_that_the_contract_forbids_fails_the_test_even_if_it_is_like_an_expected_one() {
    let provider = provider().await;
    let consumer = provider.consumer();
    consumer.expect(&echoes());
    let mut client = connect(&consumer).await;
    // What is relied on is some text, and this is one.
    let id = client.send_unchecked("say", "room:a", json!({"text": ""})).await;
    client.expect("error").answering(id).await;
    client.send_binary(b"hello").await;
    client.request("ping", "system", json!({})).await;
    let said = failure(consumer);
    let forbidden = "the client sent a frame that the contract forbids: /data/text: \"\" is shorter than 1 character";
    assert!(said.contains(forbidden), "{said}");
    assert!(said.contains("the client sent a binary message, and frames are text"), "{said}");
    assert!(said.contains("`what is said comes back` was not exercised"), "{said}");
}

#[tokio::test]
async fn what_is_pushed_needs_somebody_who_has_subscribed() {
    tokio::time::pause();
    let provider = provider().await;
    let consumer = provider.consumer();
    let number = consumer.expect(&note());
    let pushed = tokio::spawn(async move { consumer.push(number).await });
    let panic = pushed.await.expect_err("nobody listens").into_panic();
    let said = panic.downcast_ref::<String>().expect("a text");
    assert_eq!(said, "a `note` cannot be pushed: nobody has subscribed to `room:b`");
}

#[tokio::test]
async fn the_session_is_kept_without_being_told() {
    let provider = provider().await;
    let consumer = provider.consumer();
    let mut client = connect(&consumer).await;
    assert_eq!(client.request("ping", "system", json!({})).await.wire_type, "pong");
    consumer.passed();
}

#[tokio::test]
async fn tests_run_beside_each_other() {
    let provider = provider().await;
    tokio::join!(one(&provider, "a"), one(&provider, "b"));
    let written: Value = provider.pact().to_json();
    assert_eq!(written["interactions"].as_array().unwrap().len(), 2);
}

async fn one(provider: &Provider, room: &str) {
    let consumer = provider.consumer();
    let topic = format!("room:{room}");
    let own = Draft::new(format!("others are heard in {room}")).push("note", &topic, json!({"text": room}));
    let number = consumer.expect(&own);
    let mut client = connect(&consumer).await;
    client.request("subscribe", "system", json!({"topics": [topic]})).await;
    consumer.push(number).await;
    assert_eq!(client.expect("note").await.data["text"], room);
    consumer.passed();
}
