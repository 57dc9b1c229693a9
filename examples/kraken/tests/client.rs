//! A client that shares no code with the server talks to it: `client.mjs`, on npm's `ws`.

use std::path::Path;
use std::process::{Command, Output};

use tokio::net::TcpListener;

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_others_understands_every_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("ws://{}/", listener.local_addr().expect("it listens"));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(example_kraken::run(listener, async { drop(stopped.await) }));
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("client.mjs");
    let talking = tokio::task::spawn_blocking(move || Command::new("node").arg(client).arg(url).output());
    let Output { status, stdout, stderr } =
        talking.await.expect("the client is waited for").expect("node is installed, and `npm ci` was run");
    let text = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    assert!(status.success(), "{text}");
    assert!(text.contains("as the document says"), "{text}");
    stop.send(()).expect("the server still runs");
    server.await.expect("the server ends").expect("the listener worked");
}
