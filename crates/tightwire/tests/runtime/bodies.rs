//! Bodies of requests to an application's own routes: too large, or too slow.

use std::time::Duration;

use tightwire::warp::{self, Filter};
use tightwire::{Config, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::REMOTE;
use crate::protocol::Rooms;

/// What a route that reads the whole body answers to the request, and after how many seconds. `rest` follows the head
/// byte by byte, one a second, and then nothing.
#[track_caller]
fn check(head: &str, rest: &str, expected: (&str, u64)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let (response, seconds) = runtime.expect("a runtime").block_on(async {
        let config = Config { max_body_bytes: 10, request_timeout: Duration::from_secs(5), ..Config::default() };
        let echo = warp::path("echo").and(warp::post()).and(warp::body::bytes()).map(|body| format!("{body:?}"));
        let server = Server::new(Rooms::default(), config).with_routes(echo);
        let (near, far) = tokio::io::duplex(1024);
        tokio::spawn(server.serve_stream(far, REMOTE));
        let (mut reader, mut writer) = tokio::io::split(near);
        let begun = tokio::time::Instant::now();
        let writing = tokio::spawn({
            let (head, rest) = (head.to_owned(), rest.to_owned());
            async move {
                writer.write_all(format!("POST /echo HTTP/1.1\r\nHost: a\r\n{head}\r\n").as_bytes()).await?;
                for byte in rest.into_bytes() {
                    writer.write_all(&[byte]).await?;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                std::future::pending::<std::io::Result<()>>().await
            }
        });
        let mut response = vec![0; 1024];
        let length = reader.read(&mut response).await.expect("an answer");
        writing.abort();
        (String::from_utf8_lossy(&response[..length]).into_owned(), begun.elapsed().as_secs())
    });
    assert_eq!((&response[9..12], seconds), expected, "{response}");
    assert_eq!(response.contains("connection: close"), expected.0 != "200", "{response}");
}

#[test]
fn a_body_may_take_so_long() {
    check("Content-Length: 3\r\n", "abc", ("200", 2));
    check("Content-Length: 3\r\n", "ab", ("408", 5));
    check("Content-Length: 10\r\n", "abcdefghij", ("408", 5));
    check("Transfer-Encoding: chunked\r\n", "1\r\na", ("408", 5));
}

#[test]
fn a_body_may_be_so_large() {
    check("Content-Length: 11\r\n", "", ("413", 0));
    check("Transfer-Encoding: chunked\r\n", "b\r\n", ("408", 5));
    let chunks = "Transfer-Encoding: chunked\r\n\r\nb\r\nabcdefghijk\r\n0\r\n";
    check(chunks, "", ("413", 0));
}

/// A client that takes nothing of a response is not waited for; a WebSocket has other bounds.
#[tokio::test(start_paused = true)]
async fn a_response_is_not_offered_for_ever() {
    let config = Config { request_timeout: Duration::from_secs(5), ..Config::default() };
    let page = warp::path("large").map(|| "x".repeat(1 << 20));
    let server = Server::new(Rooms::default(), config).with_routes(page);
    let (mut near, far) = tokio::io::duplex(1024);
    let serving = tokio::spawn(server.serve_stream(far, REMOTE));
    near.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("the pipe is open");
    let begun = tokio::time::Instant::now();
    serving.await.expect("no panic");
    assert_eq!(begun.elapsed().as_secs(), 5);
}

/// A server that nobody holds any more serves what it has begun.
#[tokio::test(start_paused = true)]
async fn a_dropped_server_goes_on_serving() {
    let (near, far) = tokio::io::duplex(1024);
    let server = Server::new(Rooms::default(), Config::default());
    tokio::spawn(server.serve_stream(far, REMOTE));
    drop(server);
    let mut client = crate::client::Client::over(near).await;
    assert_eq!(client.event().await, "connection_established");
    client.send("ping", "system", serde_json::json!({})).await;
    assert_eq!(client.event().await, "pong");
}
