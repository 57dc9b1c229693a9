//! The chat server of this repository, as `tightwire-chat --auth-disabled` runs it, with a publisher beside it that
//! publishes a frame for every byte it gets.

use anyhow::Context as _;
use tightwire_chat::chat::{StreamChunk, ThreadTopic};
use tightwire_chat::settings::Settings;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::options::Serve;
use crate::wire;

/// How long the text of a chunk must be for its frame to have [`wire::FRAME_BYTES`]: the envelope is the rest. Positions
/// have one to five digits, so it is true to a few bytes.
const DELTA: usize = 23;

pub(crate) fn serve(serve: &Serve) -> anyhow::Result<()> {
    let address = serve.address.to_string();
    // All clients have one address, and one of them asks for more in the round trips than a client may by default, so the
    // rate limits are set high; they are on. The heartbeat is on too; its first ping comes after the measurement.
    let settings = Settings::read([
        "tightwire-chat",
        "--auth-disabled",
        "--bind",
        &address,
        "--log",
        "warn",
        "--messages-per-second",
        "1000000000",
        "--message-burst",
        "1000000000",
        "--handshakes-per-second",
        "1000000000",
        "--handshake-burst",
        "1000000000",
        "--ping-interval-ms",
        "600000",
    ])?;
    tightwire::telemetry::init(settings.server.log_format, &settings.server.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(settings.server.bind).await.context("cannot listen")?;
        let control = TcpListener::bind(serve.control).await.context("cannot listen for control")?;
        let server = tightwire_chat::server(&settings)?;
        let publisher = server.publisher();
        tokio::spawn(async move {
            let topic = ThreadTopic::new(wire::THREAD)?;
            let chunk = StreamChunk { stream_id: uuid::Uuid::nil(), index: 0, delta: "x".repeat(DELTA) };
            let (mut stream, _) = control.accept().await?;
            let mut buffer = [0; 256];
            loop {
                let count = stream.read(&mut buffer).await?;
                if count == 0 {
                    return anyhow::Ok(());
                }
                for _ in 0..count {
                    publisher.publish(&topic, &chunk).await?;
                }
            }
        });
        server.run(listener, std::future::pending()).await.context("the server failed")
    })
}
