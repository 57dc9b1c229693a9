//! What happens in the system while nobody writes: frames that are published through the balancer, so on one node after the
//! other. Each has a key of its own and is published again until it has been, whatever becomes of the node that took it.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(6);

/// Publishes so many frames each second, until it is dropped.
pub(crate) async fn publish(balancer: SocketAddr, rate: u32) {
    if rate == 0 {
        std::future::pending::<()>().await;
    }
    let mut ticks = interval(Duration::from_secs(1) / rate.max(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 1_u64.. {
        ticks.tick().await;
        let data = json!({
            "agent_id": "guide", "event": "task_started", "status": "busy", "details": {"number": number},
        });
        let key = format!("frame {number}");
        let message = json!({"topic": "agent:guide", "type": "agent_event", "data": data, "idempotency_key": key});
        let body = message.to_string();
        let head = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        while ask(balancer, "POST /api/publish", &head, &body).await != Some(200) {
            ticks.tick().await;
        }
    }
}

/// Whether a node answers.
pub(crate) async fn is_healthy(node: SocketAddr) -> bool {
    ask(node, "GET /health", "", "").await == Some(200)
}

/// The status of the answer, if there is one.
async fn ask(address: SocketAddr, what: &str, head: &str, body: &str) -> Option<u16> {
    let request = format!("{what} HTTP/1.1\r\nHost: {address}\r\n{head}Connection: close\r\n\r\n{body}");
    let asking = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()
    };
    timeout(PATIENCE, asking).await.ok().flatten()
}
