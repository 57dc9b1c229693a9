//! That late answers are found by the clock that runs, and only those that are the server's fault.

use std::time::Duration;

use serde_json::{Value, json};
use tightwire_testkit::fuzz::{Class, Endpoint, Plan, Sent, Step};
use uuid::Uuid;

use super::lane::Lane;
use super::listening;
use crate::common::bus::{Bus, Kind, on_sockets};
use crate::common::tamper::{Line, Message, Mutant, Tamper};

/// Answers to a question about health take 150 ms, so many times.
struct Slow(u64);

impl Mutant for Slow {
    fn outbound(&mut self, client: usize, message: Message, line: &mut Line) {
        let is_answer = message.json().is_some_and(|frame| frame["type"] == "data_response");
        if is_answer && self.0 > 0 {
            self.0 -= 1;
            return line.tell_client_after(Duration::from_millis(150), client, message);
        }
        line.tell_client(client, message);
    }
}

/// What is found where so many answers are late.
async fn found(bus: &Bus, late: u64) -> Option<Class> {
    let proxy = Tamper::new(Slow(late)).listen(listening(bus).await).await;
    let frame = |wire_type: &str, topic: &str, data: Value| {
        let frame = json!({"v": 1, "id": Uuid::new_v4(), "type": wire_type, "topic": topic, "ts": 1, "data": data});
        Step::Send { client: 0, sent: Sent::valid(wire_type, frame) }
    };
    let health = || frame("request_data", "dashboard", json!({"data_type": "system_health"}));
    let plan = Plan { steps: vec![frame("ping", "system", json!({})), health(), health()] };
    let mut lane = Lane::new(Endpoint::address(proxy.address()));
    lane.find(&plan).await.map(|finding| finding.class)
}

#[test]
fn what_is_always_late_is_found() {
    on_sockets(Kind::Memory, async |bus| assert_eq!(found(bus, u64::MAX).await, Some(Class::LateReply)));
}

/// A machine that was busy once, or twice.
#[test]
fn what_is_late_and_not_again_is_not_found() {
    on_sockets(Kind::Memory, async |bus| {
        assert_eq!(found(bus, 1).await, None);
        assert_eq!(found(bus, 3).await, None);
    });
}
