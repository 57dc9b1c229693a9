//! What the generated Rust client relies on: its tests against the recording provider, which make `contracts/rust-client-v1.json`.
//! `make pact-capture` runs them; `UPDATE_PACTS=1` writes the file.

mod connection;
mod dashboard;
mod threads;

use std::path::{Path, PathBuf};

use tightwire::client::{Client, ClientConfig};
use tightwire_chat::chat::{ChatClient, ClientPing, ServerFrame, SystemTopic, ThreadTopic};
use tightwire_testkit::pact::provider::{Consumer, Mode, Outcome, Provider, Recording};

/// How the connection itself tells the time.
const MILLISECONDS: &str = "yyyy-MM-dd'T'HH:mm:ss.SSSX";
const NOW: &str = "2026-01-01T00:00:00.000Z";

#[tokio::test]
async fn its_contract_says_what_it_relies_on() {
    let provider = provider().await;
    exercise(&provider).await;
    let outcome = provider.finish();
    assert!(outcome.is_right(), "{outcome}");
}

#[tokio::test]
async fn its_contract_is_the_same_on_every_run() {
    let (first, second) = (provider().await, provider().await);
    exercise(&first).await;
    exercise(&second).await;
    assert_eq!(first.pact().to_text(), second.pact().to_text());
}

#[tokio::test]
async fn whoever_expects_something_else_is_told_what_differs() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("contract.json");
    let first = provider_of(Recording { file: file.clone(), mode: Mode::Write, ..recording() }).await;
    exercise(&first).await;
    assert_eq!(first.finish(), Outcome::Written(file.clone()));

    let second = provider_of(Recording { file: file.clone(), mode: Mode::Compare, ..recording() }).await;
    let consumer = second.consumer();
    consumer.expect(&connection::ping().ws("deadline_ms", 60_000));
    let client = connect(&consumer).await;
    client.ping(SystemTopic, ClientPing { timestamp: None }).await.expect("a pong");
    consumer.passed();
    let Outcome::Different(_, differences) = second.finish() else { panic!("it is the same") };
    let changed = "`the Rust client's ping is answered` has changed:\n  \
                   /comments/x-ws/deadline_ms: the file has 500, the tests rely on 60000";
    assert!(differences.iter().any(|difference| difference == changed), "{differences:#?}");
    let gone = "`the Rust client leaves a topic` is in the file, and no test relies on it any more";
    assert!(differences.iter().any(|difference| difference == gone), "{differences:#?}");
}

async fn provider() -> Provider {
    provider_of(recording()).await
}

async fn provider_of(recording: Recording) -> Provider {
    Provider::start(recording).await.expect("it listens")
}

/// What the committed contract is recorded with.
fn recording() -> Recording {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file: PathBuf = root.join("contracts/rust-client-v1.json");
    Recording::of(&root.join("asyncapi/chat.yml"), "rust-client", "chat", file).expect("a sound document")
}

async fn exercise(provider: &Provider) {
    connection::greeting(provider.consumer()).await;
    connection::heartbeat(provider.consumer()).await;
    threads::history(provider.consumer()).await;
    threads::answer(provider.consumer()).await;
    dashboard::data(provider.consumer()).await;
    dashboard::no_data(provider.consumer()).await;
    connection::subscriptions(provider.consumer()).await;
    connection::refusal(provider.consumer()).await;
    connection::violation(provider.consumer()).await;
    threads::events(provider.consumer()).await;
}

/// The client, before it is greeted.
async fn reach(consumer: &Consumer) -> ChatClient {
    let client = Client::connect(&consumer.url(), ClientConfig::default()).await;
    client.expect("the provider listens").into()
}

/// The client, which has been greeted.
async fn connect(consumer: &Consumer) -> ChatClient {
    let mut client = reach(consumer).await;
    let first = next(&mut client).await;
    assert!(matches!(first, ServerFrame::ConnectionEstablished { .. }), "{first:?}");
    client
}

async fn next(client: &mut ChatClient) -> ServerFrame {
    client.next().await.expect("the connection lives").expect("the frame follows the contract")
}

fn id(number: u8) -> String {
    format!("0190b6a2-7c1e-7b6a-9a64-0000000000{number:02x}")
}

fn thread(name: &str) -> ThreadTopic {
    ThreadTopic::new(name).expect("a thread's id")
}
