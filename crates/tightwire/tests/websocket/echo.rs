//! A service that sends every message back, for test suites of WebSocket itself. The accept loop, the reader and the
//! writer are those of every server; only the contract is missing.

use std::time::Duration;

use tightwire::proto::contract::{Contract, Framing, Limits};
use tightwire::proto::inbound::{Inbound, Rejection};
use tightwire::{Config, Context, Failure, FrameInfo, PlainCode, Service};

/// The largest message that is sent back: what the largest cases of the Autobahn test suite send.
const MAX_FRAME_BYTES: u64 = 16 << 20;

static CONTRACT: Contract = Contract {
    title: "Echo",
    version: "1.0.0",
    framing: Framing::Flat,
    // An echo waits for its client like anything else, so that the queue must hold what the client sends at once.
    limits: Limits {
        max_frame_bytes: MAX_FRAME_BYTES,
        outbound_queue_bytes: 2 * MAX_FRAME_BYTES,
        outbound_queue_frames: 10_000,
        ..Limits::DEFAULT
    },
    ..Contract::EMPTY
};

/// The service.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Echo;

impl Service for Echo {
    type Frame = ();
    type Code = PlainCode;
    const ECHOES: bool = true;

    fn contract(&self) -> &'static Contract {
        &CONTRACT
    }

    fn decode(&self, _: &[u8]) -> Result<Inbound<()>, Rejection> {
        Err(Rejection { frame_id: None, violations: Vec::new() })
    }

    fn describe((): &()) -> FrameInfo {
        FrameInfo { wire_type: "echo", topic: String::new(), channel: "", subscribes: false }
    }

    async fn call(&self, _: &Context<'_>, _: Inbound<()>) -> Result<(), Failure<PlainCode>> {
        Ok(())
    }
}

/// Settings under which a test suite is not taken for a nuisance.
pub(crate) fn config() -> Config {
    Config {
        websocket_path: String::new(),
        close_timeout: Duration::from_secs(1),
        handshake_rate: None,
        ..Config::default()
    }
}
