//! What the fuzzer's tests stand on: the protocol of the chat, and a driver for a chat server on streams in memory.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tightwire_chat::chat::{CONTRACT, ServerFrame};
use tightwire_spec::{FileSystem, load};
use tightwire_testkit::fuzz::model::Bounds;
use tightwire_testkit::fuzz::{Driver, Endpoint, Options, Protocol};

use crate::chat::ChatCheck;
use crate::common::bus::Bus;
use crate::common::{Chat, client_address};

/// How much a stream in memory holds.
const STREAM_BYTES: usize = 64 * 1024;

/// All clients come from one address, and each plan has some of them.
pub(crate) const FLAGS: [&str; 4] = ["--handshakes-per-second", "1000000", "--handshake-burst", "1000000"];

/// The protocol of the chat, judged by its schemas alone.
pub(crate) fn protocol() -> Protocol {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("asyncapi/chat.yml");
    let loaded = load(&document, &FileSystem).expect("the document is there");
    Protocol::new(loaded.ir.expect("the document has no errors"), CONTRACT.schema_bundle).expect("the bundle is right")
}

/// The same, judged by the generated decoder first: what it accepts follows the schemas, as `decoder_differential.rs` shows.
pub(crate) fn fast_protocol() -> Protocol {
    protocol().accepting(|text| ServerFrame::decode_fast(text).is_some())
}

/// Streams whose other end is that server.
pub(crate) fn endpoint(server: Chat) -> Endpoint {
    Endpoint::streams(move || {
        let (near, far) = tokio::io::duplex(STREAM_BYTES);
        tokio::spawn(server.serve_stream(far, client_address()));
        std::future::ready(Ok(near))
    })
}

/// How plans are carried out at servers on that broker. By a clock that runs, how soon answers come is the machine's affair;
/// the tests on real sockets look at that.
pub(crate) fn options(bus: &Bus) -> Options {
    let within = bus.paused_or(Duration::from_millis(100), Duration::from_secs(10));
    let bounds = Bounds { reply_within: within, give_up: Duration::from_secs(10), ..Bounds::default() };
    Options { bounds, ..Options::default() }
}

/// A driver for that server, which checks what the document says in prose, too.
pub(crate) fn driver(server: Chat, protocol: &Arc<Protocol>) -> Driver {
    Driver::new(Arc::clone(protocol), endpoint(server), Options::default()).checking(ChatCheck::default)
}
