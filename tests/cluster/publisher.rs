//! Programs that publish over HTTP, one publication at a time each, and note what they are told.
//!
//! Half of them give every publication an `idempotency_key` and try again, also at other nodes, until it is acknowledged: then
//! it must be there exactly once. The others try once, and what happened may remain unknown.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tightwire_testkit::RawClient;
use tightwire_testkit::raw::RawResponse;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use crate::dice::Dice;
use crate::record::{Outcome, Place, Publication, Topic, content};
use crate::stage::Stage;

/// Numbers of one publisher begin so far from those of the next.
const NUMBERS: u64 = 1_000_000_000;
/// How long to wait after something went wrong.
const REST: Duration = Duration::from_millis(100);
/// How long a publication may take. A server answers sooner, whatever happens to Redis.
const PATIENCE: Duration = Duration::from_secs(30);

/// A publisher.
pub(crate) struct Lane {
    pub(crate) stage: Arc<Stage>,
    pub(crate) number: usize,
    /// The node that it publishes on, while that is up.
    pub(crate) home: usize,
    /// Whether it tries again with a key until a publication is acknowledged.
    pub(crate) insists: bool,
    pub(crate) dice: Dice,
}

/// What a server said to a publication.
enum Answer {
    Acknowledged {
        place: Place,
        id: Uuid,
    },
    /// Nothing was published.
    Refused,
    /// It may be published, now or later.
    Unknown,
}

/// A connection to a node.
struct Line {
    node: usize,
    client: RawClient,
}

impl Lane {
    /// Publishes `quota` messages, one every `interval` (or as soon as it can), and goes on until the stage says that it is
    /// enough.
    pub(crate) async fn publish(mut self, quota: u64, interval: Duration) -> Vec<Publication> {
        let (mut publications, mut acknowledged) = (Vec::new(), 0);
        let mut line = None;
        let mut next_at = Instant::now() + interval.mul_f64(self.dice.roll(1000) as f64 / 1000.0);
        while acknowledged < quota || !self.stage.is_enough() {
            sleep_until(next_at).await;
            next_at += interval;
            let number = self.number as u64 * NUMBERS + publications.len() as u64;
            let topic = Topic(self.dice.roll(self.stage.busy_topics().into()) as u16);
            let outcome = self.settle(&mut line, topic, number).await;
            let doings = &self.stage.doings;
            match outcome {
                Outcome::Acknowledged { .. } => {
                    acknowledged += 1;
                    doings.acknowledged.up();
                }
                Outcome::Refused => doings.refused.up(),
                Outcome::Unknown => doings.unknown.up(),
            }
            if !matches!(outcome, Outcome::Acknowledged { .. }) {
                sleep(REST).await;
            }
            publications.push(Publication { lane: self.number, number, topic, outcome });
        }
        publications
    }

    /// Publishes once, or until it is acknowledged.
    async fn settle(&mut self, line: &mut Option<Line>, topic: Topic, number: u64) -> Outcome {
        loop {
            let outcome = match self.try_once(line, topic, number).await {
                Answer::Acknowledged { place, id } => return Outcome::Acknowledged { place, id },
                Answer::Refused => Outcome::Refused,
                Answer::Unknown => Outcome::Unknown,
            };
            if !self.insists {
                return outcome;
            }
            self.stage.doings.retries.up();
            sleep(REST).await;
        }
    }

    async fn try_once(&mut self, line: &mut Option<Line>, topic: Topic, number: u64) -> Answer {
        let home = self.home;
        if line.as_ref().is_some_and(|line| line.node != home && self.stage.is_up(home)) {
            *line = None;
        }
        let Some(Line { client, .. }) = self.connected(line).await else { return Answer::Refused };
        match exchange(client, &request(topic, number, self.insists)).await {
            Ok(response) => read(&response),
            Err(error) => {
                assert_ne!(error.kind(), io::ErrorKind::TimedOut, "a publication is not answered");
                *line = None;
                Answer::Unknown
            }
        }
    }

    /// The connection to the node that it publishes on, or else to any other.
    async fn connected<'a>(&mut self, line: &'a mut Option<Line>) -> Option<&'a mut Line> {
        if line.is_none() {
            let nodes = self.stage.nodes();
            for node in (self.home..nodes).chain(0..self.home) {
                if let Ok(client) = RawClient::connect(self.stage.address(node)).await {
                    return Some(line.insert(Line { node, client: client.patience(PATIENCE) }));
                }
            }
        }
        line.as_mut()
    }
}

fn request(topic: Topic, number: u64, has_key: bool) -> String {
    let message = json!({
        "message_id": Uuid::from_u128(number.into()),
        "thread_id": topic.0.to_string(),
        "author": {"kind": "agent", "id": "publisher"},
        "content": content(number),
        "created_at": "2026-01-01T00:00:00Z",
    });
    let mut body = json!({"topic": topic.to_string(), "type": "thread_message_created", "data": {"message": message}});
    if has_key {
        body["idempotency_key"] = json!(number.to_string());
    }
    let body = body.to_string();
    format!(
        "POST /api/publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn exchange(client: &mut RawClient, request: &str) -> io::Result<RawResponse> {
    client.send(request.as_bytes()).await?;
    client.response().await
}

fn read(response: &RawResponse) -> Answer {
    match response.status {
        200 => {
            let answer: Value = serde_json::from_slice(&response.body).expect("JSON");
            let (position, id) = (&answer["position"], &answer["id"]);
            let epoch = position["epoch"].as_str().expect("an epoch").into();
            let seq = position["seq"].as_u64().expect("a position");
            let id = id.as_str().expect("an id").parse().expect("a UUID");
            Answer::Acknowledged { place: Place { epoch, seq }, id }
        }
        // The first try, which is not answered yet.
        409 => Answer::Unknown,
        503 => Answer::Refused,
        504 => Answer::Unknown,
        _ => panic!("a publication is answered with {response}"),
    }
}
