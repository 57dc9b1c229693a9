//! Contracts, verified with servers that do what a test tells them, over real sockets.

mod flat;
mod report;
#[path = "../room/mod.rs"]
mod room;
mod session;
mod states;

use std::future::Future;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tightwire_testkit::pact::Pact;
use tightwire_testkit::pact::verify::{Report, Verifier};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use self::room::Peer;

/// A server that runs a script for every client. It ends when this is dropped.
struct Server {
    url: String,
    task: AbortHandle,
}

impl Server {
    async fn start<S, R>(script: S) -> Self
    where
        S: Fn(Peer<TcpStream>) -> R + Clone + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("ws://{}/", listener.local_addr().expect("it listens"));
        let task = tokio::spawn(async move {
            // The first connection only shows that the server is there.
            let (first, _) = listener.accept().await.expect("somebody comes");
            tokio::spawn(async move { Peer::accept(first).await.stay().await });
            while let Ok((stream, _)) = listener.accept().await {
                let script = script.clone();
                tokio::spawn(async move {
                    let peer = Peer::accept(stream).await;
                    script(peer).await;
                });
            }
        });
        Self { url, task: task.abort_handle() }
    }

    /// Verifies with it, without much patience.
    fn verifier(&self) -> Verifier {
        Verifier::new(&self.url).patience(Duration::from_millis(500)).quiet(Duration::from_millis(50))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Verifies one interaction.
async fn verified(verifier: Verifier, interaction: Value) -> Report {
    verifier.verify([("a.json", &pact([interaction]))]).await.expect("the server is there")
}

/// The interaction is verified, or the report says so in these words, in this order.
#[track_caller]
fn check(report: &Report, words: &[&str]) {
    let text = report.to_string();
    assert_eq!(report.is_verified(), words.is_empty(), "{text}");
    let mut rest = text.as_str();
    for word in words {
        rest = rest.split_once(word).unwrap_or_else(|| panic!("no `{word}` (in this order) in:\n{text}")).1;
    }
}

fn pact(interactions: impl IntoIterator<Item = Value>) -> Pact {
    let interactions: Vec<Value> = interactions.into_iter().collect();
    let pact = json!({"consumer": {"name": "ada"}, "provider": {"name": "room"}, "interactions": interactions});
    Pact::from_json(pact).expect("a pact")
}

/// A frame is sent, and these answer it. `more` are members of the interaction.
fn sync(request: Value, responses: impl IntoIterator<Item = Value>, more: Value) -> Value {
    let responses: Vec<Value> = responses.into_iter().collect();
    with(
        json!({"type": "Synchronous/Messages", "description": "it is answered", "request": request, "response": responses}),
        more,
    )
}

/// A frame comes unasked.
fn unasked(contents: Value, more: Value) -> Value {
    with(with(json!({"type": "Asynchronous/Messages", "description": "it comes"}), contents), more)
}

/// A frame, and the rules of its values by path.
fn contents(frame: Value, rules: &[(&str, Value)]) -> Value {
    let body: Map<String, Value> =
        rules.iter().map(|(path, rule)| ((*path).to_owned(), json!({"matchers": [rule]}))).collect();
    json!({"contents": {"content": frame, "contentType": "application/json", "encoded": false}, "matchingRules": {"body": body}})
}

fn with(mut members: Value, more: Value) -> Value {
    let (Value::Object(members), Value::Object(more)) = (&mut members, more) else { panic!("objects") };
    members.extend(more);
    Value::Object(members.clone())
}

fn x_ws(members: Value) -> Value {
    json!({"comments": {"x-ws": members}})
}
